"""The faults take most of a minute in processes of their own: they begin first, while there is other work beside."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before pytest-django's sort, which keeps the order of tests that are alike to it."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here not in item.path.parents)
