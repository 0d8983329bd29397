"""Columns of the 统计表 that come from measures: venues closed, and what records add up to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, Late, day_began, indicator, register_indicator
from grassroots.ledgers.late import Cause, CauseOf, late_rows
from measures.due import undone_by_area
from measures.figures import Measured, by_area, columns, happened, register_measured
from measures.models import (
    TURNING,
    Family,
    Rectification,
    RectificationAction,
    RectificationStep,
    Venue,
    VenueAction,
    VenueEvent,
)

VENUES = "场所"


def venues_on_register(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Venue]:
    """Venues of the areas that were on the register at the end of the period, as far as was known."""
    stays = Q(removed_at=None) | Q(removed_at__gt=min(asof.end, asof.known_at))
    return Venue.objects.filter(stays, area__in=areas.values("pk"), recorded_at__lte=asof.known_at)


def closed_venues(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Venue]:
    """Venues whose last turning up to the end of the period was that they closed."""
    turnings = VenueEvent.objects.standing(asof.known_at).filter(
        happened(asof, cumulative=True), venue=OuterRef("pk"), action__in=TURNING
    )
    last = turnings.order_by("-on", "-pk").values("action")[:1]
    return venues_on_register(areas, asof).annotate(turned=Subquery(last)).filter(turned=VenueAction.CLOSED)


def unpatrolled_venues(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Venue]:
    """Closed venues that nobody looked at on the day."""
    patrols = VenueEvent.objects.standing(asof.known_at).filter(
        happened(asof), venue=OuterRef("pk"), action=VenueAction.PATROLLED
    )
    return closed_venues(areas, asof).filter(~Exists(patrols))


def rectifications_to_do(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Rectification]:
    """Those that the village had not answered at the end of the period, or was given back."""
    steps = RectificationStep.objects.filter(rectification=OuterRef("pk"), at__lte=asof.end)
    last = steps.order_by("-at", "-pk").values("action")[:1]
    rows = Rectification.objects.filter(area__in=areas.values("pk"), raised_at__lte=asof.end)
    stands = rows.annotate(last=Subquery(last))
    return stands.filter(Q(last=None) | Q(last=RectificationAction.RETURNED))


def venue_events(
    areas: QuerySet[Area], asof: AsOf, action: VenueAction, *, cumulative: bool = False
) -> QuerySet[VenueEvent]:
    """What happened at venues of the areas in the period (or ever up to its end)."""
    rows: QuerySet[VenueEvent] = VenueEvent.objects.standing(asof.known_at).filter(
        happened(asof, cumulative=cumulative),
        action=action,
        venue__in=venues_on_register(areas, asof).values("pk"),
    )
    return rows


def closed_figure(
    key: str, caption: str, order: int, column: str = "", *, in_table: bool = False
) -> Indicator:
    """Venues closed now, all of them or of the kinds that feed a column."""

    def rows(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Venue]:
        found = closed_venues(areas, asof)
        return found.filter(kind__column=column) if column else found

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        now = dict(rows(areas, asof).values_list("pk", "area_id"))
        then = dict(rows(areas, replace(asof, known_at=since)).values_list("pk", "area_id"))
        changed = now.keys() ^ then.keys()
        times = _last_entries(changed, asof.known_at, since)
        return [
            Late(
                now.get(pk) or then[pk],
                1 if pk in now else -1,
                *times.get(pk, (asof.start, since)),
                f"{caption}有更正",
            )
            for pk in sorted(changed)
        ]

    return Indicator(
        key, caption, lambda areas, asof: by_area(rows(areas, asof)), late=late, group=VENUES, order=order,
        in_table=in_table,
    )  # fmt: skip


def _last_entries(
    venues: set[int], known_at: dt.datetime, since: dt.datetime
) -> dict[int, tuple[dt.datetime, dt.datetime]]:
    """When the last turning that was entered or annulled since then happened and was recorded, by venue."""
    rows = VenueEvent.objects.filter(venue__in=venues, action__in=TURNING).filter(
        Q(recorded_at__gt=since, recorded_at__lte=known_at) | Q(voided_at__gt=since, voided_at__lte=known_at)
    )
    return {
        row.venue_id: (day_began(row.on), max(filter(None, (row.recorded_at, row.voided_at))))
        for row in rows.order_by("recorded_at", "pk")
    }


def _register_causes(keys: Collection[int], asof: AsOf, since: dt.datetime) -> CauseOf:
    venues = Venue.objects.filter(Q(recorded_at__gt=since) | Q(removed_at__gt=since))
    fields = ("pk", "recorded_at", "removed_at", "recorded_by__name")
    rows = {pk: row for pk, *row in venues.values_list(*fields) if pk in keys}

    def cause(key: int, sign: int) -> Cause:
        recorded_at, removed_at, by = rows[key]
        return (
            Cause(recorded_at, recorded_at, "补登场所", by)
            if sign > 0
            else Cause(removed_at, removed_at, "场所撤出登记")
        )

    return cause


def _events(key: str, caption: str, order: int, action: VenueAction, *, in_table: bool = False) -> Indicator:
    """How often something happened at venues in the period."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        return by_area(venue_events(areas, asof, action), "venue__area_id")

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        there = Q(action=action, venue__in=venues_on_register(areas, asof).values("pk")) & happened(asof)
        rows = VenueEvent.objects.filter(there).select_related("venue", "by", "voided_by")
        added = rows.filter(recorded_at__gt=since).filter(Q(voided_at=None) | Q(voided_at__gt=asof.known_at))
        gone = rows.filter(recorded_at__lte=since, voided_at__gt=since, voided_at__lte=asof.known_at)
        found = [(row, 1, row.recorded_at, row.by, "补登") for row in added]
        found += [(row, -1, row.voided_at or since, row.voided_by or row.by, "撤销") for row in gone]
        return [
            Late(
                row.venue.area_id, sign, day_began(row.on), at, f"{words}场所{action.label}", row, by=who.name
            )
            for row, sign, at, who, words in found
        ]  # fmt: skip

    return Indicator(key, caption, count, late=late, group=VENUES, order=order, in_table=in_table)


