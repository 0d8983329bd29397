"""The file of one person (专档): everything that is known of him for one page, at a constant number of queries.

What other modules have to add (papers given, calls after release) they enter in `file_sections`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from grassroots.grid.changes import Change, changes_of, history_of
from grassroots.grid.duties import Chain, DutyTarget, duties_for
from grassroots.grid.models import Staff
from grassroots.grid.scope import scope_of
from households.models import Household, Person, PersonRemoval, Residency, SurveyMember
from quarantine.models import (
    Alert,
    CloseContact,
    EventKind,
    KeyReason,
    Observation,
    ObservationEvent,
    Outcome,
    Returnee,
    ServiceRequest,
)
from quarantine.rules.chart import Chart
from quarantine.rules.policy import PolicyTerms
from quarantine.temperature_chart import axis_for, charts_of
from quarantine.visit_grid import Day, days_of, visits_of

CHANGES_SHOWN, ANSWERS_SHOWN, SERVICES_SHOWN = 40, 10, 40


@dataclass(frozen=True)
class Entry:
    """One line of a section: when, what, by whom, a remark, and where it leads."""

    at: dt.datetime | dt.date | None
    what: str
    by: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Section:
    """A section that another module adds to the file, e.g. 发放文书 or 解除后随访."""

    title: str
    entries: Sequence[Entry]
    empty: str = ""
    """What is said when there is none; without it an empty section is left out."""


file_sections: list[Callable[[Person, Sequence[Observation], Staff], Section | None]] = []
"""Given the person, those of his observations that may be seen, and who looks: a section, or None.

Each may use a constant number of queries; that the person lies in the scope has been checked.
"""


@dataclass
class ObservationFile:
    """One observation with its visits day by day, drawn and told."""

    observation: Observation
    terms: PolicyTerms
    days: list[Day] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    events: list[ObservationEvent] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    @property
    def slots(self) -> list[str]:
        """Captions of the table's columns."""
        return [cell.label for cell in self.days[0].cells] if self.days else []

    @property
    def days_told(self) -> list[Day]:
        """Days that have come."""
        return [day for day in self.days if not day.is_future]

    @property
    def is_void(self) -> bool:
        """Entered by mistake."""
        return self.observation.outcome == Outcome.VOIDED


@dataclass(frozen=True)
class Correction:
    """Something that was changed afterwards: what stood there, what stands there now, why, by whom."""

    at: dt.datetime
    what: str
    old: str
    new: str
    reason: str
    by: str


@dataclass
class PersonFile:
    """The page."""

    person: Person
    home: Residency | None
    homes: list[Residency]
    visible_homes: set[int]
    housemates: list[Residency]
    returns: list[Returnee]
    named_by: list[CloseContact]
    observations: list[ObservationFile]
    hidden_observations: int
    services: list[ServiceRequest]
    answers: list[SurveyMember]
    sections: list[Section]
    corrections: list[Correction]
    chain: Chain
    seen_people: set[int]
    observed_people: set[int]

    @property
    def number(self) -> str:
        """档案编号: the same on every page of the printed file."""
        return f"{self.person.pk:08d}"

    @property
    def is_observed(self) -> bool:
        """Whether an observation of his is open."""
        return self.person.pk in self.observed_people

    @property
    def open_returnee(self) -> Returnee | None:
        """The file of the latest return, from which an observation would be opened."""
        return self.returns[0] if self.returns else None


def person_file(person: Person, staff: Staff, today: dt.date) -> PersonFile:
    """Everything that `staff` may see of a person. The number of queries depends on nothing but the modules."""
    homes = _homes(person)
    visible = _visible_homes(homes, staff)
    home = next((row for row in homes if row.ended_on is None), None)
    returns = _returns(person, staff)
    named_by = _named_by(person, staff)
    observations, hidden = _observations(person, staff, today)
    contacts = [contact for row in returns for contact in row.contacts.all()]
    housemates = _housemates(home, person) if home and home.pk in visible else []
    people = {contact.person_id for contact in contacts} | {row.returnee.person_id for row in named_by}
    people |= {row.person_id for row in housemates} | {person.pk}
    return PersonFile(
        person=person,
        home=home,
        homes=homes,
        visible_homes=visible,
        housemates=housemates,
        returns=returns,
        named_by=named_by,
        observations=observations,
        hidden_observations=hidden,
        services=_services(person),
        answers=_answers(person),
        sections=_sections(person, observations, staff),
        corrections=_corrections(person, returns, observations),
        chain=_chain(person, home, observations),
        seen_people=_seen(people, staff),
        observed_people=set(
            Observation.objects.open().filter(person__in=people - {None}).values_list("person", flat=True)
        ),
    )


