"""Who has to hear about how many doors of a slot: officers, those above where nobody can be reached, and areas."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from grassroots.grid.duties import Chain, DutyTarget, Link, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.chain import unreached
from households.models import HouseholdDuty, PersonDuty
from quarantine.models import Observation, Visit, VisitState

Row = tuple[DutyTarget, str, str]  # whose visit, its state, the path of its area
Told = tuple[
    Staff, str, tuple[str, str] | None
]  # the officer, for whom he stands in, instead of whom he is asked
PORTION = 5000


@dataclass
class Doors:
    """What somebody has to hear: doors still unmeasured, by what is known about them; and why it comes to him."""

    by_state: dict[str, set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )  # doors looked at one by one
    counted: int = 0  # doors that were only counted, and by what is known about them
    counted_by_state: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stands_for: set[str] = field(default_factory=set)
    instead_of: set[tuple[str, str]] = field(default_factory=set)  # name, why he cannot be reached

    def add(
        self,
        number: int,
        kinds: Mapping[str, int],
        stands_for: str = "",
        instead_of: tuple[str, str] | None = None,
    ) -> None:
        """Doors of one more place."""
        self.counted += number
        for kind, part in kinds.items():
            self.counted_by_state[kind] += part
        if stands_for:
            self.stands_for.add(stands_for)
        if instead_of:
            self.instead_of.add(instead_of)

    @property
    def count(self) -> int:
        """How many doors; two people behind one door are one."""
        return len(set().union(*self.by_state.values())) + self.counted

    def words(self) -> str:
        """漏测3户、不在家2户."""
        parts = [
            (str(state.label), len(self.by_state.get(state, ())) + self.counted_by_state.get(state, 0))
            for state in (VisitState.MISSED, VisitState.AWAY, VisitState.REFUSED, VisitState.PHONE)
        ]
        return "、".join(f"{label}{number}户" for label, number in parts if number)

    def note(self) -> str:
        """代卫某。/ 卫某（已停用）收不到提醒，转请您落实。 Names of officers: for the inbox only."""
        parts = []
        if self.stands_for:
            parts.append(f"代{'、'.join(sorted(self.stands_for)[:5])}。")
        for name, why in sorted(self.instead_of)[:3]:
            parts.append(f"{name}{why}，收不到提醒，转请您落实。")
        return "".join(parts)


@dataclass
class Hearers:
    """What a slot has to say to whom."""

    officers: dict[Staff, Doors] = field(default_factory=lambda: defaultdict(Doors))
    areas: dict[str, Doors] = field(default_factory=lambda: defaultdict(Doors))  # by path
    unreached: dict[Staff, str] = field(default_factory=dict)

    def note_unreached(self, chains: Mapping[DutyTarget, Chain], why: Mapping[int, str]) -> None:
        """Of those responsible, who cannot be reached."""
        for chain in chains.values():
            for officer in responsible(chain):
                if officer.pk in why:
                    self.unreached[officer] = why[officer.pk]


def responsible_links(chain: Chain) -> list[Link]:
    """The links of those who measure; where nobody does, the nearest one that somebody holds."""
    measuring = [link for link in chain if link.kind.is_measuring and link.duties]
    if measuring:
        return measuring
    return next(([link] for link in reversed(chain) if link.duties), [])


def responsible(chain: Chain) -> list[Staff]:
    """Those who measure; where nobody does, the nearest officers of the chain, so that no one is overlooked."""
    return [officer for link in responsible_links(chain) for officer in link.officers]


def by_officer(targets: Iterable[DutyTarget], on: dt.date) -> dict[DutyTarget, list[Staff]]:
    """The active officers responsible for each target, at a constant number of queries."""
    wanted = list(dict.fromkeys(targets))
    chains = duties_for_many(wanted, on)
    return {target: [staff for staff in responsible(chains[target]) if staff.is_active] for target in wanted}


def _above(chain: Chain, links: list[Link], why: Mapping[int, str]) -> list[Staff]:
    """The next in the chain, above the links, who can be reached."""
    lowest = min((link.kind.order for link in links), default=0)
    for link in reversed(chain):
        found = [one for one in link.officers if one.pk not in why]
        if link.kind.order < lowest and found:
            return found
    return []


def _told(chain: Chain, why: Mapping[int, str]) -> list[Told]:
    """Whom one target's doors are told: officer, for whom he stands in, and instead of whom he is asked."""
    links = responsible_links(chain)
    told: list[Told] = []
    missing: list[Staff] = []
    for link in links:
        for duty in link.duties:
            officer = duty.acting(link.on)
            if officer.pk in why:
                missing.append(officer)
            if officer.is_active:
                told.append((officer, duty.staff.name if officer.pk != duty.staff_id else "", None))
    if missing and all(officer.pk in why for officer, _for, _instead in told):
        for upper in _above(chain, links, why):
            told += [(upper, "", (one.name, why[one.pk])) for one in missing]
    return told


