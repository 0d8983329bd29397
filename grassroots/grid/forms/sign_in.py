"""Signing in and passwords, in clear Chinese."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm


class SignInForm(AuthenticationForm):
    """Account and password."""

    error_messages = {
        "invalid_login": "账号或密码不正确。连续输错 5 次将锁定 15 分钟；忘记密码请找系统管理员重置。",
        "inactive": "该账号已停用，请联系系统管理员。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["password"].label = "密码"
        self.fields["username"].error_messages["required"] = "请填写账号。"
        self.fields["password"].error_messages["required"] = "请填写密码。"
        self.fields["username"].widget.attrs.update(
            autocapitalize="none", autocomplete="username", spellcheck="false"
        )


class OwnPasswordForm(PasswordChangeForm):
    """A new password that differs from the old one."""

    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "原密码不正确。",
        "password_mismatch": "两次输入的新密码不一样。",
        "password_same": "新密码不能和原密码相同。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"old_password": "原密码", "new_password1": "新密码", "new_password2": "再输一次新密码"}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = f"请填写{label}。"
        self.fields["new_password1"].help_text = "至少 8 位，不能全是数字，不要用常见密码或自己的姓名、账号。"
        self.fields["new_password2"].help_text = ""

    def clean_new_password1(self) -> str:
        password: str = self.cleaned_data["new_password1"]
        if password and self.user.check_password(password):
            raise forms.ValidationError(self.error_messages["password_same"], code="password_same")
        return password
