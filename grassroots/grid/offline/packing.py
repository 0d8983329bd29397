"""Many pages of one kind in little: what they have in common is sent once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BEFORE_TAG = re.compile(r"(?=<)")
_BETWEEN = re.compile(r">\s{2,}<")  # never inside a tag: two blanks in a value are part of it


def pages_pack(pages: Mapping[str, str]) -> dict[str, Any]:
    """Pieces of HTML, each once, and for every page the numbers of its pieces in order (static/js/offline/store.js)."""
    numbers: dict[str, int] = {}
    packed = {}
    for path, html in pages.items():
        pieces = _BEFORE_TAG.split(_BETWEEN.sub(">\n<", html))
        packed[path] = [numbers.setdefault(piece, len(numbers)) for piece in pieces]
    return {"pieces": list(numbers), "pages": packed}


def pages_unpack(packed: Mapping[str, Any]) -> dict[str, str]:
    """The pages again."""
    pieces = packed["pieces"]
    return {path: "".join(pieces[number] for number in numbers) for path, numbers in packed["pages"].items()}