def hearers(visits: QuerySet[Visit], on: dt.date) -> Hearers:
    """Sort the visits of a slot by who hears about them.

    Most doors go with their area: these are counted by the database, area by area, however many there are. Doors with
    a duty of their own (包户, 包人) are looked at one by one, PORTION visits at a time.
    """
    apart = _own(on)
    found = Hearers()
    _count_areas(visits.exclude(apart), on, found)
    rows = visits.filter(apart).values_list(
        "observation__area_id", "observation__household_id", "observation__person_id", "state",
        "observation__area__path",
    )  # fmt: skip
    each = rows.order_by("observation__area_id").iterator(chunk_size=PORTION)
    while portion := list(islice(each, PORTION)):
        _sort_portion(
            [(DutyTarget(area, home, person), state, path) for area, home, person, state, path in portion], on, found
        )  # fmt: skip
    return found


def _own(on: dt.date) -> Q:
    """Visits behind doors where somebody answers for the household, or for one of those observed there."""
    people = PersonDuty.objects.open(on).values("person")
    homes = Observation.objects.filter(person__in=people, household__isnull=False).values("household")
    return (
        Q(observation__household__in=HouseholdDuty.objects.open(on).values("household"))
        | Q(observation__household__in=homes)
        | Q(observation__person__in=people)
    )


#: 漏测 and not yet marked as such are the same to whoever hears of it.
_KIND = Case(
    When(state=VisitState.PLANNED, then=Value(VisitState.MISSED.value)), default=F("state"), output_field=CharField()
)  # fmt: skip
_DOOR = Coalesce(F("observation__household_id"), -F("observation__person_id"))


def _count_areas(visits: QuerySet[Visit], on: dt.date, found: Hearers) -> None:
    places = visits.order_by().values("observation__area_id", "observation__area__path")
    counted = {
        row["observation__area_id"]: (row["observation__area__path"], row["doors"])
        for row in places.annotate(doors=Count(_DOOR, distinct=True))
    }
    kinds: dict[int, dict[str, int]] = defaultdict(dict)
    for row in places.annotate(known=_KIND, doors=Count(_DOOR, distinct=True)):
        kinds[row["observation__area_id"]][row["known"]] = row["doors"]
    chains = duties_for_many([DutyTarget(area) for area in counted], on)
    why, told = _reach(chains)
    for target, listed in told.items():
        path, number = counted[target.area_id]
        found.areas[path].add(number, kinds[target.area_id])
        for officer, stands_for, instead_of in listed:
            found.officers[officer].add(number, kinds[target.area_id], stands_for, instead_of)
    found.note_unreached(chains, why)


def _sort_portion(visits: Sequence[Row], on: dt.date, found: Hearers) -> None:
    chains = duties_for_many(list(dict.fromkeys(target for target, _state, _path in visits)), on)
    why, told = _reach(chains)
    for target, state, path in visits:
        door = f"h{target.household_id}" if target.household_id else f"p{target.person_id}"
        kind = VisitState.MISSED if state == VisitState.PLANNED else state
        found.areas[path].by_state[kind].add(door)
        for officer, stands_for, instead_of in told[target]:
            found.officers[officer].by_state[kind].add(door)
            found.officers[officer].add(0, {}, stands_for, instead_of)
    found.note_unreached(chains, why)


def _reach(
    chains: Mapping[DutyTarget, Chain],
) -> tuple[dict[int, str], dict[DutyTarget, list[Told]]]:
    """Who cannot be reached and why, by id; and whom each target's doors are told."""
    everybody = {one.pk: one for chain in chains.values() for link in chain for one in link.officers}
    why = unreached(everybody.values())
    return why, {target: _told(chain, why) for target, chain in chains.items()}
