"""Sheets about returnees and observations, brought in as the pipeline does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake.preview import Line, all_lines
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_write
from grassroots.ledgers.models import ImportBatch
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import switch_on

AT = aware("2020-01-29 10:00")
HEAD = (
    "村(社区)",
    "现住址",
    "姓名",
    "身份证号",
    "手机号",
    "从何地返回",
    "离开日期",
    "返回日期",
    "体温",
    "备注",
)
WANG = {
    "村(社区)": "城厢社区", "现住址": "城厢社区1组12号", "姓名": "王𬱖", "身份证号": "510121201111038246",
    "手机号": "13812345678", "从何地返回": "武汉市江夏区", "离开日期": "2020-01-20", "返回日期": "2020-01-21",
    "体温": "36.5",
}  # fmt: skip


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture(autouse=True)
def _import_root(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOT = tmp_path / "imports"


def csv_of(*rows: Mapping[str, str], head: Sequence[str] = HEAD) -> bytes:
    """A csv file with these rows."""
    lines = [",".join(head), *(",".join(row.get(name, "") for name in head) for row in rows)]
    return "\n".join(lines).encode()


def taken_in(
    data: bytes, area: Area, staff: Staff, *, name: str = "表.csv", at: dt.datetime = AT, **more: Any
) -> ImportBatch:
    """A batch with its preview."""
    batch = batch_start(area=area, staff=staff, name=name, chunks=[data], at=at, **more)
    return batch_plan(batch=batch, by=staff, at=at)


def written(batch: ImportBatch, at: dt.datetime = AT) -> ImportBatch:
    """Confirmed and written."""
    batch_confirm(batch=batch, by=batch.staff, digest=batch.plan_digest)
    batch_write(batch, staff=batch.staff, at=at)
    return batch


def lines(batch: ImportBatch) -> list[Line]:
    """What the preview says, in the order of the rows."""
    return sorted(all_lines(batch), key=lambda line: line.index)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected."""
    return batch.created, batch.updated, batch.unchanged, batch.rejected
