"""Names of sheets as Excel accepts them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LIMIT = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def unique_sheet_names(names: Iterable[str]) -> list[str]:
    """The names made safe for tabs: 王芳, 王芳(2).

    Without []:*?/\\ and control characters, no quote at either end, at most 31 UTF-16 units, none empty or
    reserved, none twice (Excel does not tell capitals from small letters).
    """
    made: list[str] = []
    taken: set[str] = set()
    for name in names:
        safe = base = _cut(_FORBIDDEN.sub(" ", name).strip().strip("'").strip(), _LIMIT)
        if not safe or safe.casefold() == "history":
            safe = base = f"{safe}台账"
        number = 1
        while safe.casefold() in taken:
            number += 1
            suffix = f"({number})"
            safe = _cut(base, _LIMIT - len(suffix)) + suffix
        taken.add(safe.casefold())
        made.append(safe)
    return made


def _cut(name: str, units: int) -> str:
    return name.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore").strip().strip("'")
