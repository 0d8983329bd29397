"""What a device keeps: the pages of somebody's own area, the shell around them, the worker that shows them."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from grassroots.grid.models import AccessAction
from grassroots.grid.offline.envelope import public_key
from grassroots.grid.offline.grants import grant_for, grant_token
from grassroots.grid.offline.inner import inner_request
from grassroots.grid.offline.packing import pages_pack
from grassroots.grid.offline.registry import offline_forms, offline_pages
from grassroots.grid.paths import PLACE
from grassroots.grid.templatetags.ui import asset
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import staff_of

LOGGED = "offline_logged"
_STATIC = re.compile(r'(?:src|href)="(/[^"#?]+\?v=[0-9a-f]+)')
WORKER_FILES = ("store", "seal", "queue", "forms", "pieces", "worker")


def when_on(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 where work without a connection is not switched on."""

    @wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        if not settings.OFFLINE_WORK:
            raise Http404
        return view(request)

    return shown


@when_on
@require_GET
def bundle(request: HttpRequest) -> HttpResponse:
    """What there is to keep for whoever is signed in, and what his device needs to seal what he enters."""
    staff, at = staff_of(request), timezone.now()
    sets = {pages.key: list(pages.listing(staff, at)) for pages in offline_pages(staff)}
    today = timezone.localdate(at).isoformat()
    if request.session.get(LOGGED) != today:
        request.session[LOGGED] = today
        counts = {key: len(rows) for key, rows in sets.items()}
        access_log(action=AccessAction.EXPORT, staff=staff, detail={"offline": counts}, request=request)
    return JsonResponse(
        {
            "owner": str(staff.uid),
            "until": int(time.time() + settings.SESSION_COOKIE_AGE) * 1000,
            "grant": grant_token(grant_for(request)),
            "key": public_key(),
            "sets": sets,
            "at_once": {pages.key: pages.at_once for pages in offline_pages(staff)},
        }
    )


@when_on
@require_POST
def pages(request: HttpRequest) -> HttpResponse:
    """Some pages of one kind, packed."""
    staff = staff_of(request)
    try:
        wanted = json.loads(request.body)
        key, ids = wanted["set"], [str(one) for one in wanted["ids"]]
    except (KeyError, TypeError, ValueError):
        return JsonResponse({}, status=400)
    kind = next((one for one in offline_pages(staff) if one.key == key), None)
    if kind is None or len(ids) > kind.at_once:
        raise Http404
    inner = inner_request(
        request, staff, request.path, method="GET", session=request.session, is_fragment=True
    )
    if not ids:
        return JsonResponse(dict(kind.pieces(inner)) if kind.pieces else {})
    return JsonResponse(pages_pack(kind.render(inner, ids)))


@when_on
@require_safe
def shell(_request: HttpRequest) -> HttpResponse:
    """The frame of every page that the device shows by itself, rendered for nobody: it lies in the cache in clear."""
    return HttpResponse(_shell_text())


def _shell_text() -> str:
    return render_to_string("offline/shell.html", {"is_shell": True})


@lru_cache(maxsize=1)
def _patterns() -> list[dict[str, Any]]:
    found = []
    for form in offline_forms():
        path = re.escape(reverse(form.url_name, args=[PLACE])).replace(
            re.escape(str(PLACE)), "([0-9a-f-]{36})"
        )
        found.append({"label": form.label, "path": f"^{path}$", "buttons": form.buttons})
    return found


@require_GET
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker: a line of what differs between releases, and the files that do the work.

    Switched off, a worker that takes itself off devices that tried it: a 404 would leave the old one there for ever.
    """
    if not settings.OFFLINE_WORK:
        return _script(f"importScripts({json.dumps(asset('js/offline/leave.js'))});\n")
    whole = _shell_text()
    files = [asset(f"js/offline/{name}.js") for name in WORKER_FILES]
    static = sorted({*_STATIC.findall(whole), *files, asset("img/icons.svg"), asset("img/favicon.svg")})
    facts = {
        "shell": reverse("offline:shell"),
        "static": settings.STATIC_URL,
        "precache": static,
        "forms": _patterns(),
        "release": hashlib.sha256("".join([whole, *static]).encode()).hexdigest()[:12],
        "login": reverse("grid:login"),
        "logout": reverse("grid:logout"),
        "home": reverse("offline:home"),
    }
    text = (
        f"self.GRASS = {json.dumps(facts, ensure_ascii=False)};\nimportScripts({json.dumps(files)[1:-1]});\n"
    )
    return _script(text)


def _script(text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["Service-Worker-Allowed"] = "/"
    return response


@when_on
@require_GET
def manifest(_request: HttpRequest) -> HttpResponse:
    """What makes it installable."""
    icons = [
        {
            "src": asset(f"img/app-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    facts = {
        "name": "基层防控台账", "short_name": "防控台账", "lang": "zh-Hans", "start_url": reverse("desk:workbench"),
        "scope": "/", "display": "standalone", "background_color": "#f2f4f7", "theme_color": "#123f82", "icons": icons,
    }  # fmt: skip
    response = HttpResponse(json.dumps(facts, ensure_ascii=False), content_type="application/manifest+json")
    response["Cache-Control"] = "no-cache"
    return response


@when_on
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The doors and rounds that lie on this device; drawn by the script, with a connection and without."""
    return render(request, "offline/home.html")
