"""Who has to hear about how many doors of a slot: officers, those above where nobody can be reached, and areas."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grassroots.grid.duties import Chain, DutyTarget, Link, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.chain import unreached
from quarantine.models import VisitState

Row = tuple[DutyTarget, str, str]  # whose visit, its state, the path of its area


@dataclass
class Doors:
    """What somebody has to hear: doors still unmeasured, by what is known about them; and why it comes to him."""

    by_state: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    stands_for: set[str] = field(default_factory=set)
    instead_of: set[tuple[str, str]] = field(default_factory=set)  # name, why he cannot be reached

    @property
    def count(self) -> int:
        """How many doors; two people behind one door are one."""
        return len(set().union(*self.by_state.values()))

    def words(self) -> str:
        """漏测3户、不在家2户."""
        missed = self.by_state.get(VisitState.MISSED, set()) | self.by_state.get(VisitState.PLANNED, set())
        parts = [(str(VisitState.MISSED.label), missed)]
        for state in (VisitState.AWAY, VisitState.REFUSED, VisitState.PHONE):
            parts.append((str(state.label), self.by_state.get(state, set())))
        return "、".join(f"{label}{len(doors)}户" for label, doors in parts if doors)

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


def _told(chain: Chain, why: Mapping[int, str]) -> list[tuple[Staff, str, tuple[str, str] | None]]:
    """Whom one target's doors are told: officer, for whom he stands in, and instead of whom he is asked."""
    links = responsible_links(chain)
    told: list[tuple[Staff, str, tuple[str, str] | None]] = []
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


def hearers(rows: Iterable[Row], on: dt.date) -> Hearers:
    """Sort the visits of a slot by who hears about them, at a constant number of queries."""
    visits = list(rows)
    chains = duties_for_many(list(dict.fromkeys(target for target, _state, _path in visits)), on)
    everybody = {one.pk: one for chain in chains.values() for link in chain for one in link.officers}
    why = unreached(everybody.values())
    told = {target: _told(chain, why) for target, chain in chains.items()}
    found = Hearers()
    for target, state, path in visits:
        door = f"h{target.household_id}" if target.household_id else f"p{target.person_id}"
        found.areas[path].by_state[state].add(door)
        for officer, stands_for, instead_of in told[target]:
            doors = found.officers[officer]
            doors.by_state[state].add(door)
            if stands_for:
                doors.stands_for.add(stands_for)
            if instead_of:
                doors.instead_of.add(instead_of)
    for chain in chains.values():
        for officer in responsible(chain):
            if officer.pk in why:
                found.unreached[officer] = why[officer.pk]
    return found
