"""The round: which slot, and what each row of it shows (reads only; views/round.py answers requests)."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.prepared import Prepared, PreparedModels, Remembered
from grassroots.grid.scope import scope_of
from households.doors import places_of
from households.models import Household, Person
from quarantine.measuring import MeasuringDuties
from quarantine.models import Alert, Observation, Policy, PolicyState, Reading, Visit, VisitState
from quarantine.models.visits import UNMEASURED
from quarantine.rules.policy import NO_SYMPTOM, PolicyTerms
from quarantine.rules.readings import is_fever
from quarantine.rules.slots import slot_window
from quarantine.services.readings import second_is_due

EARLIER_SHOWN = 2
_DAY, _ONE_DAY = dt.date(1900, 1, 1), dt.timedelta(days=1)
_MOMENT = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class SlotTab:
    """One slot of one day, over all policies in use (the widest hours where they differ)."""

    date: dt.date
    slot: str
    label: str
    opens_at: dt.datetime
    closes_at: dt.datetime

    def phase(self, at: dt.datetime) -> str:
        """'ahead', 'open' or 'over'."""
        if at < self.opens_at:
            return "ahead"
        return "open" if at < self.closes_at else "over"


def terms_in_use() -> list[PolicyTerms]:
    """Terms of the policies that are in force or that somebody is under observation by (one query)."""
    observed = Observation.objects.open().filter(policy=OuterRef("pk"))
    rows = Policy.objects.filter(Q(state=PolicyState.IN_FORCE) | Exists(observed))
    return [policy.parsed() for policy in rows.exclude(state=PolicyState.TEMPLATE).order_by("-pk")]


def slot_tabs(days: Iterable[dt.date], terms: Sequence[PolicyTerms]) -> list[SlotTab]:
    """The slots of these days, day by day in the given order, slots in order of time."""
    tabs = []
    for on in days:
        found: dict[str, SlotTab] = {}
        for one in terms:
            for slot in one.slots:
                window = slot_window(one, on, slot.code)
                old = found.get(slot.code)
                found[slot.code] = SlotTab(
                    on,
                    slot.code,
                    old.label if old else slot.label,
                    min(window.opens_at, old.opens_at) if old else window.opens_at,
                    max(window.closes_at, old.closes_at) if old else window.closes_at,
                )
        tabs += sorted(found.values(), key=lambda tab: tab.opens_at)
    return tabs


def default_tab(tabs: Sequence[SlotTab], at: dt.datetime) -> SlotTab | None:
    """The slot that is open; else the next one of the day, else the last that was."""
    today = timezone.localdate(at)
    for phase in ("open", "ahead"):
        for tab in tabs:
            if tab.phase(at) == phase and tab.date == today:
                return tab
    over = [tab for tab in tabs if tab.phase(at) == "over"]
    return max(over, key=lambda tab: tab.opens_at, default=None)


@dataclass(frozen=True)
class Earlier:
    """What an earlier slot showed, small beside the name: 昨下午 36.5."""

    label: str
    words: str
    is_abnormal: bool


@dataclass(frozen=True)
class Shown:
    """An effective reading with those that it corrects, oldest first."""

    reading: Reading
    corrected: list[Reading]
    is_fever: bool


@dataclass
class RoundRow:
    """One person in one slot as the screen shows him."""

    visit: Visit
    terms: PolicyTerms
    at: dt.datetime
    place: str = ""  # village, group, compound
    readings: list[Reading] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)
    has_focus: bool = False
    shows_symptoms: bool = False

    @property
    def day(self) -> int:
        return self.visit.observation.day_number(self.visit.date)

    @property
    def door(self) -> str:
        """The door; the address that is none; or the area alone."""
        observation = self.visit.observation
        return observation.household.display if observation.household else observation.place_note or "无门牌"

    @property
    def effective(self) -> list[Reading]:
        corrected = {reading.corrects_id for reading in self.readings}
        return [reading for reading in self.readings if reading.pk not in corrected]

    @property
    def shown(self) -> list[Shown]:
        """Effective readings, each with the values that it replaced."""
        by_pk = {reading.pk: reading for reading in self.readings}
        lines = []
        for reading in self.effective:
            old: list[Reading] = []
            before = by_pk.get(reading.corrects_id or 0)
            while before is not None:
                old.insert(0, before)
                before = by_pk.get(before.corrects_id or 0)
            lines.append(Shown(reading, old, is_fever(reading.temperature, self.terms)))
        return lines

    @property
    def last(self) -> Reading | None:
        return self.effective[-1] if self.effective else None

    @property
    def asks_second(self) -> bool:
        return second_is_due(self.effective, self.terms)

    @property
    def is_fever(self) -> bool:
        """Whether any reading of the slot was a fever: it stays red after a second, normal one."""
        return any(is_fever(reading.temperature, self.terms) for reading in self.effective)

    @property
    def is_low(self) -> bool:
        return bool(self.last and self.last.is_low)

    @property
    def has_begun(self) -> bool:
        return self.visit.opens_at <= self.at

    @property
    def is_over(self) -> bool:
        return self.visit.closes_at <= self.at

    @property
    def is_measured(self) -> bool:
        return bool(self.readings)

    @property
    def asks(self) -> bool:
        """Whether the row shows a field: not measured yet, or to be measured again."""
        return self.has_begun and (not self.is_measured or self.asks_second)

    @property
    def can_be_marked(self) -> bool:
        return self.has_begun and not self.is_over and not self.is_measured

    @property
    def tone(self) -> str:
        """Colour of the row (docs/visual-system.md)."""
        if self.is_fever or any(reading.is_abnormal for reading in self.effective):
            return "danger"
        if self.is_measured:
            return "warn" if self.asks_second or self.is_low else "ok"
        tones = {VisitState.AWAY: "warn", VisitState.REFUSED: "danger", VisitState.MISSED: "danger"}
        return tones.get(VisitState(self.visit.state), "muted" if not self.has_begun else "")

    @property
    def slot_label(self) -> str:
        """上午."""
        return next(
            (slot.label for slot in self.terms.slots if slot.code == self.visit.slot), self.visit.slot
        )

    @property
    def symptom_names(self) -> list[str]:
        """The policy's symptoms that can be ticked; 无 is no tick at all."""
        return [name for name in self.terms.symptoms if name != NO_SYMPTOM]

    @property
    def fever_words(self) -> str:
        """≥37.3℃."""
        return f"{self.terms.fever_operator.label}{self.terms.fever_threshold}℃"


