"""A city under observation, laid down in PostgreSQL: one row of each kind through the services, the others copied.

What a copied row holds is what the model holds now, whatever fields it has; only what tells the rows apart is computed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.color import no_style
from django.db import connection, models
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Office, Posting, Role, Staff
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
A_GROUP, A_HOME, GROUPS, VILLAGES = (
    50,
    2,
    10,
    100,
)  # people a group and a home, groups a village, villages a street
SINCE = dt.date(2020, 1, 1)


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
    groups, villages, root = _areas(observations // A_GROUP)
    officers = _officers(groups, Role.HEALTH_WORKER, "health", "测温员")
    _officers(villages, Role.OFFICER, "village-cadre", "村干部")
    admin = _staff(1, "管理员", Role.ADMINISTRATOR)[0]
    Office.objects.create(pk=1, name="全市", area=root, is_demo=True)
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code="home-14")
    policy_switch_on(template=template, effective_from=SINCE, by=admin)
    first = _first(groups[0], admin)
    _copy_all(first, observations, groups[0].pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return City(observations, Visit.objects.count(), len(officers), officers[0].pk, root.pk)


# -- the tree and who answers for it


def _areas(groups: int) -> tuple[list[Area], list[Area], Area]:
    villages = max(1, groups // GROUPS)
    streets = max(1, villages // VILLAGES)
    rows: list[Area] = [_area("", 1, Level.COUNTY, "全市", streets)]
    laid: dict[Level, list[Area]] = {Level.COUNTY: rows}
    for level, count, name in (
        (Level.STREET, streets, "街道"), (Level.VILLAGE, villages, "村"), (Level.GROUP, groups, "组"),
    ):  # fmt: skip
        above = laid[Level(level - 1)]
        each = -(-count // len(above))
        laid[level] = [
            _area(above[number // each].path, number % each + 1, level, f"{number + 1}{name}", 0)
            for number in range(count)
        ]
        for number, area in enumerate(above):
            area.numchild = min(each, count - number * each)
    for level in (Level.COUNTY, Level.STREET, Level.VILLAGE, Level.GROUP):
        models.QuerySet(Area).bulk_create(laid[level], batch_size=2000)
    return laid[Level.GROUP], laid[Level.VILLAGE], laid[Level.COUNTY][0]


def _area(parent: str, number: int, level: Level, name: str, children: int) -> Area:
    depth = len(parent) // Area.steplen + 1
    return Area(
        path=Area._get_path(parent, depth, number), depth=depth, numchild=children, level=level, name=name,
        valid_from=SINCE,
    )  # fmt: skip


def _staff(count: int, name: str, role: str) -> list[Staff]:
    found = [
        Staff(username=f"{role}{number}", name=f"{name}{number}", password="!") for number in range(count)
    ]
    Staff.objects.bulk_create(found, batch_size=2000)
    group = Group.objects.get(name=role)
    through: Any = Staff.groups.through
    through.objects.bulk_create(
        [through(staff_id=one.pk, group_id=group.pk) for one in found], batch_size=5000
    )
    return found


def _officers(areas: list[Area], role: str, kind: str, name: str) -> list[Staff]:
    """One officer an area, posted there, with the duty of that kind."""
    officers = _staff(len(areas), name, role)
    duty = DutyKind.objects.get(code=kind)
    pairs = list(zip(officers, areas, strict=True))
    AreaDuty.objects.bulk_create(
        [AreaDuty(kind=duty, staff=one, area=area, valid_from=SINCE) for one, area in pairs], batch_size=2000
    )
    Posting.objects.bulk_create(
        [Posting(staff=one, area=area, valid_from=SINCE) for one, area in pairs], batch_size=2000
    )
    return officers


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
    _copy(
        Household, home, f"generate_series(1, {last // A_HOME}) AS n",
        {"id": f"{home} + n", "area_id": f"{group} + n / {A_GROUP // A_HOME}", "door": door, "display": door,
         "door_key": door, "walk_key": door},
    )  # fmt: skip
    each = f"generate_series(1, {last}) AS n"
    _copy(Person, person, each, {"id": f"{person} + n", "name": "'居民' || n"})
    own = {"area_id": f"{group} + n / {A_GROUP}"}
    _copy(
        Observation, first.pk, each,
        {**own, "id": f"{first.pk} + n", "person_id": f"{person} + n", "household_id": f"{home} + n / {A_HOME}",
         "walk_key": f"lpad((n / {A_HOME} %% {A_GROUP // A_HOME})::text, 3, '0')"},
    )  # fmt: skip
    mine = {"observation_id": f"{first.pk} + n"}
    _copy(ObservationStay, first.stays.get().pk, each, {**own, **mine})
    _copy(ObservationEvent, first.events.get().pk, each, {**mine, "to_area_id": own["area_id"]})
    first.visits.filter(date__lt=DAY).update(state=VisitState.DONE, state_at=models.F("opens_at"))
    for visit in first.visits.order_by("opens_at"):
        _copy(Visit, visit.pk, each, {**own, **mine})


def _copy(model: type[models.Model], pk: int | None, series: str, different: Mapping[str, str]) -> None:
    """Copies of one row, one for each of a series, with what differs as SQL by column."""
    names, values = zip(*_columns(model, different), strict=True)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) "  # noqa: S608
            f"SELECT {', '.join(values)} FROM {table} AS one, {series} WHERE one.id = %s ORDER BY n",
            [pk],
        )
        for sql in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(sql)


def _columns(model: type[models.Model], different: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field in model._meta.concrete_fields:
        column = str(field.column)
        quoted = connection.ops.quote_name(column)
        if column in different:
            yield quoted, different[column]
        elif isinstance(field, models.UUIDField) and field.unique:
            yield quoted, "gen_random_uuid()"
        elif not field.primary_key:
            yield quoted, f"one.{quoted}"
