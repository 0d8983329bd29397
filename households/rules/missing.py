"""可能漏户: door numbers that the pattern of the doors around them makes one expect.

A proposal, never a statement: buildings leave out floors and numbers, and people on the spot know. So the rules are
kept narrow, and what they propose is bounded by the doors that are there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from households.rules.addresses import HIGHEST_FLOOR

NEAR = 3  # a longer run of numbers without a door is a numbering of its own, not doors forgotten
MOST = 60  # proposals in one unit or group
FEW_FLOORS = 3  # with fewer floors nothing tells whether a number is left out everywhere
SIDE = 4  # so many doors, all even or all odd: one side of a lane
_PLAIN = re.compile(r"[0-9]{1,6}")
_LED = re.compile(r"0*([0-9]{1,6})(?![0-9])")
_FLAT = re.compile(r"0?[0-9]{3,4}")


@dataclass(frozen=True)
class MissingDoor:
    """A door that may have been forgotten; `floor` is '' at a house, `why` says what the pattern is."""

    door: str
    floor: str
    why: str

    @property
    def number(self) -> int:
        return int(self.door)


def missing_flats(doors: Iterable[str], known: Iterable[str] = ()) -> list[MissingDoor]:
    """Doors that one unit of a building may lack, in order of floor and number.

    `doors`: as registered (501, 0501, 1801); those that tell no floor, and letters, make no pattern. `known`: doors
    that are no longer there (销户) or were said not to exist; they are not proposed. Two patterns: a number between
    two on its floor, unless no floor has it; a number that the floors right above and below have.
    """
    written = list(doors)
    floors, width = _by_floor(written), _width(written)
    taken = _taken([*written, *known])
    used = set().union(*floors.values()) if floors else set()
    found: dict[int, str] = {}
    for floor, slots in floors.items():
        for left, right in _gaps(sorted(slots)):
            for slot in range(left + 1, right):
                if len(floors) < FEW_FLOORS or slot in used:
                    between = f"{floor * 100 + left:0{width}}和{floor * 100 + right:0{width}}之间"
                    found[floor * 100 + slot] = between
    for floor in range(min(floors, default=1) + 1, max(floors, default=0)):
        both = floors.get(floor - 1, set()) & floors.get(floor + 1, set())
        for slot in both - floors.get(floor, set()):
            found.setdefault(floor * 100 + slot, f"{floor - 1}层、{floor + 1}层都有{slot:02}号")
    return [
        MissingDoor(f"{number:0{width}}", str(number // 100), found[number])
        for number in sorted(found)
        if number not in taken
    ][:MOST]


def missing_houses(doors: Iterable[str], known: Iterable[str] = ()) -> list[MissingDoor]:
    """House numbers that a group may lack: up to NEAR between two that are there.

    Where all numbers are odd or all even (one side of a lane) only those of that side count. 34附1 and 34A stand for
    34; letters in front, and names, make no pattern.
    """
    written = list(doors)
    numbers = sorted({int(door) for door in written if _PLAIN.fullmatch(door)} - {0})
    taken, width = _taken([*written, *known]), _width(written)
    step = 2 if len(numbers) >= SIDE and len({number % 2 for number in numbers}) == 1 else 1
    found = []
    for left, right in _gaps(numbers, step):
        for number in range(left + step, right, step):
            if number not in taken:
                found.append(MissingDoor(f"{number:0{width}}", "", f"{left}号和{right}号之间"))
    return found[:MOST]


def _gaps(numbers: Sequence[int], step: int = 1) -> list[tuple[int, int]]:
    """Neighbours with at least one and at most NEAR numbers between them."""
    pairs = pairwise(numbers)
    return [(left, right) for left, right in pairs if step < right - left <= (NEAR + 1) * step]


def _by_floor(doors: Iterable[str]) -> dict[int, set[int]]:
    floors: dict[int, set[int]] = defaultdict(set)
    for door in doors:
        if _FLAT.fullmatch(door):
            floor, slot = divmod(int(door), 100)
            if 0 < floor <= HIGHEST_FLOOR and slot:
                floors[floor].add(slot)
    return floors


def _taken(doors: Iterable[str]) -> set[int]:
    """Numbers that are a door, or with which one begins (502A, 34附1): none of these is missing."""
    return {int(found[1]) for door in doors if (found := _LED.match(door))}


def _width(doors: Iterable[str]) -> int:
    """The width to which numbers are filled with zeros there: 0501 → 4; 0 where nobody does so."""
    return max((len(door) for door in doors if _PLAIN.fullmatch(door) and door.startswith("0")), default=0)
