"""Reading a JSON object field by field, collecting every problem in Chinese, not stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import TypeVar

from django.db.models import TextChoices

_Choice = TypeVar("_Choice", bound=TextChoices)

_DAY_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True)
class FieldProblem:
    """One thing wrong: `field` is a path such as `phases[0].days`, `message` is Chinese, fit for the page."""

    field: str
    message: str


class PolicyError(ValueError):
    """The terms of a policy do not hold together; `problems` lists every field with its message."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("；".join(f"{problem.field}：{problem.message}" for problem in problems))


class FieldReader:
    """Takes typed values out of one JSON object; nested readers share the list of problems.

    Every method returns a usable stand-in when the value is wrong, so that reading goes on; the caller must
    look at `problems` before it trusts anything.
    """

    def __init__(
        self, data: Mapping[str, object], path: str = "", problems: list[FieldProblem] | None = None
    ) -> None:
        self.data = data
        self.path = path
        self.problems: list[FieldProblem] = [] if problems is None else problems
        self._read: set[str] = set()

    def fail(self, name: str, message: str) -> None:
        """Note a problem with the field `name` of this object."""
        self.problems.append(FieldProblem(f"{self.path}{name}", message))

    def _take(self, name: str) -> object:
        self._read.add(name)
        return self.data.get(name)

    def text(self, name: str, *, is_required: bool = False) -> str:
        """A string without surrounding blanks; '' when absent."""
        value = self._take(name)
        if value is None or value == "":
            if is_required:
                self.fail(name, "不能为空")
            return ""
        if not isinstance(value, str):
            self.fail(name, "应为文字")
            return ""
        if is_required and not value.strip():
            self.fail(name, "不能为空")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of non-empty strings without repeats, in the given order; () when absent."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            self.fail(name, "应为文字列表")
            return ()
        found = [str(item).strip() for item in value]
        if not all(found):
            self.fail(name, "列表中有空白项")
        if len(set(found)) != len(found):
            self.fail(name, "列表中有重复项")
        return tuple(found)

    def flag(self, name: str, *, default: bool) -> bool:
        """true or false; `default` when absent."""
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(name, "应为“是”或“否”（true/false）")
            return default
        return value

    def whole(self, name: str, *, least: int, default: int | None = None) -> int:
        """A whole number not below `least`; required unless there is a `default`."""
        value = self._take(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.fail(name, f"应为不小于{least}的整数")
            return least
        return value

    def wholes(self, name: str, *, least: int) -> tuple[int, ...]:
        """A rising list of whole numbers not below `least`; () when absent."""
        value = self._take(name)
        if value is None:
            return ()
        items = list(value) if isinstance(value, list | tuple) else [None]
        numbers = [
            item for item in items if isinstance(item, int) and not isinstance(item, bool) and item >= least
        ]
        if len(numbers) != len(items):
            self.fail(name, f"应为不小于{least}的整数列表")
            return ()
        if any(late <= early for early, late in pairwise(numbers)):
            self.fail(name, "应由小到大排列且不重复")
        return tuple(numbers)

    def day(self, name: str, *, is_required: bool = False) -> date | None:
        """A date written 2020-01-08; None when absent."""
        value = self._take(name)
        if value is None or value == "":
            if is_required:
                self.fail(name, "不能为空")
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(name, "日期应写成 2020-01-08 的样子")
            return None

    def clock(self, name: str) -> time:
        """A time of day written 06:00, to the minute; 24:00 is not a time of day."""
        value = self._take(name)
        if isinstance(value, str) and _DAY_TIME.fullmatch(value) and value != "24:00":
            return time.fromisoformat(value)
        self.fail(name, "时间应写成 06:00 的样子（00:00 至 23:59）")
        return time(0, 0)

    def day_end(self, name: str, *, default: str) -> str:
        """A time of day written 18:00, or 24:00 for the end of the day."""
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, str) or not _DAY_TIME.fullmatch(value):
            self.fail(name, "时间应写成 24:00 的样子（00:00 至 24:00）")
            return default
        return value

    def degrees(self, name: str) -> Decimal:
        """A temperature in ℃ with at most one decimal, between 30.0 and 43.0."""
        value = self._take(name)
        try:
            found = Decimal(str(value)) if isinstance(value, str | int | float | Decimal) else None
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite() or not Decimal(30) <= found <= Decimal(43):
            self.fail(name, "应为30.0至43.0之间的体温（℃）")
            return Decimal(30)
        if found != found.quantize(Decimal("0.1")):
            self.fail(name, "体温只保留一位小数")
        return found.quantize(Decimal("0.1"))

    def choice(self, name: str, kind: type[_Choice], *, default: _Choice | None = None) -> _Choice:
        """One of the values of `kind`; required unless there is a `default`."""
        value = self._take(name)
        if value is None and default is not None:
            return default
        if value in kind.values:
            return kind(value)
        self.fail(name, f"应为下列之一：{'、'.join(kind.values)}")
        return next(iter(kind))

    def child(self, name: str) -> FieldReader:
        """A nested object; an empty one when absent."""
        value = self._take(name)
        if value is not None and not isinstance(value, Mapping):
            self.fail(name, "应为一组设置")
        return FieldReader(value if isinstance(value, Mapping) else {}, f"{self.path}{name}.", self.problems)

    def children(self, name: str) -> list[FieldReader]:
        """A list of nested objects; [] when absent."""
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
            self.fail(name, "应为列表")
            return []
        return [
            FieldReader(item, f"{self.path}{name}[{index}].", self.problems)
            for index, item in enumerate(value)
        ]

    def refuse_unknown(self) -> None:
        """Note every key that nobody asked for: a misspelt setting must not pass for an absent one."""
        for name in sorted(set(self.data) - self._read):
            self.fail(name, "没有这一项设置，请核对名称")
