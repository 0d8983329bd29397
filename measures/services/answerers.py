"""Who answers for an area in the system, and who stands in for whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Role, Staff
from grassroots.notices.leaves import stand_ins


def able(staff: Iterable[Staff]) -> set[int]:
    """Of these, by id, who signs in as 包保人员 or 街道主管: an order is no matter of the police (one query)."""
    signing_in = [one.pk for one in staff if one.is_active and one.has_usable_password()]
    roles = (Role.OFFICER, Role.SUPERVISOR)
    return set(Staff.objects.filter(pk__in=signing_in, groups__name__in=roles).values_list("pk", flat=True))


def answerers(chain: Chain, known: Collection[int]) -> list[Staff]:
    """The officers of the nearest link in which somebody is able (`known`), else signs in, else is at all.

    Who measures comes last; deputies stand in by themselves; who has left is passed over.
    """
    links = [link for link in reversed(chain) if not link.kind.is_measuring]
    links += [link for link in reversed(chain) if link.kind.is_measuring]
    found = [[one for one in link.officers if one.is_active] for link in links]
    fit = [[one for one in officers if one.pk in known] for officers in found]
    signing_in = [[one for one in officers if one.has_usable_password()] for officers in found]
    return next((officers for officers in [*fit, *signing_in, *found] if officers), [])


def answerers_of(areas: Iterable[int], on: dt.date) -> dict[int, list[Staff]]:
    """The same for many areas by id, at a constant number of queries; none where nobody holds a duty."""
    wanted = sorted(set(areas))
    chains = duties_for_many([DutyTarget(area) for area in wanted], on) if wanted else {}
    officers = {one.pk: one for chain in chains.values() for link in chain for one in link.officers}
    known = able(officers.values()) if officers else set()
    return {target.area_id: answerers(chain, known) for target, chain in chains.items()}


def present(staff: Iterable[Staff], on: dt.date) -> list[Staff]:
    """These, each once, with whoever stands in for those on leave; who has left is left out (one query)."""
    return present_each([staff], on)[0]


def present_each(groups: Iterable[Iterable[Staff]], on: dt.date) -> list[list[Staff]]:
    """The same for each of several groups (one query for all)."""
    known = [{one.pk: one for one in staff} for staff in groups]
    everybody = {pk: one for group in known for pk, one in group.items()}
    deputies = stand_ins(everybody.values(), on) if everybody else {}
    there = [[deputies.get(pk, one) for pk, one in group.items()] for group in known]
    return [list({one.pk: one for one in group if one.is_active}.values()) for group in there]
