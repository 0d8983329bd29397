"""Choosing a door: areas, buildings, doors by floor, and the box that takes "3-2-501"."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Area, Level
from grassroots.grid.views.pages import link, require, staff_of
from households import doors
from households.forms.household import UNREADABLE, HouseholdCreateForm
from households.models import Followup, Household, SurveyState
from households.models.household import VISITED
from households.rules.addresses import Door, door_key, parse_door
from households.views.access import area_crumbs, here, open_area_or_404

LOOK = "households.view_household"
FOUND_DOORS = 30


@require_GET
def household_list(request: HttpRequest) -> HttpResponse:
    """`?area=` one area, `&own=1` only its own doors, `&building=` one building of it, `&state=` doors in one state
    (VISITED: in any but 未访), `&after=` the next page.
    """
    area = open_area_or_404(request, request.GET["area"]) if "area" in request.GET else None
    after = _after(request)
    require(request, LOOK)
    staff = staff_of(request)
    mine = [] if area or after else doors.mine_alone(staff)
    if area is None:
        roots = doors.roots_of(staff)
        if len(roots) != 1:
            return render(request, "households/household_list.html", {"branches": roots, "mine": mine})
        area = roots[0].area
    branches, figures, has_more = doors.branches_of(area)
    is_own = request.GET.get("own") == "1" and doors.is_counted_live(area)
    if is_own:
        branches, figures = [], doors.own_figures(area)
    context: dict[str, Any] = {
        "area": area,
        "crumbs": here(area_crumbs(request, area)),
        "branches": branches,
        "figures": figures,
        "has_more_branches": has_more,
        "mine": mine,
        "may_add": area.level >= Level.VILLAGE and staff.has_perm("households.add_household"),
        "may_filter": doors.is_counted_live(area),
    }
    if doors.is_counted_live(area):
        context |= _doors(request, area, figures or doors.Figures(), after)
        context["is_own"] = is_own
    return render(request, "households/household_list.html", context)


def _after(request: HttpRequest) -> Household | None:
    """The last door of the page before, by its uid; 404 for one outside the scope."""
    text = request.GET.get("after", "")
    if not text:
        return None
    try:
        uid = uuid.UUID(text)
    except ValueError:
        raise Http404 from None
    household = Household.objects.visible_to(staff_of(request)).filter(uid=uid).first()
    if household is None:
        raise Http404
    return household


def _doors(
    request: HttpRequest, area: Area, figures: doors.Figures, after: Household | None
) -> dict[str, Any]:
    """What is shown below the areas: buildings to choose from, doors as tiles, or doors as a list."""
    state, building = request.GET.get("state", ""), request.GET.get("building")
    if state not in doors.STATE_WORDS and state != VISITED:
        state = ""
    is_own = request.GET.get("own") == "1"
    buildings = [] if state else doors.buildings_of(area)
    rows = Household.objects.open()
    rows = rows.in_state(state) if state else rows
    rows = rows.within(area) if state and not is_own else rows.filter(area=area)
    if building is not None:
        rows = rows.filter(building=building)
    context: dict[str, Any] = {
        "state": state,
        "building": building,
        "chips": _chips(area, figures, state, building, is_own=is_own),
    }
    context["buildings"] = buildings if any(one.name for one in buildings) else []
    total = sum(one.figures.doors for one in buildings)
    if len(buildings) > 1 and building is None and total > doors.FEW_DOORS:
        return context | {"choose_building": True}
    is_list = bool(state) or not any(one.name for one in buildings)
    size = doors.ROWS_PER_PAGE if is_list else doors.DOORS_PER_PAGE
    page, next_url = _page(request, rows.select_related("area"), after, size)
    context |= {"page": page, "next_url": next_url, "is_later_page": after is not None}
    if is_list:
        heads = doors.heads_of(page)
        return context | {"rows": [(household, heads.get(household.pk)) for household in page]}
    return context | {"units": doors.by_unit(page)}


def _page(
    request: HttpRequest, rows: QuerySet[Household], after: Household | None, size: int
) -> tuple[list[Household], str]:
    if after is not None:
        rows = rows.beyond(after)  # type: ignore[attr-defined]
    found = list(rows.in_walking_order()[: size + 1])  # type: ignore[attr-defined]
    if len(found) <= size:
        return found, ""
    query = request.GET.copy()
    query["after"] = str(found[size - 1].uid)
    return found[:size], f"?{query.urlencode()}"


def _chips(
    area: Area, figures: doors.Figures, state: str, building: str | None, *, is_own: bool
) -> list[dict[str, Any]]:
    """The filters by state with their numbers; 全部 comes first, 已访 stands there only while it is chosen."""
    rows, counts = Household.objects.within(area), dict(figures.states)
    if is_own:
        rows = rows.filter(area=area)
    if building is not None:
        rows = rows.filter(building=building)
        counts = {row["survey_state"]: row["n"] for row in rows.tally()}
    total = sum(counts.values())
    counts |= {VISITED: total - counts.get(SurveyState.UNVISITED, 0), **doors.followups_of(rows)}
    query = {"area": area.pk, "own": "1" if is_own else "", "building": building or ""}
    base = link("households:household_list", **query)
    chips = [{"word": "全部", "code": "", "count": total, "url": base, "is_on": not state}]
    words = {**doors.STATE_WORDS, **({VISITED: "已访"} if state == VISITED else {})}
    for code, word in words.items():
        if counts.get(code) or code == state or code not in Followup.values:
            url = link("households:household_list", **query, state=code)
            chips.append(
                {"word": word, "code": code, "count": counts.get(code, 0), "url": url, "is_on": code == state}
            )
    return sorted(
        chips, key=lambda chip: (chip["code"] != "", not chip["is_on"])
    )  # the one in use stays in view


@require_POST
def door_find(request: HttpRequest) -> HttpResponse:
    """Jump to the door that was typed, inside an area; several: a list; none: the form to add it, filled in.

    A POST, so that no door stands in an address or a log.
    """
    area = open_area_or_404(request, request.POST.get("area", ""))
    require(request, LOOK)
    text = request.POST.get("q", "").replace("\x00", "").strip()[:60]
    read = parse_door(text)
    context: dict[str, Any] = {"area": area, "crumbs": _find_crumbs(request, area), "query": text}
    if not read.door:
        return render(request, "households/door_find.html", {**context, "problem": UNREADABLE}, status=422)
    places, is_group_known = _groups_named(area, read)
    found = _doors_named(request, places, read, area)
    if len(found) == 1:
        return redirect("households:household_detail", found[0].uid)
    context |= {"found": found[:FOUND_DOORS], "has_more": len(found) > FOUND_DOORS}
    home = places[0] if is_group_known else area
    may_add = home.level >= Level.VILLAGE and staff_of(request).has_perm("households.add_household")
    if may_add and not found:
        building = "" if read.building else request.POST.get("building", "").replace("\x00", "")[:20]
        initial = {"door_text": text, "building": building}
        context["form"] = HouseholdCreateForm(staff=staff_of(request), area=home, initial=initial)
        context["home"] = home
    return render(request, "households/door_find.html", context)


def _find_crumbs(request: HttpRequest, area: Area) -> list[dict[str, str]]:
    return [*area_crumbs(request, area), {"title": "找门牌", "url": ""}]


def _groups_named(area: Area, read: Door) -> tuple[list[Area], bool]:
    """The groups that "12组34号" names inside the area; the area itself where no group is named or known."""
    if not read.group:
        return [area], False
    named = Area.objects.open().within(area).filter(name__in=[f"{read.group}组", f"第{read.group}组"])
    groups = list(named[:FOUND_DOORS])
    return groups or [area], bool(groups)


def _doors_named(request: HttpRequest, places: Sequence[Area], read: Door, area: Area) -> list[Household]:
    """Doors of that key; where there is none and the area is small, doors that the typed parts do not rule out."""
    inside = Q(pk__in=[])
    for place in places:
        inside |= Q(area__in=Area.objects.within(place).order_by().values("pk"))
    rows = Household.objects.open().visible_to(staff_of(request)).filter(inside).select_related("area")
    exact = rows.with_door(door_key(read.building, read.unit, read.door))
    found = list(exact.in_walking_order()[: FOUND_DOORS + 1])
    if found or not doors.is_counted_live(area):
        return found
    loose = rows.filter(door=read.door)
    if read.building:
        loose = loose.filter(building=read.building)
    if read.unit:
        loose = loose.filter(unit=read.unit)
    elif not read.building and (building := request.POST.get("building", "").replace("\x00", "")[:20]):
        loose = loose.filter(building=building)
    return list(loose.in_walking_order()[: FOUND_DOORS + 1])
