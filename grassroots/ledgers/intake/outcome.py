"""What came of an import, as other programs read it (DESIGN.md, import_ledger)."""

from __future__ import annotations

from typing import Any

from grassroots.ledgers.intake.preview import WARNINGS, all_lines
from grassroots.ledgers.intake.protocol import Effect, Problem
from grassroots.ledgers.models import ImportBatch


def _said(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "column": problem.column,
        "value": problem.value,
        "message": problem.message,
    }


def outcome_of(batch: ImportBatch) -> dict[str, Any]:
    """{"kind", "rows", "created", "updated", "unchanged", "rejected": […], "warnings": […]}.

    Of a row that was turned down for several reasons the first stands for the row, the others follow it in its
    message: as many entries as rows.
    """
    rejected = []
    for line in all_lines(batch, Effect.REJECTED):
        first, *more = line.problems or [Problem(line.row, "", "", "这一行没有收下。")]
        words = "".join([first.message, *(one.message for one in more)])
        rejected.append(_said(Problem(line.row, first.column, first.value, words)))
    warnings = [_said(one) for line in all_lines(batch, WARNINGS) for one in line.problems]
    return {
        "kind": batch.kind,
        "rows": batch.rows,
        "created": batch.created,
        "updated": batch.updated,
        "unchanged": batch.unchanged,
        "rejected": rejected,
        "warnings": warnings,
    }
