"""Files of imports go after a month, what nobody confirms after a fortnight; what was written stays undoable."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from grassroots.ledgers.intake.expiry import imports_expire
from grassroots.ledgers.intake.services import batch_undo
from grassroots.ledgers.models import BatchState
from tests.factories import OfficeCast
from tests.ledgers.intake.conftest import AT, sheet, taken_in, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toy")]


def files(root: Path) -> int:
    return sum(path.is_file() for path in root.rglob("*"))


def test_what_nobody_confirms_is_given_up_with_its_file(office: OfficeCast, import_root: Path):
    batch = taken_in(office.street, office.admin, sheet())
    assert imports_expire(AT + dt.timedelta(days=13)) == {"given_up": 0, "files": 0}
    assert imports_expire(AT + dt.timedelta(days=15)) == {"given_up": 1, "files": 1}
    batch.refresh_from_db()
    assert (batch.state, batch.pages.count(), files(import_root)) == (BatchState.DISCARDED, 0, 0)


def test_the_file_of_what_was_written_goes_later_and_it_can_still_be_undone(
    office: OfficeCast, import_root: Path
):
    batch = written(taken_in(office.street, office.admin, sheet()))
    assert imports_expire(AT + dt.timedelta(days=15))["files"] == 0
    assert imports_expire(AT + dt.timedelta(days=31))["files"] == 1
    assert files(import_root) == 0
    batch.refresh_from_db()
    batch_undo(batch=batch, by=office.admin, at=AT)
    assert batch.state == BatchState.UNDONE