for _indicator in (
    closed_figure("venues_closed", "已关停", 54, in_table=True),
    _events("venues_closed_today", "今日新增", 55, VenueAction.CLOSED, in_table=True),
    _events("venues_patrolled_today", "今日巡查", 110, VenueAction.PATROLLED),
    _events("venues_reopened_today", "今日恢复营业", 111, VenueAction.REOPENED),
    closed_figure("incense_points_closed", "关停上香祈福点", 112, "incense_points_closed"),
    closed_figure("day_care_centres_closed", "关停日间照料中心", 113, "day_care_centres_closed"),
    closed_figure("ktvs_closed", "关停KTV", 114, "ktvs_closed"),
    Indicator(
        "venues_registered", "登记在册", lambda areas, asof: by_area(venues_on_register(areas, asof)),
        late=late_rows(
            lambda areas, asof: dict(venues_on_register(areas, asof).values_list("pk", "area_id")), _register_causes
        ), group=VENUES, order=109, in_table=False,
    ),
):  # fmt: skip
    register_indicator(_indicator)

register_measured(
    (
        Measured("banquet_tables_cancelled", "取消宴席桌数", column="banquet_tables_cancelled", order=120),
        Measured(
            "banquets_today", "今日取消宴席桌数", column="banquet_tables_cancelled", today=True, order=121
        ),
        Measured("gatherings_cancelled", "取消集会聚餐", column="gatherings_cancelled", order=122),
        Measured(
            "disinfection_today", "消杀面积", column="disinfection_area", today=True, order=56, in_table=True
        ),
        Measured("disinfection_area", "累计消杀面积", column="disinfection_area", order=130),
        Measured(
            "disinfection_times_today",
            "今日消杀次数",
            family=Family.DISINFECTION,
            today=True,
            times=True,
            order=131,
        ),
        Measured("rubbish_today", "今日清运垃圾", column="rubbish_cleared", today=True, order=132),
        Measured("rubbish_cleared", "累计清运垃圾", column="rubbish_cleared", order=133),
        Measured("mask_bins", "废弃口罩专用箱", column="mask_bins", order=134),
        Measured(
            "mask_bins_emptied_today", "今日收运废弃口罩", column="mask_bins_emptied", today=True, order=135
        ),
        Measured("mask_bins_emptied", "累计收运废弃口罩", column="mask_bins_emptied", order=136),
    )
)
register_measured(
    (
        Measured(
            "publicity_times",
            "宣传次数",
            family=Family.PUBLICITY,
            today=True,
            times=True,
            order=57,
            in_table=True,
        ),
        Measured("letters_sent", "累计发放公开信", column="letters_sent", order=140),
        Measured("posters", "累计张贴海报", column="posters", order=141),
        Measured("banners", "累计悬挂横幅", column="banners", order=142),
        Measured("broadcasts_today", "今日广播次数", column="broadcasts", today=True, order=143),
        Measured("broadcasts", "累计广播次数", column="broadcasts", order=144),
        Measured("posts", "累计微信推送", column="posts", order=145),
        Measured("news_items", "累计新闻信息", column="news_items", order=146),
        Measured("loudspeaker_vans", "流动宣传车", column="loudspeaker_vans", order=147),
        Measured("loudspeakers", "大喇叭", column="loudspeakers", order=148),
        Measured(
            "questions_today", "今日答复群众提问", column="questions", today=True, times=True, order=149
        ),
        Measured("questions", "累计答复群众提问", column="questions", order=150),
        Measured("rumours_today", "今日澄清谣言", column="rumours", today=True, times=True, order=151),
        Measured("rumours", "累计澄清谣言", column="rumours", order=152),
        Measured("mobilised", "动员人数", column="mobilised", order=153),
        Measured("checkpoints", "劝导点", column="checkpoints", order=154),
        Measured("vehicles_checked_today", "今日检查车辆", column="vehicles_checked", today=True, order=155),
        Measured("vehicles_checked", "累计检查车辆", column="vehicles_checked", order=156),
        Measured("people_checked_today", "今日检查人员", column="people_checked", today=True, order=157),
        Measured("people_checked", "累计检查人员", column="people_checked", order=158),
        Measured("turned_back_today", "今日劝返", column="turned_back", today=True, order=159),
        Measured("turned_back", "累计劝返", column="turned_back", order=160),
        Measured(
            "checkpoint_fevers_today", "今日劝导点体温异常", column="checkpoint_fevers", today=True, order=161
        ),
        Measured("checkpoint_fevers", "累计劝导点体温异常", column="checkpoint_fevers", order=162),
    )
)


