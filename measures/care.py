"""Who is to be visited: the register by its rhythm, everyone observed at home, whoever is left alone (reads only)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.scope import scope_of
from grassroots.ledgers.asof import AsOf
from households.doors import places_of
from households.models import Household, Person, Residency, SupportKind, SupportStatus
from measures.figures import happened
from measures.models import CareVisit
from measures.rules.care import Timing, every_of
from measures.services.care_files import rhythm
from quarantine.models import Observation, Place
from quarantine.rules.left_alone import LeftAlone
from quarantine.serving import neglected_in

LABELS: dict[str, str] = dict(SupportKind.choices)
ORDER = {kind: number for number, kind in enumerate(SupportKind.values)}
PAGES = 25  # of households with somebody isolated and somebody frail: a thousand


@dataclass
class CareStanding:
    """How it stands with the visits of one person who lives in the areas asked for."""

    home_id: int
    person_id: int
    area_id: int
    household_id: int | None
    order: tuple[str, str, int]
    timing: Timing
    on: dt.date
    kinds: list[str] = field(default_factory=list)
    last_id: int | None = None
    is_observed: bool = False
    alone: LeftAlone | None = None
    home: Residency | None = None  # with person, household and area, where it is shown (`dress`)
    last: CareVisit | None = None
    place: str = ""

    @property
    def kind_words(self) -> str:
        """特困供养、残疾."""
        return "、".join(LABELS[kind] for kind in self.kinds)

    @property
    def is_due(self) -> bool:
        return self.timing.is_due(self.on)

    @property
    def late(self) -> int:
        return self.timing.late(self.on)

    @property
    def due_on(self) -> dt.date | None:
        return self.timing.due_on(self.on)

    @property
    def is_done(self) -> bool:
        """Visited on the day."""
        return self.timing.last_on == self.on

    @property
    def may_tap(self) -> bool:
        """Whether "all well" says enough: not while a problem is open, not twice a day."""
        return not self.is_done and not (self.last is not None and self.last.is_open)


def supports_then(asof: AsOf) -> QuerySet[SupportStatus]:
    """Support that held on the day, as far as was known."""
    rows = SupportStatus.objects.filter(asof.dated("started_on", "recorded_at"))
    return rows.filter(Q(ended_on=None) | Q(ended_on__gt=asof.on))


def visits_then(asof: AsOf) -> QuerySet[CareVisit]:
    """Visits up to the end of the period at which somebody was met, as far as was known."""
    rows: QuerySet[CareVisit] = CareVisit.objects.standing(asof.known_at).met()
    return rows.filter(happened(asof, cumulative=True))


def observed_at_home() -> QuerySet[Observation]:
    """Those under home observation now."""
    rows: QuerySet[Observation] = Observation.objects.open().filter(place=Place.HOME)
    return rows


def left_alone_in(doors: QuerySet[Household], at: dt.datetime) -> dict[int, LeftAlone]:
    """Who is left alone in these open households, by person; quarantine's finder looks."""
    found: dict[int, LeftAlone] = {}
    after: Household | None = None
    for _page in range(PAGES):
        page = neglected_in(doors, at, after)
        found |= {row.person.pk: row.reason for row in page.rows}
        if not page.next_uid:
            break
        after = Household.objects.select_related("area").get(uid=page.next_uid)
    return found


@dataclass(frozen=True)
class Daily:
    """Who is visited every day: under home observation (by person), and left alone with the reason."""

    observed: frozenset[int] = frozenset()
    alone: Mapping[int, LeftAlone] = field(default_factory=dict)


def standings(homes: QuerySet[Residency], asof: AsOf, daily: Daily | None = None) -> list[CareStanding]:
    """How it stands with everybody of these homes who is on the register, promised a visit, or on the daily round.

    In walking order, at three queries whatever their number.
    """
    daily = daily or Daily()
    every_day = {*daily.observed, *daily.alone}
    visits = visits_then(asof).filter(person=OuterRef("person")).order_by("-on", "-pk")
    supports = supports_then(asof)
    promised = visits_then(asof).exclude(next_on=None)
    wanted = Q(person__in=supports.values("person")) | Q(person__in=promised.values("person"))
    rows = homes.filter(wanted | Q(person__in=every_day) if every_day else wanted)
    last = {name: Subquery(visits.values(field)[:1])
            for name, field in (("v_id", "pk"), ("v_on", "on"), ("v_next", "next_on"))}  # fmt: skip
    kinds: dict[int, list[tuple[str, dt.date]]] = defaultdict(list)
    there = supports.filter(person__in=homes.order_by().values("person"))
    for person, kind, at in there.values_list("person_id", "kind", "recorded_at"):
        kinds[person].append((kind, timezone.localdate(at)))
    values = ("pk", "person_id", "area_id", "household_id", "area__path", "household__walk_key", *last)
    days, found = rhythm(), []
    for home, person, area, house, path, key, v_id, v_on, v_next in rows.annotate(**last).values_list(
        *values
    ):
        own = sorted(kinds[person], key=lambda one: ORDER[one[0]])
        timing = Timing(
            every_of([kind for kind, _ in own], days), min((day for _, day in own), default=None), v_on, v_next,
            person in every_day,
        )  # fmt: skip
        found.append(
            CareStanding(
                home, person, area, house, (path, key or "", home), timing, asof.on, [kind for kind, _ in own],
                v_id, person in daily.observed, daily.alone.get(person),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: one.order)


def homes_in_scope(staff: Staff) -> QuerySet[Residency]:
    """Where people live whom somebody may see."""
    reach = scope_of(staff).reaches("area", household="household", person="person")
    rows: QuerySet[Residency] = Residency.objects.actual().filter(reach, person__voided_at=None)
    return rows


def board_of(homes: QuerySet[Residency], doors: QuerySet[Household], at: dt.datetime) -> list[CareStanding]:
    """Everybody of these homes who is cared for, as it stands today; `doors`: where to look for people left alone."""
    observed = observed_at_home().filter(Exists(homes.filter(person=OuterRef("person"))))
    daily = Daily(
        frozenset(observed.order_by().values_list("person_id", flat=True)), left_alone_in(doors, at)
    )
    return standings(homes, AsOf.day(timezone.localdate(at)), daily)


def board_in_scope(staff: Staff, at: dt.datetime, where: Q | None = None) -> list[CareStanding]:
    """The same of everybody whom somebody may see, narrowed by a condition on `area` if one is given."""
    homes, doors = homes_in_scope(staff), Household.objects.open().visible_to(staff)
    if where is not None:
        homes, doors = homes.filter(where), doors.filter(where)
    return board_of(homes, doors, at)


def standing_of(person: Person, staff: Staff, at: dt.datetime) -> CareStanding | None:
    """How it stands with one person, dressed; None when nobody has to visit him."""
    homes = homes_in_scope(staff).filter(person=person)
    doors = Household.objects.open().filter(pk__in=homes.order_by().values("household"))
    found = board_of(homes, doors, at)
    dress(found)
    return found[0] if found else None


def dress(rows: list[CareStanding]) -> None:
    """Give each its home, place and last visit (three queries)."""
    homes: Any = Residency.objects.select_related("person", "household", "area")
    by_pk = homes.in_bulk([row.home_id for row in rows])
    visits = CareVisit.objects.select_related("by").in_bulk([row.last_id for row in rows if row.last_id])
    places = places_of({home.area for home in by_pk.values()})
    for row in rows:
        row.home, row.place = by_pk[row.home_id], places.get(row.area_id, "")
        row.last = visits.get(row.last_id) if row.last_id else None
