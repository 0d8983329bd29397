"""Python's search for garbage, kept from looking through a long import's rows again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY_ROWS = 5000


@contextmanager
def patient(rows: int) -> Iterator[None]:
    """Of many rows all live until the import is done: looking for garbage among them takes a third of the time and
    finds none. It is looked for again afterwards, whatever happens."""
    if rows < MANY_ROWS or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # Else the next object that is made has all of them looked through once: they go where old ones are kept.
        gc.freeze()
        gc.unfreeze()
        gc.enable()