def _homes(person: Person) -> list[Residency]:
    rows = Residency.objects.filter(person=person).select_related("household__area", "area")
    return sorted(rows, key=lambda row: (row.ended_on is not None, row.is_away, -row.started_on.toordinal()))


def _visible_homes(homes: list[Residency], staff: Staff) -> set[int]:
    scope, doors = scope_of(staff), [row.household_id for row in homes if row.household_id]
    own = set(Household.objects.visible_to(staff).filter(pk__in=doors).values_list("pk", flat=True))
    return {
        row.pk for row in homes if row.household_id in own or (not row.household_id and scope.holds(row.area))
    }


def _housemates(home: Residency, person: Person) -> list[Residency]:
    """Who else is registered behind the same door, those who live there first."""
    if home.household_id is None:
        return []
    observed = Observation.objects.open().filter(person=OuterRef("person"))
    rows = Residency.objects.open().filter(household=home.household_id).exclude(person=person)
    return list(
        rows.select_related("person")
        .annotate(is_observed=Exists(observed))
        .order_by("is_away", "order", "pk")
    )


def _returns(person: Person, staff: Staff) -> list[Returnee]:
    rows = Returnee.objects.active().visible_to(staff).filter(person=person)
    rows = rows.select_related("area", "household", "recorded_by").order_by("-found_at", "-pk")
    return list(rows.prefetch_related("legs", "contacts__person"))


def _named_by(person: Person, staff: Staff) -> list[CloseContact]:
    mine = Returnee.objects.active().visible_to(staff).order_by().values("pk")
    rows = CloseContact.objects.filter(person=person, returnee__in=mine)
    return list(rows.select_related("returnee__person").order_by("-contact_on", "-pk"))


def _observations(person: Person, staff: Staff, today: dt.date) -> tuple[list[ObservationFile], int]:
    """His observations, the latest first, and how many lie outside the scope."""
    every = Observation.objects.filter(person=person)
    rows = every.visible_to(staff).select_related("policy", "household", "area", "returnee", "person")
    observations = list(rows.order_by("-opened_at", "-pk"))
    hidden = every.count() - len(observations)
    found = [ObservationFile(row, row.policy.parsed()) for row in observations]
    visits = visits_of(observations)
    for one in found:
        one.days = days_of(one.observation, visits[one.observation.pk], one.terms, today)
    drawn = [one for one in found if not one.is_void]
    if drawn:
        axis = axis_for([one.days for one in drawn], [one.terms for one in drawn])
        for one in drawn:
            one.charts = charts_of(one.observation, one.days, one.terms, axis)
    _attach(found)
    return found, hidden


def _attach(found: list[ObservationFile]) -> None:
    """Events of all observations, and alerts with what was done about them (four queries)."""
    by_pk = {one.observation.pk: one for one in found}
    events = ObservationEvent.objects.filter(observation__in=by_pk)
    related = ("by", "confirmed_by", "from_area", "to_area", "corrects")
    annulled = set()
    for event in events.select_related(*related).order_by("recorded_at", "pk"):
        by_pk[event.observation_id].events.append(event)
        if event.kind == EventKind.ANNULLED:
            annulled.add(event.corrects_id)
    alerts = Alert.objects.filter(observation__in=by_pk).prefetch_related("actions__by")
    for alert in alerts.select_related("acknowledged_by", "closed_by").order_by("raised_at", "pk"):
        by_pk[alert.observation_id].alerts.append(alert)
    for one in found:
        for event in one.events:
            event.is_annulled = event.pk in annulled  # type: ignore[attr-defined]


