"""Beside the round: the order in which it is walked, and how one person's temperature has been."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import INVALID, require, staff_of
from quarantine.models import Visit
from quarantine.round import visits_to_show
from quarantine.rules.walks import MOVES
from quarantine.services.walks import CHANGED, area_move, walk_move, walk_reset
from quarantine.temperature_chart import trend_of
from quarantine.views.round import Choice, choose, tab_link, visit_or_404
from quarantine.walks import MOST_WALKED, Orders, Stop, stops_of

AREA = "area"
RESET = "reset"


@require_http_methods(["GET", "POST"])
def round_order(request: HttpRequest) -> HttpResponse:
    """Everyone of the round, with buttons that move him. `move`: up, down or first of a visit or an area, or reset."""
    require(request, "quarantine.view_visit")
    choice = choose(request, timezone.now())
    if choice is None:
        return redirect("quarantine:round")
    if request.method == "POST":
        return submit_once(
            request, lambda: _write(request, choice), lambda _done: _done_page(request, choice)
        )
    return _page(request, choice)


def _write(request: HttpRequest, choice: Choice) -> dict[str, Any]:
    staff, stops = staff_of(request), stops_of(choice.visits()) or []
    move, _colon, what = request.POST.get("move", "").partition(":")
    try:
        if move == RESET:
            walk_reset(staff=staff)
        elif what.startswith(AREA):
            number = what.removeprefix(AREA)
            area_move(staff=staff, stops=stops, area=int(number) if number.isdecimal() else 0, move=move)
        else:
            walk_move(staff=staff, stops=stops, visit=_visit(what, stops), move=move)
    except ValidationError as error:
        raise SubmissionInvalid(_page(request, choice, INVALID, problem=" ".join(error.messages))) from error
    return {"move": move if move in MOVES else RESET}


def _visit(sent: str, stops: list[Stop]) -> int:
    """The id of the visit whose uid was sent, if it is in the round: no other can be named."""
    try:
        found = Visit.objects.filter(uid=UUID(sent), pk__in=[stop.visit for stop in stops])
    except ValueError:
        raise ValidationError(CHANGED) from None
    return found.values_list("pk", flat=True).first() or 0


def _done_page(request: HttpRequest, choice: Choice) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return _page(request, choice)
    messages.success(request, "顺序已记住，换一部手机登录也一样。")
    return redirect(tab_link(choice, page="quarantine:round_order"))


def _page(request: HttpRequest, choice: Choice, status: int = 200, problem: str = "") -> HttpResponse:
    stops = stops_of(choice.visits())
    orders = Orders.of(staff_of(request))
    ordered = orders.arrange(stops or [])
    found = {
        row.pk: row for row in visits_to_show(Visit.objects.filter(pk__in=[stop.visit for stop in ordered]))
    }
    context = {
        "choice": choice,
        "groups": _groups([found[stop.visit] for stop in ordered if stop.visit in found]),
        "is_own": not orders.is_empty,
        "is_too_long": stops is None,
        "most": MOST_WALKED,
        "back_url": tab_link(choice),
        "action_url": tab_link(choice, page="quarantine:round_order"),
        "problem": problem,
    }
    template = "quarantine/_walk.html" if request.htmx else "quarantine/round_order.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=status)


def _groups(visits: list[Visit]) -> list[dict[str, Any]]:
    """The walk area by area: whoever is first or last within his area cannot be moved beyond it."""
    groups: list[dict[str, Any]] = []
    for visit in visits:
        if not groups or groups[-1]["area"] != visit.observation.area:
            groups.append({"area": visit.observation.area, "visits": []})
        groups[-1]["visits"].append(visit)
    return groups


@require_GET
def visit_trend(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The latest days of whoever is measured at this visit: a drawing and the same as a list; a piece for htmx."""
    visit = visit_or_404(request, uid)
    require(request, "quarantine.view_observation")
    days, chart = trend_of(visit.observation, timezone.localdate())
    context = {"visit": visit, "days": days, "chart": chart}
    template = "quarantine/_trend.html" if request.htmx else "quarantine/round_trend.html"  # type: ignore[attr-defined]
    return render(request, template, context)
