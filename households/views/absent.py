"""无人户: whom to try again, and when."""

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
from households.doors import ROWS_PER_PAGE, heads_of, places_of
from households.models import Household, Survey, SurveyOutcome
from households.views.access import open_area_or_404


@require_GET
def absent_list(request: HttpRequest) -> HttpResponse:
    """By next visit, then walking order. `?due=1`: today's and overdue ones; `?area=`: one area; `?after=`: onwards."""
    area = open_area_or_404(request, request.GET["area"]) if "area" in request.GET else None
    after = _after(request)
    require(request, "households.view_household")
    today = timezone.localdate()
    is_due = request.GET.get("due") == "1"
    rows: Any = Household.objects.visible_to(staff_of(request)).select_related("area")
    rows = rows.due(today) if is_due else rows.absent()
    if area is not None:
        rows = rows.within(area)
    page, next_url = _page(request, rows, after)
    notes, heads, places = _last_notes(page), heads_of(page), places_of({row.area for row in page})
    query = {"area": area.pk} if area else {}
    context = {
        "area": area,
        "today": today,
        "rows": [(row, heads.get(row.pk), notes.get(row.pk), places[row.area_id]) for row in page],
        "next_url": next_url,
        "is_due": is_due,
        "is_later_page": after is not None,
        "all_url": link("households:absent_list", **query),
        "due_url": link("households:absent_list", **query, due=1),
    }
    return render(request, "households/absent_list.html", context)


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


def _last_notes(households: list[Household]) -> dict[int, Survey]:
    """The latest knock in vain at each door (one query)."""
    rows = Survey.objects.filter(household__in=[row.pk for row in households], outcome=SurveyOutcome.ABSENT)
    return {row.household_id: row for row in rows.select_related("staff").order_by("visited_at", "pk")}
