"""A world that stands for all tests of a module: built once, and each test's changes are taken back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import time_machine
from django.db import transaction
from django.utils import timezone

World = TypeVar("World")


@contextmanager
def standing(build: Callable[[], World], blocker: Any) -> Iterator[Callable[[], World]]:
    """Build the world in a transaction around the module's tests; calling what comes gives a copy of its objects.

    It is ten in the morning of this day when it is built, and time goes on from there: what is due today is so for
    all tests of the module, however late they run.
    """
    ten = timezone.localtime().replace(hour=10, minute=0, second=0, microsecond=0)
    with blocker.unblock(), time_machine.travel(ten, tick=True), transaction.atomic():
        built = build()
        yield lambda: copy.deepcopy(built)
        transaction.set_rollback(True)
