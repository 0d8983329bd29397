"""Who lacks a paper in an area, and whom a sheet of a round lists: in walking order, bounded (reads only)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from quarantine.models import Observation, ObservationState, Outcome, Paper, PaperKind
from quarantine.round import slot_tabs, terms_in_use

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

RELEASED_WITHIN = 60  # days: of whoever was released before, nobody waits for the notice any more


def lacking(staff: Staff, area: Area, kind: str, today: dt.date) -> QuerySet[Observation]:
    """Observations of the scope in an area that have no valid paper of the kind and could have one, as walked."""
    rows = Observation.objects.visible_to(staff).within(area)
    if kind == PaperKind.RELEASE:
        since = today - dt.timedelta(days=RELEASED_WITHIN)
        rows = rows.filter(outcome=Outcome.RELEASED, closed_at__date__gte=since)
    else:
        rows = rows.filter(state=ObservationState.OPEN)
    has = Paper.objects.valid().filter(observation=OuterRef("pk"), kind=kind)
    return _walked(rows.filter(~Exists(has)))


def on_round(staff: Staff, area: Area, on: dt.date) -> QuerySet[Observation]:
    """Who is under observation in an area on a date, as far as is known now, as walked."""
    rows = Observation.objects.visible_to(staff).within(area).filter(state=ObservationState.OPEN)
    return _walked(rows.filter(last_on__gte=on))


def _walked(rows: QuerySet[Observation]) -> QuerySet[Observation]:
    related = rows.select_related("person", "household", "area", "policy", "returnee")
    return related.order_by("area__path", "walk_key", "pk")


def slots_on(on: dt.date) -> list[tuple[str, str]]:
    """Code and label of each slot of the policies in use on a date (one query)."""
    return [(tab.slot, tab.label) for tab in slot_tabs((on,), terms_in_use())]


def chosen_slots(slots: Sequence[tuple[str, str]], kind: str, slot: str) -> list[tuple[str, str]]:
    """The slots that a sheet has boxes for: the chosen one, or all of the day."""
    return [one for one in slots if one[0] == slot] if kind == PaperKind.ROUND else list(slots)
