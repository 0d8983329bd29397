"""The office's form, and the auditor's filters."""

from __future__ import annotations

from django import forms

from grassroots.grid.forms.parts import day_field
from grassroots.grid.models import AccessAction, Office


class OfficeForm(forms.ModelForm):
    """What is printed on papers."""

    class Meta:
        model = Office
        fields = ["name", "phone", "issuer"]
        error_messages = {"name": {"required": "请填写单位名称。"}}


class AccessLogFilter(forms.Form):
    """Which accesses to show. The person is chosen by uid, so that no name stands in the address."""

    staff = forms.UUIDField(required=False, widget=forms.HiddenInput)
    action = forms.ChoiceField(label="操作", required=False, choices=[("", "全部"), *AccessAction.choices])
    since = day_field("从")
    until = day_field("到(含)")


class HistoryFilter(forms.Form):
    """Which changes to show."""

    model = forms.ChoiceField(label="对象", required=False)
    staff = forms.UUIDField(required=False, widget=forms.HiddenInput)
    since = day_field("从")
    until = day_field("到(含)")
