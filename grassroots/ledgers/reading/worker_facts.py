"""Looking a workbook over before it is opened: part of `worker.py`, which runs in a process of its own, without Django
and without anything else of the project."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

try:  # where it is made for the machine: it unpacks in a third of zlib's time
    from isal import isal_zlib
except ImportError:  # pragma: no cover
    isal_zlib = None  # type: ignore[assignment]

BLOCK = 1 << 20
PROLOG = 1 << 16
#: An entry larger than this that unpacks to more than RATIO times its size holds nothing but repetition.
LARGE, RATIO = 50 << 20, 100
LISTED = 20

_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(rb"<[A-Za-z_]")
_FORMULA = (b"<f", b":f")
_NO_VALUE = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


class Refused(Exception):
    """The workbook is not opened: why (one word for `workbooks.REASONS`), and a detail."""


Take = Callable[[bytes], None]


def package_facts(
    file: IO[bytes],
    order: dict[str, Any],
    cutter: Callable[[zipfile.ZipFile], tuple[str, Take] | None] = lambda package: None,
) -> dict[str, Any]:
    """What a zip package holds that the clerk should know. Raises Refused for what must not be opened.

    `cutter` may name an entry, whose unpacked blocks it is given.
    """
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
        name, take = cutter(package) or ("", None)
        for entry in entries:
            _look_into(package, entry, facts, take if entry.filename == name else None)
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


def _look_into(
    package: zipfile.ZipFile, entry: zipfile.ZipInfo, facts: dict[str, Any], take: Take | None
) -> None:
    """Read an entry through once: its checksum, no entities, formulas without a value. It is never held whole."""
    name = entry.filename.lower()
    is_sheet = name.startswith("xl/worksheets/") and name.endswith(".xml")
    if not name.endswith((".xml", ".rels")):
        return
    kept = b""
    with package.open(entry) as content:
        if entry.compress_type == zipfile.ZIP_DEFLATED and isal_zlib and hasattr(content, "_decompressor"):
            content._decompressor = isal_zlib.decompressobj(-zlib.MAX_WBITS)
        head = content.read(PROLOG)
        _check_prolog(head)
        if name == "xl/workbook.xml":
            facts["is_1904"] = bool(re.search(rb"date1904\s*=\s*[\"'](1|true)", head))
        block = head
        while block:
            if take is not None:
                take(block)
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
    if b"f" in whole and any(start in whole for start in _FORMULA):  # one letter is found out far sooner
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
