"""Figures of households and people."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import (
    AsOf,
    Count,
    Indicator,
    Late,
    LateEntries,
    Ratio,
    register_indicator,
    register_ratio,
)
from households.models import (
    CommitmentLetter,
    Household,
    Residency,
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


def actual_residents(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Residency]:
    """Those who actually lived there at the end of the period, as far as was known."""
    return living_then(asof).filter(area__in=areas.values("pk"))


def living_then(asof: AsOf) -> QuerySet[Residency]:
    """Residencies that held at the end of the period, as far as was known, without those who are away."""
    rows = Residency.objects.filter(asof.dated("started_on", "recorded_at"), is_away=False)
    return rows.exclude(asof.dated("ended_on", "end_recorded_at"))


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


def _supported(*kinds: SupportKind) -> Count:
    """People (not entries) with one of these kinds of support, by where they live."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        support = SupportStatus.objects.filter(
            asof.dated("started_on", "recorded_at"), person=OuterRef("person"), kind__in=kinds
        ).filter(Q(ended_on=None) | Q(ended_on__gt=asof.on))
        return by_area(actual_residents(areas, asof).filter(Exists(support)))

    return count


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


Times = tuple[dt.datetime, dt.datetime]
FEW = 500  # so many keys go into a query as they are


def _last_entries(doors: QuerySet[Household], known_at: dt.datetime) -> dict[int, Times]:
    """When the last thing recorded of each door happened and was recorded: a knock, its closing, its opening."""
    found: dict[int, Times] = {}
    for pk, opened_on, recorded_at, closed_on, close_recorded_at in doors.values_list(
        "pk", "opened_on", "recorded_at", "closed_on", "close_recorded_at"
    ):
        found[pk] = AsOf.day(opened_on).start, recorded_at
        if closed_on and close_recorded_at and close_recorded_at <= known_at:
            found[pk] = AsOf.day(closed_on).start, close_recorded_at
    knocks = Survey.objects.filter(household__in=doors.values("pk"), recorded_at__lte=known_at)
    for pk, *times in knocks.order_by("recorded_at").values_list("household", "visited_at", "recorded_at"):
        if times[1] >= found[pk][1]:
            found[pk] = times[0], times[1]
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
        sums: dict[tuple[int, int], list[Times]] = defaultdict(list)
        for pk in changed:
            sums[(now[pk], 1) if pk in now else (before[pk], -1)].append(times[pk])
        found = []
        for (area_id, sign), entries in sorted(sums.items()):
            happened_at, recorded_at = max(entries, key=lambda entry: entry[1])
            words = f"补登{what}" if sign > 0 else f"不再计入{what}"
            found.append(Late(area_id, sign * len(entries), happened_at, recorded_at, words))
        return found

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
    Indicator("residents", "人数", _residents, order=11, in_table=False),
    door_figure("surveyed_today", "今日", 12, surveyed_today),
    door_figure("surveyed_households", "累计", 13, surveyed),
    door_figure("signed_households", "已签承诺书", 14, signed),
    door_figure("absent_households", "无人户", 15, latest(SurveyOutcome.ABSENT)),
    door_figure("vacant_households", "空置户", 16, latest(SurveyOutcome.VACANT)),
    Indicator("destitute", "特困供养", _supported(SupportKind.DESTITUTE), order=90, in_table=False),
    Indicator("low_income", "低保", _supported(SupportKind.LOW_INCOME), order=91, in_table=False),
    Indicator(
        "disabled_or_alone", "残疾人和孤寡老人", _supported(SupportKind.DISABLED, SupportKind.ALONE), order=92,
        in_table=False,
    ),
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
