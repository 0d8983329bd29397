"""A small office whose imports leave no file behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.factories import OfficeCast, make_office


@pytest.fixture
def office(db: None, settings: Any, tmp_path: Path) -> OfficeCast:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return make_office()
