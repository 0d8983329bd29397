"""Extra fields of a kind as data: what an administrator may ask for, and what an answer has to look like.

A kind's `fields` is a list of dictionaries; this module alone knows what they mean. Forms, services, ledgers and pages
read them through `read_fields`, `clean_values` and `shown`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

TEXT, LONG, INTEGER, DECIMAL, CHOICE, YES_NO, TIME = (
    "text", "long", "integer", "decimal", "choice", "yes_no", "time",
)  # fmt: skip
TYPES: dict[str, str] = {
    TEXT: "文字（一行）",
    LONG: "文字（几行）",
    INTEGER: "整数",
    DECIMAL: "小数",
    CHOICE: "从几项中选一项",
    YES_NO: "是或否",
    TIME: "时间（几点几分）",
}
MOST_FIELDS = 12
MOST_CHOICES = 20
LABEL_LENGTH = 20
TEXT_LENGTH, LONG_LENGTH = 100, 500
LARGEST = 10**9
_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")


class WrongFields(ValueError):
    """Definitions that cannot be used; `errors` holds messages for the office by the field's place (from 0)."""

    def __init__(self, errors: Mapping[int, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


class WrongValues(ValueError):
    """Answers that do not fit; `errors` holds a message by the field's key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class FieldRule:
    """One extra field: `key` in the stored values, `label` on forms and in the ledger, `type` one of TYPES.

    `choices` for a CHOICE, in their order; `unit` stands behind a number (mg/L, 分钟).
    """

    key: str
    label: str
    type: str = TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is stored; what is empty is left out."""
        kept = {"key": self.key, "label": self.label, "type": self.type, "required": self.required,
                "choices": list(self.choices), "unit": self.unit, "help": self.help}  # fmt: skip
        return {name: value for name, value in kept.items() if value}

    @property
    def caption(self) -> str:
        """The label with its unit: 作用时间（分钟）."""
        return f"{self.label}（{self.unit}）" if self.unit else self.label


def read_fields(data: Any) -> tuple[FieldRule, ...]:
    """The fields that stored definitions describe. Raises WrongFields naming each that cannot be used."""
    rows = data if isinstance(data, list) else []
    rules = tuple(_rule(row) for row in rows)
    if errors := field_errors(rules):
        raise WrongFields(errors)
    return rules


def _rule(row: Any) -> FieldRule:
    if not isinstance(row, Mapping):
        return FieldRule("", "")
    return FieldRule(
        key=str(row.get("key", "")), label=" ".join(str(row.get("label", "")).split()),
        type=str(row.get("type", TEXT)), required=bool(row.get("required")),
        choices=tuple(" ".join(str(one).split()) for one in row.get("choices", ()) if str(one).strip()),
        unit=str(row.get("unit", "")).strip(), help=str(row.get("help", "")).strip(),
    )  # fmt: skip


def field_errors(rules: Sequence[FieldRule]) -> dict[int, str]:
    """What is wrong with definitions, by the field's place."""
    errors: dict[int, str] = {}
    if len(rules) > MOST_FIELDS:
        errors[MOST_FIELDS] = f"栏目最多 {MOST_FIELDS} 项，现在有 {len(rules)} 项，请合并或删掉几项。"
    keys: set[str] = set()
    labels: set[str] = set()
    for place, rule in enumerate(rules):
        if words := _trouble(rule):
            errors.setdefault(place, words)
        elif rule.label in labels or rule.key in keys:
            errors.setdefault(place, f"“{rule.label}”已经有了，请换一个名称。")
        keys.add(rule.key)
        labels.add(rule.label)
    return errors


def _trouble(rule: FieldRule) -> str:
    if not rule.label:
        return "请填写栏目名称。"
    if len(rule.label) > LABEL_LENGTH:
        return f"栏目名称最多 {LABEL_LENGTH} 个字，“{rule.label[:LABEL_LENGTH]}…”太长。"
    if not _KEY.fullmatch(rule.key):
        return f"“{rule.label}”的标识不对。"
    if rule.type not in TYPES:
        return f"“{rule.label}”的类型不认识。"
    if rule.type == CHOICE and not 2 <= len(set(rule.choices)) <= MOST_CHOICES:
        return f"“{rule.label}”要有 2 至 {MOST_CHOICES} 个不同的选项。"
    if rule.type != CHOICE and rule.choices:
        return f"“{rule.label}”不是单选，不能带选项。"
    return ""


def next_key(taken: Iterable[str]) -> str:
    """A key that no field of the kind has had: f1, f2 … Values of removed fields stay under theirs."""
    numbers = [int(key[1:]) for key in taken if re.fullmatch(r"f\d{1,6}", key)]
    return f"f{max(numbers, default=0) + 1}"


def clean_values(rules: Sequence[FieldRule], given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they are stored (plain JSON, empty ones left out). Raises WrongValues with a message a field.

    Numbers stay as they were typed, decimals as text, times as HH:MM. What no field asks for is dropped.
    """
    kept: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for rule in rules:
        raw = given.get(rule.key)
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            if rule.required:
                errors[rule.key] = missing_words(rule)
            continue
        try:
            kept[rule.key] = _READERS[rule.type](rule, raw)
        except ValueError as error:
            errors[rule.key] = str(error)
    if errors:
        raise WrongValues(errors)
    return kept


def missing_words(rule: FieldRule) -> str:
    """What is said where an answer is missing."""
    return f"请{'选择' if rule.type in (CHOICE, YES_NO) else '填写'}{rule.label}。"


def _text(rule: FieldRule, raw: Any) -> str:
    most = LONG_LENGTH if rule.type == LONG else TEXT_LENGTH
    lines = [" ".join(line.split()) for line in str(raw).splitlines()]
    text = "\n".join(lines).strip() if rule.type == LONG else " ".join(" ".join(lines).split())
    if len(text) > most:
        raise ValueError(f"{rule.label}最多 {most} 个字，现在有 {len(text)} 个。")
    return text


def _integer(rule: FieldRule, raw: Any) -> int:
    text = str(raw).strip()
    if isinstance(raw, bool) or not text.isdecimal() or int(text[:12]) > LARGEST:
        raise ValueError(f"{rule.label}要填整数，“{text[:20]}”不是。")
    return int(text)


def _decimal(rule: FieldRule, raw: Any) -> str:
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number <= LARGEST:
        raise ValueError(f"{rule.label}要填数字，如 2.5，“{str(raw)[:20]}”不是。")
    return f"{number.normalize():f}"


def _choice(rule: FieldRule, raw: Any) -> str:
    if str(raw) not in rule.choices:
        raise ValueError(f"{rule.label}没有“{str(raw)[:20]}”这一项，可选：{'、'.join(rule.choices)}。")
    return str(raw)


def _yes_no(rule: FieldRule, raw: Any) -> bool:
    known = {"True": True, "1": True, "是": True, "False": False, "0": False, "否": False}
    if str(raw) not in known:
        raise ValueError(f"{rule.label}请选择是或否。")
    return known[str(raw)]


def _time(rule: FieldRule, raw: Any) -> str:
    try:
        clock = (
            raw if isinstance(raw, dt.time) else dt.time.fromisoformat(str(raw).strip().replace("：", ":"))
        )
    except ValueError:
        raise ValueError(f"{rule.label}请写成 08:30 的样子，“{str(raw)[:20]}”看不懂。") from None
    return f"{clock:%H:%M}"


_READERS = {
    TEXT: _text, LONG: _text, INTEGER: _integer, DECIMAL: _decimal, CHOICE: _choice, YES_NO: _yes_no, TIME: _time,
}  # fmt: skip


def shown(rule: FieldRule, value: Any) -> str:
    """A stored answer in words; "" for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value}{rule.unit}"
