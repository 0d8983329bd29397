"""A signature drawn with the finger: strokes of points in a box, as text that an offline phone can keep.

`10,20 12,24;100,80 …`: points as whole numbers, apart by blanks, strokes by semicolons, in a box of WIDTH by HEIGHT.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import dist

WIDTH, HEIGHT = 600, 300
MOST_POINTS = 4000
LEAST_INK = 60  # in units of the box: a stray touch is no signature
_LONGEST = MOST_POINTS * 8
_STROKES = re.compile(r"\d{1,3},\d{1,3}(?:[ ;]\d{1,3},\d{1,3})*", re.ASCII)

Point = tuple[int, int]
Strokes = list[list[Point]]


def strokes_read(text: str) -> Strokes:
    """The strokes of a signature; none for an empty text. Raises ValueError with a Chinese sentence."""
    plain = text.strip()
    if not plain:
        return []
    if len(plain) > _LONGEST:
        raise ValueError("签名的笔画太多，请清除后重签。")
    if not _STROKES.fullmatch(plain):
        raise ValueError("签名没有传完整，请清除后重签，或填写纸质承诺书编号。")
    strokes = [[_point(one) for one in stroke.split(" ")] for stroke in plain.split(";")]
    if sum(map(len, strokes)) > MOST_POINTS:
        raise ValueError("签名的笔画太多，请清除后重签。")
    if any(x > WIDTH or y > HEIGHT for stroke in strokes for x, y in stroke):
        raise ValueError("签名没有传完整，请清除后重签，或填写纸质承诺书编号。")
    if _ink(strokes) < LEAST_INK:
        raise ValueError("签名太短，请清除后重签。")
    return strokes


def strokes_text(strokes: Strokes) -> str:
    """The strokes as they are kept."""
    return ";".join(" ".join(f"{x},{y}" for x, y in stroke) for stroke in strokes)


def _point(text: str) -> Point:
    x, y = text.split(",")
    return int(x), int(y)


def _ink(strokes: Strokes) -> float:
    """How long all strokes are."""
    pairs = [pair for stroke in strokes for pair in pairwise(stroke)]
    return sum(dist(a, b) for a, b in pairs)
