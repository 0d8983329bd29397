"""The 合计 row: what the columns add up to, computed while the rows go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from grassroots.ledgers.engine.columns import Column

_NUMBERS = {int, float, Decimal}


class Totals:
    """Running totals of the columns that are summed, or that a ratio is made of.

    Sums are exact: floats are added as the decimals that they print as. Values that are not numbers (无,
    不详) count as nothing.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        wanted = {column.key for column in columns if column.is_sum}
        for column in columns:
            if ratio := column.ratio:
                wanted |= {ratio[0], *(key for _, key in ratio[1])}
        self._sums: dict[str, int | Decimal] = {column.key: 0 for column in columns if column.key in wanted}

    def wants(self, key: str) -> bool:
        return key in self._sums

    def add(self, key: str, values: Sequence[object]) -> None:
        """Add a batch of one column's values."""
        if set(map(type, values)) == {int}:
            self._sums[key] += sum(cast(Sequence[int], values))
            return
        for value in values:
            if type(value) in _NUMBERS:
                self._sums[key] += _exact(value)

    def values(self, given: Mapping[str, object]) -> dict[str, object]:
        """What the 合计 row shows, by column key; `given` takes precedence over what was added up.

        A ratio whose denominator is nought, or one of whose columns the layout has not, is left empty.
        """
        shown: dict[str, object] = {}
        for column in self._columns:
            if column.key in given:
                shown[column.key] = given[column.key]
            elif column.is_sum:
                shown[column.key] = self._sums[column.key]
            elif column.ratio:
                shown[column.key] = self._ratio(column.ratio, given)
        return shown

    def _ratio(
        self, ratio: tuple[str, tuple[tuple[int, str], ...]], given: Mapping[str, object]
    ) -> float | None:
        known = {**self._sums, **{key: value for key, value in given.items() if type(value) in _NUMBERS}}
        numerator, terms = ratio
        if numerator not in known or any(key not in known for _, key in terms):
            return None
        below = sum(sign * _exact(known[key]) for sign, key in terms)
        return float(_exact(known[numerator]) / below) if below else None


def _exact(number: object) -> Decimal:
    """The number as the decimal that it prints as; one that is not finite counts as nothing."""
    exact = Decimal(str(number))
    return exact if exact.is_finite() else Decimal(0)
