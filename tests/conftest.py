"""What every test stands on: which tests can run on the databases and brokers at hand."""

import os

import hypothesis
import pytest
from django.conf import settings

# On a busy machine an example may take long without anything being wrong.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason in the report, what needs a server that this run does not have."""
    on_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    lacking = {
        "postgres": None if on_postgres else "needs PostgreSQL: set DATABASE_URL",
        "redis": None if os.environ.get("REDIS_URL") else "needs Redis: set REDIS_URL",
    }
    for item in items:
        for marker, reason in lacking.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
