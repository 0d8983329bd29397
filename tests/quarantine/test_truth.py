"""The step of the tick that looks through readings, and checking what it found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AreaDuty, Staff
from grassroots.notices.models import Message
from quarantine.models import Alert, FlagKind, Observation, Reading, ReadingFlag, ReadingSource, Visit
from quarantine.services import truth
from quarantine.services.readings import reading_correct, reading_record
from quarantine.services.truth import flag_check, flags_find, readings_forget
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.quarantine.cases import make_observation, make_returnee, switch_on

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 08:30")
ON = dt.date(2020, 1, 29)
LATER = aware("2020-01-29 11:00")


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    flags_find(AT)  # the first time only sets the mark
    return cast


def people(office: OfficeCast, count: int) -> list[Observation]:
    return [
        make_observation(office, returnee=make_returnee(office, f"张{number}")) for number in range(count)
    ]


def measured(
    observations: Sequence[Observation], by: Staff, seconds: int = 2, values: str = "", **fields: object
) -> list[Reading]:
    """A reading of each this morning, `seconds` apart; values go round through those given."""
    found = []
    for number, observation in enumerate(observations):
        value = (values or "36.2 36.4 36.6 36.7").split()[number % (1 if values else 4)]
        found.append(
            reading_record(
                visit=observation.visits.get(date=ON, slot="AM"), temperature=Decimal(value), by=by,
                at=AT + dt.timedelta(seconds=seconds * number), **fields,
            ).reading  # type: ignore[arg-type]
        )  # fmt: skip
    return found


def kinds() -> list[str]:
    return sorted(ReadingFlag.objects.values_list("kind", flat=True))


def test_what_was_entered_before_the_first_time_is_not_looked_at(office):
    truth.ReadingScan.objects.all().delete()
    measured(people(office, 20), office.health)
    assert flags_find(LATER) == {"flags": 0}
    assert flags_find(LATER) == {"flags": 0}


def test_twenty_in_a_minute_are_one_hint_on_the_officer_with_the_readings_behind_it(office):
    readings = measured(people(office, 21), office.health)
    assert flags_find(LATER) == {"flags": 1}
    flag = ReadingFlag.objects.get()
    assert (flag.kind, flag.officer, flag.count, flag.area) == (
        FlagKind.BURST, office.health, 21, office.compound,
    )  # fmt: skip
    assert set(flag.readings.all()) == set(readings)


def test_running_again_gives_nothing_twice(office):
    measured(people(office, 21), office.health)
    flags_find(LATER)
    assert flags_find(LATER) == {"flags": 0}
    assert ReadingFlag.objects.count() == 1


def test_what_is_two_minutes_old_is_looked_at_and_what_is_fresh_waits(office):
    measured(people(office, 20), office.health, seconds=0)
    assert flags_find(AT + dt.timedelta(seconds=119)) == {"flags": 0}
    assert flags_find(AT + dt.timedelta(seconds=120)) == {"flags": 1}


def test_a_stretch_that_two_batches_cut_is_one_hint(office, monkeypatch):
    monkeypatch.setattr(truth, "BATCH", 8)
    measured(people(office, 30), office.health)
    flags_find(LATER)
    assert [(flag.kind, flag.count) for flag in ReadingFlag.objects.all()] == [(FlagKind.BURST, 30)]


def test_an_import_and_a_clerk_at_the_paper_are_not_quick_measurers(office):
    some = people(office, 42)
    measured(some[:21], office.jia, source=ReadingSource.IMPORT)
    measured(some[21:], office.health, entered_by=office.jia, source=ReadingSource.PAPER)
    assert flags_find(LATER) == {"flags": 0}


def test_doors_of_two_villages_within_a_minute_lie_in_the_street_that_holds_both(office):
    far = make_returnee(office, "李四", household=make_household(office.other_group))
    both = [make_observation(office), make_observation(office, returnee=far)]
    measured(both, office.ding, seconds=30)
    flags_find(LATER)
    flag = ReadingFlag.objects.get()
    assert (flag.kind, flag.area, flag.count) == (FlagKind.TWO_PLACES, office.street, 2)
    assert not ReadingFlag.objects.visible_to(office.bing).exists()
    assert ReadingFlag.objects.visible_to(office.ding).exists()


def test_one_value_at_eight_people_in_a_row_names_the_value(office):
    measured(people(office, 9), office.health, seconds=300, values="36.5")
    flags_find(LATER)
    flag = ReadingFlag.objects.get()
    assert (flag.kind, flag.temperature, flag.count) == (FlagKind.REPEATED, Decimal("36.5"), 9)


def test_a_measurement_after_its_entry_is_a_hint(office):
    reading = measured(people(office, 1), office.health)[0]
    Reading.objects.filter(pk=reading.pk).update(measured_at=AT + dt.timedelta(days=300))
    flags_find(LATER)
    assert kinds() == [FlagKind.FUTURE]
    assert ReadingFlag.objects.between(AT, LATER).exists()  # found by when it was entered


def days_of(observation: Observation, by: Staff, value: str, days: Sequence[int]) -> None:
    for day in days:
        for visit in observation.visits.filter(date=dt.date(2020, 1, day)).order_by("opens_at"):
            at = visit.opens_at + dt.timedelta(hours=1)
            reading_record(visit=visit, temperature=Decimal(value), by=by, at=at)


def test_identical_readings_for_days_are_a_hint_and_an_alert_to_those_who_must_know(office):
    observation = make_observation(office)
    days_of(observation, office.health, "36.5", [26, 27, 28])
    flags_find(aware("2020-01-28 22:00"))
    flag = ReadingFlag.objects.get()
    assert (flag.kind, flag.observation, flag.count) == (FlagKind.IDENTICAL, observation, 6)
    alert = Alert.objects.get()
    assert (alert.kind, alert.observation) == ("IDENTICAL", observation)
    assert Message.objects.filter(recipient=office.health, title__contains="数值连续相同").count() == 1


def test_a_run_that_goes_on_adds_to_its_hint_and_raises_no_second_alert(office):
    observation = make_observation(office)
    days_of(observation, office.health, "36.5", [26, 27, 28])
    flags_find(aware("2020-01-28 22:00"))
    days_of(observation, office.health, "36.5", [29])
    assert flags_find(aware("2020-01-29 22:00")) == {"flags": 0}
    assert [flag.count for flag in ReadingFlag.objects.all()] == [8]
    assert Alert.objects.count() == 1


def test_a_corrected_reading_does_not_belong_to_the_run(office):
    observation = make_observation(office)
    days_of(observation, office.health, "36.5", [26, 27, 28])
    first = Reading.objects.filter(visit__date="2020-01-28").first()
    reading_correct(
        reading=first,
        temperature=Decimal("36.8"),
        reason="看错",
        by=office.health,
        at=aware("2020-01-28 20:00"),
    )
    flags_find(aware("2020-01-28 22:00"))
    assert not ReadingFlag.objects.exists()


def test_a_policy_may_ask_for_other_days_or_not_at_all(office):
    observation = make_observation(office)
    policy = observation.policy
    policy.terms = {**policy.terms, "alerts": {"identical_days": 0}}
    policy.save()
    days_of(observation, office.health, "36.5", [26, 27, 28])
    assert flags_find(aware("2020-01-28 22:00")) == {"flags": 0}


def test_the_cost_is_that_of_a_batch_and_nothing_new_costs_two_queries(office):
    def cost(at: dt.datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            flags_find(at)
        return len(queries)

    some = people(office, 12)
    measured(some[:2], office.health, seconds=300)
    few = cost(LATER)
    measured(some[2:], office.health, seconds=300)
    assert cost(aware("2020-01-29 12:00")) == few
    assert cost(aware("2020-01-29 12:00")) == 2


def test_checking_keeps_every_check_and_the_latest_counts(office):
    measured(people(office, 21), office.health)
    flags_find(LATER)
    flag = ReadingFlag.objects.get()
    flag_check(flag=flag, conclusion="FOLLOW_UP", note="先问卫某", by=office.ding, at=LATER)
    flag_check(flag=flag, conclusion="EXPLAINED", note="集中补测,两人一起", by=office.ding, at=LATER)
    flag.refresh_from_db()
    assert flag.conclusion == "EXPLAINED"
    assert [check.note for check in flag.checks.all()] == ["先问卫某", "集中补测,两人一起"]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"conclusion": "", "note": "x"}, "conclusion"), ({"conclusion": "EXPLAINED", "note": " "}, "note")],
)
def test_a_check_without_a_choice_or_words_is_refused(office, values, field):
    measured(people(office, 21), office.health)
    flags_find(LATER)
    with pytest.raises(ValidationError) as refused:
        flag_check(flag=ReadingFlag.objects.get(), by=office.ding, **values)
    assert list(refused.value.message_dict) == [field]


def test_readings_that_are_taken_back_leave_their_hint(office):
    readings = measured(people(office, 21), office.health)
    flags_find(LATER)
    readings_forget(readings[:1])
    assert ReadingFlag.objects.get().count == 20
    assert Visit.objects.filter(readings__in=readings[:1]).exists()
    assert AreaDuty.objects.exists()
