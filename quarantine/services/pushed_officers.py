"""Who checks a row of a pushed list: the nearest officer of the chain who can do it in the system."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Staff


def checker_of(chain: Chain, able: Collection[int]) -> Staff | None:
    """The nearest officer (组长, 村书记 …) who signs in and may open files (`able`); else the nearest who signs in,
    else the nearest of all. Who measures comes last: he is on his round."""
    links = [link for link in reversed(chain) if not link.kind.is_measuring]
    links += [link for link in reversed(chain) if link.kind.is_measuring]
    officers = [one for link in links for one in link.officers if one.is_active]
    signing_in = [one for one in officers if one.has_usable_password()]
    filing = [one for one in signing_in if one.pk in able]
    return next(iter([*filing, *signing_in, *officers]), None)


def checkers_of(targets: Iterable[DutyTarget], on: dt.date) -> dict[DutyTarget, Staff | None]:
    """The officer for each target, at a constant number of queries."""
    wanted = list(dict.fromkeys(targets))
    chains = duties_for_many(wanted, on) if wanted else {}
    officers = {one.pk for chain in chains.values() for link in chain for one in link.officers}
    able = _may_file(officers) if officers else set()
    return {target: checker_of(chains[target], able) for target in wanted}


def _may_file(officers: Collection[int]) -> set[int]:
    """Of these, who may open the file of a returnee by one of his roles (one query)."""
    rows = Staff.objects.filter(
        pk__in=officers,
        groups__permissions__codename="add_returnee",
        groups__permissions__content_type__app_label="quarantine",
    )
    return set(rows.values_list("pk", flat=True))