def _beside_the_doors(key: str, *, today: bool = False) -> None:
    """Leaflets left at doors are counted by the survey of the door; records add those given out otherwise."""
    doors, records = indicator(key), Measured(key, "", column="leaflets", today=today)

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        assert doors.count is not None
        return Counter(doors.count(areas, asof)) + Counter(records.count(areas, asof))

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        assert doors.late is not None
        return doors.late(areas, asof, since) + records.late(areas, asof, since)

    register_indicator(replace(doors, count=count, late=late))
    columns.setdefault("leaflets", "累计发放宣传单")


_beside_the_doors("leaflets")
_beside_the_doors("leaflets_today", today=True)
register_indicator(
    Indicator("measures_undone", "今日应做未做", undone_by_area, group="消毒清运", order=137, in_table=False)
)

RECTIFY = "督查整改"
for _indicator in (
    Indicator(
        "venues_unpatrolled", "今日未巡查", lambda areas, asof: by_area(unpatrolled_venues(areas, asof)), group=VENUES,
        order=115, in_table=False,
    ),
    Indicator(
        "rectifications_open", "待整改", lambda areas, asof: by_area(rectifications_to_do(areas, asof)),
        group=RECTIFY, order=170, in_table=False,
    ),
    Indicator(
        "rectifications_overdue", "整改超期",
        lambda areas, asof: by_area(rectifications_to_do(areas, asof).filter(due_on__lt=asof.on)),
        group=RECTIFY, order=171, in_table=False,
    ),
):  # fmt: skip
    register_indicator(_indicator)

#: Columns that kinds of venues may feed: closed venues of the kind are counted there.
VENUE_COLUMNS = {
    "incense_points_closed": "关停上香祈福点",
    "day_care_centres_closed": "关停日间照料中心",
    "ktvs_closed": "关停KTV",
}
