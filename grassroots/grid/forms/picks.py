"""Choosing one area or one member of staff among thousands: type, find, tap. Works without script.

A form that uses a pick is shown again, with everything typed, when its 查找 button (name `find`, value: the field's
name) is pressed; htmx swaps just the field. Choices are the field's queryset, which the form limits to the scope.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from grassroots.grid.models import Area, Staff
from grassroots.grid.tree import names_above

SHOWN = 20
NOBODY = "(不指定)"
ERRORS = {"required": "请查找并点选一个。", "invalid_choice": "没有这个选项，请重新查找。"}


@dataclass(frozen=True)
class Candidate:
    """One row to tap."""

    value: str
    title: str
    hint: str = ""


class PickWidget(forms.Widget):
    """A search box, and the rows found as radio buttons."""

    query = ""
    candidates: list[Candidate] = []
    has_more = False
    placeholder = ""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        attrs = attrs or {}
        context = {
            "name": name,
            "id": attrs.get("id", f"id_{name}"),
            "is_invalid": "is-invalid" in str(attrs.get("class", "")),
            "value": str(value or ""),
            "query": self.query,
            "candidates": self.candidates,
            "has_more": self.has_more,
            "placeholder": self.placeholder,
        }
        return render_to_string("grid/_pick.html", context)


class PickField(forms.ModelChoiceField):
    """A choice that is found by typing. Subclasses say how to search and what a row looks like."""

    widget = PickWidget
    placeholder = ""
    queryset: QuerySet[Any]

    def __init__(self, queryset: QuerySet[Any], **options: Any) -> None:
        options.setdefault("error_messages", ERRORS)
        super().__init__(queryset, **options)
        self.widget.placeholder = self.placeholder

    def searched(self, text: str) -> QuerySet[Any]:
        """Rows that match what was typed."""
        raise NotImplementedError

    def described(self, rows: list[Any]) -> list[Candidate]:
        """Rows as they are shown."""
        raise NotImplementedError

    def find(self, text: str, chosen: str) -> None:
        """Fill the widget with up to SHOWN rows that match `text`, and the one chosen before."""
        text = text.replace("\x00", "")  # which PostgreSQL cannot look for
        rows = list(self.searched(text.strip())[: SHOWN + 1])
        self.widget.query, self.widget.has_more = text, len(rows) > SHOWN
        rows = rows[:SHOWN]
        key = self.to_field_name or "pk"
        if chosen and chosen not in {str(getattr(row, key)) for row in rows}:
            with contextlib.suppress(self.queryset.model.DoesNotExist, ValueError, forms.ValidationError):
                rows = [self.queryset.get(**{key: chosen}), *rows]
        if not text and self.widget.has_more:
            rows = [row for row in rows if str(getattr(row, key)) == chosen]
        self.widget.candidates = self.described(rows)
        if not self.required and self.widget.candidates:
            self.widget.candidates.insert(0, Candidate("", NOBODY))


def _account(one: Staff) -> str:
    return f"账号 {one.username}" if one.has_usable_password() else ""


class StaffPickField(PickField):
    """Somebody, found by name; known in the form by uid."""

    placeholder = "输入姓名或单位"

    def __init__(self, queryset: QuerySet[Staff], **options: Any) -> None:
        super().__init__(queryset, to_field_name="uid", **options)

    def searched(self, text: str) -> QuerySet[Any]:
        found = self.queryset.all()
        if text:
            found = found.filter(Q(name__icontains=text) | Q(organisation__icontains=text))
        return found.order_by("name", "pk")

    def described(self, rows: list[Any]) -> list[Candidate]:
        return [
            Candidate(
                str(one.uid), one.name, " ".join(filter(None, (one.organisation, one.post))) or _account(one)
            )
            for one in rows
        ]


class AreaPickField(PickField):
    """An area, found by name or code."""

    placeholder = "输入区域名称或代码"

    def searched(self, text: str) -> QuerySet[Any]:
        found = self.queryset.all()
        if text:
            found = found.filter(Q(name__icontains=text) | Q(code__startswith=text))
        return found.order_by("path")

    def described(self, rows: list[Any]) -> list[Candidate]:
        above = names_above(rows)
        return [
            Candidate(
                str(one.pk), one.name, " · ".join(filter(None, (one.get_level_display(), above[one.pk])))
            )
            for one in rows
        ]


class PickForm(forms.Form):
    """A form that may hold picks; call `super().__init__` first, then set the querysets, then `fill_picks`."""

    def fill_picks(self) -> None:
        """Find the rows to offer, from what was typed."""
        source: Mapping[str, Any] = self.data if self.is_bound else self.initial
        for name, field in self.fields.items():
            if isinstance(field, PickField):
                chosen = source.get(self.add_prefix(name)) or ""
                if isinstance(chosen, Area | Staff):
                    chosen = str(getattr(chosen, field.to_field_name or "pk"))
                field.find(str(source.get(f"{name}_q", "")), str(chosen))
