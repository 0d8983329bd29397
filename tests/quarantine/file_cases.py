"""A person whose file is full: several observations, measured morning and afternoon, with everything that happens."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import Observation, Returnee, TripLeg, Visit, VisitState
from quarantine.services.endings import observation_release
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.readings import reading_correct, reading_record
from tests.factories import aware

STARTS = ("2020-01-21", "2020-02-10", "2020-03-01")
USUAL = ("36.4", "36.6", "36.5", "36.7", "36.3", "36.8")


def measured(visit: Visit, by: Staff, *values: str, symptoms: tuple[str, ...] = ()) -> Visit:
    """Readings of a visit, taken an hour after its slot began."""
    at = visit.opens_at + dt.timedelta(hours=1)
    for value in values:
        reading_record(
            visit=visit, temperature=Decimal(value), by=by, at=at, measured_at=at, symptoms=symptoms
        )
    return visit


def observed_for_14_days(returnee: Returnee, by: Staff, reviewer: Staff, first: str) -> Observation:
    """One observation in full: low, fever with a second measurement, a symptom, missed, away, corrected; released."""
    arrived = dt.date.fromisoformat(first)
    at = aware(f"{first} 12:30")
    observation = observation_open(
        person=returnee.person, area=returnee.area, household=returnee.household, returnee=returnee,
        dates=StartDates(left_on=arrived, arrived_on=arrived), by=by, at=at, known_at=at,
    )  # fmt: skip
    visits = list(observation.visits.order_by("opens_at"))
    for place, visit in enumerate(visits):
        if place == 3:
            measured(visit, by, "34.8", "36.2")
        elif place == 6:
            measured(visit, by, "37.6", "36.9")
        elif place == 9:
            Visit.objects.filter(pk=visit.pk).update(state=VisitState.MISSED, explanation="去卫生院取药")
        elif place == 10:
            Visit.objects.filter(pk=visit.pk).update(state=VisitState.AWAY)
        elif place == 12:
            measured(visit, by, "36.6", symptoms=("干咳",))
        elif place == 14:
            first_reading = measured(visit, by, "39.6").readings.get()
            reading_correct(reading=first_reading, temperature=Decimal("36.9"), reason="看错了小数点", by=by)
        else:
            measured(visit, by, USUAL[place % len(USUAL)])
    observation.alerts.update(
        state="CLOSED", closed_at=at + dt.timedelta(days=5), closed_by=reviewer, result="复测正常，继续观察"
    )
    observation.refresh_from_db()
    over = timezone.make_aware(dt.datetime.combine(observation.last_on + dt.timedelta(days=1), dt.time(9)))
    return observation_release(
        observation=observation, version=observation.version, by=by, reviewer=reviewer, reason="期满",
        at=over, known_at=over,
    )  # fmt: skip


def with_route(returnee: Returnee) -> Returnee:
    """Two legs of the way home, and a contact whom nobody knows yet."""
    TripLeg.objects.create(
        returnee=returnee, order=1, from_place="武汉", to_place="成都东", transport="TRAIN",
        transport_no="G1234 05车12A", departed_at=aware("2020-01-20 08:00"), arrived_at=aware("2020-01-20 17:30"),
    )  # fmt: skip
    TripLeg.objects.create(
        returnee=returnee, order=2, from_place="成都东", to_place="淮口", transport="CAR",
        transport_no="川A·3T6P8", note="堂兄接站",
    )  # fmt: skip
    returnee.contacts.create(
        name="黎四", relation="堂兄", phone="13911112222", where="官仓", contact_on=dt.date(2020, 1, 21)
    )
    return returnee
