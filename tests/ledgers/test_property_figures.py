"""Figures over random weeks: stock and flows reconcile, a day can be counted again, what is lost is told."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from grassroots.grid.models import Role, Staff
from grassroots.ledgers.asof import AsOf, indicator, indicators
from grassroots.ledgers.services.briefs import PublicationRefused, publication_publish
from grassroots.ledgers.snapshots import changes_since, snapshot
from grassroots.ledgers.statistics import count_all, late_entries, reconcile
from quarantine.models import EventKind, ObservationEvent
from tests.factories import OfficeCast, make_staff
from tests.ledgers.replay import moment
from tests.ledgers.weeks import NOW, NUMBERS, WEEK, Week, seed_of, week_of
from tests.standing import standing

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=NUMBERS)
def the_week(request: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[], Week]]:
    with standing(lambda: week_of(seed_of(request.param), is_counted=True), django_db_blocker) as week:
        yield week


@pytest.fixture
def week(the_week: Callable[[], Week], db: None) -> Week:
    """One of the weeks, as it was played: what a test does to it is taken back."""
    return the_week()


def test_stock_reconciles_with_flows_on_every_day_up_to_any_cut_off_in_every_area(week: Week) -> None:
    for cutoff in week.cutoffs:
        for day in WEEK:
            for area in week.places:
                assert reconcile(area, AsOf.day(day, NOW, cutoff)).explain() == "", (week, day, cutoff, area)


def test_every_slot_is_of_one_period_whatever_the_cut_off(week: Week) -> None:
    """Over the week and the days around it, as many readings are due, taken and missed by day as by cut-off."""
    around = [WEEK[0] - dt.timedelta(days=1), *WEEK, WEEK[-1] + dt.timedelta(days=1)]
    later, county = moment(around[-1] + dt.timedelta(days=30), 12), week.office.county
    whole, cut = (
        [count_all(county, AsOf.day(day, later, cutoff)).total(county.path) for day in around]
        for cutoff in (None, week.cutoffs[2])
    )
    for key in ("opened", "released", "transferred", "readings_taken", "readings_abnormal"):
        assert sum(day[key] for day in whole) == sum(day[key] for day in cut), (week, key)
    assert all(
        day["readings_due"] == day["readings_taken"] + day["readings_missed"] for day in [*whole, *cut]
    ), week


def test_a_day_counted_again_as_known_at_its_end_is_what_was_counted_then(week: Week) -> None:
    replay = week.replay
    for day in WEEK:
        assert replay.count(day, AsOf.day(day).end) == replay.counted[day], week
        end = AsOf.day(day, cutoff=replay.cutoff).end
        assert replay.count(day, end, replay.cutoff) == replay.counted_at_cutoff[day], week


def test_a_day_as_known_now_is_what_was_counted_then_and_the_late_entries(week: Week) -> None:
    """Every day, whole and up to the cut-off, in one of the places in turn."""
    keys = [item.key for item in indicators() if item.late is not None]
    replay, places = week.replay, itertools.cycle(week.places)
    for cutoff, counted in ((None, replay.counted), (replay.cutoff, replay.counted_at_cutoff)):
        for day, area in zip(WEEK, places, strict=False):
            asof = AsOf.day(day, NOW, cutoff)
            now, then = replay.count(day, NOW, cutoff)[area.pk], counted[day][area.pk]
            late = late_entries(area, asof, asof.end)
            sums = {key: then[key] + sum(row.change for row in late.get(key, [])) for key in keys}
            assert sums == {key: now[key] for key in keys}, (week, day, cutoff, area)


@pytest.mark.parametrize("harm", ["delete", "shift"])
def test_one_corrupted_event_is_told_in_words(week: Week, harm: str) -> None:
    moved = ObservationEvent.objects.effective(NOW).filter(kind=EventKind.OPENED).earliest("pk")
    day = moved.happened_at.astimezone(NOW.tzinfo).date()
    if harm == "delete":
        ObservationEvent.objects.filter(pk=moved.pk).delete()
    else:
        ObservationEvent.objects.filter(pk=moved.pk).update(
            happened_at=moved.happened_at - dt.timedelta(days=1)
        )
    said = reconcile(week.office.street, AsOf.day(day, NOW)).explain()
    assert "相差+1" in said and "新增" in said, week


def test_any_day_can_be_published_up_to_any_cut_off_and_none_once_an_event_is_lost(week: Week) -> None:
    """And what was recorded after the publication explains every figure that has changed since."""
    random, replay, office = Random(week.seed), week.replay, week.office
    day = random.choice(WEEK)
    asof = AsOf.day(day, cutoff=replay.cutoff)
    row = publication_publish(area=office.street, on=day, cutoff=replay.cutoff, by=office.ding, at=asof.end)
    assert row.figures["figures"] == replay.counted_at_cutoff[day][office.street.pk], week
    now = snapshot(office.street, AsOf.day(day, NOW, replay.cutoff))
    for change in changes_since(row, now):
        if not change.where and indicator(change.key).late is not None:
            assert sum(one.change for one in change.entries) == change.after - change.before, (week, change)

    lost = random.choice(
        list(ObservationEvent.objects.effective(NOW).filter(kind=EventKind.OPENED).order_by("pk"))
    )
    on = lost.happened_at.astimezone(NOW.tzinfo).date()
    ObservationEvent.objects.filter(pk=lost.pk).update(kind=EventKind.REFUSED)
    with pytest.raises(PublicationRefused, match=r"相差\+1"):
        publication_publish(area=office.county, on=on, cutoff=None, by=county_clerk(office), at=NOW)


def county_clerk(office: OfficeCast) -> Staff:
    return make_staff("县某", Role.SUPERVISOR, office.county)
