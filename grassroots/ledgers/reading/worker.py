"""Run in a process of its own: looks a workbook over, opens it and hands its sheets out.

A crafted workbook of 1.5 KB makes the reader ask for 550 GB and aborts the process that it runs in; here that
costs nothing but this process. Started by `workbooks.py` as a script, without Django: it imports nothing of the
project. It answers on its output in messages of `marshal`: ("facts", …), ("sheet", …), ("rows", …), ("end",), or
("error", why, detail).
"""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import marshal
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import IO, Any

CHUNK_CELLS = 100_000
BLOCK = 1 << 20
PROLOG = 1 << 16
#: An entry larger than this that unpacks to more than RATIO times its size holds nothing but repetition.
LARGE, RATIO = 50 << 20, 100
LISTED = 20
PLAIN = {str, float, bool, int}
MOST_SEEN = 500_000

_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(rb"<[A-Za-z_]")
_FORMULA = (b"<f", b":f")
_NO_VALUE = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


class Refused(Exception):
    """The workbook is not opened: why (one word for `workbooks.REASONS`), and a detail."""


def main() -> None:
    """Read the order (JSON on the command line) and the file (its path, or standard input); write messages."""
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"] + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # nothing here goes in circles, and looking for it costs a third of the time
    out = sys.stdout.buffer
    try:
        file: IO[bytes] = io.BytesIO(sys.stdin.buffer.read())
        if order["path"]:
            file = open(order["path"], "rb")  # noqa: SIM115 the process ends with it
        is_zip = file.read(2) == b"PK"
        facts = package_facts(file, order) if is_zip else compound_facts(file)
        _send(out, ("facts", facts))
        _read(file, order, out)
    except Refused as refused:
        _send(out, ("error", *refused.args))
    except MemoryError:
        _send(out, ("error", "memory", ""))
    except zipfile.BadZipFile:
        _send(out, ("error", "broken", ""))
    except BaseException as error:  # a panic of the reader is no Exception
        _send(out, ("error", type(error).__name__, str(error)[:500]))
    out.flush()


# -- looking a file over


def package_facts(file: IO[bytes], order: dict[str, Any]) -> dict[str, Any]:
    """What a zip package holds that the clerk should know. Raises Refused for what must not be opened."""
    with zipfile.ZipFile(file) as package:
        entries = package.infolist()
        if len(entries) > order["entries"]:
            raise Refused("bomb", "")
        if sum(entry.file_size for entry in entries) > order["unpacked"]:
            raise Refused("bomb", "")
        names = {entry.filename.lower() for entry in entries}
        _check_kind(names)
        for entry in entries:
            if entry.flag_bits & 1:
                raise Refused("PasswordError", "")
            if entry.file_size > LARGE and entry.file_size > RATIO * max(1, entry.compress_size):
                raise Refused("bomb", "")
        facts: dict[str, Any] = {"missing": [], "missing_count": 0, "is_1904": False}
        facts["macros"] = any(name.endswith("vbaproject.bin") for name in names)
        facts["links"] = any("/externallinks/" in name for name in names)
        for entry in entries:
            _look_into(package, entry, facts)
    return facts


def _check_kind(names: set[str]) -> None:
    if any(name.startswith("xl/workbook.") or name == "content.xml" for name in names):
        return
    for start, kind in (
        ("word/", "word"),
        ("ppt/", "ppt"),
        ("index/", "numbers"),
        ("meta-inf/manifest.mf", "zip"),
    ):
        if any(name.startswith(start) for name in names):
            raise Refused(kind, "")
    raise Refused("zip", "")


def _look_into(package: zipfile.ZipFile, entry: zipfile.ZipInfo, facts: dict[str, Any]) -> None:
    """Read an entry through once: its checksum, no entities, formulas without a value. It is never held whole."""
    name = entry.filename.lower()
    is_sheet = name.startswith("xl/worksheets/") and name.endswith(".xml")
    if not name.endswith((".xml", ".rels")):
        return
    kept = b""
    with package.open(entry) as content:
        head = content.read(PROLOG)
        _check_prolog(head)
        if name == "xl/workbook.xml":
            facts["is_1904"] = bool(re.search(rb"date1904\s*=\s*[\"'](1|true)", head))
        block = head
        while block:
            if is_sheet:
                kept = _find_formulas(kept + block, facts)
            block = content.read(BLOCK)


def _check_prolog(head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:64]:
        head = head.replace(b"\0", b"")
    root = _ROOT.search(head)
    if _ENTITIES.search(head[: root.start()] if root else head):
        raise Refused("entities", "")
    if root is None and len(head) == PROLOG:
        raise Refused("entities", "")


def _find_formulas(block: bytes, facts: dict[str, Any]) -> bytes:
    """Note the cells whose formula has no stored value. Returns what belongs to the next block."""
    cut = block.rfind(b"</row>") + 1 or (len(block) if len(block) > 8 * BLOCK else 0)
    whole = block[:cut]
    if any(start in whole for start in _FORMULA):
        for match in _NO_VALUE.finditer(whole):
            facts["missing_count"] += 1
            if len(facts["missing"]) < LISTED:
                facts["missing"].append(match[1].decode())
    return block[cut:]


_STREAMS = (
    ("EncryptedPackage", "PasswordError"), ("Workbook", "xls"), ("Book", "xls"), ("WordDocument", "word"),
    ("PowerPoint Document", "ppt"), ("Contents", "ole"),
)  # fmt: skip


