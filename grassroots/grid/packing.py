"""A process beside the one that works, which encrypts, digests and puts rows together for COPY.

Numbers and phones of a street take a second to encrypt and to digest; on two cores that goes on while the next rows
are planned. The process (`sealing.py`) has no database and no Django; it gets the keys over its standard input and
ends when that is closed, also by the death of who started it.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grassroots.grid import crypto
from grassroots.grid.sealing import read_message, write_message

SCRIPT = Path(__file__).with_name("sealing.py")
OF_TEXTS = {"text", "sealed", "digest", "again"}  # as `sealing.Table` knows them
ONLY_CIPHER = "g1"  # which the script knows


class PackerGone(Exception):
    """The process has ended before its time; nothing of what it was asked for can be had."""


class Packer:
    """Asks the process, one table after the other, in a thread that waits for its answers."""

    def __init__(self, process: subprocess.Popen[bytes], pool: ThreadPoolExecutor) -> None:
        assert process.stdin and process.stdout
        self._in, self._out, self._pool = process.stdin, process.stdout, pool

    def pack(self, columns: Sequence[tuple[Any, ...]]) -> Future[bytes]:
        """Rows for COPY out of columns as `sealing.Table` knows them. The answer raises PackerGone."""
        try:
            asked = marshal.dumps(list(columns))
        except ValueError:  # choices are texts of a kind of their own
            plain = [
                (how, list(map(str, values)) if how in OF_TEXTS else values, *of)
                for how, values, *of in columns
            ]
            asked = marshal.dumps(plain)
        return self._pool.submit(self._ask, asked)

    def _ask(self, body: bytes) -> bytes:
        try:
            write_message(self._in, body)
            answer = read_message(self._out)
        except OSError as error:
            raise PackerGone from error
        if answer is None:
            raise PackerGone
        return answer


@contextmanager
def packer() -> Iterator[Packer | None]:
    """Such a process while something is written; None where it would gain nothing or cannot be started."""
    if len(os.sched_getaffinity(0)) < 2 or crypto.DEFAULT_CIPHER != ONLY_CIPHER:
        yield None
        return
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        yield None
        return
    assert process.stdin and process.stdout
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="packer") as pool:
            pool.submit(write_message, process.stdin, marshal.dumps(crypto.sealing_keys()))
            yield Packer(process, pool)
            pool.shutdown(cancel_futures=True)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                pipe.close()
            except OSError:  # what it did not read any more
                continue
