"""Writing the catalogue: an administrator adds a kind, changes it, puts it out of use and in again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.versions import check_version
from measures.figures import columns
from measures.indicators import VENUE_COLUMNS
from measures.models import OWN, Counting, Family, Kind
from measures.own_columns import reload_columns
from measures.rules.fields import FieldRule, field_errors, next_key

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

EDITABLE = (
    "family", "name", "unit", "counting", "column", "asks_place", "asks_venue", "due_every", "due_duty", "order",
)  # fmt: skip
#: What must not change under rows that were counted by it.
FIXED = {"family": "大类", "unit": "单位", "counting": "计数方式"}


def column_choices(family: str) -> dict[str, str]:
    """The columns of the 统计表 that a kind of the family may feed, with the words for them."""
    return dict(VENUE_COLUMNS) if family == Family.VENUE else dict(columns)


def _is_used(kind: Kind) -> bool:
    return kind.pk is not None and (kind.records.exists() or kind.venues.exists())


def _known_keys(kind: Kind) -> set[str]:
    """Every key that a field of the kind ever had."""
    if kind.pk is None:
        return set()
    versions = kind.history.values_list("fields", flat=True)
    return {row.get("key", "") for fields in [kind.fields, *versions] for row in fields}


def _keyed(kind: Kind, rules: Sequence[FieldRule], *, is_used: bool) -> list[dict[str, Any]]:
    """The fields with a key each; new ones get a fresh one. Raises ValidationError naming the first that is wrong."""
    old, taken, kept = {rule.key: rule for rule in kind.rules}, _known_keys(kind), []
    for rule in rules:
        if rule.key not in old:
            rule = replace(rule, key=next_key(taken))
            taken.add(rule.key)
        elif is_used and old[rule.key].type != rule.type:
            words = f"“{rule.label}”已有登记，不能改类型；请清空它的名称，另加一栏。"
            raise ValidationError({"fields": words})
        kept.append(rule)
    if errors := field_errors(kept):
        raise ValidationError({"fields": "；".join(errors.values())})
    return [rule.to_json() for rule in kept]


def _fill(kind: Kind, given: dict[str, Any], rules: Sequence[FieldRule]) -> None:
    """Raises ValidationError by field."""
    is_used = _is_used(kind)
    errors: dict[str, str] = {}
    for name, value in given.items():
        if name not in EDITABLE:
            raise TypeError(f"{name} of a kind is not entered")
        value = " ".join(value.split()) if isinstance(value, str) else value
        if name in FIXED and is_used and getattr(kind, name) != value:
            errors[name] = f"“{kind.name}”已有登记，不能改{FIXED[name]}；请停用它，另加一个项目。"
        if name != "column":
            setattr(kind, name, value)
    if not kind.name:
        errors["name"] = "请填写名称。"
    elif Kind.objects.filter(family=kind.family, name=kind.name).exclude(pk=kind.pk).exists():
        errors["name"] = f"“{kind.get_family_display()}”里已经有“{kind.name}”。"
    if kind.counting == Counting.STOCK and not kind.unit:
        errors["unit"] = "按现有数量计的，请填写单位，如：台、人。"
    if kind.due_every is not None and not 1 <= kind.due_every <= 31:
        errors["due_every"] = "几天一次填 1 至 31，不定期的空着。"
    column = given.get("column", kind.column)
    if column and column != OWN and not column.startswith(OWN) and column not in column_choices(kind.family):
        errors["column"] = "没有这一列，请重新选择。"
    if errors:
        raise ValidationError(errors)
    kind.fields = _keyed(kind, rules, is_used=is_used)
    kind.__dict__.pop("rules", None)


def _set_column(kind: Kind, column: str) -> None:
    """A column of its own is named by the kind's number, so it is given when there is one."""
    kind.column = f"{OWN}{kind.pk}" if column.startswith(OWN) else column


def _save(kind: Kind, by: Staff) -> None:
    kind._history_user = by  # type: ignore[attr-defined]
    kind.save()
    reload_columns()


@transaction.atomic
def kind_add(*, rules: Sequence[FieldRule], by: Staff, **given: Any) -> Kind:
    """Add a kind: from now on it can be recorded, stands in its family's ledger, and feeds its column.

    `given`: see EDITABLE; column OWN gives it one of its own. Raises ValidationError by field ("fields" for the rows).
    """
    kind = Kind(code=_next_code())
    _fill(kind, given, rules)
    kind._history_user = by  # type: ignore[attr-defined]
    kind.save()
    if column := given.get("column", ""):
        _set_column(kind, column)
        kind.save(update_fields=["column"])
    reload_columns()
    return kind


def _next_code() -> str:
    """own-1, own-2 …: what ships has words for codes."""
    last = Kind.objects.filter(code__startswith="own-").order_by("-pk").values_list("code", flat=True).first()
    return f"own-{int(last.removeprefix('own-')) + 1 if last else 1}"


@transaction.atomic
def kind_change(*, kind: Kind, version: int, rules: Sequence[FieldRule], by: Staff, **given: Any) -> Kind:
    """Change a kind. Raises ValidationError by field, StaleVersion when somebody was faster."""
    row = Kind.objects.select_for_update().get(pk=kind.pk)
    check_version(row, version)
    _fill(row, given, rules)
    if "column" in given:
        _set_column(row, given["column"])
    row.version += 1
    _save(row, by)
    return row


@transaction.atomic
def kind_switch(*, kind: Kind, is_open: bool, by: Staff, at: dt.datetime | None = None) -> Kind:
    """Put a kind out of use (nothing new is recorded, what was stays and counts) or in again."""
    row = Kind.objects.select_for_update().get(pk=kind.pk)
    row.closed_at = None if is_open else (row.closed_at or at or timezone.now())
    row.version += 1
    _save(row, by)
    return row
