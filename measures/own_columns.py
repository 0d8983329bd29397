"""Columns of the 统计表 that an administrator has given to a kind: figures out of rows, not out of code.

`indicators()` is asked many times for one page, so the figures stand in memory. A process reads them anew after
OWN_COLUMN_SECONDS, and at once where the change was made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.conf import settings

from grassroots.ledgers.asof import Indicator
from measures.figures import Measured
from measures.indicators import closed_figure
from measures.models import OWN, Family, Kind

FIRST = 300  # where they stand: behind all that ship


class _Known:
    """What this process knows: figures by key, and when it looked."""

    figures: dict[str, Indicator] = {}
    looked_at: float | None = None


def _figures_of(kind: Kind) -> Iterator[Indicator]:
    """The figures of a kind: its closed venues, or what was recorded today and in all (of a stock: how it stands)."""
    key, order, in_table = kind.column, FIRST + kind.pk, kind.closed_at is None
    if kind.family == Family.VENUE:
        yield closed_figure(key, f"关停{kind.name}", order, key, in_table=in_table)
        return
    times = not kind.unit
    shared = {"column": key, "times": times, "group": kind.name, "order": order, "in_table": in_table}
    if kind.is_stock:
        yield Measured(key, f"现有{kind.unit}数", **{**shared, "times": False}).indicator()  # type: ignore[arg-type]
        return
    yield Measured(f"{key}_today", "今日", today=True, **shared).indicator()  # type: ignore[arg-type]
    yield Measured(f"{key}_total", "累计", **shared).indicator()  # type: ignore[arg-type]


def reload_columns() -> None:
    """Read the kinds with a column of their own (one query). A key once known stays, out of the table at most."""
    found = {
        figure.key: figure
        for kind in Kind.objects.filter(column__startswith=OWN).order_by("pk")
        for figure in _figures_of(kind)
    }
    gone = {
        key: replace(figure, in_table=False) for key, figure in _Known.figures.items() if key not in found
    }
    _Known.figures = {**gone, **found}
    _Known.looked_at = time.monotonic()


def forget_columns() -> None:
    """As if this process had just begun and there were none; for tests, whose rows are taken back."""
    _Known.figures, _Known.looked_at = {}, None


def figures() -> Mapping[str, Indicator]:
    """The office's own figures by key."""
    patience: float | None = settings.OWN_COLUMN_SECONDS
    if patience is not None and (_Known.looked_at is None or time.monotonic() - _Known.looked_at > patience):
        reload_columns()
    return _Known.figures
