"""The tree of areas and the page of one area."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.areas import StaleArea, area_add, area_close, area_edit, area_move
from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.forms.areas import AreaCloseForm, AreaCreateForm, AreaEditForm, AreaMoveForm
from grassroots.grid.models import Area, AreaDuty, Level, Posting
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.tree import children_of, names_above, nodes_of, open_tree
from grassroots.grid.views.pages import area_or_404, form_page, link, require, staff_of, whole_number

FOUND_ROWS = 50
ROWS = 200


def crumbs_of(request: HttpRequest, area: Area, *titles: str) -> list[dict[str, str]]:
    """The tree, the areas above that lie inside the scope, the area, and further titles (one query)."""
    scope = scope_of(staff_of(request))
    above = Area.objects.filter(path__in=area.ancestor_paths()).order_by("path")
    crumbs = [{"title": "管理网格", "url": link("grid:area_tree")}]
    crumbs += [
        {"title": one.name, "url": link("grid:area_detail", one.pk)}
        if scope.holds(one)
        else {"title": one.name}
        for one in above
    ]
    if not titles:
        crumbs[-1] = {"title": area.name}
    return crumbs + [{"title": title} for title in titles]


@require_GET
def area_tree(request: HttpRequest) -> HttpResponse:
    """The tree of the person's scope: `?open=` opens it down to an area, `?branch=` is one branch, `?q=` searches."""
    require(request, "grid.view_area")
    number = whole_number(request.GET.get("branch") or request.GET.get("open") or "")
    target = area_or_404(request, number) if number is not None else None
    if target is not None and "branch" in request.GET:
        areas, has_more = children_of(target, request.GET.get("after", ""))
        context = {"nodes": nodes_of(areas), "has_more": has_more, "parent": target}
        return render(request, "grid/_branch.html", context)
    query = request.GET.get("q", "").strip()[:60]
    if query:
        return render(request, "grid/area_tree.html", {"query": query, **_found(request, query)})
    nodes, has_more = open_tree(scope_of(staff_of(request)), target, is_shut="shut" in request.GET)
    return render(request, "grid/area_tree.html", {"nodes": nodes, "has_more": has_more, "target": target})


def _found(request: HttpRequest, query: str) -> dict[str, Any]:
    areas = Area.objects.open().visible_to(staff_of(request))
    rows = list(
        areas.filter(Q(name__icontains=query) | Q(code__startswith=query)).order_by("path")[: FOUND_ROWS + 1]
    )
    shown = rows[:FOUND_ROWS]
    above, found = names_above(shown), nodes_of(shown)
    for node in found:
        node.above = above[node.area.pk]
    return {"found": found, "found_more": len(rows) > FOUND_ROWS}


@require_GET
def area_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One area: what lies above and below it, who answers for it, who works there."""
    area = area_or_404(request, pk)
    require(request, "grid.view_area")
    staff = staff_of(request)
    children, has_more = children_of(area, request.GET.get("after", ""))
    context: dict[str, Any] = {
        "area": area,
        "crumbs": crumbs_of(request, area),
        "nodes": nodes_of(children),
        "has_more": has_more,
        "may_look": staff.has_perm("grid.view_areaduty"),
        "predecessors": list(area.predecessors.visible_to(staff)[:5]),
        "lowest": Level.COMPOUND,
    }
    if context["may_look"]:
        context["chain"] = duties_for(DutyTarget(area.pk))
        duties = AreaDuty.objects.filter(area=area).select_related("kind", "staff", "deputy")
        duties = duties.order_by("kind__order", "pk")
        context["duties"] = list(duties.open()[:ROWS])
        context["coming"] = list(duties.coming()[:ROWS])
    if staff.has_perm("grid.view_staff"):
        postings = (
            Posting.objects.filter(area=area).open().select_related("staff").order_by("staff__name", "pk")
        )
        context["postings"] = list(postings[: ROWS + 1])
    return render(request, "grid/area_detail.html", context)


@require_http_methods(["GET", "POST"])
def area_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an area below this one."""
    parent = area_or_404(request, pk)
    require(request, "grid.add_area")

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = crumbs_of(request, parent, "增加下级区域")
        context = {
            "form": form,
            "parent": parent,
            "crumbs": crumbs,
            "cancel_url": link("grid:area_detail", parent.pk),
        }
        return render(request, "grid/area_create.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"area": area_add(parent=parent, **form.cleaned_data).pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已增加区域。")
        return redirect("grid:area_detail", result["area"])

    def make(data: Any, **options: Any) -> AreaCreateForm:
        return AreaCreateForm(data, parent=parent, **options)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def area_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change name, kind, code and expected households; a stale save shows both values."""
    area = area_or_404(request, pk)
    require(request, "grid.change_area")
    now = {name: getattr(area, name) for name in ("name", "kind", "code", "expected_households", "version")}

    def make(data: Any, **options: Any) -> AreaEditForm:
        return AreaEditForm(data, **{"initial": now, **options})

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        crumbs = crumbs_of(request, area, "修改")
        context = {
            "form": form,
            "area": area,
            "crumbs": crumbs,
            "cancel_url": link("grid:area_detail", pk),
            **more,
        }
        return render(request, "grid/area_edit.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            area_edit(area=area, by=staff_of(request), **form.cleaned_data)
        except StaleArea as stale:
            again = make({**request.POST.dict(), "version": stale.current.version})
            page = show(again, 409, differences=stale.differences, fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return {"area": area.pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("grid:area_detail", result["area"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def area_move_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move an area with all below it under another one of the person's scope."""
    area = area_or_404(request, pk)
    require(request, "grid.change_area")
    by = staff_of(request)

    def make(data: Any, **options: Any) -> AreaMoveForm:
        return AreaMoveForm(data, area=area, by=by, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = crumbs_of(request, area, "移动")
        context = {"form": form, "area": area, "crumbs": crumbs, "cancel_url": link("grid:area_detail", pk)}
        return render(request, "grid/area_move.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"area": area_move(area=area, parent=form.cleaned_data["parent"], by=by).pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"“{area.name}”已移动。")
        return redirect("grid:area_detail", result["area"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def area_close_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an area, or say why it cannot be closed."""
    area = area_or_404(request, pk)
    require(request, "grid.change_area")

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "area": area,
            "crumbs": crumbs_of(request, area, "停用"),
            "below": Area.objects.within(area).open().count() - int(area.is_open),
            "duties": AreaDuty.objects.open().filter(area__in=Area.objects.within(area).order_by()).count(),
            "cancel_url": link("grid:area_detail", pk),
        }
        return render(request, "grid/area_close.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        area_close(area=area, by=staff_of(request), on=form.cleaned_data["on"])
        return {"area": area.pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"“{area.name}”已停用。")
        return redirect("grid:area_detail", result["area"])

    return form_page(
        request, make=lambda data, **o: AreaCloseForm(data, **o), show=show, write=write, done=done
    )
