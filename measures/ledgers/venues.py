"""场所关停台账: one row a venue, as its events stood at the end of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from django.db.models import QuerySet

from grassroots.grid.duties import DutyTarget, duties_for_many, nearest_officers
from grassroots.grid.models import Area, Staff
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import Column, Filter, Layout, LedgerContext, LedgerDefinition, ledger_registry
from measures.figures import happened
from measures.indicators import venues_on_register
from measures.models import TURNING, Family, Kind, Venue, VenueAction, VenueEvent, VenueState

LAYOUT = Layout(
    title="场所关停台账",
    columns=(
        Column("number", "序号", format="serial"),
        Column("village", "村(社区)", width=10, aliases=("村社区", "村", "社区")),
        Column("name", "场所名称", width=14, aliases=("名称", "店名")),
        Column("kind", "类型", width=9, aliases=("场所类型", "类别")),
        Column("address", "地址", width=15, aliases=("详细地址", "位置")),
        Column("contact", "负责人", width=8, aliases=("经营者", "店主")),
        Column("phone", "联系电话", width=13, mask="phone", aliases=("电话", "手机号")),
        Column("closed_on", "关停日期", format="date", aliases=("关闭日期",)),
        Column("noticed_on", "通知送达", format="date", aliases=("通知送达日期",)),
        Column("patrolled_on", "巡查日期", format="date"),
        Column("patrol", "巡查情况", width=14),
        Column("reopened_on", "恢复营业日期", format="date"),
        Column("officer", "责任人", width=8),
        Column("note", "备注", width=12),
    ),
    freeze_columns=3,
)


def venue_kind_choices() -> tuple[tuple[str, str], ...]:
    """Kinds of venues, those out of use as well: they may still be on the register."""
    return tuple(Kind.objects.of(Family.VENUE).values_list("code", "name"))


FILTERS = (
    Filter("kind", "类型", choices_for=venue_kind_choices),
    Filter("state", "状态", tuple(VenueState.choices)),
)


def ledger_venues(context: LedgerContext) -> QuerySet[Venue]:
    """Venues of the area that the requester may see, on the register on that day."""
    areas = Area.objects.within(cast(Area, context.area)).order_by()
    rows = venues_on_register(areas, AsOf.day(context.on, context.as_of))
    visible: QuerySet[Venue] = rows.visible_to(cast(Staff, context.staff))  # type: ignore[attr-defined]
    if kinds := context.filters.get("kind"):
        visible = visible.filter(kind__code__in=kinds)
    return visible


@dataclass
class Standing:
    """How a venue stood: the last event of each sort, and whether it was closed."""

    last: dict[str, VenueEvent]
    is_closed: bool = False

    def add(self, event: VenueEvent) -> None:
        self.last[event.action] = event
        if event.action in TURNING:
            self.is_closed = event.action == VenueAction.CLOSED


def _standings(venues: QuerySet[Venue], context: LedgerContext) -> dict[int, Standing]:
    """By venue, out of the events of the day and before (one query)."""
    asof = AsOf.day(context.on, context.as_of)
    events = VenueEvent.objects.standing(asof.known_at).filter(happened(asof, cumulative=True))
    found: dict[int, Standing] = defaultdict(lambda: Standing({}))
    for event in events.filter(venue__in=venues.values("pk")).order_by("on", "pk"):
        found[event.venue_id].add(event)
    return found


def venue_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of the ledger by village and name, at a constant number of queries."""
    venues = ledger_venues(context)
    places, standings = place_names(cast(Area, context.area)), _standings(venues, context)
    rows = list(venues.select_related("kind", "officer").order_by("area__path", "kind__order", "name", "pk"))
    chains = duties_for_many([DutyTarget(area) for area in {row.area_id for row in rows}], context.on)
    for row in rows:
        stood = standings[row.pk]
        if not context.wants("state", VenueState.CLOSED if stood.is_closed else VenueState.OPEN):
            continue
        officers = [row.officer] if row.officer else nearest_officers(chains[DutyTarget(row.area_id)])
        answering = "、".join(one.name for one in officers)
        yield _row(row, stood, places.get(row.area_id, PlaceNames()), answering)


def _row(row: Venue, stood: Standing, place: PlaceNames, officer: str) -> list[object]:
    on = {action: event.on for action, event in stood.last.items()}
    patrol = stood.last.get(VenueAction.PATROLLED)
    words = (patrol.note or ("擅自营业" if patrol.is_breach else "正常")) if patrol else ""
    closed_on, reopened_on = on.get(VenueAction.CLOSED), on.get(VenueAction.REOPENED)
    return [
        None, place.village, row.name, row.kind.name, row.address, row.contact, row.phone, closed_on,
        on.get(VenueAction.NOTICE), on.get(VenueAction.PATROLLED), words,
        None if stood.is_closed else reopened_on, officer, row.note,
    ]  # fmt: skip


ledger_registry.register(
    LedgerDefinition(
        "venues", "场所关停台账", LAYOUT, rows=venue_rows, filters=FILTERS, entries=ledger_venues, order=80
    )
)
