"""Who hears which plans are due today: whoever the plan names, else whose duty the kind is, else the nearest.

What every village does daily without a plan is told to nobody: 今日应做 shows it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many, nearest_officers
from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.notices.leaves import stand_ins
from measures.due import DueItem, planned_items


def plans_due(areas: Sequence[int], on: dt.date) -> Mapping[int, int]:
    """How many plans of these areas are due and not done on a day, by the id of whoever sees to them.

    One query where there are no plans, a constant number otherwise.
    """
    items = planned_items(Area.objects.filter(pk__in=areas), AsOf.day(on))
    undone = [item for item in items if item.is_undone]
    return _by_officer(undone, on) if undone else {}


def _by_officer(items: Sequence[DueItem], on: dt.date) -> Mapping[int, int]:
    chains = duties_for_many([DutyTarget(pk) for pk in {item.area.pk for item in items}], on)
    named = {
        item.plan.officer for item in items if item.plan and item.plan.officer and item.plan.officer.is_active
    }
    deputies = stand_ins(named, on)
    counts: Counter[int] = Counter()
    for item in items:
        officer = item.plan.officer if item.plan else None
        found = [deputies.get(officer.pk, officer)] if officer in named else _duty(item, chains)
        counts.update(one.pk for one in found if one is not None)
    return counts


def _duty(item: DueItem, chains: Mapping[DutyTarget, Chain]) -> list[Staff]:
    """Those whose duty the kind is; where nobody has it, the nearest who do not measure."""
    chain = chains[DutyTarget(item.area.pk)]
    own = next((link.officers for link in chain if link.kind.code == item.kind.due_duty), [])
    return own or nearest_officers(chain)
