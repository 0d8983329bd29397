"""更正 of figures of people: who lives there and receives support now and did not, out of what the history keeps.

A residency is ended, set 外出未归 or moved in place, and a support does not keep when its end was known: how they stood
when a brief was published is told by their last line of history from before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Late, LateEntries, day_began
from grassroots.ledgers.late import Cause, CauseOf, entries_of, names_said, turns
from households.living import actual_residents, supports_of
from households.models import Residency, SupportKind, SupportStatus, Survey

Line = Any  # a line of history
FEW = 500  # so many keys go into a query as they are


def _known_lines(model: Any, since: dt.datetime) -> QuerySet[Line]:
    """The last line of each row up to `since`, but of rows that were gone by then."""
    lines: QuerySet[Line] = model.history.model.objects.filter(history_date__lte=since)
    after = Q(history_date__gt=OuterRef("history_date")) | Q(
        history_date=OuterRef("history_date"), history_id__gt=OuterRef("history_id")
    )
    return lines.filter(~Exists(lines.filter(after, id=OuterRef("id")))).exclude(history_type="-")


def _later_lines(model: Any, since: dt.datetime, known_at: dt.datetime) -> QuerySet[Line]:
    """What was written after `since`, in its order."""
    lines: QuerySet[Line] = model.history.model.objects.filter(
        history_date__gt=since, history_date__lte=known_at
    )
    return lines.order_by("history_date", "history_id")


def _lived(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> QuerySet[Line]:
    """Lines of residencies that counted for the period as it was known at `since`."""
    earlier = replace(asof, known_at=since)
    lines = _known_lines(Residency, since).filter(
        earlier.dated("started_on", "recorded_at"), is_away=False, area__in=areas.values("pk")
    )
    return lines.exclude(earlier.dated("ended_on", "end_recorded_at"))


# --- residents ----------------------------------------------------------------------------------------------
def late_residents(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    """People entered since, one entry an area; and those whose residency was ended, moved or set away since."""
    changed = _later_lines(Residency, since, asof.known_at).filter(recorded_at__lte=since).order_by()
    keys = changed.values("id")
    now = actual_residents(areas, asof).filter(recorded_at__lte=since, pk__in=keys)
    then = _lived(areas, asof, since).filter(id__in=keys)
    moved = turns(dict(now.values_list("pk", "area_id")), dict(then.values_list("id", "area_id")))
    cause_of = _home_causes({key for key, _area, _sign in moved}, asof, since) if moved else None
    return _entered(areas, asof, since) + (entries_of(moved, cause_of) if cause_of else [])


def _entered(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    new = actual_residents(areas, asof).filter(recorded_at__gt=since).order_by()
    sums = new.values_list("area_id").annotate(
        n=Count("pk"), started=Max("started_on"), recorded=Max("recorded_at")
    )
    found = sorted(sums)
    if not found:
        return []
    lines = Residency.history.model.objects.filter(history_type="+", id__in=new.values("pk")).order_by()
    who = set(lines.values_list("area_id", "history_user__name").distinct())
    return [
        Late(
            area_id, number, day_began(started), recorded, "补登人员",
            by=names_said(name or "" for area, name in who if area == area_id),
        )
        for area_id, number, started, recorded in found
    ]  # fmt: skip


def _home_causes(keys: Collection[int], asof: AsOf, since: dt.datetime) -> CauseOf:
    """By the last line since: 迁出, 外出未归, and the other way round."""
    lines = _later_lines(Residency, since, asof.known_at)
    lines = lines.filter(id__in=keys) if len(keys) <= FEW else lines
    fields = ("id", "history_date", "history_user__name", "ended_on", "is_away")
    last = {pk: line for pk, *line in lines.values_list(*fields)}

    def cause(key: int, sign: int) -> Cause:
        if key not in last:  # changed without a line: by whom and when is not known
            return Cause(asof.known_at, asof.known_at, "登记有改动")
        at, by, ended_on, is_away = last[key]
        if sign > 0:
            return Cause(at, at, "登记返回或迁入", by or "")
        if ended_on is not None:
            return Cause(day_began(ended_on), at, "登记迁出", by or "")
        return Cause(at, at, "登记外出未归" if is_away else "改到别的区域", by or "")

    return cause


# --- support ------------------------------------------------------------------------------------------------
def late_supported(kinds: tuple[SupportKind, ...], caption: str) -> LateEntries:
    """People who count under these kinds of support now and did not: by the support itself, or by where they live."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        ever = SupportStatus.history.model.objects.filter(kind__in=kinds)
        homes = _later_lines(Residency, since, asof.known_at).filter(person__in=ever.values("person"))
        told = _later_lines(SupportStatus, since, asof.known_at).filter(kind__in=kinds)
        who = Q(person__in=told.order_by().values("person")) | Q(person__in=homes.order_by().values("person"))
        earlier = replace(asof, known_at=since)
        now = actual_residents(areas, asof).filter(
            who, Exists(supports_of(SupportStatus.objects, kinds, asof))
        )
        known = supports_of(_known_lines(SupportStatus, since), kinds, earlier)
        then = _lived(areas, asof, since).filter(who, Exists(known))
        changed = turns(dict(now.values_list("pk", "area_id")), dict(then.values_list("id", "area_id")))
        if not changed:
            return []
        keys = {key for key, _area, _sign in changed}
        return entries_of(changed, _support_causes(keys, told, caption, _home_causes(keys, asof, since)))

    return late


def _support_causes(keys: Collection[int], told: QuerySet[Line], caption: str, of_home: CauseOf) -> CauseOf:
    """By the last line of the person's support since, else by that of his home."""
    homes = Residency.objects.filter(pk__in=keys) if len(keys) <= FEW else Residency.objects.filter(
        person__in=told.order_by().values("person")
    )  # fmt: skip
    people = dict(homes.values_list("pk", "person_id"))
    fields = ("person_id", "started_on", "ended_on", "history_date", "history_user__name")
    last = {person: line for person, *line in told.values_list(*fields)}

    def cause(key: int, sign: int) -> Cause:
        if (line := last.get(people.get(key))) is None:
            return of_home(key, sign)
        started_on, ended_on, at, by = line
        on, words = (started_on, "补登") if sign > 0 else (ended_on or started_on, "不再计入")
        return Cause(day_began(on), at, f"{words}{caption}", by or "")

    return cause


# --- leaflets -----------------------------------------------------------------------------------------------
def left_at_doors(areas: QuerySet[Area], asof: AsOf, *, today: bool) -> QuerySet[Survey]:
    """Knocks at which leaflets were left, in the period or ever up to its end, as far as was known."""
    rows = Survey.objects.filter(
        area__in=areas.values("pk"), visited_at__lte=asof.end, recorded_at__lte=asof.known_at, leaflets__gt=0
    )
    return rows.filter(visited_at__gt=asof.start) if today else rows


def late_leaflets(*, today: bool) -> LateEntries:
    """Leaflets of knocks that were entered since, one entry an area."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        rows = left_at_doors(areas, asof, today=today).filter(recorded_at__gt=since).order_by()
        sums = rows.values_list("area_id").annotate(
            n=Sum("leaflets"), doors=Count("pk"), visited=Max("visited_at"), recorded=Max("recorded_at")
        )
        found = sorted(sums)
        who = set(rows.values_list("area_id", "recorded_by__name").distinct()) if found else set()
        return [
            Late(
                area_id, leaflets, visited, recorded, "补登入户时发放", rows=doors,
                by=names_said(name for area, name in who if area == area_id),
            )
            for area_id, leaflets, doors, visited, recorded in found
        ]  # fmt: skip

    return late