#: BOF of a BIFF8 workbook; the records FILEPASS and BOUNDSHEET8.
_WORKBOOK_START, _FILEPASS, _SHEETS = b"\x09\x08\x10\x00\x00\x06\x05\x00", 0x2F, 0x85


def compound_facts(file: IO[bytes]) -> dict[str, Any]:
    """What an OLE container is. Raises Refused for encrypted packages and for anything but a workbook."""
    file.seek(0)
    data = file.read()
    kind = next((kind for name, kind in _STREAMS if _has_stream(data, name)), "ole")
    if kind != "xls":
        raise Refused(kind, "")
    if _has_password(data):
        raise Refused("PasswordError", "")
    macros = _has_stream(data, "_VBA_PROJECT_CUR")
    return {"missing": [], "missing_count": 0, "is_1904": False, "macros": macros, "links": False}


def _has_password(data: bytes) -> bool:
    """Whether a FILEPASS record follows the beginning of the workbook's stream: its records are scrambled."""
    place = data.find(_WORKBOOK_START)
    for _record in range(20) if place >= 0 else ():
        kind = int.from_bytes(data[place : place + 2], "little")
        if kind in (_FILEPASS, _SHEETS):
            return kind == _FILEPASS
        place += 4 + int.from_bytes(data[place + 2 : place + 4], "little")
    return False


def _has_stream(data: bytes, name: str) -> bool:
    """Whether a directory entry of that name exists: entries are 128 bytes, their name's length stands at 64."""
    wanted = name.encode("utf-16-le") + b"\0\0"
    place = data.find(wanted)
    while place >= 0:
        if place % 128 == 0 and data[place + 64 : place + 66] == len(wanted).to_bytes(2, "little"):
            return True
        place = data.find(wanted, place + 1)
    return False


# -- handing sheets out


def _read(file: IO[bytes], order: dict[str, Any], out: IO[bytes]) -> None:
    import python_calamine

    file.seek(0)
    book = python_calamine.CalamineWorkbook.from_filelike(file)
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        is_hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
        sheet = book.get_sheet_by_name(meta.name)
        merged = [(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or ()][: order["rows"]]
        _send(out, ("sheet", meta.name, is_hidden, merged))
        left = (
            sheet.start[1] if sheet.start else 0
        )  # rows come from row 1 on, but only from the first filled column
        for portion, days in _portions(sheet, left, order):
            _send(out, ("rows", portion, days))
    _send(out, ("end",))


Portion = tuple[list[list[Any]], list[tuple[int, int, str]]]


def _portions(sheet: Any, left: int, order: dict[str, Any]) -> Iterator[Portion]:
    """Rows in portions, from A1 on, blank rows at the end left out.

    Equal texts are one object, which marshal sends once and which stays one on the other side. Raises Refused for
    more filled rows, or a filled column further right, than the order allows.
    """
    seen = Seen()
    rows: list[list[Any]] = []
    days: list[tuple[int, int, str]] = []
    blanks, count, step = 0, 0, max(1, CHUNK_CELLS // max(1, sheet.total_width))
    for row in sheet.iter_rows():
        filled = _last_filled(row)
        if filled < 0:
            blanks += 1
            continue
        if left + filled >= order["columns"]:
            raise Refused("columns", f"{sheet.name}\n{left + filled + 1}")
        rows.extend([] for _ in range(blanks))
        count, blanks = count + blanks + 1, 0
        if count > order["rows"]:
            raise Refused("rows", f"{sheet.name}\n{sheet.total_height}")
        rows.append(_cells([""] * left + row[: filled + 1], len(rows), seen, days))
        if len(rows) >= step:
            yield rows, days
            rows, days = [], []
    yield rows, days


def _last_filled(row: list[Any]) -> int:
    for column in range(len(row) - 1, -1, -1):
        value = row[column]
        if value != "" and not (type(value) is str and value.isspace()):
            return column
    return -1


class Seen(dict[Any, Any]):
    """Each value once: equal texts become one object, blank ones None."""

    def __missing__(self, value: Any) -> Any:
        if len(self) > MOST_SEEN:
            self.clear()
        kept = None if type(value) is str and (not value or value.isspace()) else value
        self[value] = kept
        return kept


def _cells(row: list[Any], place: int, seen: Seen, days: list[tuple[int, int, str]]) -> list[Any]:
    kinds = list(map(type, row))
    if len({float, bool, int}.intersection(kinds)) > 1:  # 1, 1.0 and True are equal and must not become one
        row[:] = [seen[value] if kind is str else value for value, kind in zip(row, kinds, strict=True)]
    else:
        row[:] = map(seen.__getitem__, row)
    if not PLAIN.issuperset(kinds):
        for column, kind in enumerate(kinds):
            if kind not in PLAIN:
                days.append((place, column, _iso(row[column])))
                row[column] = None
    return row


def _iso(value: Any) -> str:
    if isinstance(value, dt.timedelta):
        hours, rest = divmod(int(value.total_seconds()), 3600)
        is_clock = 0 <= hours < 24
        return f"T{hours:02}:{rest // 60:02}:{rest % 60:02}" if is_clock else f"X{hours}:{rest // 60:02}"
    if isinstance(value, dt.time):
        return f"T{value.isoformat()}"
    return str(value.isoformat())


def _send(out: IO[bytes], message: tuple[Any, ...]) -> None:
    data = marshal.dumps(message)
    out.write(len(data).to_bytes(8, "big"))
    out.write(data)


if __name__ == "__main__":
    main()
