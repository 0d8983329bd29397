"""Which layout an export takes: the ledger's own, the default of the area, or one that was chosen."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import Chosen, LedgerContext, LedgerDefinition
from grassroots.ledgers.engine.tailored import Tailored, tailor
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion

STANDARD = "standard"


class LayoutRefused(Exception):
    """There is no such layout for this person; the message is for him."""


def default_among(layouts: Iterable[LedgerLayout], area: Area | None) -> LedgerLayout | None:
    """The default of the area, or of the nearest area above that has one; None: the ledger's own layout."""
    if area is None:
        return None
    above = [row for row in layouts if row.is_default and area.path.startswith(row.area.path)]
    return max(above, key=lambda row: row.area.depth, default=None)


def offered_layouts(staff: Staff) -> dict[str, list[LedgerLayout]]:
    """Layouts that the person may take, by ledger, as the tree goes (one query)."""
    found: dict[str, list[LedgerLayout]] = {}
    rows = LedgerLayout.objects.open().usable_by(staff).select_related("area")
    for row in rows.order_by("area__path", "name"):
        found.setdefault(row.ledger, []).append(row)
    return found


def current_versions(layouts: Iterable[LedgerLayout]) -> dict[int, LedgerLayoutVersion]:
    """The current version of each layout by its key (one query)."""
    rows = LedgerLayoutVersion.objects.filter(
        layout__in=[layout.pk for layout in layouts], number=F("layout__version")
    )
    return {row.layout_id: row for row in rows.select_related("by")}


def layout_version(wanted: str, *, ledger: str, staff: Staff) -> LedgerLayoutVersion | None:
    """The current version of the layout with that uid; None for STANDARD. Raises LayoutRefused in words."""
    if wanted == STANDARD:
        return None
    try:
        uid = uuid.UUID(wanted)
    except ValueError:
        raise LayoutRefused("没有这个版式。") from None
    row = LedgerLayout.objects.open().usable_by(staff).filter(uid=uid, ledger=ledger).first()
    if row is None:
        raise LayoutRefused("没有这个版式，可能已停用，或不属于您的辖区。")
    return row.versions.select_related("layout__area").get(number=row.version)


def layout_named(name: str, *, ledger: str, area: Area, staff: Staff) -> LedgerLayout:
    """The layout of that name: of the area itself, of the nearest area above, or of another one of the person's.

    Raises LayoutRefused, naming those that there are.
    """
    rows = LedgerLayout.objects.open().usable_by(staff).filter(ledger=ledger)
    row = rows.filter(name=name).holding_at(area).first() or rows.filter(name=name).order_by("pk").first()
    if row is None:
        known = "、".join(rows.order_by("area__path", "name").values_list("name", flat=True)[:30])
        raise LayoutRefused(f"没有版式“{name}”，可用的有：{known or '(只有标准版式)'}。")
    return row


def fitted(version: LedgerLayoutVersion, definition: LedgerDefinition, context: LedgerContext) -> Tailored:
    """A saved layout over the ledger as it is registered, for an export or a preview."""
    return tailor(version.drawn(), definition.offered_layout_of(context))


def filters_with(
    version: LedgerLayoutVersion | None, definition: LedgerDefinition, given: Mapping[str, Any]
) -> Chosen:
    """The filters of an export: what was chosen, else what the layout lists; of the latter, what the ledger still has.

    Raises FilterError for what was chosen.
    """
    own = saved_filters(version.filters, definition) if version else {}
    labels = {item.label: item.key for item in definition.filters}
    chosen = {labels.get(name, name): values for name, values in given.items()}
    return definition.read_filters({**own, **chosen})


def saved_filters(saved: Mapping[str, Any], definition: LedgerDefinition) -> Chosen:
    """Filters of a layout that the ledger still has, with the values that it still has."""
    known = {
        item.key: {value for value, _label in item.options()}
        for item in definition.filters
        if item.is_offered
    }
    kept = {
        key: [value for value in values if value in known[key]]
        for key, values in saved.items()
        if key in known
    }
    return definition.read_filters(kept)


def context_for(
    area: Area, staff: Staff, *, on: dt.date | None = None, filters: Chosen | None = None
) -> LedgerContext:
    """What a preview is drawn for: today, or another day, as known now."""
    return LedgerContext(
        area=area, staff=staff, on=on or timezone.localdate(), as_of=timezone.now(), filters=filters or {}
    )
