"""Run in a process of its own: looks a workbook over, opens it and hands its sheets out.

A crafted workbook of 1.5 KB makes the reader ask for 550 GB and aborts the process that it runs in; here that
costs nothing but this process. Started by `workbooks.py` as a script, without Django: it imports nothing of the
project but the files beside it whose names begin with worker_. It answers on its output in messages of `marshal`:
("facts", …), ("sheet", …), ("rows", rows, days, place of the first), ("merged", …), ("end",), or
("error", why, detail). A long sheet is read by two processes at once (`Halves`).
"""

from __future__ import annotations

import datetime as dt
import gc
import importlib.util
import io
import json
import marshal
import os
import re
import resource
import signal
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from grassroots.ledgers.reading import worker_facts as looking
else:
    _spec = importlib.util.spec_from_file_location(
        "worker_facts", Path(__file__).with_name("worker_facts.py")
    )
    looking = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(looking)

Refused = looking.Refused

CHUNK_CELLS = 100_000
PLAIN = {str, float, bool, int}
MOST_SEEN = 100_000
# Of a sheet that two read. The first begins before the rest is unpacked, but is heard while he reads; the second is
# heard at the end, and the less he has the less is waited for.
FIRST_PART = 0.53
_ROWS, _ROWS_END, _ROW_END = b"<sheetData>", b"</sheetData>", b"</row>"
_NEXT_ROW = re.compile(rb'\s*<row\s(?:[^>]*?\s)?r="([0-9]{1,7})"')
_LONGEST_TAG = 4096


def main() -> None:
    """Read the order (JSON on the command line) and the file (its path, or standard input); write messages."""
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"] + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # nothing here goes in circles, and looking for it costs a third of the time
    out = sys.stdout.buffer
    file = io.BytesIO(Path(order["path"]).read_bytes() if order["path"] else sys.stdin.buffer.read())
    halves = Halves(file, order, out)
    if error := _error_of(lambda: _answer(file, order, out, halves)):
        halves.wait()
        _send(out, error)
    out.flush()


def _answer(file: IO[bytes], order: dict[str, Any], out: IO[bytes], halves: Halves) -> None:
    is_zip = file.read(2) == b"PK"
    facts = looking.package_facts(file, order, halves.cutter) if is_zip else looking.compound_facts(file)
    _send(out, ("facts", facts))
    if halves.child:
        out.flush()
        halves.go()
        halves.second()
    else:
        _read(file, order, out)
    _send(out, ("end",))


def _error_of(work: Callable[[], None]) -> tuple[str, ...]:
    """Do some work; what is to be said if it went wrong."""
    try:
        work()
    except Refused as refused:
        return ("error", *refused.args)
    except MemoryError:
        return ("error", "memory", "")
    except zipfile.BadZipFile:
        return ("error", "broken", "")
    except BaseException as error:  # a panic of the reader is no Exception
        return ("error", type(error).__name__, str(error)[:500])
    return ()


