"""Figures of returnees, observation and readings. Stock comes from stays, flows from events; they must reconcile."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet

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
def _returnees(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Returnee]:
    return Returnee.objects.filter(
        area__in=areas.values("pk"), found_at__lte=asof.end, recorded_at__lte=asof.known_at
    ).filter(Q(voided_at=None) | Q(voided_at__gt=asof.known_at))


def _returnees_of(*kinds: OriginKind, today: bool = False) -> Count:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        rows = _returnees(areas, asof)
        if kinds:
            rows = rows.filter(origin_kind__in=kinds)
        return by_area(rows.filter(found_at__gt=asof.start) if today else rows)

    return count


def _late_returnees(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    there = Q(area__in=areas.values("pk"), found_at__lte=asof.end)
    added = Returnee.objects.filter(there, recorded_at__gt=since, recorded_at__lte=asof.known_at).filter(
        Q(voided_at=None) | Q(voided_at__gt=asof.known_at)
    )
    voided = Returnee.objects.filter(
        there, recorded_at__lte=since, voided_at__gt=since, voided_at__lte=asof.known_at
    )
    rows = [Late(row.area_id, 1, row.found_at, row.recorded_at, "补登返乡人员") for row in added]
    return rows + [
        Late(row.area_id, -1, row.found_at, row.voided_at or since, "返乡档案作废") for row in voided
    ]


# --- observation ------------------------------------------------------------------------------------------
def _stock(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    stays = ObservationStay.objects.filter(
        area__in=areas.values("pk"), from_at__lte=asof.end, recorded_at__lte=asof.known_at
    )
    stays = stays.filter(Q(until_at=None) | Q(until_at__gt=asof.end))
    return by_area(stays.filter(Q(superseded_at=None) | Q(superseded_at__gt=asof.known_at)))


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
        for event in ObservationEvent.objects.effective(asof.known_at).filter(there, recorded_at__gt=since):
            area_id = getattr(event, f"{area_field}_id")
            rows.append(
                Late(area_id, sign, event.happened_at, event.recorded_at, f"补登{event.get_kind_display()}")
            )
        annulled = ObservationEvent.objects.effective(since).filter(
            there, corrections__kind=EventKind.ANNULLED, corrections__recorded_at__gt=since,
            corrections__recorded_at__lte=asof.known_at,
        )  # fmt: skip
        for event in annulled.prefetch_related("corrections"):
            area_id = getattr(event, f"{area_field}_id")
            at = next(row.recorded_at for row in event.corrections.all() if row.kind == EventKind.ANNULLED)
            rows.append(Late(area_id, -sign, event.happened_at, at, f"撤销{event.get_kind_display()}"))
        return rows

    return late


def _late_stock(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    """Every late event up to the end of the day that brings somebody under observation or takes him out."""
    arriving = (EventKind.OPENED, EventKind.MOVED)
    leaving = (EventKind.RELEASED, EventKind.TRANSFERRED, EventKind.MOVED, *LEFT_THE_REGISTER)
    rows = _late_events(arriving, "to_area", up_to_end=True)(areas, asof, since)
    return rows + _late_events(leaving, "from_area", -1, up_to_end=True)(areas, asof, since)


# --- readings (visits, not people) ------------------------------------------------------------------------
def _visits(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Visit]:
    """Visits of the period's slots that were due as far as was known."""
    cancelled = Q(state=VisitState.CANCELLED, state_recorded_at__lte=asof.known_at)
    return Visit.objects.filter(
        area__in=areas.values("pk"), opens_at__gt=asof.start - dt.timedelta(microseconds=1), opens_at__lte=asof.end,
        recorded_at__lte=asof.known_at,
    ).exclude(cancelled)  # fmt: skip


def _known_readings(known_at: dt.datetime) -> QuerySet[Reading]:
    return Reading.objects.filter(visit=OuterRef("pk"), entered_at__lte=known_at)


def _due(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(_visits(areas, asof))


def _taken(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    return by_area(_visits(areas, asof).filter(Exists(_known_readings(asof.known_at))))


def _missed(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    closed = _visits(areas, asof).filter(closes_at__lte=min(asof.end, asof.known_at))
    return by_area(closed.exclude(Exists(_known_readings(asof.known_at))))


def _abnormal(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
    corrected = Reading.objects.filter(corrects=OuterRef("pk"), entered_at__lte=asof.known_at)
    abnormal = _known_readings(asof.known_at).filter(~Exists(corrected), is_abnormal=True)
    return by_area(_visits(areas, asof).filter(Exists(abnormal)))


def _late_taken(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
    visits = _visits(areas, asof).exclude(Exists(_known_readings(since)))
    visits = visits.filter(Exists(_known_readings(asof.known_at))).prefetch_related("readings")
    rows = []
    for visit in visits:
        first = min(visit.readings.all(), key=lambda reading: reading.entered_at)
        rows.append(Late(visit.area_id, 1, first.measured_at or visit.opens_at, first.entered_at, "补录体温"))
    return rows


RETURN, WATCH, READ = "返乡", "居家观察", "测温"
for _indicator in (
    Indicator("returnees_today", "今日新增", _returnees_of(today=True), group=RETURN, order=20),
    Indicator("returnees", "累计", _returnees_of(), late=_late_returnees, group=RETURN, order=21),
    Indicator("returnees_wuhan", "武汉", _returnees_of(OriginKind.WUHAN), group=RETURN, order=22),
    Indicator("returnees_hubei_other", "湖北其他", _returnees_of(OriginKind.HUBEI_OTHER), group=RETURN, order=23),
    Indicator("returnees_other_province", "省外其他", _returnees_of(OriginKind.OTHER_PROVINCE), group=RETURN, order=24),
    Indicator("returnees_in_province", "市外省内", _returnees_of(OriginKind.IN_PROVINCE), group=RETURN, order=25),
    Indicator(
        "opened", "今日新增", _events(EventKind.OPENED, "to_area"), group=WATCH, order=30,
        late=_late_events((EventKind.OPENED,), "to_area"),
    ),
    Indicator("opened_total", "累计", _events(EventKind.OPENED, "to_area", cumulative=True), group=WATCH, order=31),
    Indicator("under_observation", "现在管", _stock, late=_late_stock, group=WATCH, order=32),
    Indicator("moved_in", "今日转入", moves=_move_pairs, side="in", group=WATCH, order=33),
    Indicator("moved_out", "今日转出", moves=_move_pairs, side="out", group=WATCH, order=34),
    Indicator(
        "released", "今日解除", _events(EventKind.RELEASED, "from_area"), group=WATCH, order=35,
        late=_late_events((EventKind.RELEASED,), "from_area"),
    ),
    Indicator(
        "released_total", "累计解除", _events(EventKind.RELEASED, "from_area", cumulative=True), group=WATCH,
        order=36,
    ),
    Indicator(
        "transferred", "今日转送", _events(EventKind.TRANSFERRED, "from_area"), group=WATCH, order=37,
        late=_late_events((EventKind.TRANSFERRED,), "from_area"),
    ),
    Indicator(
        "transferred_total", "累计转送", _events(EventKind.TRANSFERRED, "from_area", cumulative=True), group=WATCH,
        order=38,
    ),
    Indicator("readings_due", "应测", _due, group=READ, order=40),
    Indicator("readings_taken", "实测", _taken, late=_late_taken, group=READ, order=41),
    Indicator("readings_missed", "漏测", _missed, group=READ, order=42),
    Indicator("readings_abnormal", "体温异常", _abnormal, group=READ, order=43),
):  # fmt: skip
    register_indicator(_indicator)
