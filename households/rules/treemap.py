"""Areas of a picture in proportion to numbers: the squarified treemap (Bruls, Huizing, van Wijk, 2000)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rect:
    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height


def squarify(values: Sequence[float], width: float, height: float) -> list[Rect]:
    """One rectangle a value, in the values' order, that together fill the frame, as square as can be.

    Values that are not above zero get an empty rectangle in the corner.
    """
    order = sorted((index for index, value in enumerate(values) if value > 0), key=lambda i: -values[i])
    found = [Rect(0, 0, 0, 0)] * len(values)
    total = sum(values[index] for index in order)
    if not total or width <= 0 or height <= 0:
        return found
    sizes = [values[index] * width * height / total for index in order]
    free, start = Rect(0, 0, width, height), 0
    while start < len(sizes):
        end = _row_end(sizes, start, min(free.width, free.height))
        rects, free = _lay(sizes[start:end], free, is_last=end == len(sizes))
        for index, rect in zip(order[start:end], rects, strict=True):
            found[index] = rect
        start = end
    return found


def _row_end(sizes: Sequence[float], start: int, side: float) -> int:
    """How far the row goes: until another rectangle would make the worst one longer."""
    end, total = start + 1, sizes[start]
    worst = _worst(sizes[start], sizes[start], total, side)
    while end < len(sizes):
        longer = _worst(sizes[start], sizes[end], total + sizes[end], side)
        if longer > worst:
            break
        worst, total, end = longer, total + sizes[end], end + 1
    return end


def _worst(largest: float, smallest: float, total: float, side: float) -> float:
    """The worst ratio of sides in a row; sizes descend, so the first and the last tell."""
    if not (side and smallest and total):
        return float("inf")
    return max(side * side * largest / (total * total), total * total / (side * side * smallest))


def _lay(sizes: Sequence[float], free: Rect, *, is_last: bool) -> tuple[list[Rect], Rect]:
    """A row along the shorter side of what is free, and what is left; the last row takes all of it."""
    is_column = free.width >= free.height
    long, short = (free.width, free.height) if is_column else (free.height, free.width)
    total = sum(sizes)
    depth = long if is_last else min(total / short, long) if short else 0.0
    rects, done = [], 0.0
    for size in sizes:
        at = short * done / total
        done += size
        length = short * min(done / total, 1) - at
        if is_column:
            rects.append(Rect(free.x, free.y + at, depth, length))
        else:
            rects.append(Rect(free.x + at, free.y, length, depth))
    if is_column:
        return rects, Rect(free.x + depth, free.y, long - depth, short)
    return rects, Rect(free.x, free.y + depth, short, long - depth)
