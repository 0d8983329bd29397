"""The order in which somebody walks: pure functions on numbers, no database."""

from __future__ import annotations

from collections.abc import Sequence

UP, DOWN, FIRST = "up", "down", "first"
MOVES = (UP, DOWN, FIRST)


def arranged(natural: Sequence[int], kept: Sequence[int]) -> list[int]:
    """All of `natural`, those that were `kept` in their kept order.

    Whoever is new stands right behind the one whom he follows by door, wherever that one is walked to.
    """
    here = set(natural)
    return with_missing([one for one in dict.fromkeys(kept) if one in here], natural)


def with_missing(order: Sequence[int], others: Sequence[int]) -> list[int]:
    """`order` with those of `others` that it lacks, each right behind the one before it there, else at the front."""
    found, known = list(order), set(order)
    previous: int | None = None
    for one in others:
        if one not in known:
            found.insert(found.index(previous) + 1 if previous is not None else 0, one)
            known.add(one)
        previous = one
    return found


def moved(order: Sequence[int], one: int, move: str) -> list[int]:
    """The order after a move of one of it: a place up or down, or the walk begins with him (从这里开始).

    Beginning with him turns the walk: those before him come last. Raises ValueError for one who is not in it.
    """
    at = order.index(one)
    if move == FIRST:
        return [*order[at:], *order[:at]]
    to = max(at - 1, 0) if move == UP else min(at + 1, len(order) - 1)
    found = [other for other in order if other != one]
    found.insert(to, one)
    return found
