"""Reading the history of changes: what a line of any history table changed, in words."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils import timezone

from grassroots.grid.crypto import DecryptionError, decrypt
from grassroots.grid.fields import EncryptedTextField
from grassroots.grid.models import Area, DutyKind, Staff

KINDS = {"+": "新建", "~": "修改", "-": "删除"}
LABELLED: tuple[type[models.Model], ...] = (Area, Staff, DutyKind)  # rows of others are shown by number
_OF_HISTORY = {"history_id", "history_date", "history_change_reason", "history_type", "history_user"}
_BOOKKEEPING = {"uid", "version"}  # which nobody typed, and which say nothing of what was changed
# What an auditor reads where a field has no Chinese name of its own.
_LABELS = {
    "created_at": "建立时间", "recorded_at": "录入时间", "close_recorded_at": "销户录入时间", "order": "次序",
    "end_recorded_at": "迁出录入时间", "stated_age_on": "自报年龄的日期", "void_reason": "作废原因",
}  # fmt: skip
_LONGEST = 200


@dataclass
class FieldChange:
    """One field's old and new value as they are shown; of an encrypted one only that it changed."""

    label: str
    old: str
    new: str
    is_sealed: bool = False


@dataclass
class Change:
    """One line of history."""

    at: dt.datetime
    kind: str
    model: str
    subject: str
    by: str
    reason: str
    fields: list[FieldChange] = field(default_factory=list)


def tracked_models() -> dict[str, type[models.Model]]:
    """Models with a history by their label, e.g. 'grid.area', the ground first."""
    found = [model for model in apps.get_models() if hasattr(model, "history") and model._meta.managed]
    order = ["grid", "households", "quarantine"]
    found.sort(key=lambda model: order.index(app) if (app := model._meta.app_label) in order else 9)
    return {model._meta.label_lower: model for model in found}


def history_of(model: type[models.Model]) -> QuerySet[Any]:
    """All lines of a model's history, newest first, with encrypted values as stored."""
    lines: Any = model.history.model  # type: ignore[attr-defined]
    names = [one.name for one in lines._meta.concrete_fields if isinstance(one, EncryptedTextField)]
    sealed = {f"sealed_{name}": Cast(name, models.TextField()) for name in names}
    found: QuerySet[Any] = lines._default_manager.defer(*names).annotate(**sealed)
    return found.select_related("history_user").order_by("-history_id")


def _before(model: type[models.Model], lines: Sequence[Any]) -> dict[int, Any]:
    """For each line the line before it of the same row, by history id (two queries)."""
    table: Any = model.history.model  # type: ignore[attr-defined]
    pk = model._meta.pk.attname  # type: ignore[union-attr]
    earlier = table._default_manager.filter(**{pk: OuterRef(pk)}, history_id__lt=OuterRef("history_id"))
    pairs = dict(
        table._default_manager.filter(history_id__in=[line.history_id for line in lines])
        .annotate(before=Subquery(earlier.order_by("-history_id").values("history_id")[:1]))
        .values_list("history_id", "before")
    )
    found = history_of(model).in_bulk([number for number in pairs.values() if number])
    return {number: found[before] for number, before in pairs.items() if before in found}


class _Words:
    """Values as words; names of areas, staff and kinds are looked up once for a page."""

    def __init__(self, fields: Iterable[Any], lines: Iterable[Any]) -> None:
        self.names: dict[Any, dict[Any, str]] = {}
        wanted: dict[Any, set[Any]] = defaultdict(set)
        links = [one for one in fields if one.is_relation and one.related_model in LABELLED]
        for line in lines:
            for one in links:
                wanted[one.related_model].add(getattr(line, one.attname))
        for model, keys in wanted.items():
            self.names[model] = dict(
                model._default_manager.filter(pk__in=keys - {None}).values_list("pk", "name")
            )

    def of(self, one: Any, line: Any) -> str:
        """The value of a field in a line of history."""
        value = getattr(line, one.attname)
        if value is None or value == "":
            return "(空)"
        if one.is_relation:
            return self.names.get(one.related_model, {}).get(value, f"编号 {value}")
        if one.choices:
            return str(dict(one.flatchoices).get(value, value))
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, dt.datetime):
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
        text = str(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _is_shown(one: Any) -> bool:
    return (
        one.name not in _OF_HISTORY | _BOOKKEEPING
        and not one.primary_key
        and not one.name.endswith("_digest")
    )


def _opened(line: Any, name: str) -> str:
    try:
        return decrypt(getattr(line, f"sealed_{name}") or "")
    except DecryptionError:
        return str(getattr(line, f"sealed_{name}"))


def _field_changes(fields: Sequence[Any], words: _Words, line: Any, before: Any) -> list[FieldChange]:
    changes = []
    for one in fields:
        label = _LABELS.get(one.name) or str(one.verbose_name)
        if isinstance(one, EncryptedTextField):
            old = _opened(before, one.name) if before is not None else ""
            if _opened(line, one.name) != old:
                changes.append(FieldChange(label, "", "已修改" if old else "已填写", is_sealed=True))
            continue
        if before is not None and getattr(line, one.attname) == getattr(before, one.attname):
            continue
        new = words.of(one, line)
        if before is None and new == "(空)":
            continue
        changes.append(FieldChange(label, words.of(one, before) if before is not None else "", new))
    return changes


def _subject(model: type[models.Model], words: _Words, line: Any) -> str:
    """What the line is about, without more of a person than his family name."""
    if hasattr(line, "display"):
        return str(line.display)
    if hasattr(line, "name"):
        return line.name if model._meta.app_label == "grid" else f"{line.name[:1]}**"
    links = [
        one for one in line._meta.concrete_fields if one.is_relation and one.related_model in (Staff, Area)
    ]
    parts = [words.of(one, line) for one in links if one.name in {"staff", "area"}]
    return " · ".join(parts) or f"编号 {line.pk}"


def changes_of(model: type[models.Model], lines: Sequence[Any]) -> list[Change]:
    """The lines in words, field by field, against the line before; seven queries at most for a page."""
    before = _before(model, lines)
    pk = model._meta.pk.name  # type: ignore[union-attr]
    table: Any = model.history.model  # type: ignore[attr-defined]
    every = [one for one in table._meta.concrete_fields if _is_shown(one) and one.name != pk]
    words = _Words(every, [*lines, *before.values()])
    changes = []
    for line in lines:
        change = Change(
            at=line.history_date,
            kind=KINDS.get(line.history_type, line.history_type),
            model=str(model._meta.verbose_name),
            subject=_subject(model, words, line),
            by=line.history_user.name if line.history_user else "系统",
            reason=line.history_change_reason or "",
        )
        if line.history_type != "-":
            change.fields = _field_changes(every, words, line, before.get(line.history_id))
        changes.append(change)
    return changes
