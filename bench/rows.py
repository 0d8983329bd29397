"""An office laid down in PostgreSQL row by row: areas, who answers for them, and copies of rows made by the services.

What a copied row holds is what the model holds now, whatever fields it has; only what tells the rows apart is computed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, models

from grassroots.grid.bulk import reset_sequences
from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Posting, Staff

GROUPS, VILLAGES = 10, 100  # groups a village, villages a street
SINCE = dt.date(2020, 1, 1)


def lay_areas(groups: int) -> tuple[list[Area], list[Area], Area]:
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
            area.numchild = max(0, min(each, count - number * each))
    for level in (Level.COUNTY, Level.STREET, Level.VILLAGE, Level.GROUP):
        models.QuerySet(Area).bulk_create(laid[level], batch_size=2000)
    return laid[Level.GROUP], laid[Level.VILLAGE], laid[Level.COUNTY][0]


def _area(parent: str, number: int, level: Level, name: str, children: int) -> Area:
    depth = len(parent) // Area.steplen + 1
    return Area(
        path=Area._get_path(parent, depth, number), depth=depth, numchild=children, level=level, name=name,
        valid_from=SINCE,
    )  # fmt: skip


def lay_staff(count: int, name: str, role: str) -> list[Staff]:
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


def lay_officers(areas: list[Area], role: str, kind: str, name: str) -> list[Staff]:
    """One officer an area, posted there, with the duty of that kind."""
    officers = lay_staff(len(areas), name, role)
    duty = DutyKind.objects.get(code=kind)
    pairs = list(zip(officers, areas, strict=True))
    AreaDuty.objects.bulk_create(
        [AreaDuty(kind=duty, staff=one, area=area, valid_from=SINCE) for one, area in pairs], batch_size=2000
    )
    Posting.objects.bulk_create(
        [Posting(staff=one, area=area, valid_from=SINCE) for one, area in pairs], batch_size=2000
    )
    return officers


def copy_rows(model: type[models.Model], pk: int | None, series: str, different: Mapping[str, str]) -> None:
    """Copies of one row, one for each of a series, with what differs as SQL by column."""
    names, values = zip(*_columns(model, different), strict=True)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) "  # noqa: S608
            f"SELECT {', '.join(values)} FROM {table} AS one, {series} WHERE one.id = %s ORDER BY n",
            [pk],
        )
    reset_sequences([model])


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
