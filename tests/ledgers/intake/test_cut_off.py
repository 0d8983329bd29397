"""An import killed outright in the middle: whole or not at all on PostgreSQL, going on after its last step on SQLite;
and doors that go on saving meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake.preview import all_lines
from grassroots.ledgers.intake.services import (
    BeingWritten,
    PlanChanged,
    batch_confirm,
    batch_undo,
    batch_write,
)
from grassroots.ledgers.models import BatchState, ImportBatch
from tests.factories import OfficeCast, make_office
from tests.ledgers.intake.conftest import AT, sheet, taken_in, written
from tests.ledgers.intake.toy import STOP_AT, STOP_FILE
from tests.ledgers.test_jobs_worker import database_url
from tests.reference import clear_access_log

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toy")]
NAMES = [f"新村{number}" for number in range(10)]
IS_WHOLE = project.DATABASES["default"]["ENGINE"].endswith("postgresql")


@pytest.fixture
def cast(reference: None) -> Iterator[OfficeCast]:
    yield make_office()
    clear_access_log()


@pytest.fixture
def batch(cast: OfficeCast) -> ImportBatch:
    """Confirmed: ten villages in five steps."""
    batch = taken_in(cast.street, cast.admin, sheet(*(f"{name},{n + 1}" for n, name in enumerate(NAMES))))
    batch_confirm(batch=batch, by=cast.admin, digest=batch.plan_digest)
    return batch


def killed_at(batch: ImportBatch, name: str, folder: Path, root: Path) -> None:
    """Write in another process until it comes to that row, save at a door, and kill it."""
    reached = folder / "reached"
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "GRASSROOTS_VAR": str(project.VAR_DIR),
        "DJANGO_SETTINGS_MODULE": "grassroots.settings", STOP_AT: name, STOP_FILE: str(reached),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.ledgers.intake.writer_process", str(batch.uid), str(root)]
    process = subprocess.Popen(command, env=environment, cwd=project.BASE_DIR)
    try:
        until = time.monotonic() + 90
        while not reached.exists():
            assert process.poll() is None, "the writer ended by itself"
            assert time.monotonic() < until, "the writer never came there"
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)


def there() -> list[str]:
    return sorted(Area.objects.filter(name__in=NAMES).values_list("name", flat=True))


def test_killed_in_the_middle_it_is_not_there_or_goes_on_and_never_doubles(
    batch: ImportBatch, cast: OfficeCast, tmp_path: Path, import_root: Path
):
    killed_at(batch, NAMES[5], tmp_path, import_root)
    batch.refresh_from_db()
    assert batch.state == BatchState.APPLYING
    assert (there(), batch.applied_rows) == (([], 0) if IS_WHOLE else (NAMES[:4], 4))
    batch_write(batch, staff=cast.admin, at=AT)
    assert (batch.state, batch.applied_rows, there()) == (BatchState.APPLIED, 10, NAMES)
    assert (batch.created, batch.unchanged, batch.rows) == (10, 0, 10)
    assert sorted(line.index for line in all_lines(batch)) == list(range(10))
    batch_undo(batch=batch, by=cast.admin, at=AT)
    assert there() == []


@pytest.mark.skipif(IS_WHOLE, reason="what is written whole is never halfway")
def test_halfway_it_can_be_taken_back_instead(
    batch: ImportBatch, cast: OfficeCast, tmp_path: Path, import_root: Path
):
    killed_at(batch, NAMES[5], tmp_path, import_root)
    batch.refresh_from_db()
    batch_undo(batch=batch, by=cast.admin, at=AT)
    assert (batch.state, there()) == (BatchState.UNDONE, [])


@pytest.mark.skipif(IS_WHOLE, reason="the steps of a whole import are one transaction")
def test_between_the_steps_others_save(batch: ImportBatch, cast: OfficeCast):
    saved: list[int] = []

    def save(done: int) -> None:
        Staff.objects.filter(pk=cast.jia.pk).update(post=str(done))
        saved.append(done)
        connection.close()

    def save_at_a_door(done: int, total: int | None) -> None:
        somebody = threading.Thread(target=save, args=[done])  # with a connection of his own
        somebody.start()
        somebody.join(timeout=10)

    batch_write(batch, staff=cast.admin, at=AT, progress=save_at_a_door)
    assert saved == [2, 4, 6, 8, 10]


def test_a_run_that_comes_second_writes_nothing(batch: ImportBatch, cast: OfficeCast):
    other = ImportBatch.objects.get(pk=batch.pk)

    def overtake(done: int, total: int | None) -> None:
        if done == 2 and not IS_WHOLE:
            with pytest.raises(BeingWritten):
                _run_from(other, cast, 0)

    batch_write(batch, staff=cast.admin, at=AT, progress=overtake)
    with pytest.raises(BeingWritten):
        batch_write(other, staff=cast.admin, at=AT)
    assert there() == NAMES


def _run_from(batch: ImportBatch, cast: OfficeCast, mark: int) -> None:
    """A run that still believes that the batch stands at that mark."""
    from grassroots.ledgers.intake.applying import Run

    batch.applied_rows = mark
    run = Run(batch, cast.admin, AT, lambda done, total: None)
    run.plan()
    run.write()


def test_what_others_made_meanwhile_is_shown_before_anything_is_written(
    batch: ImportBatch, cast: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    """Between the plan and the write somebody registers one of the villages: the apply finds it there."""
    from grassroots.ledgers.intake.applying import Run

    plan = Run.plan

    def plan_then_somebody(run: Any) -> None:
        plan(run)
        if not Area.objects.filter(name=NAMES[1]).exists():
            Area.objects.add_child(
                Area.objects.get(pk=cast.street.pk), create_kwargs={"level": 3, "name": NAMES[1]}
            )

    monkeypatch.setattr(Run, "plan", plan_then_somebody)
    with pytest.raises(PlanChanged):
        batch_write(batch, staff=cast.admin, at=AT)
    assert (batch.state, batch.applied_rows, there()) == (BatchState.PLANNED, 0, [NAMES[1]])
    assert (batch.created, batch.updated) == (9, 1)
    monkeypatch.undo()
    written(batch)
    assert there() == NAMES
    assert connection.vendor
