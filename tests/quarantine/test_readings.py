"""Recording temperatures: what is kept beside what, what asks to be measured again, what cannot be recorded."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from quarantine.models import (
    AlertKind,
    Method,
    Observation,
    Policy,
    ReadingSource,
    Visit,
    VisitState,
)
from quarantine.services.endings import observation_transfer
from quarantine.services.readings import (
    RECHECKED,
    Recorded,
    reading_correct,
    reading_record,
    visit_explain,
    visit_for,
    visit_mark,
)
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import make_observation, switch_on

pytestmark = pytest.mark.django_db
MORNING = "2020-01-29 08:30"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return make_observation(office)


def slot(observation: Observation, on: str = "2020-01-29", code: str = "AM") -> Visit:
    return observation.visits.get(date=on, slot=code)


def record(office: OfficeCast, visit: Visit, value: str, at: str = MORNING, **fields: object) -> Recorded:
    return reading_record(visit=visit, temperature=Decimal(value), by=office.health, at=aware(at), **fields)  # type: ignore[arg-type]


# --- what is kept -----------------------------------------------------------------------------------------
def test_a_reading_at_the_door_is_measured_when_it_is_entered(office, observation):
    visit = slot(observation)
    reading = record(office, visit, "36.5").reading
    visit.refresh_from_db()
    assert (reading.measured_at, reading.entered_at) == (aware(MORNING), aware(MORNING))
    assert (visit.state, visit.state_by, reading.is_late) == (VisitState.DONE, office.health, False)


def test_it_keeps_a_second_reading_beside_the_first(office, observation):
    visit = slot(observation)
    record(office, visit, "37.6")
    record(office, visit, "36.8", at="2020-01-29 08:45")
    assert [(row.sequence, row.temperature) for row in visit.readings.all()] == [
        (1, Decimal("37.6")),
        (2, Decimal("36.8")),
    ]


def test_a_late_entry_is_marked_and_keeps_when_it_was_measured_beside_when_it_was_entered(
    office, observation
):
    visit = slot(observation)
    reading = record(
        office, visit, "36.5", at="2020-01-29 19:00", measured_at=aware(MORNING), source=ReadingSource.PAPER
    ).reading
    assert reading.is_late
    assert (reading.measured_at, reading.entered_at) == (aware(MORNING), aware("2020-01-29 19:00"))


def test_paper_is_marked_as_late_even_while_its_slot_is_open(office, observation):
    assert record(office, slot(observation), "36.5", source=ReadingSource.PAPER).reading.is_late


def test_paper_may_leave_the_time_of_measurement_unknown(office, observation):
    reading = record(office, slot(observation), "36.5", source=ReadingSource.PAPER).reading
    assert reading.measured_at is None


def test_a_missed_visit_becomes_measured_by_a_late_entry(office, observation):
    visit = slot(observation)
    Visit.objects.filter(pk=visit.pk).update(
        state=VisitState.MISSED, state_recorded_at=aware("2020-01-29 12:00")
    )
    record(office, visit, "36.5", at="2020-01-29 19:00", measured_at=aware(MORNING))
    visit.refresh_from_db()
    assert (visit.state, visit.state_at, visit.state_recorded_at) == (
        VisitState.DONE,
        aware(MORNING),
        aware("2020-01-29 19:00"),
    )


def test_who_measured_and_who_typed_are_both_known(office, observation):
    reading = record(office, slot(observation), "36.5", entered_by=office.jia).reading
    assert (reading.by, reading.entered_by) == (office.health, office.jia)


# --- fever, low -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("operator", "value", "is_fever"),
    [("GTE", "37.3", True), ("GTE", "37.2", False), ("GT", "37.3", False), ("GT", "37.4", True)],
)
def test_fever_at_exactly_the_threshold_follows_the_policys_operator(
    office, observation, operator, value, is_fever
):
    policy = observation.policy
    Policy.objects.filter(pk=policy.pk).update(terms={**policy.terms, "fever_operator": operator})
    recorded = record(office, slot(observation), value)
    assert recorded.reading.is_abnormal is is_fever
    assert recorded.needs_second is is_fever
    assert (recorded.alert is not None) is is_fever


def test_a_fever_asks_for_a_second_measurement_once(office, observation):
    visit = slot(observation)
    assert record(office, visit, "37.8").needs_second
    assert not record(office, visit, "37.9").needs_second


def test_a_fever_after_a_low_reading_asks_again(office, observation):
    visit = slot(observation)
    record(office, visit, "35.0")
    assert record(office, visit, "37.8", is_rechecked=True).needs_second


def test_a_low_reading_after_a_fever_does_not_settle_it(office, observation):
    visit = slot(observation)
    record(office, visit, "37.8")
    assert record(office, visit, "35.0", is_rechecked=True).needs_second


def test_a_low_reading_asks_again_and_raises_no_alert(office, observation):
    recorded = record(office, slot(observation), "35.4")
    assert (recorded.reading.is_low, recorded.needs_second, recorded.alert) == (True, True, None)


def test_a_low_reading_is_accepted_once_it_has_been_repeated(office, observation):
    visit = slot(observation)
    record(office, visit, "35.2")
    again = record(office, visit, "35.3", is_rechecked=True)
    assert (again.needs_second, again.reading.reason) == (False, RECHECKED)
    assert again.reading.is_low  # kept as what it is, never turned into a normal one


def test_the_low_limit_itself_is_not_low(office, observation):
    assert not record(office, slot(observation), "35.5").needs_second


def test_a_symptom_at_a_normal_temperature_is_abnormal_but_asks_for_no_second_temperature(
    office, observation
):
    recorded = record(office, slot(observation), "36.5", symptoms=["干咳", "无"])
    assert (recorded.reading.symptoms, recorded.reading.is_abnormal) == (["干咳"], True)
    assert recorded.alert.kind == AlertKind.SYMPTOM
    assert not recorded.needs_second


# --- refused ----------------------------------------------------------------------------------------------
def test_nothing_is_recorded_before_the_slot_begins(office, observation):
    with pytest.raises(ValidationError, match="还没有开始"):
        record(office, slot(observation, code="PM"), "36.5")


def test_a_measurement_cannot_lie_in_the_future_or_on_another_day(office, observation):
    visit = slot(observation)
    with pytest.raises(ValidationError, match="不能晚于现在"):
        record(office, visit, "36.5", measured_at=aware("2020-01-29 09:00"))
    with pytest.raises(ValidationError, match="当天"):
        record(office, visit, "36.5", measured_at=aware("2020-01-28 08:30"))


def test_a_called_off_visit_takes_no_reading(office, observation):
    visit = slot(observation)
    Visit.objects.filter(pk=visit.pk).update(state=VisitState.CANCELLED)
    with pytest.raises(ValidationError, match="已取消"):
        record(office, visit, "36.5")


# --- corrections ------------------------------------------------------------------------------------------
def test_a_correction_keeps_the_old_reading(office, observation):
    visit = slot(observation)
    first = record(office, visit, "37.8").reading
    done = reading_correct(
        reading=first,
        temperature=Decimal("36.8"),
        reason="录入时看错",
        by=office.jia,
        at=aware("2020-01-29 09:00"),
    )
    assert visit.readings.count() == 2
    assert list(visit.readings.effective()) == [done.reading]
    first.refresh_from_db()
    assert first.temperature == Decimal("37.8")
    assert (done.reading.corrects, done.reading.by, done.reading.entered_by) == (
        first,
        office.health,
        office.jia,
    )


def test_a_correction_of_a_reading_in_time_is_not_marked_as_late(office, observation):
    first = record(office, slot(observation), "36.5").reading
    done = reading_correct(
        reading=first, temperature=Decimal("36.6"), reason="看错", by=office.jia, at=aware("2020-01-29 20:00")
    )
    assert not done.reading.is_late
    assert done.reading.entered_at == aware("2020-01-29 20:00")


def test_a_correction_to_a_fever_raises_the_alert(office, observation):
    first = record(office, slot(observation), "36.8").reading
    done = reading_correct(
        reading=first, temperature=Decimal("37.8"), reason="看错", by=office.jia, at=aware("2020-01-29 09:00")
    )
    assert done.alert.kind == AlertKind.FEVER


def test_a_reading_is_corrected_once_and_the_correction_again(office, observation):
    first = record(office, slot(observation), "36.8").reading
    second = reading_correct(
        reading=first, temperature=Decimal("36.6"), reason="看错", by=office.jia, at=aware("2020-01-29 09:00")
    ).reading
    with pytest.raises(ValidationError, match="已经更正过"):
        reading_correct(
            reading=first,
            temperature=Decimal("36.5"),
            reason="看错",
            by=office.jia,
            at=aware("2020-01-29 09:01"),
        )
    third = reading_correct(
        reading=second,
        temperature=Decimal("36.5"),
        reason="又看错",
        by=office.jia,
        at=aware("2020-01-29 09:02"),
    ).reading
    assert list(slot(observation).readings.effective()) == [third]


def test_a_correction_needs_a_reason(office, observation):
    first = record(office, slot(observation), "36.8").reading
    with pytest.raises(ValidationError, match="更正原因"):
        reading_correct(reading=first, temperature=Decimal("36.6"), reason=" ", by=office.jia)


# --- marks and explanations -------------------------------------------------------------------------------
def test_one_tap_says_why_there_is_no_reading(office, observation):
    visit = visit_mark(visit=slot(observation), state=VisitState.AWAY, by=office.health, at=aware(MORNING))
    assert (visit.state, visit.state_at, visit.state_by) == (VisitState.AWAY, aware(MORNING), office.health)


def test_a_marked_visit_can_still_be_measured_in_the_evening_round(office, observation):
    visit = visit_mark(visit=slot(observation), state=VisitState.AWAY, by=office.health, at=aware(MORNING))
    record(office, visit, "36.5", at="2020-01-29 11:00")
    visit.refresh_from_db()
    assert visit.state == VisitState.DONE


def test_a_measured_visit_cannot_be_marked(office, observation):
    visit = slot(observation)
    record(office, visit, "36.5")
    with pytest.raises(ValidationError, match="已测"):
        visit_mark(visit=visit, state=VisitState.AWAY, by=office.health, at=aware(MORNING))


def test_a_miss_cannot_be_tapped_away_after_the_slot_has_closed(office, observation):
    visit = slot(observation)
    Visit.objects.filter(pk=visit.pk).update(state=VisitState.MISSED)
    with pytest.raises(ValidationError, match="已截止"):
        visit_mark(visit=visit, state=VisitState.AWAY, by=office.health, at=aware("2020-01-29 12:00"))


def test_a_miss_is_explained_after_the_slot_has_closed(office, observation):
    visit = slot(observation)
    with pytest.raises(ValidationError, match="还没有截止"):
        visit_explain(visit=visit, explanation="外出就医", by=office.health, at=aware("2020-01-29 11:59"))
    done = visit_explain(
        visit=visit, explanation=" 外出就医 ", by=office.health, at=aware("2020-01-29 12:00")
    )
    assert done.explanation == "外出就医"


def test_what_was_measured_after_all_needs_no_explanation(office, observation):
    visit = slot(observation)
    record(office, visit, "36.5")
    with pytest.raises(ValidationError, match="不需要说明"):
        visit_explain(visit=visit, explanation="外出", by=office.health, at=aware("2020-01-29 13:00"))


# --- visits that nobody planned ---------------------------------------------------------------------------
def test_nothing_is_planned_before_the_observation_began(office):
    observation = make_observation(office, at="2020-01-25 13:00")
    first = observation.visits.order_by("opens_at").first()
    assert (first.date, first.slot) == (dt.date(2020, 1, 25), "PM")


def test_paper_of_a_slot_that_nobody_planned_makes_an_unplanned_visit(office):
    observation = make_observation(office, at="2020-01-25 13:00")
    visit = visit_for(observation=observation, on=dt.date(2020, 1, 25), slot="AM")
    reading = record(office, visit, "36.5", at="2020-01-25 20:00", source=ReadingSource.PAPER).reading
    assert (visit.is_planned, reading.is_late) == (False, True)
    assert visit_for(observation=observation, on=dt.date(2020, 1, 25), slot="AM") == visit


@pytest.mark.parametrize("on", [dt.date(2020, 1, 19), dt.date(2020, 2, 4)])
def test_a_day_outside_the_observation_has_no_visit(office, observation, on):
    with pytest.raises(ValidationError, match="不在观察期内"):
        visit_for(observation=observation, on=on, slot="AM")


def test_a_slot_that_the_policy_does_not_have_is_refused(office, observation):
    with pytest.raises(ValidationError, match="没有这个测温时段"):
        visit_for(observation=observation, on=dt.date(2020, 1, 24), slot="NOON")


def test_no_visit_is_made_after_the_observation_was_closed(office, observation):
    observation.visits.filter(date__gte="2020-01-29").delete()
    observation_transfer(
        observation=observation,
        version=observation.version,
        destination="县医院",
        reason="发热",
        by=office.health,
        at=aware("2020-01-28 15:00"),
        known_at=aware("2020-01-28 15:00"),
    )
    observation.refresh_from_db()
    with pytest.raises(ValidationError, match="结束"):
        visit_for(observation=observation, on=dt.date(2020, 1, 29), slot="AM", at=aware("2020-01-29 09:00"))


def test_a_temperature_told_by_phone_says_so(office, observation):
    reading = record(
        office, slot(observation), "36.5", method=Method.SELF, source=ReadingSource.PHONE
    ).reading
    assert (reading.method, reading.source) == (Method.SELF, ReadingSource.PHONE)


def test_the_slot_in_which_the_observation_ended_still_takes_what_was_measured_before(office, observation):
    observation_transfer(
        observation=observation,
        version=observation.version,
        destination="县医院",
        reason="发热",
        by=office.health,
        at=aware("2020-01-29 10:00"),
        known_at=aware("2020-01-29 10:00"),
    )
    record(office, slot(observation), "37.9", at="2020-01-29 19:00", measured_at=aware(MORNING))
    assert slot(observation).state == VisitState.DONE
    with pytest.raises(ValidationError, match="已取消"):
        record(office, slot(observation, code="PM"), "36.5", at="2020-01-29 19:00")
