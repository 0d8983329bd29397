"""Layout and filters on the download form: a part of its own for each ledger, of which the chosen ledger's counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import LedgerDefinition, ledger_registry
from grassroots.ledgers.layout_choice import (
    STANDARD,
    current_versions,
    default_among,
    offered_layouts,
    saved_filters,
)
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion

NO_LAYOUT = "没有这个版式，可能刚被停用，请重新选择。"


class OptionsForm(forms.Form):
    """Layout and filters of one ledger.

    `drawn` is the layout whose own filters are ticked as the form is shown: where another was chosen since, without
    script to show its filters, they still hold, and what is ticked counts filter by filter. `proposed` is the default
    of the area; as long as it is what is chosen, another area's default takes its place when the form is shown anew.
    """

    layout = forms.ChoiceField(label="版式", required=False, error_messages={"invalid_choice": NO_LAYOUT})
    drawn = forms.CharField(required=False, widget=forms.HiddenInput)
    proposed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, definition: LedgerDefinition, layouts: list[LedgerLayout], **kwargs: Any
    ) -> None:
        kwargs["prefix"] = definition.key
        super().__init__(*args, **kwargs)
        self.definition, self.layouts = definition, layouts
        self.fields["layout"].choices = [  # type: ignore[attr-defined]
            (STANDARD, "标准版式"), *((str(row.uid), _label(row)) for row in layouts),
        ]  # fmt: skip
        for item in definition.filters:
            if item.is_offered:
                self.fields[f"f_{item.key}"] = forms.MultipleChoiceField(
                    label=item.label, choices=item.options(), required=False, widget=forms.CheckboxSelectMultiple,
                    error_messages={"invalid_choice": "没有这个选项。"},
                )  # fmt: skip

    @property
    def filter_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("f_")]

    @property
    def layout_uid(self) -> str:
        """The layout chosen, as an export takes it. Call it on a valid form."""
        return self.cleaned_data["layout"] or STANDARD

    @property
    def layout_name(self) -> str:
        """Its name; "" for the standard one."""
        return next((row.name for row in self.layouts if str(row.uid) == self.layout_uid), "")

    def filters(self) -> dict[str, list[str]]:
        """The filters as an export takes them: with none ticked, [] keeps the layout's own from holding."""
        data = self.cleaned_data
        ticked = {name.removeprefix("f_"): list(data[name]) for name in self.fields if name.startswith("f_")}
        is_shown = self.layout_uid != STANDARD and data["drawn"] == self.layout_uid
        return {key: values for key, values in ticked.items() if values or is_shown}


def _label(row: LedgerLayout) -> str:
    return f"{row.name}（{row.area.name}{'默认' if row.is_default else ''}）"


class LedgerOptions:
    """The parts of all ledgers, for an area: as they are proposed, or as they were sent."""

    def __init__(
        self, staff: Staff, area: Area | None, *, data: Mapping[str, Any] | None = None, chosen: str = ""
    ) -> None:
        offered = offered_layouts(staff)
        self._versions = current_versions(row for rows in offered.values() for row in rows)
        self._forms: dict[str, OptionsForm] = {}
        for definition in ledger_registry.all():
            layouts = offered.get(definition.key, [])
            initial = self._proposal(definition, layouts, area, chosen)
            form = OptionsForm(data, definition=definition, layouts=layouts, initial=initial)
            self._forms[definition.key] = form

    def __iter__(self) -> Iterator[OptionsForm]:
        return iter(self._forms.values())

    def of(self, key: str) -> OptionsForm:
        """The part of one ledger."""
        return self._forms[key]

    def shown_anew(self, area: Area | None) -> None:
        """Redraw for another area or layout: proposals follow the area, ticks follow the layout, the rest stays."""
        for key, form in self._forms.items():
            sent = {name: form[name].value() for name in form.fields}
            known = {str(row.uid): row for row in form.layouts}
            fresh = self._proposal(form.definition, form.layouts, area, "")
            layout = sent["layout"] if sent["layout"] in {STANDARD, *known} else STANDARD
            if layout == sent["proposed"]:
                layout = fresh["layout"]
            if layout != sent["drawn"]:
                initial = fresh | self._ticked(form.definition, known.get(layout))
            else:
                initial = {
                    **sent,
                    **{name: values or [] for name, values in sent.items() if name.startswith("f_")},
                }
            initial |= {"layout": layout, "drawn": layout, "proposed": fresh["layout"]}
            self._forms[key] = OptionsForm(definition=form.definition, layouts=form.layouts, initial=initial)

    def _proposal(
        self, definition: LedgerDefinition, layouts: list[LedgerLayout], area: Area | None, chosen: str
    ) -> dict[str, Any]:
        default = default_among(layouts, area)
        row = next((row for row in layouts if str(row.uid) == chosen), default)
        value, proposed = (str(one.uid) if one else STANDARD for one in (row, default))
        return {"layout": value, "drawn": value, "proposed": proposed, **self._ticked(definition, row)}

    def _ticked(self, definition: LedgerDefinition, row: LedgerLayout | None) -> dict[str, list[str]]:
        version: LedgerLayoutVersion | None = self._versions.get(row.pk) if row else None
        own = saved_filters(version.filters, definition) if version else {}
        return {f"f_{key}": list(values) for key, values in own.items()}
