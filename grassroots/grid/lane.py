"""One thread beside the one that works, for statements that the database takes its time over.

While PostgreSQL takes in a COPY the next one is put together: on two cores both go on at once. The statements go over
the same connection and inside the same transaction, one after the other, in the order in which they were given. Other
statements over that connection wait until the lane is free: psycopg2 lets two threads use a connection, but not while
one of them copies.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from django.db import connections

from grassroots.grid.packing import Packer

SWITCH_SECONDS = 0.0005  # a statement that is done must not wait 5 ms to be followed by the next


class Lane:
    """Runs what it is given: at once, or beside (`is_beside`) until `wait`. `packer` puts rows together for it."""

    def __init__(self, pool: ThreadPoolExecutor | None, packer: Packer | None = None) -> None:
        self._pool, self.packer = pool, packer
        self._given: list[Future[Any]] = []

    @property
    def is_beside(self) -> bool:
        """Whether statements run in a thread of their own."""
        return self._pool is not None

    def do(self, statement: Callable[[], Any]) -> None:
        """Run a statement after those given before. Raises what it raises: here, or from `wait`."""
        if self._pool is None:
            statement()
        else:
            self._given.append(self._pool.submit(self._unless_failed, statement))

    def _unless_failed(self, statement: Callable[[], Any]) -> None:
        """After a statement that failed PostgreSQL takes no other in the transaction; the first error is the reason."""
        if not any(one.done() and one.exception() is not None for one in self._given):
            statement()

    def wait(self) -> None:
        """Until everything given has run. Raises the first error."""
        given, self._given = self._given, []
        for one in given:
            one.exception()
        for one in given:
            one.result()


@contextmanager
def lane(using: str = "default", packer: Packer | None = None) -> Iterator[Lane]:
    """A lane on PostgreSQL; on other databases statements run at once, as they do there anyway."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        yield Lane(None)
        return
    connection.inc_thread_sharing()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="lane") as pool:
            beside = Lane(pool, packer)
            owner = get_ident()

            def after_the_lane(execute: Any, *statement: Any) -> Any:
                if get_ident() == owner:
                    beside.wait()
                return execute(*statement)

            try:
                with connection.execute_wrapper(after_the_lane):
                    yield beside
            finally:
                for one in beside._given:
                    one.exception()
            beside.wait()
    finally:
        sys.setswitchinterval(interval)
        connection.dec_thread_sharing()