def _visit_to_show(uid: UUID) -> QuerySet[Visit]:
    """One visit with what its row needs: of person, household and area no more than that."""
    rows = visits_to_show(Visit.objects.filter(uid=uid).exclude(state=VisitState.CANCELLED)).order_by()
    return rows.defer(*(
        f"observation__{name}__{one.attname}"
        for name, model, shown in (
            ("person", Person, {"id", "uid", "name"}),
            ("household", Household, {"id", "uid", "display"}),
            ("area", Area, {"id", "path", "name", "level"}),
        )
        for one in model._meta.concrete_fields
        if one.attname not in shown
    ))  # fmt: skip


_VISIT_TO_SHOW: PreparedModels[Visit] = PreparedModels(_visit_to_show, {"uid": (UUID(int=1), UUID(int=2))})


def visit_to_show(uid: UUID) -> Visit | None:
    """A visit that was not called off, with what its row shows (one query)."""
    return _VISIT_TO_SHOW.first(uid=uid)


def visits_to_show(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """Visits in walking order with what a row needs, and the uid of an open alert of theirs as `open_alert`."""
    alert = Alert.objects.open().filter(visit=OuterRef("pk")).order_by("-raised_at").values("uid")[:1]
    related = ("observation__person", "observation__household", "observation__area", "observation__policy")
    return visits.select_related(*related).annotate(open_alert=Subquery(alert)).in_walking_order()  # type: ignore[attr-defined,no-any-return]


def _readings(visits: Sequence[int]) -> QuerySet[Reading]:
    rows = Reading.objects.filter(visit__in=visits).select_related("by", "paper_entry")
    return rows.order_by("visit_id", "sequence")


# A saved temperature asks for those of its own visit alone.
_READINGS: PreparedModels[Reading] = PreparedModels(lambda visit: _readings([visit]), {"visit": (-1, -2)})


def rows_of(visits: Sequence[Visit], at: dt.datetime) -> list[RoundRow]:
    """A row for each visit, in their order, by three queries: readings, earlier slots, names of areas."""
    parsed: dict[int, PolicyTerms] = {}
    readings: dict[int, list[Reading]] = defaultdict(list)
    saved = [visit.pk for visit in visits if visit.pk]
    for reading in _READINGS.instances(visit=saved[0]) if len(saved) == 1 else _readings(saved):
        readings[reading.visit_id].append(reading)
    for visit in visits:
        policy = visit.observation.policy
        if policy.pk not in parsed:
            parsed[policy.pk] = policy.parsed()
    labels = {slot.code: slot.label for terms in parsed.values() for slot in terms.slots}
    earlier = _earlier(visits, labels)
    places = places_of({visit.observation.area for visit in visits})
    rows = []
    for visit in visits:
        observation = visit.observation
        rows.append(
            RoundRow(
                visit=visit,
                terms=parsed[observation.policy_id],
                at=at,
                place=places.get(observation.area_id, ""),
                readings=readings.get(visit.pk, []),
                earlier=earlier.get(observation.pk, []),
            )
        )
    return rows


def _slots_before(whom: Iterable[int], since: dt.date, until: dt.datetime) -> Any:
    """Slots of observations that opened since a day and before a moment, the latest first, with what was measured."""
    rows = Visit.objects.filter(
        observation__in=whom, date__gte=since, opens_at__lt=until, readings__corrections=None
    ).exclude(state=VisitState.CANCELLED)
    return rows.order_by("observation_id", "-opens_at", "-readings__sequence").values_list(
        "observation_id", "date", "slot", "state", "readings__temperature", "readings__is_abnormal"
    )


_SLOTS_BEFORE = Prepared(
    lambda whom, since, until: _slots_before([whom], since, until),
    {"whom": (-1, -2), "since": (_DAY, _DAY + _ONE_DAY), "until": (_MOMENT, _MOMENT + _ONE_DAY)},
)


def _earlier(visits: Sequence[Visit], labels: Mapping[str, str]) -> dict[int, list[Earlier]]:
    """By observation: what the slots right before showed, the latest first (yesterday's and this morning's)."""
    if not visits:
        return {}
    first = min(visits, key=lambda visit: visit.opens_at)
    whom = {visit.observation_id for visit in visits}
    since, until = first.date - dt.timedelta(days=1), first.opens_at
    rows = _slots_before(whom, since, until)
    if len(whom) == 1:
        rows = _SLOTS_BEFORE.rows(whom=visits[0].observation_id, since=since, until=until)
    found: dict[int, list[Earlier]] = defaultdict(list)
    seen: set[tuple[int, dt.date, str]] = set()
    for observation_id, on, slot, state, temperature, is_abnormal in rows:
        if (observation_id, on, slot) in seen or len(found[observation_id]) >= EARLIER_SHOWN:
            continue
        seen.add((observation_id, on, slot))
        words = f"{temperature}" if temperature is not None else VisitState(state).label
        is_bad = bool(is_abnormal) or state == VisitState.MISSED
        label = f"{'今' if on == first.date else '昨'}{labels.get(slot, slot)}"
        found[observation_id].append(Earlier(label, str(words), is_bad))
    return found


@dataclass(frozen=True)
class Tally:
    """已测 12 / 20, and what else there is to say about the slot; `counted_at` in microseconds tells the later one."""

    measured: int
    total: int
    away: int = 0
    refused: int = 0
    missed: int = 0
    counted_at: int = 0

    @property
    def waiting(self) -> int:
        return self.total - self.measured


def _by_state(visits: QuerySet[Visit]) -> Any:
    return visits.order_by().values_list("state").annotate(Count("pk"))


_TALLIES = Remembered()


def tally_of(visits: QuerySet[Visit]) -> Tally:
    """Count a slot's visits (one query; the slot's index bounds it)."""
    counted_at = time.time_ns() // 1000  # before the count: who begins later sees no less
    return _tally(_by_state(visits), counted_at)


def tally_of_slot(on: dt.date, slot: str, duties: MeasuringDuties, *, is_all: bool) -> Tally:
    """The same for somebody's visits of a slot: those he must measure, or all of his scope."""
    counted_at = time.time_ns() // 1000
    key = (on, slot, scope_of(duties.staff).key, None if is_all else duties.key)

    def build() -> Any:
        rows = Visit.objects.of_slot(on, slot)
        staff = duties.staff
        return _by_state(rows.visible_to(staff) if is_all else rows.to_measure_by(staff, duties))

    return _tally(_TALLIES.rows(key, build), counted_at)


def _tally(rows: Iterable[tuple[str, int]], counted_at: int) -> Tally:
    counts, states = dict(rows), VisitState
    return Tally(
        measured=counts.get(states.DONE, 0),
        total=sum(counts.values()),
        away=counts.get(states.AWAY, 0),
        refused=counts.get(states.REFUSED, 0),
        missed=counts.get(states.MISSED, 0),
        counted_at=counted_at,
    )


def next_to_measure(visits: QuerySet[Visit], visit: Visit, own: Sequence[int] | None = None) -> Visit | None:
    """The next of these visits that has no reading yet, to go to when the page is loaded anew.

    `own`: their ids in the officer's own order; None goes door by door.
    """
    waiting: Any = visits.filter(state__in=[*UNMEASURED, VisitState.MISSED])
    found: Visit | None
    if own is None or visit.pk not in own:
        found = waiting.in_walking_order().beyond(visit).first()
        return found
    behind = {row.pk: row for row in waiting.filter(pk__in=own[own.index(visit.pk) + 1 :])}
    found = next((behind[pk] for pk in own if pk in behind), None)
    return found