class Halves:
    """The only sheet of a package, if it is long, cut between two rows while it is looked over: a child reads the
    first half while the rest is unpacked, this process the second one. Each gets a package with its half alone.

    The child says nothing before the whole file has been looked over; its rows go out first.
    """

    def __init__(self, file: IO[bytes], order: dict[str, Any], out: IO[bytes]) -> None:
        self.file, self.order, self.out = file, order, out
        self.child = 0
        self._may_cut = False
        self._kept: list[bytes] = []  # blocks; once it is cut those of the second half
        self._size = 0
        self._first_row = 0

    def cutter(self, package: zipfile.ZipFile) -> tuple[str, Callable[[bytes], None]] | None:
        """The entry that is cut, and what takes its blocks; None for a package without a long sheet of its own."""
        sheets = [one for one in package.infolist() if one.filename.startswith("xl/worksheets/sheet")]
        if (
            len(sheets) != 1
            or not self.order["halved_from"] <= sheets[0].file_size <= self.order["memory"] // 4
            or len(os.sched_getaffinity(0)) < 2
        ):
            return None
        self._sheet, self._may_cut = sheets[0], True
        return sheets[0].filename, self._take

    def _take(self, block: bytes) -> None:
        if not self._may_cut and not self.child:
            self._kept = []
            return
        self._kept.append(block)
        self._size += len(block)
        if self.child:
            return
        # Comments and CDATA could hold what looks like a row.
        is_plain = b"!" not in block or b"<!" not in block
        self._may_cut = is_plain and (len(self._kept) > 1 or _ROWS in block)
        if self._may_cut and self._size >= FIRST_PART * self._sheet.file_size:
            self._cut(block)

    def _cut(self, block: bytes) -> None:
        """Begin with the first half; where there is no plain place to cut, the sheet is read whole."""
        self._may_cut = False
        end = block.rfind(_ROW_END, 0, len(block) - _LONGEST_TAG) + len(_ROW_END)
        following = _NEXT_ROW.match(block, end)
        if end < len(_ROW_END) or following is None or len(self._kept) == 1:
            self._kept = []
            return
        first, head = self._kept[:-1], self._kept[0]
        self._first_row = int(following[1])
        self._kept = [head[: head.index(_ROWS) + len(_ROWS)], block[end:]]
        waiting, self._going = os.pipe()
        self.child = os.fork()
        if not self.child:
            os.close(self._going)
            self._first([*first, block[:end], _ROWS_END + b"</worksheet>"], waiting)
        os.close(waiting)

    def _half(self, blocks: list[bytes]) -> IO[bytes]:
        """The package with these blocks as its sheet, not packed; what holds no cells is left out."""
        target = io.BytesIO()
        with zipfile.ZipFile(self.file) as whole, zipfile.ZipFile(target, "w") as half:
            for name in whole.namelist():
                if name == self._sheet.filename:
                    with half.open(name, "w") as sheet:
                        while blocks:
                            sheet.write(blocks.pop(0))
                elif name.endswith((".xml", ".rels")) and "/drawings/" not in name:
                    half.writestr(name, whole.read(name))
        target.seek(0)
        return target

    def _first(self, blocks: list[bytes], waiting: int) -> NoReturn:
        """What the child does: read, and when the file is known to be as it should be, tell."""
        is_allowed = lru_cache(lambda: os.read(waiting, 1) == b"g")

        def work() -> None:
            with self._half(blocks) as file:
                _read(file, self.order, self.out, is_allowed)

        error = _error_of(work)
        if error and is_allowed():
            _send(self.out, error)
        self.out.flush()
        os._exit(1 if error else 0)

    def go(self) -> None:
        """The file is as it should be: the first half may be told."""
        os.write(self._going, b"g")

    def second(self) -> None:
        """Read the second half, and tell it behind the first."""
        import python_calamine

        with self._half(self._kept) as file:
            book = python_calamine.CalamineWorkbook.from_filelike(file)
        del file
        meta = next(one for one in book.sheets_metadata if one.typ == python_calamine.SheetTypeEnum.WorkSheet)
        sheet = book.get_sheet_by_name(meta.name)
        told = [
            marshal.dumps(("rows", *portion))
            for portion in _portions(sheet, self.order, first=self._first_row - 1)
        ]
        told.append(marshal.dumps(("merged", _merged(sheet, self.order))))
        self.wait()
        for message in told:
            _write(self.out, message)

    def wait(self) -> None:
        """Until the first half is told. This process ends where the child ended badly: it has said why, or it was
        killed, as this one is then."""
        if not self.child:
            return
        os.close(self._going)
        _pid, status = os.waitpid(self.child, 0)
        self.child = 0
        if os.WIFSIGNALED(status):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
            os.kill(os.getpid(), os.WTERMSIG(status))
        if status:
            os._exit(1)


# -- handing sheets out


def _read(
    file: IO[bytes], order: dict[str, Any], out: IO[bytes], is_allowed: Callable[[], bool] = lambda: True
) -> None:
    import python_calamine

    file.seek(0)
    book = python_calamine.CalamineWorkbook.from_filelike(file)
    file.close()  # the reader has taken a copy
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        is_hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
        sheet = book.get_sheet_by_name(meta.name)
        if not is_allowed():
            os._exit(1)
        _send(out, ("sheet", meta.name, is_hidden, _merged(sheet, order)))
        for portion in _portions(sheet, order):
            _send(out, ("rows", *portion))


