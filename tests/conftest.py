"""What every test stands on: which tests can run on the databases and brokers at hand."""

import gc
import os
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from tests.due_watch import watch_steps
from tests.template import copy_template

# On a busy machine an example may take long without anything being wrong. The gate draws the same examples each time,
# so that it says of a change what the change did; HYPOTHESIS_PROFILE=explore draws new ones.
hypothesis.settings.register_profile("gate", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


DATABASE = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    watch_steps()


def pytest_collection_finish() -> None:
    """What stands now stays: the collector need not walk over it again, and not after every 700 new objects either.

    Pages and queries make many objects that die by themselves; looking for cycles took an eighth of the suite.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="only tests that touch the database: the others come out the same on every one",
    )


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None, django_db_blocker: Any
) -> bool:
    """Whether the database stands already: a copy of the template, if there is one, or that of an earlier run."""
    if template := os.environ.get("TEST_TEMPLATE"):
        with django_db_blocker.unblock():
            copy_template(template)
    return bool(template) or request.config.getvalue("reuse_db")


def _touches_database(item: pytest.Item) -> bool:
    asked = DATABASE & set(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason in the report, what needs a server that this run does not have."""
    if config.getoption("--only-database"):
        left_out = [item for item in items if not _touches_database(item)]
        items[:] = [item for item in items if _touches_database(item)]
        config.hook.pytest_deselected(items=left_out)
    on_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    lacking = {
        "postgres": None if on_postgres else "needs PostgreSQL: set DATABASE_URL",
        "redis": None if os.environ.get("REDIS_URL") else "needs Redis: set REDIS_URL",
    }
    for item in items:
        for marker, reason in lacking.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
