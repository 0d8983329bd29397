"""Who a close contact is: one of the register, or somebody new, and where he stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from households.models import Household
from quarantine.forms.returnees import NewPersonForm

NEW, ELSEWHERE = "new", "elsewhere"


class FollowForm(NewPersonForm):
    """Choices are found by the caller; the fields of somebody new count only when that is chosen."""

    who = forms.ChoiceField(label="他是谁", widget=forms.RadioSelect)
    same_home = forms.BooleanField(label="和返乡人住同一户", required=False)

    def __init__(
        self,
        *args: Any,
        choices: Sequence[tuple[str, str]],
        home: Household | None,
        phone: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, in_household=False, **kwargs)
        who = self.fields["who"]
        assert isinstance(who, forms.ChoiceField)
        who.choices = list(choices)
        self.may_register = any(code == NEW for code, _words in choices)
        self.is_new = self.may_register and (not self.is_bound or self.data.get("who") == NEW)
        for name in ("name", "area", "address_text", "id_kind", "residency_kind"):
            self.fields[name].required = self.is_new and name not in {"area", "address_text"}
        if home is None:
            del self.fields["same_home"]
        else:
            self.fields[
                "same_home"
            ].help_text = f"勾了就登记到 {home.area.name} {home.display}，下面的住址不用填"
        if phone:
            self.fields["phone"].help_text = f"不填就用登记的 {phone}"

    def clean(self) -> dict[str, Any]:
        """Somebody new lives somewhere."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_new and not values.get("same_home"):
            for name, words in (("area", "请选择现住区域。"), ("address_text", "请填写现住址。")):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return values
