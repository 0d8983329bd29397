"""Ledgers as a user gets them: written to a file and opened again."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import ledger_registry
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.jobs import registry, services
from tests.factories import OfficeCast, make_office
from tests.ledgers import job_kinds
from tests.quarantine.cases import switch_on
from tests.reference import restore_reference_rows

ON = dt.date(2020, 1, 25)


@pytest.fixture
def office() -> OfficeCast:
    restore_reference_rows()  # a test before may have emptied the tables
    cast = make_office()
    switch_on(cast.admin)
    return cast


def export(key: str, area: Area, staff: Staff, **options: Any) -> Workbook:
    """The ledger as openpyxl reads it back."""
    file = io.BytesIO()
    export_run(key=key, area=area, staff=staff, on=options.pop("on", dt.date.today()), target=file, **options)
    return load_workbook(file)


def grid(book: Workbook) -> list[list[Any]]:
    """The first sheet's cells."""
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def captions(book: Workbook) -> list[str]:
    """The captions of the columns: the lowest filled header cell of each."""
    rows = grid(book)
    first = next(index for index, row in enumerate(rows) if row[0] == "序号")
    sheet = book.worksheets[0]
    last = int(str(sheet.print_title_rows).replace("$", "").split(":")[1])
    found = []
    for column in range(len(rows[first])):
        cells = [rows[index][column] for index in range(first, last) if rows[index][column]]
        found.append(cells[-1] if cells else "")
    return found


def body(book: Workbook) -> list[dict[str, Any]]:
    """The numbered rows by caption; of captions that come twice the first counts."""
    names = captions(book)
    rows = [row for row in grid(book) if isinstance(row[0], int)]
    return [dict(reversed(list(zip(names, row, strict=True)))) for row in rows]


@pytest.fixture
def job_ground(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' kinds of jobs and ledger, and a folder for files of their own."""
    settings.EXPORT_ROOT = tmp_path / "exports"
    for kind in job_kinds.KINDS:
        monkeypatch.setitem(registry._kinds, kind.key, kind)
    monkeypatch.setitem(ledger_registry._definitions, job_kinds.SLOW, job_kinds.LEDGER)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """The jobs that messages were sent for; none reaches a broker."""
    told: list[uuid.UUID] = []
    monkeypatch.setattr(services, "job_nudge", lambda uid: told.append(uid) or True)
    return told


@pytest.fixture
def reference(transactional_db: None) -> None:
    """What migrations put in, which other tests with transactions of their own have emptied."""
    restore_reference_rows()
