"""What the page that edits a layout holds together: the form, the rows of columns, the preview."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from grassroots.grid.models import Area, Staff
from grassroots.grid.views.pages import whole_number
from grassroots.ledgers.engine import Chosen, Layout, LayoutError, LedgerDefinition
from grassroots.ledgers.engine.preview import Preview, preview_ledger
from grassroots.ledgers.engine.tailored import Tailored, check_tailored, tailor
from grassroots.ledgers.forms import ledger_areas
from grassroots.ledgers.forms.columns import ColumnRows
from grassroots.ledgers.forms.layouts import LayoutForm
from grassroots.ledgers.layout_choice import context_for, saved_filters
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion
from grassroots.ledgers.services.layouts import LayoutDraft, offered_layout, standard_layout

#: Fields that say nothing about how the sheet looks: a preview does not wait for them.
NOT_DRAWN = frozenset({"name", "area", "is_default", "note", "version"})
COPY = "（副本）"


@dataclass
class LayoutEditor:
    """The editing of one layout, from a form that was sent or from a layout that is there."""

    definition: LedgerDefinition
    standard: Layout
    staff: Staff
    area: Area
    form: LayoutForm
    rows: ColumnRows
    before: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    trouble: list[str] = field(default_factory=list)

    @classmethod
    def shown(
        cls, definition: LedgerDefinition, staff: Staff, area: Area, *, source: LedgerLayoutVersion | None,
        row: LedgerLayout | None,
    ) -> LayoutEditor:  # fmt: skip
        """As the page is opened: on the layout `row`, or a new one that starts from `source` or the ledger's own."""
        standard = offered_layout(definition, area, staff)
        own = Tailored(standard_layout(definition, area, staff))
        found = tailor(source.drawn(), standard) if source else own
        initial = LayoutForm.initial_of(
            found.layout, saved_filters(source.filters, definition) if source else {}
        )
        if row is not None:
            initial |= {"name": row.name, "is_default": row.is_default, "version": row.version}
        else:
            initial |= {"area": area.pk, "name": _copied(source)}
        form = LayoutForm(
            initial=initial, definition=definition, standard=standard, staff=staff, is_new=row is None
        )
        rows = ColumnRows.of(found.layout, standard)
        return cls(definition, standard, staff, area, form, rows, hints=found.hints)

    @classmethod
    def sent(
        cls, definition: LedgerDefinition, staff: Staff, area: Area, *, data: QueryDict, before: Iterable[str],
        is_new: bool,
    ) -> LayoutEditor:  # fmt: skip
        """As the form was sent; `before` are the columns of the version that it is edited from."""
        if is_new:
            area = _area_in(data, staff) or area
        standard = offered_layout(definition, area, staff)
        form = LayoutForm(data, definition=definition, standard=standard, staff=staff, is_new=is_new)
        return cls(definition, standard, staff, area, form, ColumnRows.posted(data, standard), tuple(before))

    def draft(self) -> LayoutDraft | None:
        """What is to be saved; None with the errors beside their fields."""
        found = self._drawn(ignoring=frozenset())
        if found is None:
            return None
        layout, _tailored, filters = found
        data = self.form.cleaned_data
        return LayoutDraft(data["name"], layout, filters, data["is_default"], data["note"])

    def preview(self) -> Preview | None:
        """The first rows in the layout as typed; None with `trouble` in words."""
        found = self._drawn(ignoring=NOT_DRAWN)
        for name in NOT_DRAWN:  # what is not asked yet is not wrong yet
            self.form.errors.pop(name, None)
        if found is None:
            self.trouble = list(self._troubles())
            return None
        _layout, tailored, filters = found
        self.hints = tailored.hints
        context = context_for(self.area, self.staff, filters=filters)
        return preview_ledger(self.definition, context, tailored.layout)

    def _drawn(self, *, ignoring: frozenset[str]) -> tuple[Layout, Tailored, Chosen] | None:
        form, rows = self.form, self.rows
        form.is_valid()
        columns = rows.columns()
        if rows.has_errors:
            form.add_error(None, "有的列没有填对，见下面标红的列。")
        elif not columns:
            form.add_error(None, "至少要选一列。")
        if set(form.errors) - ignoring:
            return None
        try:
            layout = form.layout(columns)
            return layout, check_tailored(layout, self.standard, self.before), form.filters()
        except LayoutError as error:
            if rows.blame(error):
                form.add_error(None, "有的列没有填对，见下面标红的列。")
            else:
                form.blame(error)
            return None

    def _troubles(self) -> Iterable[str]:
        for row in self.rows:
            for words in row.errors.values():
                yield f"列“{row.caption or row.title}”：{words}"
        for name, messages in self.form.errors.items():
            label = self.form.fields[name].label if name in self.form.fields else ""
            for message in messages:
                if name not in NOT_DRAWN and not (name == "__all__" and self.rows.has_errors):
                    yield f"{label}：{message}" if label else str(message)

    def context(self) -> dict[str, Any]:
        """What the template draws."""
        groups = dict.fromkeys(group for column in self.standard.columns for group in column.path)
        return {
            "form": self.form, "rows": self.rows, "definition": self.definition, "hints": self.hints,
            "trouble": self.trouble, "groups": groups,
        }  # fmt: skip


def _area_in(data: QueryDict, staff: Staff) -> Area | None:
    """The area that a new layout is for, if it is one of the person's; the form says what is wrong with another."""
    pk = whole_number(data.get("area", ""))
    return ledger_areas(staff).filter(pk=pk).first() if pk is not None else None


def _copied(source: LedgerLayoutVersion | None) -> str:
    return f"{source.layout.name}{COPY}" if source else ""
