"""Who hears of an alert: at once, and level by level when nobody sees to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from grassroots.grid.duties import Chain, DutyTarget
from grassroots.grid.models import Area, Level, Posting, Role, Staff
from quarantine.models import Observation
from quarantine.rules.escalation import STREET_LEVEL
from quarantine.rules.policy import Notify

POLICE_DUTY = "police"


@dataclass
class LevelUp:
    """A level of the chain with somebody to tell, and whom one passes over on the way to it."""

    level: int
    title: str
    staff: list[Staff]
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Street:
    """Those posted above a place: supervisors of the street, and health workers of the health centre."""

    supervisors: Sequence[Staff]
    health_centre: Sequence[Staff]

    @classmethod
    def above(cls, area: Area, on: dt.date) -> Street:
        """Whoever is posted there on a date (two queries)."""
        open_then = Posting.objects.open(on).filter(area__path__in=area.ancestor_paths())
        centre = open_then.filter(area__level__lte=Level.STREET)
        return cls(
            _active(open_then.filter(staff__groups__name=Role.SUPERVISOR)),
            _active(centre.filter(staff__groups__name=Role.HEALTH_WORKER)),
        )


def _active(postings: QuerySet[Posting]) -> list[Staff]:
    found = {row.staff_id: row.staff for row in postings.select_related("staff").order_by("pk")}
    return [staff for staff in found.values() if staff.is_active]


def target_of(observation: Observation) -> DutyTarget:
    """What the chain of an observation hangs on."""
    return DutyTarget(observation.area_id, observation.household_id, observation.person_id)


def levels_above(chain: Chain, street: Street) -> list[LevelUp]:
    """The levels from the nearest officer up to the street, each with somebody active; the disabled are passed over."""
    found: list[LevelUp] = []
    skipped: list[str] = []
    upward = sorted(
        (link for link in chain if not link.kind.is_measuring), key=lambda link: link.kind.order, reverse=True
    )
    for link in upward:
        title = link.kind.officer_title or link.kind.name
        skipped += [f"{title}{staff.name}（停用）" for staff in link.officers if not staff.is_active]
        if link.is_gap:
            skipped.append(f"{title}（空岗）")
        active = [staff for staff in link.officers if staff.is_active]
        if active:
            found.append(LevelUp(link.kind.order, title, active, skipped))
            skipped = []
    if street.supervisors:
        found.append(LevelUp(STREET_LEVEL, "街道主管", list(street.supervisors), skipped))
    return found


def named(notify: Iterable[Notify], chain: Chain, street: Street) -> list[Staff]:
    """The active officers whom steps of a policy name, each once."""
    found: dict[int, Staff] = {}
    for one in notify:
        found |= {staff.pk: staff for staff in _named(one, chain, street) if staff.is_active}
    return list(found.values())


def _named(notify: Notify, chain: Chain, street: Street) -> list[Staff]:
    measuring = [link for link in chain if link.kind.is_measuring]
    if notify == Notify.STREET:
        return list(street.supervisors)
    if notify == Notify.DEPUTY:
        return [duty.deputy for link in measuring for duty in link.duties if duty.deputy is not None]
    if notify in {Notify.SELF, Notify.HEALTH}:
        centre = street.health_centre if notify == Notify.HEALTH else ()
        return [*(officer for link in measuring for officer in link.officers), *centre]
    others = sorted((link for link in chain if not link.kind.is_measuring), key=lambda link: link.kind.order)
    if notify == Notify.POLICE:
        return [officer for link in others if link.kind.code == POLICE_DUTY for officer in link.officers]
    if notify == Notify.LEADER:
        return [officer for link in others if link.kind.order == 1 for officer in link.officers]
    nearest = next((link for link in reversed(others) if link.duties), None)
    return nearest.officers if nearest else []