def _services(person: Person) -> list[ServiceRequest]:
    rows = ServiceRequest.objects.filter(person=person)
    rows = rows.select_related("assigned_to", "done_by", "recorded_by").order_by("-requested_at", "-pk")
    return sorted(rows[:SERVICES_SHOWN], key=lambda row: row.done_at is not None)


def _answers(person: Person) -> list[SurveyMember]:
    rows = SurveyMember.objects.filter(person=person).select_related("survey__household", "survey__staff")
    return list(rows.order_by("-survey__visited_at", "-pk")[:ANSWERS_SHOWN])


def _sections(person: Person, found: list[ObservationFile], staff: Staff) -> list[Section]:
    observations = [one.observation for one in found]
    sections = [make(person, observations, staff) for make in file_sections]
    return [one for one in sections if one is not None and (one.entries or one.empty)]


def _chain(person: Person, home: Residency | None, found: list[ObservationFile]) -> Chain:
    """Who answers where he is under observation, else where he lives."""
    latest = next((one.observation for one in found if one.observation.state == "OPEN"), None)
    if latest is not None:
        return duties_for(DutyTarget(latest.area_id, latest.household_id, person.pk))
    return duties_for(DutyTarget(home.area_id, home.household_id, person.pk)) if home else []


def _seen(people: set[Any], staff: Staff) -> set[int]:
    """Of these people, those whose own page may be opened (one query)."""
    rows = Person.objects.active().visible_to(staff).filter(pk__in=people - {None})
    return set(rows.values_list("pk", flat=True))


# --- what was changed afterwards --------------------------------------------------------------------------
def _corrections(person: Person, returns: list[Returnee], found: list[ObservationFile]) -> list[Correction]:
    """Readings and events put right, and fields of the person and his files changed; the latest first."""
    corrections = [one for each in found for one in (*_of_readings(each), *_of_events(each))]
    corrections += _of_merges(person)
    histories: list[tuple[type[Any], list[int]]] = [
        (Person, [person.pk]),
        (Returnee, [row.pk for row in returns]),
    ]
    for model, keys in histories:
        lines = list(history_of(model).filter(id__in=keys, history_type="~")[:CHANGES_SHOWN]) if keys else []
        for change in changes_of(model, lines) if lines else []:
            corrections += _of_fields(change)
    return sorted(corrections, key=lambda one: one.at, reverse=True)


def _of_readings(one: ObservationFile) -> list[Correction]:
    found = []
    for day in one.days:
        for cell in day.cells:
            readings = {line.reading.pk: line.reading for line in cell.lines}
            for line in cell.lines:
                old = readings.get(line.reading.corrects_id or 0)
                if old is not None:
                    new = line.reading
                    what = f"{day.on.month}月{day.on.day}日{cell.label}体温"
                    values = (f"{old.temperature}℃", f"{new.temperature}℃")
                    found.append(Correction(new.entered_at, what, *values, new.reason, new.entered_by.name))
    return found


def _of_events(one: ObservationFile) -> list[Correction]:
    return [
        Correction(
            event.recorded_at, "观察经过", str(event.corrects.get_kind_display()), "已撤销", event.reason, event.by.name
        )
        for event in one.events
        if event.corrects is not None
    ]  # fmt: skip


def _of_merges(person: Person) -> list[Correction]:
    """Entries that were merged into his, and merges that were taken apart again."""
    found = []
    rows = PersonRemoval.objects.filter(merged_into=person).select_related("person", "by", "undone_by")
    for row in rows:
        old = f"{row.person.name}（档案编号 {row.person.pk:08d}）"
        found.append(Correction(row.at, "合并档案", old, "并入本档案", row.reason, row.by.name))
        if row.undone_at and row.undone_by:
            found.append(
                Correction(row.undone_at, "撤销合并", "并入本档案", old, row.undo_reason, row.undone_by.name)
            )
    return found


def _of_fields(change: Change) -> list[Correction]:
    return [
        Correction(
            timezone.localtime(change.at), f"{change.model}·{one.label}", _plain(one.old), _plain(one.new),
            change.reason, change.by,
        )
        for one in change.fields
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Lists as a history table keeps them, in words."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    words = [word.strip(" '\"") for word in text[1:-1].split(",")]
    labels = dict(KeyReason.choices)
    return "、".join(str(labels.get(word, word)) for word in words if word) or "（空）"
