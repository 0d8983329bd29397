"""Filters of a ledger: which of its rows are wanted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Options = tuple[tuple[str, str], ...]
#: What was chosen: values by the filter's key. A filter without a choice is not in it.
Chosen = dict[str, tuple[str, ...]]


class FilterError(ValueError):
    """A filter, or a value of it, that the ledger does not have. The message is for the office (Chinese)."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that a ledger offers: its key in `LedgerContext.filters`, its label, and its choices.

    A row is wanted when it answers to one of the chosen values; of several filters it must answer to each.
    `choices` are (value, label); where they depend on the office's data, `choices_for` gives them. A filter
    without choices takes the uid of one record and is not offered on forms. `covers`: every row answers to
    some choice, so that all of them together filter nothing.
    """

    key: str
    label: str
    choices: Options = ()
    choices_for: Callable[[], Options] | None = None
    covers: bool = True

    @property
    def is_offered(self) -> bool:
        """Whether forms show it: it has choices."""
        return bool(self.choices) or self.choices_for is not None

    @property
    def names_one(self) -> bool:
        """Whether what is chosen is one record, by its uid."""
        return not self.is_offered

    @property
    def selects_rows(self) -> bool:
        """Whether it leaves rows out, which the sheet has to say."""
        return self.is_offered

    def options(self) -> Options:
        """The choices (value, label), worked out where they depend on data."""
        return self.choices_for() if self.choices_for else self.choices

    def read(self, given: Any) -> tuple[str, ...]:
        """The values given (one or several, as values or as labels), in the filter's own order.

        Raises FilterError for what is none of the choices, or no uid where there are none.
        """
        words = [str(one).strip() for one in _several(given) if str(one).strip()]
        if not self.is_offered:
            return tuple(self._uid(word) for word in words)
        options = self.options()
        known = {value: value for value, _label in options} | {label: value for value, label in options}
        for word in words:
            if word not in known:
                offered = "、".join(f"{value}({label})" for value, label in options)
                raise FilterError(f"筛选“{self.label}”没有“{word[:40]}”，可选的有：{offered}。")
        wanted = {known[word] for word in words}
        return tuple(value for value, _label in options if value in wanted)

    def words(self, values: Sequence[str]) -> str:
        """What was chosen as the office reads it: 排查状态:未访、无人."""
        labels = dict(self.options())
        return f"{self.label}:{'、'.join(labels.get(value, value) for value in values)}"

    def _uid(self, word: str) -> str:
        try:
            return str(uuid.UUID(word))
        except ValueError:
            raise FilterError(f"筛选“{self.label}”要填编号，“{word[:40]}”不是编号。") from None

    def is_idle(self, values: Sequence[str]) -> bool:
        """Whether these values filter nothing: none, or all of those that cover every row."""
        if not values:
            return True
        return self.covers and self.is_offered and len(values) == len(self.options())


@dataclass(frozen=True, slots=True)
class ClockFilter(Filter):
    """A time of the day such as 17:00, whichever; forms offer it with a field of its own."""

    @property
    def names_one(self) -> bool:
        return False

    @property
    def selects_rows(self) -> bool:
        return False

    def read(self, given: Any) -> tuple[str, ...]:
        """The time given as HH:MM; none, or 24:00, chooses nothing. Raises FilterError for what is no time."""
        words = [str(one).strip() for one in _several(given) if str(one).strip() not in ("", "24:00")]
        return tuple(self._clock(word) for word in words[:1])

    def _clock(self, word: str) -> str:
        try:
            clock = dt.time.fromisoformat(word)
        except ValueError:
            raise FilterError(f"“{self.label}”要写成 17:00 这样，“{word[:40]}”看不懂。") from None
        if clock == dt.time():
            raise FilterError(f"“{self.label}”0时就是前一天的24时，请改选前一天。")
        return f"{clock:%H:%M}"


def _several(given: Any) -> Iterable[Any]:
    if given is None:
        return ()
    return given if isinstance(given, (list, tuple, set, frozenset)) else (given,)


def read_filters(filters: Sequence[Filter], given: Mapping[str, Any]) -> Chosen:
    """The filters given, by key or label, checked and in the ledger's own order; idle ones are left out.

    Raises FilterError naming the filter or value that the ledger does not have.
    """
    by_name = {item.label: item for item in filters} | {item.key: item for item in filters}
    asked: dict[str, tuple[str, ...]] = {}
    for name, values in given.items():
        if (item := by_name.get(name)) is None:
            offered = "、".join(f"{item.key}({item.label})" for item in filters) or "没有"
            raise FilterError(f"这个台账没有筛选“{name[:40]}”，可用的筛选：{offered}。")
        asked[item.key] = item.read(values)
    return {
        item.key: asked[item.key]
        for item in filters
        if item.key in asked and not item.is_idle(asked[item.key])
    }


def filter_words(filters: Sequence[Filter], chosen: Mapping[str, Sequence[str]]) -> list[str]:
    """What was chosen in words, one entry a filter; the choice of one record, which is no selection, left out."""
    return [item.words(chosen[item.key]) for item in filters if chosen.get(item.key) and item.selects_rows]
