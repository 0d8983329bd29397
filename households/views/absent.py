"""无人户: whom to try again, and when; the queue and the batch of slips from it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from grassroots.grid.views.pages import link, require, staff_of
from households.absent import VIEWS, absent_rows, figures_of, in_view, lacking_round, places_with
from households.doors import ROWS_PER_PAGE
from households.models import Household
from households.rules.rounds import ROUNDS
from households.views.access import open_area_or_404

PAGE = "households:absent_list"


@require_GET
def absent_list(request: HttpRequest) -> HttpResponse:
    """By next date, then walking order. `?view=`: one of VIEWS; `?round=day|evening`: not tried then; `?area=`."""
    area = open_area_or_404(request, request.GET["area"]) if "area" in request.GET else None
    after = _after(request)
    require(request, "households.view_household")
    today = timezone.localdate()
    view = _one_of(VIEWS, request.GET.get("view", ""))
    wanted = _one_of(ROUNDS, request.GET.get("round", ""))
    mine: Any = Household.objects.visible_to(staff_of(request)).select_related("area")
    is_own = area is not None and request.GET.get("own") == "1"
    here: Any = mine if area is None else mine.filter(area=area) if is_own else mine.within(area)
    rows = in_view(here, view, today)
    rows = lacking_round(rows, wanted) if wanted else rows
    page, next_url = _page(request, rows, after)
    query = {"area": area.pk if area else "", "own": "1" if is_own else "", "view": view, "round": wanted}
    context = {
        "area": area,
        "today": today,
        "rows": absent_rows(page),
        "figures": figures_of(here, today),
        "places": places_with(in_view(here, view, today), area) if after is None else [],
        "next_url": next_url,
        "view": view,
        "round": wanted,
        "views": _chips(VIEWS, query, "view"),
        "rounds": _chips(
            {"": "不分", **{code: f"{name}没去过" for code, name in ROUNDS.items()}}, query, "round"
        ),
        "place_url": link(PAGE, **{**query, "area": "", "own": ""}),
        "all_places_url": link(PAGE, **{**query, "area": "", "own": ""}),
        "is_own": is_own,
        "here_url": request.get_full_path(),
    }
    return render(request, "households/absent_list.html", context)


def _one_of(known: dict[str, str], sent: str) -> str:
    return sent if sent in known else ""


def _chips(labels: dict[str, str], query: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [
        {"title": title, "url": link(PAGE, **{**query, name: code}), "is_on": query[name] == code}
        for code, title in labels.items()
    ]


def _after(request: HttpRequest) -> tuple[dt.date, Household] | None:
    """The last row of the page before: the date at which it stood then, and its uid."""
    text = request.GET.get("after", "")
    if not text:
        return None
    try:
        day, uid = dt.date.fromisoformat(text[:10]), uuid.UUID(text[11:])
    except ValueError:
        raise Http404 from None
    household = Household.objects.visible_to(staff_of(request)).filter(uid=uid).first()
    if household is None:
        raise Http404
    return day, household


def _page(
    request: HttpRequest, rows: Any, after: tuple[dt.date, Household] | None
) -> tuple[list[Household], str]:
    ordered: QuerySet[Household] = rows.by_next_visit()
    if after is not None:
        ordered = ordered.beyond_by_next_visit(*after)  # type: ignore[attr-defined]
    found: list[Any] = list(ordered[: ROWS_PER_PAGE + 1])
    if len(found) <= ROWS_PER_PAGE:
        return found, ""
    last = found[ROWS_PER_PAGE - 1]
    query = request.GET.copy()
    query["after"] = f"{last.next_on:%Y-%m-%d}.{last.uid}"
    return found[:ROWS_PER_PAGE], f"?{query.urlencode()}"
