"""Figures of households and people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import (
    AsOf,
    Indicator,
    Late,
    LateEntries,
    Ratio,
    day_began,
    register_indicator,
    register_ratio,
)
from grassroots.ledgers.late import Cause, entries_of
from households.late import late_residents, late_supported
from households.living import actual_residents, supports_of
from households.models import (
    CommitmentLetter,
    Household,
    SupportKind,
    SupportStatus,
    Survey,
    SurveyOutcome,
)

Doors = Callable[["QuerySet[Area]", AsOf], "QuerySet[Household]"]
"""The doors of these areas that a figure counts."""


def by_area(rows: QuerySet[Any], field: str = "area_id") -> Mapping[int, int]:
    """Count rows by their area."""
    return dict(rows.order_by().values_list(field).annotate(n=CountRows("pk")))


def open_households(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """Doors that were open at the end of the period, as far as was known."""
    rows = Household.objects.filter(asof.dated("opened_on", "recorded_at"), area__in=areas.values("pk"))
    return rows.exclude(asof.dated("closed_on", "close_recorded_at"))


def known_surveys(asof: AsOf) -> QuerySet[Survey]:
    """Knocks on the door of an outer query, up to the end of the period, as far as was known."""
    return Survey.objects.filter(
        household=OuterRef("pk"), visited_at__lte=asof.end, recorded_at__lte=asof.known_at
    )


def is_signed(asof: AsOf) -> Exists:
    """Whether the door of an outer query had a letter at the end of the period, as far as was known."""
    return Exists(
        CommitmentLetter.objects.filter(
            household=OuterRef("pk"), signed_at__lte=asof.end, recorded_at__lte=asof.known_at
        )
    )


def surveyed(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """Doors that were ever knocked on."""
    return open_households(areas, asof).filter(Exists(known_surveys(asof)))


def surveyed_today(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """Doors that were knocked on in the period."""
    return open_households(areas, asof).filter(Exists(known_surveys(asof).filter(visited_at__gt=asof.start)))


def signed(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """Doors with a letter: the official count."""
    return open_households(areas, asof).filter(is_signed(asof))


def latest(outcome: SurveyOutcome) -> Doors:
    """Unsigned doors whose latest knock had this outcome."""

    def doors(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
        # Only doors that ever had this outcome need their latest knock looked up.
        ever = known_surveys(asof).filter(outcome=outcome)
        last = known_surveys(asof).order_by("-visited_at", "-pk").values("outcome")[:1]
        rows = open_households(areas, asof).filter(Exists(ever), ~is_signed(asof))
        return rows.annotate(latest=Subquery(last)).filter(latest=outcome)

    return doors


def _residents(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(actual_residents(areas, asof))


def _support_figure(key: str, caption: str, order: int, *kinds: SupportKind) -> Indicator:
    """People (not entries) with one of these kinds of support, by where they live."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        support = supports_of(SupportStatus.objects, kinds, asof)
        return by_area(actual_residents(areas, asof).filter(Exists(support)))

    late = late_supported(kinds, caption)
    return Indicator(key, caption, count, late=late, order=order, in_table=False)


# --- 更正 -------------------------------------------------------------------------------------------------
def _touched(areas: QuerySet[Area], since: dt.datetime, known_at: dt.datetime) -> QuerySet[Household]:
    """Doors of which anything was recorded in (since, known_at]."""
    then = {"recorded_at__gt": since, "recorded_at__lte": known_at}
    here = {**then, "household__area__in": areas.values("pk")}
    return Household.objects.filter(
        Q(pk__in=Survey.objects.filter(**here).values("household"))
        | Q(pk__in=CommitmentLetter.objects.filter(**here).values("household"))
        | Q(**then, area__in=areas.values("pk"))
        | Q(close_recorded_at__gt=since, close_recorded_at__lte=known_at, area__in=areas.values("pk"))
    )


Entry = tuple[dt.datetime, dt.datetime, str]  # when it happened and was recorded, and by whom
FEW = 500  # so many keys go into a query as they are


def _last_entries(doors: QuerySet[Household], known_at: dt.datetime) -> dict[int, Entry]:
    """When the last thing recorded of each door happened and was recorded: a knock, its closing, its opening."""
    found: dict[int, Entry] = {}
    for pk, opened_on, recorded_at, closed_on, close_recorded_at in doors.values_list(
        "pk", "opened_on", "recorded_at", "closed_on", "close_recorded_at"
    ):
        found[pk] = day_began(opened_on), recorded_at, ""
        if closed_on and close_recorded_at and close_recorded_at <= known_at:
            found[pk] = day_began(closed_on), close_recorded_at, ""
    knocks = Survey.objects.filter(household__in=doors.values("pk"), recorded_at__lte=known_at)
    fields = ("household", "visited_at", "recorded_at", "recorded_by__name")
    for pk, *entry in knocks.order_by("recorded_at").values_list(*fields):
        if entry[1] >= found[pk][1]:
            found[pk] = entry[0], entry[1], entry[2]
    return found


def _late_doors(doors: Doors, what: str) -> LateEntries:
    """Doors that count now and did not at `since`, or the other way round: one entry an area, for imports are long."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        earlier = replace(asof, known_at=since)
        touched = _touched(areas, since, asof.known_at).values("pk")
        if not touched.exists() or by_area(doors(areas, asof)) == by_area(doors(areas, earlier)):
            return []
        now, before = (
            dict(doors(areas, point).filter(pk__in=touched).values_list("pk", "area_id"))
            for point in (asof, earlier)
        )
        changed = now.keys() ^ before.keys()
        which = Q(pk__in=changed) if len(changed) <= FEW else Q(pk__in=touched)
        times = _last_entries(Household.objects.filter(which), asof.known_at)

        def cause(pk: int, sign: int) -> Cause:
            happened_at, recorded_at, by = times[pk]
            return Cause(happened_at, recorded_at, f"补登{what}" if sign > 0 else f"不再计入{what}", by)

        return entries_of([(pk, now[pk], 1) if pk in now else (pk, before[pk], -1) for pk in changed], cause)

    return late


def door_figure(key: str, caption: str, order: int, doors: Doors, *, in_table: bool = True) -> Indicator:
    """A figure that counts doors, with its 更正."""
    late = _late_doors(doors, f"{SURVEY}{caption}")
    return Indicator(
        key, caption, lambda areas, asof: by_area(doors(areas, asof)), late=late, group=SURVEY, order=order,
        in_table=in_table,
    )  # fmt: skip


SURVEY = "入户排查"
for _indicator in (
    door_figure("households", "总户数", 10, open_households),
    Indicator("residents", "人数", _residents, late=late_residents, order=11, in_table=False),
    door_figure("surveyed_today", "今日", 12, surveyed_today),
    door_figure("surveyed_households", "累计", 13, surveyed),
    door_figure("signed_households", "已签承诺书", 14, signed),
    door_figure("absent_households", "无人户", 15, latest(SurveyOutcome.ABSENT)),
    door_figure("vacant_households", "空置户", 16, latest(SurveyOutcome.VACANT)),
    _support_figure("destitute", "特困供养", 90, SupportKind.DESTITUTE),
    _support_figure("low_income", "低保", 91, SupportKind.LOW_INCOME),
    _support_figure("disabled_or_alone", "残疾人和孤寡老人", 92, SupportKind.DISABLED, SupportKind.ALONE),
):  # fmt: skip
    register_indicator(_indicator)
register_ratio(
    Ratio(
        "completion",
        "完成率",
        "signed_households",
        "households",
        less="vacant_households",
        group=SURVEY,
        order=17,
    )
)
