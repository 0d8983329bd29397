"""一张图, 一栋一图: areas by size and coverage, doors as they stand; missing ones are added or dismissed."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import Area, Level
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.coverage import Coverage, coverage_of, coverage_of_roots
from households.fields import name_officers
from households.forms.missing import DismissForm
from households.layers import Laid, Layer, lay, layers_of
from households.models import DismissedDoor
from households.picture import MOST_DOORS, DoorPicture, door_picture, group_pictures, possible_doors, sum_of
from households.services.doors import dismissed_undo, doors_dismiss
from households.views.access import Crumbs, area_crumbs, here, open_area_or_404

LOOK = "households.view_household"
ADD = "households.add_household"
DISMISSED_SHOWN = 50


@require_GET
def picture_top(request: HttpRequest) -> HttpResponse:
    """The areas at the top of the person's scope; where there is one, its own picture."""
    require(request, LOOK)
    roots = [area for area in scope_of(staff_of(request)).roots() if area.is_open]
    if len(roots) == 1:
        return _page(request, roots[0], None)
    coverage = coverage_of_roots(roots)
    layers, laid = _layer(request, roots, coverage)
    context = {"coverage": coverage, "layers": layers, "laid": laid}
    return render(request, "households/picture.html", context)


@require_GET
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The areas below, and the area's own doors; `?building=` those of one building; `?layer=` what colours areas."""
    area = open_area_or_404(request, pk)
    require(request, LOOK)
    return _page(request, area, request.GET.get("building"))


def _layer(request: HttpRequest, tops: list[Area], coverage: Coverage) -> tuple[list[Layer], Laid | None]:
    """The layers to choose from, and the one asked for with its numbers; the areas of the picture show it."""
    layers = [one for one in layers_of(staff_of(request)) if one.source.is_live(tops)]
    asked = next((one for one in layers if one.code == request.GET.get("layer")), None)
    if asked is None or not tops:
        return layers, None
    laid = lay(asked, tops, [patch.area for patch in coverage.patches], timezone.now())
    coverage.put(laid)
    return layers, laid


def _page(request: HttpRequest, area: Area, building: str | None) -> HttpResponse:
    coverage = Coverage() if building is not None else coverage_of(area)
    layers, laid = _layer(request, [area], coverage)
    groups = _groups(coverage) if area.level == Level.VILLAGE else []
    shown = door_picture(area, building) if area.level >= Level.VILLAGE and not groups else None
    name_officers([*([shown] if shown else []), *(one for _group, one in groups)], timezone.localdate())
    if building is not None and (shown is None or building not in {one.name for one in shown.buildings}):
        raise Http404
    context = {
        "area": area,
        "groups": groups,
        "total": sum_of(one for _group, one in groups),
        "crumbs": _layered(_crumbs(request, area, "" if building is None else _named(building)), laid),
        "coverage": coverage,
        "layers": layers,
        "laid": laid,
        "picture": shown,
        "building": building,
        "may_add": staff_of(request).has_perm(ADD),
    }
    return render(request, "households/picture.html", context)


def _layered(crumbs: Crumbs, laid: Laid | None) -> Crumbs:
    """The same with the layer kept on the way up."""
    if laid is None:
        return crumbs
    return [{**one, "url": f"{one['url']}?layer={laid.layer.code}" if one["url"] else ""} for one in crumbs]


def _groups(coverage: Coverage) -> list[tuple[Area, DoorPicture]]:
    """The groups of a village without buildings, each with its doors."""
    areas = [patch.area for patch in coverage.patches]
    if sum(patch.figures.doors for patch in coverage.patches) > MOST_DOORS:
        return []
    found = group_pictures(areas)
    return [(one, found[one.pk]) for one in areas if one.pk in found]


def _named(building: str) -> str:
    return f"{building}栋" if building else "无楼栋"


def _crumbs(request: HttpRequest, area: Area, title: str) -> Crumbs:
    """The way to the picture of an area, and a page below it."""
    crumbs = area_crumbs(request, area, as_picture=True)
    return [*crumbs, {"title": title, "url": ""}] if title else here(crumbs)


@require_http_methods(["GET", "POST"])
def missing_doors(request: HttpRequest, pk: int) -> HttpResponse:
    """可能漏户 of an area's own doors: add one, or say with a reason which do not exist."""
    area = open_area_or_404(request, pk)
    require(request, LOOK if request.method == "GET" else ADD)
    possible = possible_doors(area)

    def make(data: Any, initial: Any = None) -> DismissForm:
        return DismissForm(data, initial=initial, possible=possible)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = DismissedDoor.objects.standing().filter(area=area).select_related("by")
        context = {
            "area": area,
            "crumbs": _crumbs(request, area, "可能漏户"),
            "form": form,
            "dismissed": list(rows.order_by("-at", "-pk")[:DISMISSED_SHOWN]),
            "picture_url": link("households:picture", area.pk),
            "may_add": staff_of(request).has_perm(ADD),
        }
        return render(request, "households/missing_doors.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        doors, reason = form.chosen(), form.why()
        return {"doors": doors_dismiss(area=area, doors=doors, reason=reason, by=staff_of(request))}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已记下 {result['doors']} 个门牌不存在，不再提示；记错了可在下面撤销。")
        return redirect(link("households:missing_doors", area.pk))

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def missing_undo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A door that was said not to exist is proposed again."""
    dismissed = get_object_or_404(DismissedDoor.objects.visible_to(staff_of(request)), uid=uid)
    require(request, ADD)

    def write() -> dict[str, Any]:
        dismissed_undo(dismissed=dismissed, by=staff_of(request))
        return {"area": dismissed.area_id}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已撤销，这个门牌重新列入可能漏户。")
        return redirect(link("households:missing_doors", result["area"]))

    return submit_once(request, write, done)
