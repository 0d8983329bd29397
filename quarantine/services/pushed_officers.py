"""Who checks a row of a pushed list: the nearest officer of the chain who can do it in the system."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Staff


def checker_of(chain: Chain) -> Staff | None:
    """The nearest officer (组长, 村书记 …) who can sign in; else the nearest of all; who measures comes last."""
    nearest_first = chain[::-1]
    links = [link for link in nearest_first if not link.kind.is_measuring]
    links += [link for link in nearest_first if link.kind.is_measuring]
    officers = [one for link in links for one in link.officers if one.is_active]
    return next((one for one in officers if one.has_usable_password()), officers[0] if officers else None)


def checkers_of(targets: Iterable[DutyTarget], on: dt.date) -> dict[DutyTarget, Staff | None]:
    """The officer for each target, at a constant number of queries."""
    wanted = list(dict.fromkeys(targets))
    chains = duties_for_many(wanted, on) if wanted else {}
    return {target: checker_of(chains[target]) for target in wanted}
