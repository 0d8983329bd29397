"""The rows of the base ledger as they are shown, for the peers: masked, times as days, gaps as None."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import LedgerContext, ledger_registry
from grassroots.ledgers.engine.formats import local_naive
from grassroots.ledgers.engine.text import MASKS

ON = dt.date(2020, 1, 29)
CODE, USER = "510121006000", "supervisor"


def context() -> LedgerContext:
    """What is asked for: the whole street on the demo's day."""
    return LedgerContext(
        Area.objects.get(code=CODE), Staff.objects.get(username=USER), ON, timezone.now(), unmasked=False
    )


class ShownRows:
    """Rows in lists of about a thousand, and how long it took to make them, which is not the peers' work."""

    def __init__(self) -> None:
        self.definition = ledger_registry.get("base")
        self.columns = self.definition.layout.columns
        self.seconds, self.count = 0.0, 0

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        began = time.perf_counter()
        assert self.definition.blocks
        for block in self.definition.blocks(context()):
            shown = [
                self._shown(values, column)
                for values, column in zip(block.columns, self.columns, strict=True)
            ]
            shown[0] = list(range(self.count + 1, self.count + len(block) + 1))
            rows = list(zip(*shown, strict=True))
            self.count += len(rows)
            self.seconds += time.perf_counter() - began
            yield rows
            began = time.perf_counter()
        self.seconds += time.perf_counter() - began

    @staticmethod
    def _shown(values: Sequence[Any], column: Any) -> list[Any]:
        if column.mask:
            return [MASKS[column.mask](value) if value else None for value in values]
        if column.key == "visited_at":
            return [local_naive(at).date() if at else None for at in values]
        return [None if value == "" else value for value in values]
