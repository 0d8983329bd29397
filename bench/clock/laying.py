"""A city under observation, laid down in PostgreSQL: one row of each kind through the services, the others copied.

What a copied row holds is what the model holds now, whatever fields it has; only what tells the rows apart is computed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, models, transaction
from django.utils import timezone

from bench.rows import SINCE, copy_rows, lay_areas, lay_officers, lay_staff
from grassroots.grid.first_fill import first_fill
from grassroots.grid.models import Area, Office, Role, Staff
from households.models import Household, Person
from quarantine.models import (
    Observation,
    ObservationEvent,
    ObservationStay,
    Policy,
    PolicyState,
    Visit,
    VisitState,
)
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.policies import policy_switch_on

#: The slots of this day are measured; visits stand for the day before, the day itself and the day after.
DAY = dt.date(2020, 1, 29)
A_GROUP, A_HOME = 50, 2  # people a group and a home


@dataclass(frozen=True)
class City:
    """What was laid: how many open observations and visits, and one of the officers."""

    observations: int
    visits: int
    officers: int
    officer: int
    office: int


def aware(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A time of the office's day."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


def lay(observations: int) -> City:
    """`observations` open ones, 50 in each villagers' group, whose health worker measures them."""
    groups, villages, root = lay_areas(observations // A_GROUP)
    officers = lay_officers(groups, Role.HEALTH_WORKER, "health", "测温员")
    lay_officers(villages, Role.OFFICER, "village-cadre", "村干部")
    admin = lay_staff(1, "管理员", Role.ADMINISTRATOR)[0]
    Office.objects.create(pk=1, name="全市", area=root, is_demo=True)
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code="home-14")
    policy_switch_on(template=template, effective_from=SINCE, by=admin)
    tables = [Household, Person, Observation, ObservationStay, ObservationEvent, Visit]
    with transaction.atomic(), first_fill(tables):
        _copy_all(_first(groups[0], admin), observations, groups[0].pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return City(observations, Visit.objects.count(), len(officers), officers[0].pk, root.pk)


# -- people under observation


def _first(area: Area, by: Staff) -> Observation:
    """One home with one person, opened the day before through the service."""
    home = Household.objects.create(
        area=area, building="1", unit="1", door="0", display="0", door_key="0", walk_key="0"
    )
    person = Person.objects.create(name="居民0", name_initials="JM", birth_date=dt.date(1980, 1, 1), sex="F")
    began = DAY - dt.timedelta(days=2)  # the day after is day 1
    opened = aware(began, 20)
    row = observation_open(
        person=person, area=area, household=home, by=by, at=opened, known_at=opened,
        dates=StartDates(arrived_on=began),
    )  # fmt: skip
    around = (DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1))
    row.visits.exclude(date__range=around).delete()
    return row


def _copy_all(first: Observation, observations: int, group: int) -> None:
    home, person = first.household_id, first.person_id
    last = observations - 1
    door = f"lpad((n %% {A_GROUP // A_HOME})::text, 3, '0')"
    copy_rows(
        Household, home, f"generate_series(1, {last // A_HOME}) AS n",
        {"id": f"{home} + n", "area_id": f"{group} + n / {A_GROUP // A_HOME}", "door": door, "display": door,
         "door_key": door, "walk_key": door},
    )  # fmt: skip
    each = f"generate_series(1, {last}) AS n"
    copy_rows(Person, person, each, {"id": f"{person} + n", "name": "'居民' || n"})
    own = {"area_id": f"{group} + n / {A_GROUP}"}
    copy_rows(
        Observation, first.pk, each,
        {**own, "id": f"{first.pk} + n", "person_id": f"{person} + n", "household_id": f"{home} + n / {A_HOME}",
         "walk_key": f"lpad((n / {A_HOME} %% {A_GROUP // A_HOME})::text, 3, '0')"},
    )  # fmt: skip
    mine = {"observation_id": f"{first.pk} + n"}
    copy_rows(ObservationStay, first.stays.get().pk, each, {**own, **mine})
    copy_rows(ObservationEvent, first.events.get().pk, each, {**mine, "to_area_id": own["area_id"]})
    first.visits.filter(date__lt=DAY).update(state=VisitState.DONE, state_at=models.F("opens_at"))
    for visit in first.visits.order_by("opens_at"):
        copy_rows(Visit, visit.pk, each, {**own, **mine})
