"""领导看板 as a page: on the screen, and on one sheet of A4 across."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from grassroots.desk.leaders import screen_of, tops_of
from grassroots.desk.trend import trend_of
from grassroots.grid.models import Area, Level
from grassroots.grid.scope import scope_of
from grassroots.grid.views.pages import link, require, staff_of
from households.views.access import Crumbs, open_area_or_404

LOOK = "ledgers.view_arearollup"


@require_GET
def leaders(request: HttpRequest) -> HttpResponse:
    """How the areas of the person stand; `?area=` one of them with what lies below it."""
    area = open_area_or_404(request, request.GET["area"]) if request.GET.get("area") else None
    require(request, LOOK)
    staff, at = staff_of(request), timezone.now()
    tops = tops_of(staff, area)
    context = {
        "at": at,
        "area": tops[0] if len(tops) == 1 else None,
        "screen": screen_of(staff, area, at),
        "trend": trend_of(tops, timezone.localdate(at)),
        "crumbs": _crumbs(request, area) if area is not None else [],
    }
    return render(request, "desk/leaders.html", context)


def _crumbs(request: HttpRequest, area: Area) -> Crumbs:
    """The board, then the areas of the scope down to this one (one query)."""
    scope = scope_of(staff_of(request))
    crumbs = [{"title": "领导看板", "url": link("desk:leaders")}]
    above = Area.objects.filter(path__in=area.ancestor_paths(), level__gte=Level.STREET).order_by("path")
    for one in above:
        if scope.holds(one):
            url = link("desk:leaders", area=one.pk) if one.pk != area.pk else ""
            crumbs.append({"title": one.name, "url": url})
    return crumbs
