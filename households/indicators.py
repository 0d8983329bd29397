"""Figures of households and people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Count, Indicator, Late, register_indicator
from households.models import (
    CommitmentLetter,
    Household,
    Residency,
    SupportKind,
    SupportStatus,
    Survey,
    SurveyOutcome,
)


def by_area(rows: QuerySet[Any], field: str = "area_id") -> Mapping[int, int]:
    """Count rows by their area."""
    return dict(rows.order_by().values_list(field).annotate(n=CountRows("pk")))


def open_households(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Household]:
    """Doors that were open at the end of the period, as far as was known."""
    gone = Q(closed_on__lte=asof.on, close_recorded_at__lte=asof.known_at)
    return Household.objects.filter(
        area__in=areas.values("pk"), opened_on__lte=asof.on, recorded_at__lte=asof.known_at
    ).exclude(gone)


def actual_residents(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Residency]:
    """Those who actually lived there at the end of the period, as far as was known."""
    return living_then(asof).filter(area__in=areas.values("pk"))


def living_then(asof: AsOf) -> QuerySet[Residency]:
    """Residencies that held at the end of the period, as far as was known, without those who are away."""
    gone = Q(ended_on__lte=asof.on, end_recorded_at__lte=asof.known_at)
    return Residency.objects.filter(
        is_away=False, started_on__lte=asof.on, recorded_at__lte=asof.known_at
    ).exclude(gone)


def _known_surveys(asof: AsOf) -> QuerySet[Survey]:
    return Survey.objects.filter(
        household=OuterRef("pk"), visited_at__lte=asof.end, recorded_at__lte=asof.known_at
    )


def _is_signed(asof: AsOf) -> Exists:
    return Exists(
        CommitmentLetter.objects.filter(
            household=OuterRef("pk"), signed_at__lte=asof.end, recorded_at__lte=asof.known_at
        )
    )


def _households(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(open_households(areas, asof))


def _residents(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(actual_residents(areas, asof))


def _surveyed(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(open_households(areas, asof).filter(Exists(_known_surveys(asof))))


def _surveyed_today(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    today = _known_surveys(asof).filter(visited_at__gt=asof.start)
    return by_area(open_households(areas, asof).filter(Exists(today)))


def _signed(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(open_households(areas, asof).filter(_is_signed(asof)))


def _latest(outcome: SurveyOutcome) -> Count:
    """Unsigned doors whose latest knock had this outcome."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        # Only doors that ever had this outcome need their latest knock looked up.
        ever = _known_surveys(asof).filter(outcome=outcome)
        latest = _known_surveys(asof).order_by("-visited_at", "-pk").values("outcome")[:1]
        doors = open_households(areas, asof).filter(Exists(ever), ~_is_signed(asof))
        return by_area(doors.annotate(latest=Subquery(latest)).filter(latest=outcome))

    return count


def _supported(*kinds: SupportKind) -> Count:
    """People (not entries) with one of these kinds of support, by where they live."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        support = SupportStatus.objects.filter(
            person=OuterRef("person"), kind__in=kinds, started_on__lte=asof.on, recorded_at__lte=asof.known_at
        ).filter(Q(ended_on=None) | Q(ended_on__gt=asof.on))
        return by_area(actual_residents(areas, asof).filter(Exists(support)))

    return count


def _late_signed(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    """Doors whose first letter of that day or earlier was recorded after `since`."""
    earlier = CommitmentLetter.objects.filter(
        household=OuterRef("household"), signed_at__lte=asof.end, recorded_at__lte=since
    )
    rows = CommitmentLetter.objects.filter(
        household__in=open_households(areas, asof), signed_at__lte=asof.end, recorded_at__gt=since,
        recorded_at__lte=asof.known_at,
    ).exclude(Exists(earlier))  # fmt: skip
    found: dict[int, Late] = {}
    for letter in rows.select_related("household").order_by("recorded_at", "pk"):
        late = Late(letter.household.area_id, 1, letter.signed_at, letter.recorded_at, "补登承诺书")
        found.setdefault(letter.household_id, late)
    return list(found.values())


SURVEY = "入户排查"
for _indicator in (
    Indicator("households", "总户数", _households, group=SURVEY, order=10),
    Indicator("residents", "人数", _residents, order=11, in_table=False),
    Indicator("surveyed_today", "今日", _surveyed_today, group=SURVEY, order=12),
    Indicator("surveyed_households", "累计", _surveyed, group=SURVEY, order=13),
    Indicator("signed_households", "已签承诺书", _signed, late=_late_signed, group=SURVEY, order=14),
    Indicator("absent_households", "无人户", _latest(SurveyOutcome.ABSENT), group=SURVEY, order=15),
    Indicator("vacant_households", "空置户", _latest(SurveyOutcome.VACANT), group=SURVEY, order=16),
    Indicator("destitute", "特困供养", _supported(SupportKind.DESTITUTE), order=90, in_table=False),
    Indicator("low_income", "低保", _supported(SupportKind.LOW_INCOME), order=91, in_table=False),
    Indicator(
        "disabled_or_alone", "残疾人和孤寡老人", _supported(SupportKind.DISABLED, SupportKind.ALONE), order=92,
        in_table=False,
    ),
):  # fmt: skip
    register_indicator(_indicator)
