"""A small office whose imports lie in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.factories import OfficeCast, make_office
from tests.reference import restore_reference_rows


@pytest.fixture
def office(db: None) -> OfficeCast:
    restore_reference_rows()
    return make_office()


@pytest.fixture(autouse=True)
def _import_root(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOT = tmp_path / "imports"
