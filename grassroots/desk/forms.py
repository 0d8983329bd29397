"""Forms of the desk."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from grassroots.grid.models import Staff

CODE = RegexValidator(r"^\d{6,15}$", "区划代码只能是6到15位数字，例如 510121006000。")


class FirstStartForm(forms.Form):
    """County, street, administrator."""

    county = forms.CharField(label="县(市、区)", max_length=60, help_text="例如:金堂县")
    county_code = forms.CharField(
        label="县区划代码", max_length=15, required=False, validators=[CODE], help_text="可以以后再填"
    )
    street = forms.CharField(label="街道(镇)", max_length=60, help_text="例如:淮口街道")
    street_code = forms.CharField(
        label="街道区划代码", max_length=15, required=False, validators=[CODE], help_text="可以以后再填"
    )
    office = forms.CharField(
        label="单位名称", max_length=60, required=False, help_text="印在表格上；不填则为“街道名+办事处”"
    )
    name = forms.CharField(label="管理员姓名", max_length=50)
    username = forms.CharField(
        label="管理员账号", max_length=40, validators=[RegexValidator(r"^[\w.@-]+$", "账号只能用字母、数字和 . @ - _")],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )  # fmt: skip
    password = forms.CharField(
        label="密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False,
        help_text="至少8位，不能只有数字，不要用常见密码",
    )  # fmt: skip
    repeated = forms.CharField(
        label="再输一遍密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Fieldset("一、单位", "county", "county_code", "street", "street_code", "office"),
            Fieldset("二、第一位管理员", "name", "username", "password", "repeated"),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("street_code") and data["street_code"] == data.get("county_code"):
            self.add_error("street_code", "街道和县的区划代码不能相同。")
        password = data.get("password")
        if password:
            try:
                validate_password(
                    password, Staff(username=data.get("username", ""), name=data.get("name", ""))
                )
            except ValidationError as weak:
                self.add_error("password", weak)
            if data.get("repeated") and data["repeated"] != password:
                self.add_error("repeated", "两次输入的密码不一样，请重新输入。")
        return data
