"""Merging two entries of one person, voiding one of nobody, and undoing either."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from households.models import Person, Residency


class MergeForm(forms.Form):
    """Which entry stays, which home is right, why; and the last line of each history when the page was opened."""

    keep = forms.ChoiceField(label="保留哪一份", widget=forms.RadioSelect)
    home = forms.ChoiceField(label="现在住在哪里", widget=forms.RadioSelect)
    reason = text_field(
        "原因", 100, required=True, help_text="如：入户时登记一次，公安推送又建一次，电话核实是同一人"
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, people: tuple[Person, Person], homes: dict[int, Residency], seen: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(one.uid): one for one in people}
        self._choices(
            "keep", [(uid, f"{one.name}（档案编号 {one.pk:08d}）") for uid, one in self.people.items()]
        )
        self.fields["seen"].initial = seen
        places = [(uid, homes[one.pk]) for uid, one in self.people.items() if one.pk in homes]
        if len({home.household_id or -home.pk for _uid, home in places}) < 2:
            del self.fields["home"]
        else:
            self._choices("home", [(uid, _place(home)) for uid, home in places])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def kept(self) -> Person:
        """Whoever stays."""
        return self.people[self.cleaned_data["keep"]]

    @property
    def gone(self) -> Person:
        """The other one."""
        return next(one for uid, one in self.people.items() if uid != self.cleaned_data["keep"])

    @property
    def home_of(self) -> Person:
        """Whose home is right; whoever stays when there is only one."""
        return self.people[self.cleaned_data.get("home") or self.cleaned_data["keep"]]


class RemovalReasonForm(forms.Form):
    """Why an entry is voided, or a removal undone."""

    reason = text_field("原因", 100, required=True)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, words: str, help_text: str = "", seen: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = words
        self.fields["reason"].help_text = help_text
        self.fields["seen"].initial = seen


def _place(home: Residency) -> str:
    return f"{home.area.name} {home.household.display if home.household else home.address_text}"
