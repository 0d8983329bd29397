"""What tests of layouts build from."""

from __future__ import annotations

from typing import Any

from grassroots.grid.models import Area
from grassroots.ledgers.engine import Layout, ledger_registry
from grassroots.ledgers.engine.tailored import bare_layout
from grassroots.ledgers.models import LedgerLayout
from grassroots.ledgers.services.layouts import LayoutDraft, layout_create, standard_layout
from tests.factories import OfficeCast


def standard(office: OfficeCast, key: str = "returnees") -> Layout:
    return bare_layout(standard_layout(ledger_registry.get(key), office.street, office.ding))


def draft(layout: Layout, name: str = "报区里", **fields: Any) -> LayoutDraft:
    return LayoutDraft(name, layout, **fields)


def make(office: OfficeCast, key: str = "returnees", area: Area | None = None, **fields: Any) -> LedgerLayout:
    layout = fields.pop("layout", standard(office, key))
    return layout_create(
        ledger=key, area=area or office.street, draft=draft(layout, **fields), by=office.ding
    )
