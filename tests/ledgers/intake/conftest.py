"""A small office, and the toy kind for as long as a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake import protocol
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_write
from grassroots.ledgers.models import ImportBatch
from tests.factories import OfficeCast, aware, make_office
from tests.ledgers.intake.toy import TOY

AT = aware("2020-01-29 10:00")


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


@pytest.fixture
def toy() -> Iterator[Any]:
    protocol.register_import(TOY)
    yield TOY
    del protocol._kinds[TOY.key]


@pytest.fixture(autouse=True)
def import_root(settings: Any, tmp_path: Path) -> Path:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return tmp_path / "imports"


def sheet(*lines: str) -> bytes:
    """A csv file of the toy kind; no line: two villages that are new."""
    return "\n".join(["地名,应排查户数", *(lines or ("红旗社区,10", "莲花村,20"))]).encode()


def taken_in(area: Area, staff: Staff, data: bytes, name: str = "表.csv", **options: Any) -> ImportBatch:
    """A batch with its preview."""
    batch = batch_start(area=area, staff=staff, name=name, chunks=[data], at=AT, **options)
    return batch_plan(batch=batch, by=staff, at=AT)


def written(batch: ImportBatch, staff: Staff | None = None) -> ImportBatch:
    """The batch after its preview was confirmed."""
    staff = staff or batch.staff
    batch_confirm(batch=batch, by=staff, digest=batch.plan_digest)
    batch_write(batch, staff=staff, at=AT)
    return batch