def _merged(sheet: Any, order: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    return [(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or ()][: order["rows"]]


Portion = tuple[list[list[Any]], list[tuple[int, int, str]], int]


def _portions(sheet: Any, order: dict[str, Any], first: int = 0) -> Iterator[Portion]:
    """Rows in portions, from row `first` on (A1: 0), blank rows at the end left out; the last number is the place of a
    portion's first row.

    Equal texts are one object, which marshal sends once and which stays one on the other side. Raises Refused for
    more filled rows, or a filled column further right, than the order allows.
    """
    tidy = Tidy()
    # Rows come from row 1 on, but only from the first filled column.
    left = sheet.start[1] if sheet.start else 0
    count, step = first, max(1, CHUNK_CELLS // max(1, sheet.total_width))
    blanks, source = 0, islice(sheet.iter_rows(), first, None)
    while part := list(islice(source, step)):
        rows, days = tidy.rows(part, left)
        while rows and not rows[-1]:
            rows.pop()
        if not rows:
            blanks += len(part)
            continue
        if width := next((len(row) for row in rows if len(row) > order["columns"]), 0):
            raise Refused("columns", f"{sheet.name}\n{width}")
        count += blanks
        if count + len(rows) > order["rows"]:
            raise Refused("rows", f"{sheet.name}\n{sheet.end[0] + 1}")
        blanks = len(part) - len(rows)
        yield rows, days, count
        count += len(rows)


class Seen(dict[Any, Any]):
    """Each value once: equal texts become one object, blank ones None."""

    def __missing__(self, value: Any) -> Any:
        if len(self) > MOST_SEEN:
            self.clear()
        kept = None if type(value) is str and (not value or value.isspace()) else value
        self[value] = kept
        return kept


class Tidy:
    """Makes rows of what the reader gives, a column of some rows at a time: what is so of a whole column is seen at
    once. Each column keeps what it has said, apart by kind: 1, 1.0 and True are equal and must not become one."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, type], Seen] = defaultdict(Seen)

    def rows(self, part: list[list[Any]], left: int) -> tuple[list[list[Any]], list[tuple[int, int, str]]]:
        """The rows without blanks at their ends, `left` blanks before them, and their days (place, column, text)."""
        days: list[tuple[int, int, str]] = []
        columns = [
            self.column(cells, column, days)
            for column, cells in enumerate(zip(*part, strict=True), start=left)
        ]
        rows = list(map(list, zip(*[[None] * len(part)] * left, *columns, strict=True)))
        ends: dict[int, int] = {}
        for place, column, _text in days:
            ends[place] = max(column + 1, ends.get(place, 0))
        for place, row in enumerate(rows):
            filled, least = len(row), ends.get(place, 0)
            while filled > least and row[filled - 1] is None:
                filled -= 1
            del row[filled:]
        return rows, days

    def column(self, cells: tuple[Any, ...], column: int, days: list[tuple[int, int, str]]) -> list[Any]:
        """The cells with each text once and None for blank ones, and for days, which go where they are told."""
        kinds = set(map(type, cells))
        if len(kinds) == 1 and (kind := kinds.pop()) in PLAIN:
            if kind is str and not any(cells):
                return [None] * len(cells)
            return list(map(self.seen[column, kind].__getitem__, cells))
        days += [(place, column, _iso(one)) for place, one in enumerate(cells) if type(one) not in PLAIN]
        seen = {kind: self.seen[column, kind] for kind in PLAIN}
        return [seen[kind][value] if (kind := type(value)) in PLAIN else None for value in cells]


def _iso(value: Any) -> str:
    if isinstance(value, dt.timedelta):
        hours, rest = divmod(int(value.total_seconds()), 3600)
        is_clock = 0 <= hours < 24
        return f"T{hours:02}:{rest // 60:02}:{rest % 60:02}" if is_clock else f"X{hours}:{rest // 60:02}"
    if isinstance(value, dt.time):
        return f"T{value.isoformat()}"
    return str(value.isoformat())


def _send(out: IO[bytes], message: tuple[Any, ...]) -> None:
    _write(out, marshal.dumps(message))


def _write(out: IO[bytes], message: bytes) -> None:
    out.write(len(message).to_bytes(8, "big"))
    out.write(message)


if __name__ == "__main__":
    main()
