"""Drawing a random sample by village, and what may be said of the whole from it (docs/truth-check.md).

A draw can be done again by anybody from its seed and the list it was drawn from: nothing else goes in.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: The standard normal's quantile for an interval of 95%.
Z_95 = 1.959963984540054
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Interval:
    """A proportion and the interval in which that of the whole lies, each from 0 to 1."""

    rate: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """E.g. 96%（91%–98%）."""
        return f"{self.rate:.0%}（{self.low:.0%}–{self.high:.0%}）"

    @property
    def bar(self) -> dict[str, str]:
        """Where the interval and the rate stand on a line from 0 to 100, for a drawing."""
        return {
            "low": f"{self.low * 100:.1f}",
            "width": f"{(self.high - self.low) * 100:.1f}",
            "rate": f"{self.rate * 98.5:.1f}",
        }


def wilson(successes: int, trials: int, z: float = Z_95) -> Interval | None:
    """Wilson's score interval of a proportion (Wilson 1927, J. Am. Stat. Assoc. 22:209); None without a trial.

    Unlike p ± z·s it stays within 0 and 1, and says something where all or none were right. That the sample was drawn
    without putting back from a short list only makes it wider than it need be. Raises ValueError when there are more
    successes than trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials}")
    if trials == 0:
        return None
    rate, square = successes / trials, z * z
    centre = (rate + square / (2 * trials)) / (1 + square / trials)
    half = z / (1 + square / trials) * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Interval(rate, max(low, 0.0), min(high, 1.0))


def allocate(sizes: Mapping[int, int], wanted: int) -> dict[int, int]:
    """How many to draw in each village: by its share of the whole, at least one where there are enough to go round.

    `sizes` by village; rest by the largest remainder, ties by the key. Never more than there are; the sum is `wanted`,
    or everything where that is less. Raises ValueError for a negative number.
    """
    if wanted < 0 or any(size < 0 for size in sizes.values()):
        raise ValueError("sizes and sample are not negative")
    total = sum(sizes.values())
    if wanted >= total:
        return dict(sizes)
    filled = [key for key, size in sizes.items() if size]
    least = 1 if wanted >= len(filled) else 0
    exact = {key: wanted * sizes[key] / total for key in filled}
    found = {key: max(math.floor(exact[key]), least) for key in filled}
    by_need = sorted(filled, key=lambda key: (found[key] - exact[key], key))
    while (missing := wanted - sum(found.values())) != 0:
        step = 1 if missing > 0 else -1
        for key in by_need if step > 0 else reversed(by_need):
            if missing and least <= found[key] + step <= sizes[key]:
                found[key] += step
                missing -= step
    return {key: found.get(key, 0) for key in sizes}


def draw(frame: Mapping[int, Sequence[int]], wanted: int, seed: int) -> dict[int, list[int]]:
    """Draw `wanted` of the frame, by village as `allocate` says: in each those whose SHA-256 of "seed:id" is smallest.

    So anybody can draw again with any tool from the seed and the list, in whatever order it comes; no library's random
    numbers are in it.
    """
    numbers = allocate({key: len(ids) for key, ids in frame.items()}, wanted)
    return {
        key: sorted(sorted(ids, key=lambda one: _lot(seed, one))[: numbers[key]])
        for key, ids in frame.items()
    }


def _lot(seed: int, one: int) -> bytes:
    return hashlib.sha256(f"{seed}:{one}".encode()).digest()


def frame_digest(frame: Mapping[int, Sequence[int]]) -> str:
    """SHA-256 (hex) of the list that a sample was drawn from: who draws again knows that it is the same list."""
    lines = (f"{key}:{','.join(map(str, sorted(frame[key])))}" for key in sorted(frame))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
