"""Who must know of an incident: from the nearest officer up to the top of the office's tree."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Area, AreaDuty, Level, Posting, Role, Staff
from grassroots.notices.chain import superiors_of
from measures.rules.orders import MEDICAL, Severity
from measures.services.answerers import able, present, present_each

DIRECT, HEALTH_CENTRE = "直接上级", "卫生院"


@dataclass
class Rung:
    """A level above a place: what it is called, how high its area lies, and who is there."""

    title: str
    level: int
    staff: list[Staff] = field(default_factory=list)

    @property
    def is_reached(self) -> bool:
        """Whether somebody of them signs in."""
        return any(one.has_usable_password() for one in self.staff)


def _of_chain(chain: Chain) -> list[Rung]:
    """The links that do not measure and in which somebody is, from the nearest upward."""
    rungs = []
    for link in reversed(chain):
        staff = [one for one in link.officers if one.is_active]
        if staff and not link.kind.is_measuring:
            areas = [duty.area.level for duty in link.duties if isinstance(duty, AreaDuty)]
            rungs.append(Rung(link.kind.officer_title, min(areas, default=Level.COMPOUND), staff))
    return rungs


def _postings(areas: Iterable[Area], on: dt.date) -> list[tuple[str, Posting]]:
    """Supervisors and health workers posted to the areas or above them, each with the role (two queries)."""
    rows = Posting.objects.open(on).filter(
        area__path__in={path for area in areas for path in area.ancestor_paths()}, staff__is_active=True,
        staff__groups__name__in=[Role.SUPERVISOR, Role.HEALTH_WORKER],
    )  # fmt: skip
    roles: dict[int, set[str]] = defaultdict(set)
    for pk, role in rows.values_list("pk", "staff__groups__name"):
        roles[pk].add(role)
    found = rows.select_related("staff", "area").order_by("pk").distinct()
    return [
        (Role.SUPERVISOR if Role.SUPERVISOR in roles[one.pk] else Role.HEALTH_WORKER, one) for one in found
    ]


def _posted(area: Area, postings: Iterable[tuple[str, Posting]]) -> tuple[list[Rung], list[Staff]]:
    """Of these the supervisors of the area and above it, the lowest level first; and the health centre."""
    above = set(area.ancestor_paths())
    supervisors: dict[int, list[Staff]] = defaultdict(list)
    doctors = []
    for role, posting in postings:
        if posting.area.path not in above:
            continue
        if role == Role.SUPERVISOR:
            supervisors[posting.area.level].append(posting.staff)
        elif posting.area.level <= Level.STREET:
            doctors.append(posting.staff)
    rungs = [
        Rung(f"{Level(level).label}主管", level, supervisors[level])
        for level in sorted(supervisors, reverse=True)
    ]
    return rungs, doctors


@dataclass
class Ladder:
    """Everybody above a place: the chain of duties, then the supervisors, each level once; and the health centre."""

    rungs: list[Rung]
    health_centre: list[Staff]

    @classmethod
    def above(cls, area: Area, on: dt.date, household: int | None = None) -> Ladder:
        """As it stands on a date, with deputies in place of those on leave."""
        return cls.above_each([(area, household)], on)[0]

    @classmethod
    def above_each(cls, places: Sequence[tuple[Area, int | None]], on: dt.date) -> list[Ladder]:
        """The same for many places (areas, with a household or none), at a constant number of queries."""
        postings = _postings([area for area, _household in places], on)
        targets = [DutyTarget(area.pk, household) for area, household in places]
        chains = duties_for_many(targets, on)
        found = []
        for (area, _household), target in zip(places, targets, strict=True):
            posted, doctors = _posted(area, postings)
            found.append(cls(_of_chain(chains[target]) + posted, doctors))
        groups = [
            group for one in found for group in [one.health_centre, *(rung.staff for rung in one.rungs)]
        ]
        there = iter(present_each(groups, on))
        for one in found:
            one.health_centre = next(there)
            one.rungs = [Rung(rung.title, rung.level, next(there)) for rung in one.rungs]
        return found

    def must_know(self, severity: str, code: str) -> list[Rung]:
        """The levels that hear at once: 一般 the village, 较大 the street as well, 重大 everybody up to the top."""
        if severity == Severity.MAJOR:
            found = list(self.rungs)
        else:
            village = [one for one in self.rungs if one.level == Level.VILLAGE]
            known = able(staff for rung in village for staff in rung.staff)
            fit = [one for one in village if known & {staff.pk for staff in one.staff}]
            found = (fit or [one for one in village if one.is_reached] or village)[:1]
            if severity == Severity.SERIOUS:
                found += [one for one in self.rungs if one.level <= Level.STREET][:1] or self.rungs[-1:]
        if self.health_centre and (code in MEDICAL or severity == Severity.MAJOR):
            found.append(Rung(HEALTH_CENTRE, Level.STREET, self.health_centre))
        return found

    def next_above(self, told: Iterable[int]) -> list[Rung]:
        """The lowest level with somebody who has not been told, above all that have, and if nobody of it signs in those
        above as well; then any that was passed over. Empty when everybody knows."""
        known = set(told)
        reached = max(
            (place for place, rung in enumerate(self.rungs) if known & {one.pk for one in rung.staff}),
            default=-1,
        )
        ordered = [*self.rungs[reached + 1 :], *self.rungs[: reached + 1]]
        found: list[Rung] = []
        for rung in ordered:
            if {one.pk for one in rung.staff} - known:
                found.append(rung)
                if any(one.has_usable_password() for one in rung.staff if one.pk not in known):
                    break
        return found


def direct_superiors(reporter: Staff, on: dt.date) -> Rung:
    """Those right above the reporter."""
    return Rung(DIRECT, Level.VILLAGE, present(superiors_of([reporter], on).get(reporter.pk, []), on))
