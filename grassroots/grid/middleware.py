"""Middleware: first start, idle sign-out, sign-in required, nothing personal in caches."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import Resolver404, resolve

from grassroots.grid.models import Office

GetResponse = Callable[[HttpRequest], HttpResponse]
# Pages that need nobody signed in; everything else does.
OPEN_URL_NAMES = {
    "grid:login", "desk:first_start", "desk:health", "grid:signed_out",
    # The office's words for whoever scans the code: nothing personal in it.
    "households:health_manual",
    # What a device asks or sends when nobody is signed in (docs/offline.md): nothing personal comes back.
    "offline:upload", "offline:has", "offline:pulse", "offline:end", "offline:shell", "offline:worker",
    "offline:manifest",
}  # fmt: skip
PASSWORD_URL_NAMES = {"grid:password_change", "grid:logout"}
# Asked by an open page every few seconds: nobody is acting, so they do not keep a session alive.
POLLED_URL_NAMES = {
    "ledgers:job_progress", "offline:pulse", "offline:has", "offline:upload", "offline:kept_state", "offline:bundle",
    "offline:pages",
}  # fmt: skip


def _url_name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


class FirstStartMiddleware:
    """Until the office has been set up, every page leads to the first-start page."""

    is_set_up = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not FirstStartMiddleware.is_set_up and not request.path_info.startswith(settings.STATIC_URL):
            if Office.objects.exists():
                FirstStartMiddleware.is_set_up = True
            elif _url_name(request) not in {"desk:first_start", "desk:health"}:
                return redirect("desk:first_start")
        return self.get_response(request)


class IdleSignOutMiddleware:
    """GB/T 22239: a session idle for SESSION_IDLE_SECONDS ends. The session is written at most every other minute."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = max(request.session.get("seen", now), self._seen_offline(request, now))
            if now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)
                if request.headers.get("HX-Request"):
                    return HttpResponse(status=401)
                back = {"next": request.get_full_path()} if request.method == "GET" else {}
                return redirect(f"{resolve_url('grid:login')}?{urlencode({'idle': 1, **back})}")
            is_due = "seen" not in request.session or now - seen >= settings.SESSION_TOUCH_SECONDS
            if is_due and _url_name(request) not in POLLED_URL_NAMES:
                request.session["seen"] = now
            elif seen > request.session.get("seen", now):
                request.session["seen"] = seen
        return self.get_response(request)

    @staticmethod
    def _seen_offline(request: HttpRequest, now: int) -> int:
        """When the person last did something on a device that had no connection, as the device tells (0: not told)."""
        ago = request.headers.get("X-Active-Ago", "")
        if not settings.OFFLINE_WORK or "offline_grant" not in request.session:
            return 0
        if _url_name(request) != "offline:pulse":
            return 0
        return now - int(ago) if ago.isdecimal() and len(ago) < 6 else 0


class ReadableQueryMiddleware:
    """An address that holds a NUL was written by no browser of ours, and PostgreSQL can look for none: 400."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\x00" in value for values in request.GET.lists() for value in (values[0], *values[1])):
            return render(request, "400.html", {"reason": "网址里有看不懂的字符。"}, status=400)
        return self.get_response(request)


class SignInRequiredMiddleware:
    """Everything but a short list of pages needs somebody signed in, with a password of his own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_args: object) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN_URL_NAMES:
            return None
        if not request.user.is_authenticated:
            if request.headers.get("HX-Request"):
                response = HttpResponse(status=401)
                response["HX-Redirect"] = resolve_url("grid:login")
                return response
            return redirect_to_login(request.get_full_path())
        if request.user.must_change_password and name not in PASSWORD_URL_NAMES:
            messages.warning(request, "首次登录请先修改密码。")
            return redirect("grid:password_change")
        return None


class PrivateResponseMiddleware:
    """Pages with personal data stay out of shared and disk caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response
