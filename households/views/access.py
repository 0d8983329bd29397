"""What every view of households begins with: scope first (404), then the right (403)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from grassroots.grid.models import Area, Level
from grassroots.grid.prepared import PreparedModels
from grassroots.grid.scope import is_in_sight, scope_of
from grassroots.grid.views.pages import link, require, staff_of
from households.models import Household, Person

Crumbs = list[dict[str, str]]


def _household(uid: uuid.UUID) -> QuerySet[Household]:
    return Household.objects.filter(uid=uid).select_related("area")


_HOUSEHOLD: PreparedModels[Household] = PreparedModels(
    _household, {"uid": (uuid.UUID(int=1), uuid.UUID(int=2))}
)


def household_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Household:
    """A household of the person's scope, open or closed; 403 inside it without the right."""
    household, staff = _HOUSEHOLD.first(uid=uid), staff_of(request)
    if household is None or not is_in_sight(household, household.area, staff):
        raise Http404
    require(request, *permissions)
    return household


def person_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Person:
    """Somebody of the person's scope whose entry is not void; 403 inside it without the right."""
    person = get_object_or_404(Person.objects.active().visible_to(staff_of(request)), uid=uid)
    require(request, *permissions)
    return person


def open_area_or_404(request: HttpRequest, number: Any) -> Area:
    """An open area of the person's scope by its id as sent."""
    if not str(number).isdecimal() or len(str(number)) > 18:
        raise Http404
    area: Area = get_object_or_404(Area.objects.open().visible_to(staff_of(request)), pk=int(number))
    return area


def area_crumbs(request: HttpRequest, area: Area, *, as_picture: bool = False) -> Crumbs:
    """The list, then the areas down to this one: links in the scope, words above it from the village (one query).

    `as_picture`: from picture to picture instead of list to list.
    """
    scope = scope_of(staff_of(request))
    crumbs = [{"title": "住户", "url": link("households:household_list")}]
    if as_picture:
        crumbs = [{"title": "一张图", "url": link("households:picture_top")}]
    for one in Area.objects.filter(path__in=area.ancestor_paths(), level__gte=Level.STREET).order_by("path"):
        if one.level < Level.VILLAGE and not scope.holds(one):
            continue
        page = link("households:picture", one.pk) if as_picture else ""
        url = (page or link("households:household_list", area=one.pk)) if scope.holds(one) else ""
        crumbs.append({"title": one.name, "url": url})
    return crumbs


def household_crumbs(request: HttpRequest, household: Household, *titles: str) -> Crumbs:
    """The way to a household, and further titles."""
    url = link("households:household_detail", household.uid) if titles else ""
    crumbs = [*area_crumbs(request, household.area), {"title": household.display, "url": url}]
    return crumbs + [{"title": title, "url": ""} for title in titles]


def here(crumbs: Crumbs) -> Crumbs:
    """The same, with the last one as the page itself."""
    return [*crumbs[:-1], {"title": crumbs[-1]["title"], "url": ""}]
