"""Opening, extending and moving an observation: events, stays and visits."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from grassroots.grid.versions import StaleVersion
from households.models import Followup
from quarantine.models import EventKind, ObservationStay, Policy, Visit, VisitState
from quarantine.services.observations import (
    StartDates,
    observation_extend,
    observation_move,
    observation_open,
)
from quarantine.services.plans import OUT_OF_SCOPE, TERM_OVER, observation_preview, policy_choose
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def test_the_term_runs_fourteen_days_from_the_day_after_leaving(office: OfficeCast) -> None:
    observation = make_observation(office)
    assert (observation.day_one_on, observation.last_on) == (dt.date(2020, 1, 21), dt.date(2020, 2, 3))


def test_visits_are_laid_down_from_the_first_slot_still_open(office: OfficeCast) -> None:
    observation = make_observation(office, at="2020-01-25 13:00")
    first = observation.visits.order_by("opens_at").first()
    assert first is not None and (first.date, first.slot) == (dt.date(2020, 1, 25), "PM")
    assert observation.visits.count() == 1 + 2 * 9


def test_a_slot_in_progress_counts_as_open(office: OfficeCast) -> None:
    observation = make_observation(office, at="2020-01-25 11:59")
    assert observation.visits.filter(date=dt.date(2020, 1, 25), slot="AM").exists()


def test_nobody_is_under_observation_twice(office: OfficeCast) -> None:
    observation = make_observation(office)
    with pytest.raises(ValidationError, match="已在居家观察中"):
        observation_open(
            person=observation.person,
            area=office.compound,
            dates=StartDates(left_on=dt.date(2020, 1, 20)),
            by=office.jia,
        )


def test_opening_needs_a_policy_in_force(office: OfficeCast) -> None:
    Policy.objects.exclude(state="TEMPLATE").delete()
    returnee = make_returnee(office)
    with pytest.raises(ValidationError, match="没有执行中的防控政策"):
        observation_open(
            person=returnee.person, area=returnee.area, dates=StartDates.of(returnee), by=office.jia
        )


def test_opening_marks_the_household(office: OfficeCast) -> None:
    observation = make_observation(office)
    assert observation.household is not None
    observation.household.refresh_from_db()
    assert observation.household.followup_state == Followup.OBSERVED


def test_extending_lays_down_the_further_visits(office: OfficeCast) -> None:
    observation = make_observation(office)
    before = observation.visits.count()
    row = observation_extend(
        observation=observation, version=1, days=3, reason="同住人发热", by=office.health,
        at=aware("2020-01-28 10:00"), known_at=aware("2020-01-28 10:00"),
    )  # fmt: skip
    assert row.last_on == dt.date(2020, 2, 6) and row.version == 2
    assert observation.visits.count() == before + 6


def test_the_policy_says_how_long_an_extension_may_be(office: OfficeCast) -> None:
    observation = make_observation(office)
    with pytest.raises(ValidationError, match="一次延长 1 到 14 天") as refused:
        observation_extend(observation=observation, version=1, days=15, reason="x", by=office.health)
    assert set(refused.value.message_dict) == {"days"}


def test_a_stale_version_changes_nothing(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_extend(observation=observation, version=1, days=1, reason="x", by=office.health)
    with pytest.raises(StaleVersion):
        observation_extend(observation=observation, version=1, days=1, reason="x", by=office.health)
    observation.refresh_from_db()
    assert observation.last_on == dt.date(2020, 2, 4)


def test_moving_ends_one_stay_and_begins_another(office: OfficeCast) -> None:
    observation = make_observation(office)
    home = make_household(office.other_group)
    moved_at = aware("2020-01-27 15:00")
    observation_move(
        observation=observation, version=1, area=office.other_group, household=home, reason="回父母家", by=office.ding,
        at=moved_at, known_at=aware("2020-01-28 09:00"),
    )  # fmt: skip
    current = ObservationStay.objects.filter(observation=observation, superseded_at=None).order_by("from_at")
    assert [(stay.area_id, stay.from_at, stay.until_at) for stay in current] == [
        (office.compound.pk, aware("2020-01-25 09:00"), moved_at),
        (office.other_group.pk, moved_at, None),
    ]
    event = observation.events.get(kind=EventKind.MOVED)
    assert (event.from_area_id, event.to_area_id) == (office.compound.pk, office.other_group.pk)


def test_visits_after_a_move_are_due_in_the_new_area(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_move(
        observation=observation, version=1, area=office.other_group, reason="换住处", by=office.ding,
        place_note="王家院子", at=aware("2020-01-27 15:00"), known_at=aware("2020-01-27 15:00"),
    )  # fmt: skip
    rows = Visit.objects.filter(observation=observation, state=VisitState.PLANNED)
    assert set(rows.filter(opens_at__gt=aware("2020-01-27 12:00")).values_list("area_id", flat=True)) == {
        office.other_group.pk
    }
    assert set(rows.filter(date__lt=dt.date(2020, 1, 27)).values_list("area_id", flat=True)) == {
        office.compound.pk
    }


def test_nothing_happens_before_the_present_stay_began(office: OfficeCast) -> None:
    """A release the day before the move would leave the flows of that day without a stock."""
    observation = make_observation(office)
    observation_move(
        observation=observation, version=1, area=office.other_group, reason="换住处", by=office.ding,
        at=aware("2020-01-27 15:00"), known_at=aware("2020-01-27 15:00"),
    )  # fmt: skip
    with pytest.raises(ValidationError, match="早于最近一次转往他处"):
        observation_move(
            observation=observation, version=2, area=office.compound, reason="回家", by=office.ding,
            at=aware("2020-01-26 15:00"), known_at=aware("2020-01-28 15:00"),
        )  # fmt: skip


def test_an_event_of_tomorrow_is_refused(office: OfficeCast) -> None:
    observation = make_observation(office)
    with pytest.raises(ValidationError, match="不能晚于现在"):
        observation_extend(
            observation=observation, version=1, days=1, reason="x", by=office.jia,
            at=aware("2020-01-28 10:00"), known_at=aware("2020-01-27 10:00"),
        )  # fmt: skip


def test_moving_to_where_one_is_is_no_move(office: OfficeCast) -> None:
    observation = make_observation(office)
    with pytest.raises(ValidationError, match="与现在的相同"):
        observation_move(
            observation=observation, version=1, area=office.compound, household=observation.household, reason="x",
            by=office.jia,
        )  # fmt: skip


def test_the_preview_says_what_would_be_laid_down(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    choice = policy_choose(origin=returnee.origin, arrived_on=returnee.arrived_on)
    preview = observation_preview(dates=StartDates.of(returnee), choice=choice, at=aware("2020-01-25 13:00"))
    assert preview.plan is not None
    assert "离鄂" in preview.words and "2月3日24时期满" in preview.words
    assert (preview.visits, preview.cautions) == (19, [])
    observation = make_observation(office, at="2020-01-25 13:00", returnee=returnee)
    assert observation.visits.count() == preview.visits


def test_a_term_that_is_over_asks_to_be_confirmed(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    choice = policy_choose(origin=returnee.origin, arrived_on=returnee.arrived_on)
    preview = observation_preview(dates=StartDates.of(returnee), choice=choice, at=aware("2020-02-04 00:00"))
    assert [caution.code for caution in preview.cautions] == [TERM_OVER]


def test_outside_the_scope_asks_for_a_reason(office: OfficeCast) -> None:
    choice = policy_choose(origin="重庆市渝北区", arrived_on=dt.date(2020, 1, 21))
    preview = observation_preview(
        dates=StartDates(arrived_on=dt.date(2020, 1, 21)), choice=choice, at=aware("2020-01-25 13:00")
    )
    assert [caution.code for caution in preview.cautions] == [OUT_OF_SCOPE]
    assert "不适用" in choice.words


def test_who_came_from_elsewhere_did_not_leave_hubei(office: OfficeCast) -> None:
    dates = StartDates(left_on=dt.date(2020, 1, 20), arrived_on=dt.date(2020, 1, 21))
    choice = policy_choose(origin="重庆市渝北区", arrived_on=dt.date(2020, 1, 21))
    preview = observation_preview(dates=dates, choice=choice, at=aware("2020-01-25 13:00"))
    assert preview.words.startswith("离开当地 2020年1月20日")


def test_the_policy_of_the_right_regions_is_chosen_of_several(office: OfficeCast) -> None:
    """The newest in force is not the one that takes in Hubei."""
    template = Policy.objects.get(code="hotel-14-home-7", state="TEMPLATE")
    newer = Policy.objects.create(
        code=template.code, version=1, name=template.name, state="IN_FORCE", terms=template.terms,
        effective_from=dt.date(2020, 1, 10),
    )  # fmt: skip
    chosen = policy_choose(origin="武汉", arrived_on=dt.date(2020, 1, 21)).policy
    assert chosen is not None and chosen.code == "home-14" and chosen.pk != newer.pk
