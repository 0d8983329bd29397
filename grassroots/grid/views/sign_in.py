"""Signing in and out, and one's own password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.forms.sign_in import OwnPasswordForm, SignInForm
from grassroots.grid.models import AccessAction
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import INVALID, staff_of


class SignInView(LoginView):
    """The first page of the day."""

    template_name = "grid/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say why somebody is here again."""
        return super().get_context_data(is_idle="idle" in self.request.GET, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = INVALID
        return response


class SignOutView(LogoutView):
    """Leaves by POST only."""


@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """One's own password; on the first sign-in nothing else is open. Sending it twice changes nothing more."""
    staff = staff_of(request)
    is_forced = staff.must_change_password
    form = OwnPasswordForm(staff, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save(commit=False)
            staff.must_change_password = False
            staff._change_reason = "修改密码"  # type: ignore[attr-defined]
            staff.save(update_fields=["password", "must_change_password"])
            access_log(action=AccessAction.PASSWORD, staff=staff, subject=staff, request=request)
        update_session_auth_hash(request, staff)
        messages.success(request, "密码已修改，其他地方的登录已失效。")
        return redirect("desk:workbench")
    context = {"form": form, "is_forced": is_forced}
    status = INVALID if form.is_bound else 200
    return render(request, "grid/password_change.html", context, status=status)


def keepalive(request: HttpRequest) -> HttpResponse:
    """Somebody is still typing: the middleware has just noted it in the session."""
    return HttpResponse(status=204)
