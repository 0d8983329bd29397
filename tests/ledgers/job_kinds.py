"""Kinds of jobs and a ledger that only tests know. A worker process imports this module too (`--include`)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grassroots.grid.models import Area
from grassroots.ledgers.engine import Column, Layout, LedgerContext, LedgerDefinition, ledger_registry
from grassroots.ledgers.jobs import JobContext, JobFailed, JobKind, register_job_kind

SLOW, SLOW_ROWS, SLOW_STOP = "test-slow", 40_000, 2_500
GATE = "TEST_GATE"  # names a file: until it exists, the slow ledger is slow


def run_steps(context: JobContext) -> dict[str, Any]:
    """Params: steps, fail (words), crash; writes a file with a line a step when `file` names it."""
    steps = context.params.get("steps", 3)
    for done in range(1, steps + 1):
        context.progress(done, steps)
    if words := context.params.get("fail"):
        raise JobFailed(words)
    if context.params.get("crash"):
        raise RuntimeError("secret 13912345678")
    if name := context.params.get("file"):
        with context.result_file(name) as out:
            for done in range(steps):
                out.write(f"{done}\n".encode())
    return {"rows": steps}


def slow_rows(_context: LedgerContext) -> Iterator[tuple[object, ...]]:
    """Rows at once up to SLOW_STOP; then slowly, so that there is time to cancel and to be killed, until the gate is
    open."""
    gate = Path(os.environ[GATE])
    for number in range(SLOW_ROWS):
        if number > SLOW_STOP and not gate.exists():
            time.sleep(0.002)
        yield number, f"第{number}行", "510121195001010011"


LAYOUT = Layout(
    title="{area}慢台账",
    columns=(Column("number", "序"), Column("name", "内容"), Column("id", "证件", mask="id")),
)


LEDGER = LedgerDefinition(
    SLOW,
    "慢台账",
    LAYOUT,
    rows=slow_rows,
    count=lambda context: SLOW_ROWS,
    entries=lambda context: Area.objects.all(),
    rows_per_entry=SLOW_ROWS,
    order=999,
)
KINDS = (
    JobKind("test-steps", "测试任务", run_steps, makes_file=True),
    JobKind(
        "test-rights",
        "测试任务",
        run_steps,
        permissions=lambda job: ("ledgers.export_ledger",),
        may_retry=lambda job: False,
    ),
)


def register() -> None:
    """Enter the tests' kinds and ledger, in a worker process of their own."""
    for kind in KINDS:
        register_job_kind(kind)
    ledger_registry.register(LEDGER)
