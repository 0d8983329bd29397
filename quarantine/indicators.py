"""Figures of returnees, observation and readings. Stock comes from stays, flows from events; they must reconcile."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import OUTSIDE, AsOf, Count, Indicator, Late, LateEntries, register_indicator
from households.indicators import by_area
from quarantine.models import (
    EventKind,
    ObservationEvent,
    ObservationStay,
    Reading,
    Returnee,
    Visit,
    VisitState,
)
from quarantine.rules.origins import OriginKind

LEFT_THE_REGISTER = (EventKind.LOST, EventKind.DIED)


# --- returnees --------------------------------------------------------------------------------------------
def known_returnees(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Returnee]:
    return Returnee.objects.filter(
        area__in=areas.values("pk"), found_at__lte=asof.end, recorded_at__lte=asof.known_at
    ).filter(Q(voided_at=None) | Q(voided_at__gt=asof.known_at))


def _returnees_of(*kinds: OriginKind, today: bool = False) -> Count:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        rows = known_returnees(areas, asof)
        if kinds:
            rows = rows.filter(origin_kind__in=kinds)
        return by_area(rows.filter(found_at__gt=asof.start) if today else rows)

    return count


def _late_returnees(*kinds: OriginKind, today: bool = False) -> LateEntries:
    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        there = Q(area__in=areas.values("pk"), found_at__lte=asof.end)
        if kinds:
            there &= Q(origin_kind__in=kinds)
        if today:
            there &= Q(found_at__gt=asof.start)
        added = Returnee.objects.filter(there, recorded_at__gt=since, recorded_at__lte=asof.known_at).filter(
            Q(voided_at=None) | Q(voided_at__gt=asof.known_at)
        )
        voided = Returnee.objects.filter(
            there, recorded_at__lte=since, voided_at__gt=since, voided_at__lte=asof.known_at
        )
        rows = [
            Late(row.area_id, 1, row.found_at, row.recorded_at, "补登返乡人员", by=row.recorded_by.name)
            for row in added.select_related("recorded_by")
        ]
        return rows + [
            Late(row.area_id, -1, row.found_at, row.voided_at or since, "返乡档案作废") for row in voided
        ]

    return late


# --- observation ------------------------------------------------------------------------------------------
def stays_at(asof: AsOf) -> QuerySet[ObservationStay]:
    """The stays that held at the end of the period, as far as was known: one a person under observation."""
    stays = ObservationStay.objects.filter(from_at__lte=asof.end, recorded_at__lte=asof.known_at)
    stays = stays.filter(Q(until_at=None) | Q(until_at__gt=asof.end))
    return stays.filter(Q(superseded_at=None) | Q(superseded_at__gt=asof.known_at))


def _stock(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(stays_at(asof).filter(area__in=areas.values("pk")))


def _happened(asof: AsOf, *, cumulative: bool = False) -> Q:
    return (
        Q(happened_at__lte=asof.end)
        if cumulative
        else Q(happened_at__gt=asof.start, happened_at__lte=asof.end)
    )


def _events(kind: EventKind, area_field: str, *, cumulative: bool = False) -> Count:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        rows = ObservationEvent.objects.effective(asof.known_at).filter(
            _happened(asof, cumulative=cumulative), kind=kind, **{f"{area_field}__in": areas.values("pk")}
        )
        return by_area(rows, f"{area_field}_id")

    return count


def _move_pairs(areas: QuerySet[Area], asof: AsOf) -> Counter[tuple[int, int]]:
    ids = areas.values("pk")
    rows = ObservationEvent.objects.effective(asof.known_at).filter(_happened(asof))
    moved = rows.filter(kind=EventKind.MOVED).filter(Q(from_area__in=ids) | Q(to_area__in=ids))
    pairs = Counter(moved.order_by().values_list("from_area_id", "to_area_id"))
    gone = rows.filter(kind__in=LEFT_THE_REGISTER, from_area__in=ids).order_by()
    pairs.update((area_id, OUTSIDE) for area_id in gone.values_list("from_area_id", flat=True))
    return pairs


def _late_events(
    kinds: tuple[EventKind, ...], area_field: str, sign: int = 1, *, up_to_end: bool = False
) -> LateEntries:
    """Events recorded after `since` count, and those annulled after `since` count against."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        there = _happened(asof, cumulative=up_to_end) & Q(
            kind__in=kinds, **{f"{area_field}__in": areas.values("pk")}
        )
        rows = []
        added = ObservationEvent.objects.effective(asof.known_at).filter(there, recorded_at__gt=since)
        for event in added.select_related("by"):
            area_id = getattr(event, f"{area_field}_id")
            what, by = f"补登{event.get_kind_display()}", event.by.name
            rows.append(Late(area_id, sign, event.happened_at, event.recorded_at, what, event, by=by))
        annulled = ObservationEvent.objects.effective(since).filter(
            there, corrections__kind=EventKind.ANNULLED, corrections__recorded_at__gt=since,
            corrections__recorded_at__lte=asof.known_at,
        )  # fmt: skip
        for event in annulled.prefetch_related("corrections__by"):
            area_id = getattr(event, f"{area_field}_id")
            undone = next(row for row in event.corrections.all() if row.kind == EventKind.ANNULLED)
            at, what, by = undone.recorded_at, f"撤销{event.get_kind_display()}", undone.by.name
            rows.append(Late(area_id, -sign, event.happened_at, at, what, event, by=by))
        return rows

    return late


