"""Rows on their way into the archive: compressed in a thread of their own, beside what makes them.

Deflate lets go of Python's lock, so on two cores it costs the export no time. Where the wheel of `isal` is
installed (x86-64, ARM) its deflate takes a quarter of the time of zlib's for a file of the same size;
elsewhere zlib does it.
"""

from __future__ import annotations

import queue
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

try:
    from isal import isal_zlib
except ImportError:  # no wheel for this processor
    isal_zlib = None  # type: ignore[assignment]

#: Deflate level of the rows, of zlib as of isal. Measured on 4.9 million cells with zlib: level 6 takes half as
#: long again in all as level 1 and makes the file a fifth smaller.
ROW_LEVEL = 1
#: Bytes from which a write is worth a thread.
_WORTH_IT = 256 * 1024
_WAITING = 2  # writes that may wait for the thread


@contextmanager
def row_entry(archive: zipfile.ZipFile, name: str, *, is_huge: bool) -> Iterator[BackgroundWriter]:
    """An entry of the archive to write rows into; it is whole when the context ends. `is_huge` allows over
    2 GiB (ZIP64)."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info._compresslevel = ROW_LEVEL  # type: ignore[attr-defined]  # public as compress_level from Python 3.13
    with archive.open(info, "w", force_zip64=is_huge) as entry:
        if isal_zlib is not None and hasattr(entry, "_compressor"):
            entry._compressor = isal_zlib.compressobj(ROW_LEVEL, isal_zlib.DEFLATED, -zlib.MAX_WBITS)
        writer = BackgroundWriter(entry)
        try:
            yield writer
        finally:
            writer.close()
        writer.check()


class BackgroundWriter:
    """Passes what is written on to a file, from the first large write on in a thread of its own.

    At most a few writes wait, so that memory stays bounded. An error of the file (a full disk) is raised by
    the next `write`, or by `check` after `close`.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._thread: threading.Thread | None = None
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._error: Exception | None = None

    def write(self, data: bytes) -> None:
        self.check()
        if self._thread is None:
            if len(data) < _WORTH_IT:
                self._out.write(data)
                return
            self._thread = threading.Thread(target=self._run, name="ledger-deflate", daemon=True)
            self._thread.start()
        self._waiting.put(data)

    def close(self) -> None:
        """Wait until everything has been passed on; the file itself stays open."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def check(self) -> None:
        """Raise what went wrong in the thread."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (data := self._waiting.get()) is not None:
            if self._error is None:  # else only take what still comes, so that nobody waits for ever
                try:
                    self._out.write(data)
                except Exception as error:
                    self._error = error
