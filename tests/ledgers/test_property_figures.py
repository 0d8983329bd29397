"""Figures over random weeks: stock and flows reconcile, a day can be counted again, rollups equal live counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grassroots.grid.models import Area, Role, Staff
from grassroots.ledgers import rollups
from grassroots.ledgers.asof import AsOf, indicator, indicators
from grassroots.ledgers.rollups import refresh_rollups, rollups_of
from grassroots.ledgers.services.briefs import PublicationRefused, publication_publish
from grassroots.ledgers.snapshots import changes_since, snapshot
from grassroots.ledgers.statistics import count_all, late_entries, reconcile
from quarantine.models import EventKind, ObservationEvent
from quarantine.steps import mark_closed_slots
from tests.factories import OfficeCast, make_office, make_staff
from tests.ledgers.replay import DAYS, FIRST, Replay, moment
from tests.quarantine.cases import switch_on

pytestmark = pytest.mark.django_db
WEEK = [FIRST + dt.timedelta(days=number) for number in range(DAYS)]
NOW = moment(WEEK[-1] + dt.timedelta(days=3), 12)
weeks = given(seed=st.integers(0, 2**32 - 1))


def examples(number: int) -> Callable[..., object]:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    # A seed cannot be made smaller in any way that helps: it is reported as it is.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    return settings(max_examples=number, deadline=None, suppress_health_check=checks, phases=phases)


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@contextmanager
def week_of(
    office: OfficeCast, seed: int, after: Callable[[dt.datetime], None] | None = None
) -> Iterator[Replay]:
    """A random week, undone afterwards."""
    with transaction.atomic():
        replay = Replay(office, Random(seed), after=after)
        replay.run()
        yield replay
        transaction.set_rollback(True)


def places(office: OfficeCast) -> list[Area]:
    return [office.street, office.village, office.other_village]


def cutoffs_of(seed: int) -> list[dt.time | None]:
    """Some times of the day at random, some that bear a risk, and the whole day."""
    random = Random(seed)
    odd = [dt.time(0, 1), dt.time(12), dt.time(21), dt.time(23, 59)]  # slots close at 12 and 21
    return [None, random.choice(odd), dt.time(random.randint(1, 23), random.randint(0, 59))]


@weeks
@examples(4)
def test_stock_reconciles_with_flows_on_every_day_up_to_any_cut_off_in_every_area(
    office: OfficeCast, seed: int
) -> None:
    with week_of(office, seed):
        for cutoff in cutoffs_of(seed):
            for day in WEEK:
                for area in places(office):
                    assert reconcile(area, AsOf.day(day, NOW, cutoff)).explain() == "", (day, cutoff, area)


@weeks
@examples(2)
def test_every_slot_is_of_one_period_whatever_the_cut_off(office: OfficeCast, seed: int) -> None:
    """Over the week and the days around it, as many readings are due, taken and missed by day as by cut-off."""
    around = [WEEK[0] - dt.timedelta(days=1), *WEEK, WEEK[-1] + dt.timedelta(days=1)]
    later = moment(around[-1] + dt.timedelta(days=30), 12)
    with week_of(office, seed):
        whole, cut = (
            [
                count_all(office.county, AsOf.day(day, later, cutoff)).total(office.county.path)
                for day in around
            ]
            for cutoff in (None, cutoffs_of(seed)[2])
        )
        for key in ("opened", "released", "transferred", "readings_taken", "readings_abnormal"):
            assert sum(day[key] for day in whole) == sum(day[key] for day in cut), key
        assert all(
            day["readings_due"] == day["readings_taken"] + day["readings_missed"] for day in [*whole, *cut]
        )


@weeks
@examples(2)
def test_a_day_counted_again_as_known_at_its_end_is_what_was_counted_then(
    office: OfficeCast, seed: int
) -> None:
    with week_of(office, seed) as replay:
        for day in WEEK:
            assert replay.count(day, AsOf.day(day).end) == replay.counted[day]
            end = AsOf.day(day, cutoff=replay.cutoff).end
            assert replay.count(day, end, replay.cutoff) == replay.counted_at_cutoff[day]


@weeks
@examples(2)
def test_a_day_as_known_now_is_what_was_counted_then_and_the_late_entries(
    office: OfficeCast, seed: int
) -> None:
    keys = [item.key for item in indicators() if item.late is not None]
    with week_of(office, seed) as replay:
        for cutoff, counted in ((None, replay.counted), (replay.cutoff, replay.counted_at_cutoff)):
            for day in WEEK:
                asof = AsOf.day(day, NOW, cutoff)
                now = replay.count(day, NOW, cutoff)
                for area in places(office):
                    late = late_entries(area, asof, asof.end)
                    then = counted[day][area.pk]
                    sums = {key: then[key] + sum(row.change for row in late.get(key, [])) for key in keys}
                    assert sums == {key: now[area.pk][key] for key in keys}, (day, cutoff, area)


@pytest.mark.parametrize("many", [1, 8])
@weeks
@examples(1)
def test_rollups_equal_live_counts_after_every_tick(office: OfficeCast, many: int, seed: int) -> None:
    """`many`: from how many dirty villages side by side their township is counted whole."""
    areas = list(Area.objects.all())

    def tick(at: dt.datetime) -> None:
        if at.hour % 9:
            return  # the clock was stopped
        mark_closed_slots(at)
        refresh_rollups(at)
        live = count_all(office.county, AsOf.day(at.date(), at)).every_total()
        shown = {pk: row.total for pk, row in rollups_of(areas, at.date()).items()}
        assert filled(shown) == filled(live), at

    with patch.object(rollups, "MANY", many), week_of(office, seed, after=tick):
        pass


def filled(figures: dict[int, dict[str, int]]) -> dict[int, dict[str, int]]:
    """Without zeros: a rollup leaves out what is not there."""
    return {pk: {key: n for key, n in row.items() if n} for pk, row in figures.items()}


@pytest.mark.parametrize("harm", ["delete", "shift"])
def test_one_corrupted_event_is_told_in_words(office: OfficeCast, harm: str) -> None:
    with week_of(office, seed=7):
        moved = ObservationEvent.objects.effective(NOW).filter(kind=EventKind.OPENED).first()
        assert moved is not None and moved.to_area is not None
        day = moved.happened_at.astimezone(NOW.tzinfo).date()
        if harm == "delete":
            ObservationEvent.objects.filter(pk=moved.pk).delete()
        else:
            ObservationEvent.objects.filter(pk=moved.pk).update(
                happened_at=moved.happened_at - dt.timedelta(days=1)
            )
        said = reconcile(office.street, AsOf.day(day, NOW)).explain()
        assert "相差+1" in said and "新增" in said


def test_the_random_weeks_hold_every_kind_of_event(office: OfficeCast) -> None:
    done: set[str] = set()
    for seed in (2, 5, 8):
        with week_of(office, seed) as replay:
            done |= set(replay.done)
    assert done >= {
        "_open", "_move", "_end", "_extend", "_annul", "_read", "_correct", "_mark", "_release", "_hand_over",
        "accept", "shorten", "restart", "refuse", "return",
    }  # fmt: skip


@weeks
@examples(2)
def test_any_day_can_be_published_up_to_any_cut_off_and_none_once_an_event_is_lost(
    office: OfficeCast, seed: int
) -> None:
    """And what was recorded after the publication explains every figure that has changed since."""
    random = Random(seed)
    with week_of(office, seed) as replay:
        day = random.choice(WEEK)
        asof = AsOf.day(day, cutoff=replay.cutoff)
        row = publication_publish(
            area=office.street, on=day, cutoff=replay.cutoff, by=office.ding, at=asof.end
        )
        assert row.figures["figures"] == replay.counted_at_cutoff[day][office.street.pk]
        now = snapshot(office.street, AsOf.day(day, NOW, replay.cutoff))
        for change in changes_since(row, now):
            if not change.where and indicator(change.key).late is not None:
                assert sum(one.change for one in change.entries) == change.after - change.before, change

        opened = ObservationEvent.objects.effective(NOW).filter(kind=EventKind.OPENED)
        lost = random.choice(list(opened)) if opened else None
        if lost is not None:
            on = lost.happened_at.astimezone(NOW.tzinfo).date()
            ObservationEvent.objects.filter(pk=lost.pk).update(kind=EventKind.REFUSED)
            with pytest.raises(PublicationRefused, match=r"相差\+1"):
                publication_publish(area=office.county, on=on, cutoff=None, by=county_clerk(office), at=NOW)


def county_clerk(office: OfficeCast) -> Staff:
    return make_staff("县某", Role.SUPERVISOR, office.county)