def _late_stock(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    """Every late event up to the end of the day that brings somebody under observation or takes him out."""
    arriving = (EventKind.OPENED, EventKind.MOVED)
    leaving = (EventKind.RELEASED, EventKind.TRANSFERRED, EventKind.MOVED, *LEFT_THE_REGISTER)
    rows = _late_events(arriving, "to_area", up_to_end=True)(areas, asof, since)
    return rows + _late_events(leaving, "from_area", -1, up_to_end=True)(areas, asof, since)


# --- moves across a border -----------------------------------------------------------------------------------
def _late_moves(side: str) -> LateEntries:
    """Moves recorded or annulled since, where they cross the border of the areas asked for."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        inside = set(areas.values_list("pk", flat=True))
        kinds = (EventKind.MOVED, *LEFT_THE_REGISTER) if side == "out" else (EventKind.MOVED,)
        here, there = ("to_area_id", "from_area_id") if side == "in" else ("from_area_id", "to_area_id")
        rows = _late_events(kinds, here.removesuffix("_id"))(areas, asof, since)
        return [row for row in rows if getattr(row.source, there) not in inside]

    return late


# --- readings (visits, not people) ------------------------------------------------------------------------
def _known_readings(known_at: dt.datetime) -> QuerySet[Reading]:
    return Reading.objects.filter(visit=OuterRef("pk"), entered_at__lte=known_at)


def _in_period(asof: AsOf) -> Q:
    """A day has the slots that open on it; up to a cut-off, those that have closed: one that runs on is of the next."""
    if asof.cutoff is None:
        return Q(opens_at__gt=asof.start, opens_at__lte=asof.end)
    return Q(closes_at__gt=asof.start, closes_at__lte=asof.end)


def _visits(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    """Visits of the period's slots that were due as far as was known, in the area (`due_area`) where they were.

    Both follow from the stays, which keep what was known when, not from the visit's own columns, which do not: a
    slot belongs to the stay in which it closed, or in which it was measured, and to none that ended before.
    """
    there = ObservationStay.objects.filter(area__in=areas.values("pk")).values("observation")
    measured = _known_readings(asof.known_at).order_by("sequence")
    first = measured.annotate(at=Coalesce("measured_at", "visit__opens_at")).values("at")[:1]
    visits = Visit.objects.filter(
        _in_period(asof), observation__in=there, date__gte=timezone.localdate(asof.start), date__lte=asof.on,
        recorded_at__lte=asof.known_at,
    ).exclude(state=VisitState.CANCELLED, state_recorded_at__lte=asof.known_at)  # fmt: skip
    visits = visits.annotate(is_taken=Exists(measured), held_at=Coalesce(Subquery(first), "closes_at"))
    stays = ObservationStay.objects.filter(
        Q(from_at__lt=OuterRef("held_at")) | Q(from_at__lte=OuterRef("observation__opened_at")),
        Q(superseded_at=None) | Q(superseded_at__gt=asof.known_at),
        observation=OuterRef("observation"), recorded_at__lte=asof.known_at,
    ).order_by("-from_at", "-pk")  # fmt: skip
    visits = visits.annotate(
        due_area=Subquery(stays.values("area")[:1]), until=Subquery(stays.values("until_at")[:1])
    )
    # A stay that ends within the slot leaves it due only if it was measured: 上午发热、当即转送 counts.
    is_due = Q(until=None) | Q(until__gte=F("held_at")) | Q(is_taken=True, until__gt=F("opens_at"))
    return visits.filter(is_due, due_area__in=areas.values("pk"))


def _due(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    return _visits(areas, asof)


def _taken(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    return _visits(areas, asof).filter(is_taken=True)


def _missed(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    return _visits(areas, asof).filter(is_taken=False, closes_at__lte=min(asof.end, asof.known_at))


def _abnormal(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    corrected = Reading.objects.filter(corrects=OuterRef("pk"), entered_at__lte=asof.known_at)
    abnormal = _known_readings(asof.known_at).filter(~Exists(corrected), is_abnormal=True)
    return _visits(areas, asof).filter(Exists(abnormal))


def _with_symptoms(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    corrected = Reading.objects.filter(corrects=OuterRef("pk"), entered_at__lte=asof.known_at)
    ill = _known_readings(asof.known_at).filter(~Exists(corrected)).exclude(symptoms=[])
    return _visits(areas, asof).filter(Exists(ill))


Visits = Callable[["QuerySet[Area]", AsOf], "QuerySet[Any]"]


def _visits_by_area(visits: Visits) -> Count:
    return lambda areas, asof: by_area(visits(areas, asof), "due_area")


def _late_visits(visits: Visits, what: str) -> LateEntries:
    """Visits that count now and did not at `since`, or the other way round, or elsewhere."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        then = dict(visits(areas, replace(asof, known_at=since)).values_list("pk", "due_area"))
        now = dict(visits(areas, asof).values_list("pk", "due_area"))
        changed = [pk for pk in {*then, *now} if then.get(pk) != now.get(pk)]
        known = _brought_about(changed, asof.known_at, since)
        rows = []
        for visit in Visit.objects.filter(pk__in=changed).order_by("opens_at", "pk"):
            recorded_at, by = known.get(visit.pk, (visit.recorded_at, ""))
            for counted, change, words in ((now, 1, "补记"), (then, -1, "撤销")):
                if visit.pk in counted:
                    area_id = counted[visit.pk]
                    rows.append(Late(area_id, change, visit.opens_at, recorded_at, f"{words}{what}", by=by))
        return rows

    return late


def _brought_about(
    visits: list[int], known_at: dt.datetime, since: dt.datetime
) -> dict[int, tuple[dt.datetime, str]]:
    """When the last reading or event was recorded that changed how these visits count, and by whom, by visit."""
    stays = ObservationEvent.objects.filter(
        observation__visits__in=visits, recorded_at__gt=since, recorded_at__lte=known_at
    ).order_by("recorded_at")
    found = {
        visit: (at, by)
        for visit, at, by in stays.values_list("observation__visits", "recorded_at", "by__name")
    }
    readings = Reading.objects.filter(visit__in=visits, entered_at__gt=since, entered_at__lte=known_at)
    rows = readings.order_by("entered_at").values_list("visit", "entered_at", "entered_by__name")
    return found | {visit: (at, by) for visit, at, by in rows}


def _stock_before(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return _stock(areas, asof.before())


def _stock_late_before(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    return _late_stock(areas, asof.before(), since)


def _returnee_figure(
    key: str, caption: str, order: int, *kinds: OriginKind, today: bool = False
) -> Indicator:
    count, late = _returnees_of(*kinds, today=today), _late_returnees(*kinds, today=today)
    return Indicator(key, caption, count, late=late, group="返乡", order=order)


def _flow(
    key: str, caption: str, order: int, kind: EventKind, field: str, *, cumulative: bool = False
) -> Indicator:
    count, late = (
        _events(kind, field, cumulative=cumulative),
        _late_events((kind,), field, up_to_end=cumulative),
    )
    return Indicator(key, caption, count, late=late, group=WATCH, order=order)


def _visit_figure(key: str, caption: str, order: int, visits: Visits, what: str) -> Indicator:
    return Indicator(
        key, caption, _visits_by_area(visits), late=_late_visits(visits, what), group="测温", order=order
    )


WATCH = "居家观察"
for _indicator in (
    _returnee_figure("returnees_today", "今日新增", 20, today=True),
    _returnee_figure("returnees", "累计", 21),
    _returnee_figure("returnees_wuhan", "武汉", 22, OriginKind.WUHAN),
    _returnee_figure("returnees_hubei_other", "湖北其他", 23, OriginKind.HUBEI_OTHER),
    _returnee_figure("returnees_other_province", "省外其他", 24, OriginKind.OTHER_PROVINCE),
    _returnee_figure("returnees_in_province", "市外省内", 25, OriginKind.IN_PROVINCE),
    Indicator(
        "under_observation_yesterday", "昨日在管", _stock_before, late=_stock_late_before, group=WATCH, order=29,
        in_table=False,
    ),
    _flow("opened", "今日新增", 30, EventKind.OPENED, "to_area"),
    _flow("opened_total", "累计", 31, EventKind.OPENED, "to_area", cumulative=True),
    Indicator("under_observation", "现在管", _stock, late=_late_stock, group=WATCH, order=32),
    Indicator(
        "moved_in", "今日转入", moves=_move_pairs, side="in", late=_late_moves("in"), group=WATCH, order=33
    ),
    Indicator(
        "moved_out", "今日转出", moves=_move_pairs, side="out", late=_late_moves("out"), group=WATCH, order=34
    ),
    _flow("released", "今日解除", 35, EventKind.RELEASED, "from_area"),
    _flow("released_total", "累计解除", 36, EventKind.RELEASED, "from_area", cumulative=True),
    _flow("transferred", "今日转送", 37, EventKind.TRANSFERRED, "from_area"),
    _flow("transferred_total", "累计转送", 38, EventKind.TRANSFERRED, "from_area", cumulative=True),
    _visit_figure("readings_due", "应测", 40, _due, "应测"),
    _visit_figure("readings_taken", "实测", 41, _taken, "体温"),
    _visit_figure("readings_missed", "漏测", 42, _missed, "漏测"),
    _visit_figure("readings_abnormal", "体温异常", 43, _abnormal, "体温异常"),
    _visit_figure("readings_symptoms", "有症状", 44, _with_symptoms, "有症状"),
):  # fmt: skip
    register_indicator(_indicator)
