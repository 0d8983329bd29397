"""How the screen looks: as the device asks, bright, dark, or in full sun. Remembered on the device, in a cookie."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "display"
YEARS_3 = 3 * 365 * 24 * 3600
AS_THE_DEVICE = ""


@dataclass(frozen=True)
class Sheet:
    """One of the style sheets over app.css, and the screens it is for."""

    path: str
    media: str


@dataclass(frozen=True)
class Display:
    """What a person may choose, what it is called, and which sheets it takes."""

    code: str
    title: str
    bar: str  # colour of the browser's own bar
    sheets: tuple[Sheet, ...]


DARK, SUN = "css/theme-dark.css", "css/theme-sun.css"
DISPLAYS = (
    Display(
        AS_THE_DEVICE,
        "随手机",
        "#123f82",
        (
            Sheet(DARK, "screen and (prefers-color-scheme: dark)"),
            Sheet(SUN, "screen and (prefers-contrast: more)"),
        ),
    ),
    Display("bright", "明亮", "#123f82", ()),
    Display("dark", "夜间", "#0d2748", (Sheet(DARK, "screen"),)),
    Display("sun", "强光", "#001d5c", (Sheet(SUN, "screen"),)),
)
BY_CODE = {display.code: display for display in DISPLAYS}


def display_of(request: HttpRequest) -> Display:
    """What was chosen on this device; as the device asks when nothing was, or something unknown."""
    return BY_CODE.get(request.COOKIES.get(COOKIE, ""), BY_CODE[AS_THE_DEVICE])


@require_POST
def display_choose(request: HttpRequest) -> HttpResponse:
    """Remember the choice on this device and show the page again. Nothing is written in the office."""
    chosen = BY_CODE.get(request.POST.get("display", ""), BY_CODE[AS_THE_DEVICE])
    back = request.headers.get("Referer", "")
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=hosts, require_https=request.is_secure()):
        back = resolve_url("desk:workbench")
    response = redirect(back)
    response.set_cookie(
        COOKIE, chosen.code, max_age=YEARS_3, samesite="Lax", httponly=True, secure=request.is_secure()
    )
    return response
