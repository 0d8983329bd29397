"""The world of the permission table, built once for each file of tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.permissions.world import World, make_world
from tests.standing import standing


@pytest.fixture(scope="module")
def the_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[], World]]:
    with standing(make_world, django_db_blocker) as world:
        yield world


@pytest.fixture
def world(the_world: Callable[[], World], db: None) -> World:
    return the_world()
