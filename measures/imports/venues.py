"""Importing 场所关停台账: venues of the register, new ones and what changes, and when they were closed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.models import Area, Level
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    PlanStale,
    Record,
    register_import,
)
from grassroots.ledgers.office_imports.places import Spots
from grassroots.ledgers.office_imports.words import is_rejected, text_of
from grassroots.ledgers.reading import Field, parse_date, parse_phone
from households.rules.phones import mask_phone
from measures.models import Family, Kind, Venue, VenueAction
from measures.services.records import OLDEST
from measures.services.texts import number_errors
from measures.services.venues import venue_change, venue_event, venue_register

PEOPLE = ("负责人", "经营者", "店主", "场所负责人", "法人")
PHONES = ("联系电话", "电话", "手机号", "手机", "联系方式")
FIELDS = (
    Field("village", "村(社区)", ("村社区", "村", "社区", "所在村社区", "所属村社区")),
    Field("group", "组(网格)", ("组", "网格", "所在网格")),
    Field("name", "场所名称", ("店名", "场所", "经营场所", "商户名称")),
    Field("kind", "类型", ("场所类型", "类别", "场所类别", "经营类型")),
    Field("address", "地址", ("详细地址", "位置", "经营地址", "场所地址")),
    Field("contact", "负责人", PEOPLE[1:]),
    # A phone beside 负责人 is that person's: the reader looks for both captions together.
    Field("phone", "联系电话", tuple(f"{who}{what}" for who in ("", *PEOPLE) for what in PHONES)),
    Field("noticed_on", "通知送达", ("通知送达日期", "通知日期", "送达日期"), kind="date"),
    Field("closed_on", "关停日期", ("关闭日期", "停业日期", "关停时间"), kind="date"),
    Field("patrolled_on", "巡查日期", ("最近巡查", "巡查时间"), kind="date"),
    Field("reopened_on", "恢复营业日期", ("恢复营业", "复业日期", "恢复日期"), kind="date"),
    Field("note", "备注", ("说明",)),
)
LONGEST = {"name": 50, "address": 80, "contact": 20, "note": 200}
LABELS = {"address": "地址", "contact": "负责人", "phone": "联系电话", "note": "备注"}
#: In the order in which they happen on one day.
DATES = {
    "noticed_on": VenueAction.NOTICE, "closed_on": VenueAction.CLOSED, "patrolled_on": VenueAction.PATROLLED,
    "reopened_on": VenueAction.REOPENED,
}  # fmt: skip
OTHER = "other-venue"


@dataclass(slots=True)
class Work:
    """What a row does: a new venue, or what changes about one; then what happened there."""

    venue: Venue | None = None
    area: Area | None = None
    kind: Kind | None = None
    values: dict[str, str] = field(default_factory=dict)
    events: list[tuple[VenueAction, dt.date]] = field(default_factory=list)


class Planner:
    """Holds the rows of a sheet against the register (four queries a file)."""

    def __init__(self, context: ImportContext) -> None:
        self.context, self.today = context, timezone.localdate(context.at)
        self.spots = Spots(context.area)
        self.kinds = {kind.name: kind for kind in Kind.objects.of(Family.VENUE)}
        self.other = next((kind for kind in self.kinds.values() if kind.code == OTHER), None)
        self.venues: dict[str, list[Venue]] = defaultdict(list)
        for venue in Venue.objects.active().within(context.area).select_related("area", "kind"):
            self.venues[venue.name].append(venue)
        self.seen: dict[tuple[str, int], int] = {}

    def plan(self, record: Record) -> Planned:
        """One row; it changes nothing here."""
        work = Work()
        name = text_of(record, "name")
        planned = Planned(record.row, Effect.UNCHANGED, title=name[: LONGEST["name"]], work=work)
        if not name:
            planned.reject(record.problem("name", "没有场所名称。"))
            return planned
        self._place(record, planned)
        if is_rejected(planned):
            return planned
        self._read(record, planned, name)
        if not is_rejected(planned) and not self._is_repeated(record, planned):
            self._compare(record, planned)
        return planned

    def _place(self, record: Record, planned: Planned) -> None:
        spot = self.spots.find(village=text_of(record, "village"), group=text_of(record, "group"))
        if spot.problem:
            planned.reject(record.problem(spot.column, spot.problem))
        elif spot.area is None and self.context.area.level < Level.VILLAGE:
            planned.reject(record.problem("village", "没有写在哪个村(社区)。"))
        planned.work.area = spot.area or self.context.area

    def _read(self, record: Record, planned: Planned, name: str) -> None:
        values = {key: text for key in ("address", "contact", "note") if (text := text_of(record, key))}
        phone = parse_phone(record.values.get("phone"))
        if phone.problem:
            planned.problems.append(record.problem("phone", phone.problem))
        for key, longest in LONGEST.items():
            if len(values.get(key, "")) > longest:
                planned.problems.append(record.problem(key, f"最多{longest}个字，后面的没有收下。"))
                values[key] = values[key][:longest]
        for key, words in number_errors(values).items():
            planned.problems.append(record.problem(key, f"{words}这一格没有收下。"))
            del values[key]
        if len(name) > LONGEST["name"] or number_errors({"name": name}):
            planned.reject(record.problem("name", "场所名称太长，或者里面有证件号、手机号。"))
            return
        planned.work.values = {"name": name, **values, **({"phone": phone.value} if phone.value else {})}
        self._kind(record, planned)
        self._dates(record, planned)

    def _kind(self, record: Record, planned: Planned) -> None:
        word = text_of(record, "kind")
        found = self.kinds.get(word) or next(
            (kind for key, kind in self.kinds.items() if word and word in key), None
        )
        planned.work.kind = found or self.other
        if found is None and self.other is None:
            planned.reject(record.problem("kind", "没有这个类型，请先在“登记项目”里增加。"))
        elif found is None:
            words = f"没有“{word}”这个类型，先记为其他场所。" if word else "没有写类型，先记为其他场所。"
            planned.problems.append(record.problem("kind", words))

    def _dates(self, record: Record, planned: Planned) -> None:
        """What happened there and when; a day that cannot be is told and left out."""
        events: dict[VenueAction, dt.date] = {}
        for key, action in DATES.items():
            day = parse_date(record.values.get(key), reference=self.context.reference)
            problem = day.problem
            if day.value and not self.today - OLDEST <= day.value <= self.today:
                problem = "日期还没有到，或者在一年以前，没有收下。"
            if problem:
                planned.problems.append(record.problem(key, problem))
            elif day.value:
                events[action] = day.value
        closed, reopened = events.get(VenueAction.CLOSED), events.get(VenueAction.REOPENED)
        if reopened and (closed is None or reopened < closed):
            words = "没有关停日期，或者早于关停日期，没有收下。"
            planned.problems.append(record.problem("reopened_on", words))
            del events[VenueAction.REOPENED]
        planned.work.events = sorted(
            events.items(), key=lambda one: (one[1], list(DATES.values()).index(one[0]))
        )

    def _found(self, work: Work) -> list[Venue]:
        """Venues of that name at the place, above or below it: a sheet may name the village where we know the group."""
        assert work.area is not None
        here = work.area.path
        same = self.venues.get(work.values["name"], [])
        return [one for one in same if one.area.path.startswith(here) or here.startswith(one.area.path)]

    def _is_repeated(self, record: Record, planned: Planned) -> bool:
        work: Work = planned.work
        found = self._found(work)
        if len(found) > 1:
            planned.reject(
                record.problem("name", f"这里有 {len(found)} 家“{work.values['name']}”，请写明组(网格)。")
            )
            return True
        work.venue = found[0] if found else None
        assert work.area is not None
        place = work.venue.area_id if work.venue else work.area.pk
        first = self.seen.setdefault((work.values["name"], place), record.row)
        if first == record.row:
            return False
        planned.problems.append(record.problem("name", f"与第{first}行是同一家，以第{first}行为准。"))
        planned.work = Work()
        return True

    def _compare(self, record: Record, planned: Planned) -> None:
        work: Work = planned.work
        if (venue := work.venue) is None:
            planned.effect = Effect.CREATED
            return
        # Only what is not known yet: a venue that was closed before is not closed again by a sheet.
        known = {action: getattr(venue, key) for key, action in DATES.items()}
        work.events = [
            (action, on) for action, on in work.events
            if known[action] is None and not (action == VenueAction.REOPENED and not venue.is_closed)
        ]  # fmt: skip
        changed = {
            key: value for key, value in work.values.items() if key != "name" and getattr(venue, key) != value
        }
        work.values = changed
        for key, value in changed.items():
            old, new = (mask_phone(one) if key == "phone" else one for one in (getattr(venue, key), value))
            planned.changes.append(Change(LABELS[key], old, new))
        planned.changes += [Change(action.label, "", f"{on:%Y-%m-%d}") for action, on in work.events]
        if planned.changes:
            planned.effect = Effect.UPDATED


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Each row: a venue that is new, or what changes about one."""
    planner = Planner(context)
    for record in records:
        yield planner.plan(record)


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write through the services of the page. Raises PlanStale where the register is no longer as planned."""
    for row in rows:
        try:
            _write(context, row.work)
        except ValidationError as changed:
            raise PlanStale from changed


def _write(context: ImportContext, work: Work) -> None:
    by, at = context.staff, context.at
    before = {}
    if work.venue is None:
        assert work.area is not None and work.kind is not None
        venue = venue_register(kind=work.kind, area=work.area, by=by, at=at, **work.values)
    else:
        venue = Venue.objects.select_for_update(of=("self",)).get(pk=work.venue.pk)
        before = {key: getattr(venue, key) for key in (*LABELS, *DATES, "state")}
        if work.values:
            venue = venue_change(venue=venue, version=venue.version, by=by, **work.values)
    events = [venue_event(venue=venue, action=action, on=on, by=by, at=at) for action, on in work.events]
    venue.refresh_from_db()
    if work.venue is None:
        context.note_created(venue)
    else:
        context.note_updated(venue, before)
    for event in events:
        context.note_created(event)


VENUES = register_import(
    ImportKind(
        key="venues",
        name="场所",
        fields=FIELDS,
        plan=plan,
        apply=apply,
        identity=(("name", "closed_on"), ("name", "kind"), ("name", "noticed_on")),
        permissions=("measures.add_venue", "measures.change_venue"),
        step_rows=200,
        order=80,
    )
)
