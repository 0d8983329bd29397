"""What is due today and was not done, village by village; and the plans behind it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.duties import DutyTarget, duties_for_many
from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.models.areas import path_range
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, staff_of
from grassroots.ledgers.asof import AsOf
from households.doors import places_of
from measures.due import DueItem, due_items
from measures.families import TOPICS, Topic
from measures.forms.plans import PlanForm
from measures.listing import dress_places, narrowing_of, page_by_place
from measures.models import Kind, Plan
from measures.rules.due import Due
from measures.services.plans import EDITABLE, plan_change, plan_end, plan_lay
from measures.views.access import first_area
from measures.views.records import crumbs_of
from quarantine.where import Where, where_of

LOOK, ADD, CHANGE = "measures.view_plan", "measures.add_plan", "measures.change_plan"
STALE = 409
UNITS_A_PAGE = 25
PLANNED = TOPICS["cleaning"]


@dataclass
class Unit:
    """A village (or, below it, one's own area), and what is due there today."""

    area: Area
    undone: list[tuple[DueItem, str]] = field(default_factory=list)
    """Each with the officers whose duty it is."""
    done: int = 0


def _units(staff: Staff, where: Where, after: str) -> tuple[list[Area], str]:
    """The villages of the scope, or of an area above them, from behind a path, and the mark of the next page; below
    villages the area itself, or one's own."""
    area = where.area
    if area is not None and (where.is_own or area.level >= Level.VILLAGE):
        return [area], ""
    villages: Any = Area.objects.open().visible_to(staff).filter(level=Level.VILLAGE)
    if area is not None:
        low, high = path_range(area.path)
        villages = villages.filter(path__gte=low, path__lt=high)
    if after:
        villages = villages.filter(path__gt=after)
    found: list[Area] = list(villages.order_by("path")[: UNITS_A_PAGE + 1])
    if not found and not after:
        return [root for root in scope_of(staff).roots() if root.level > Level.VILLAGE], ""
    return found[:UNITS_A_PAGE], found[UNITS_A_PAGE - 1].path if len(found) > UNITS_A_PAGE else ""


def _filled(units: list[Area], *, is_own: bool) -> list[Unit]:
    """What is due in each today (four queries and one for names); `is_own`: only what hangs on the area itself."""
    if not units:
        return []
    ranges = [path_range(unit.path) for unit in units]
    inside = reduce(or_, (Q(path__gte=low, path__lt=high) for low, high in ranges))
    areas = Area.objects.filter(inside).order_by()
    items = due_items(areas, AsOf.day(timezone.localdate()))
    if is_own:
        items = [item for item in items if item.area.pk == units[0].pk]
    found = [Unit(unit) for unit in units]
    places, officers = places_of({item.area for item in items}), _officers(items)
    for item in items:
        here = next(unit for unit in found if unit.area.holds(item.area))
        if item.is_undone:
            item.area.place_name = places.get(item.area.pk, "")
            here.undone.append((item, officers.get((item.area.pk, item.kind.due_duty), "")))
        elif item.state == Due.DONE:
            here.done += 1
    return found


def _officers(items: list[DueItem]) -> dict[tuple[int, str], str]:
    """Who sees to it by the kind's duty, by area and duty (a constant number of queries)."""
    wanted = {item.area.pk for item in items if item.is_undone and item.kind.due_duty}
    chains = duties_for_many([DutyTarget(area) for area in wanted]) if wanted else {}
    return {
        (area, one.kind.code): "、".join(officer.name for officer in one.officers)
        for area in wanted
        for one in chains[DutyTarget(area)]
    }


@require_GET
def due_list(request: HttpRequest) -> HttpResponse:
    """今日应做: what is due today and was not done, with the way to record it."""
    require(request, LOOK)
    staff = staff_of(request)
    where = where_of(request, staff)
    units, mark = _units(staff, where, request.GET.get("after", ""))
    filled = _filled(units, is_own=where.is_own)
    context = {
        "topic": PLANNED,
        "here": "due",
        "units": filled,
        "where": where,
        "undone": sum(len(unit.undone) for unit in filled),
        "done": sum(unit.done for unit in filled),
        "next_url": link("measures:due_list", **where.query, after=mark) if mark else "",
        "first_url": link("measures:due_list", **where.query) if "after" in request.GET else "",
    }
    return render(request, "measures/due_list.html", context)


def _kinds(topic: Topic) -> list[Kind]:
    """Kinds that may be planned: those that ask where."""
    return list(Kind.objects.open().of(*topic.families).filter(asks_place=True))


@require_GET
def plan_list(request: HttpRequest) -> HttpResponse:
    """Plans of my areas in the order of the tree."""
    require(request, LOOK)
    staff = staff_of(request)
    narrowing = narrowing_of(request, staff, PLANNED.families)
    mine = narrowing.narrowed(Plan.objects.open().visible_to(staff)).select_related("kind", "area", "officer")
    page = page_by_place(mine, request.GET.get("after", ""))
    dress_places(page.rows)
    query = narrowing.query
    context = {
        "topic": PLANNED,
        "here": "plans",
        "rows": page.rows,
        "narrowing": narrowing,
        "kinds": _kinds(PLANNED),
        "next_url": link("measures:plan_list", **query, after=page.next_mark) if page.next_mark else "",
        "first_url": link("measures:plan_list", **query) if "after" in request.GET else "",
    }
    return render(request, "measures/plan_list.html", context)


def _show(
    request: HttpRequest, heading: str, submit: str, form: Any, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"form": form, "heading": heading, "submit": submit, "crumbs": crumbs_of(PLANNED, heading),
               "cancel_url": link("measures:plan_list"), **more}  # fmt: skip
    return render(request, "measures/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
def plan_create(request: HttpRequest, code: str) -> HttpResponse:
    """Lay down a plan of a kind."""
    require(request, ADD)
    staff = staff_of(request)
    kind: Kind = get_object_or_404(Kind.objects.open().filter(family__in=PLANNED.families), code=code)

    def make(data: Any, **options: Any) -> PlanForm:
        if data is None and "initial" not in options:
            options["initial"] = {"area": first_area(request, staff), "every": kind.due_every or 1}
        return PlanForm(data, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        return _show(request, f"{kind.name}计划", "保存", form, status)

    def write(form: Any) -> dict[str, Any]:
        return {"plan": str(plan_lay(kind=kind, by=staff, **form.entered()).uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存，从今天起列入应做。")
        return redirect("measures:plan_list")

    return form_page(request, make=make, show=show, write=write, done=done)


def plan_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Plan:
    """A plan of the person's scope."""
    rows = Plan.objects.visible_to(staff_of(request)).select_related("kind", "area", "officer")
    plan: Plan = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return plan


def _differences(form: PlanForm, current: Plan) -> list[dict[str, Any]]:
    typed = form.entered().items()
    both = [(form.fields[name].label, value, getattr(current, name)) for name, value in typed]
    return [
        {"label": label, "mine": mine, "theirs": theirs} for label, mine, theirs in both if mine != theirs
    ]


@require_http_methods(["GET", "POST"])
def plan_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change a plan."""
    plan, staff = plan_or_404(request, uid, CHANGE), staff_of(request)

    def make(data: Any, **options: Any) -> PlanForm:
        if data is None and "initial" not in options:
            options["initial"] = {name: getattr(plan, name) for name in EDITABLE} | {"version": plan.version}
        return PlanForm(data, staff=staff, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        return _show(request, f"修改{plan.kind.name}计划", "保存", form, status, **more)

    def write(form: Any) -> dict[str, Any]:
        try:
            plan_change(plan=plan, version=form.cleaned_data["version"] or 0, by=staff, **form.entered())
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["version"] = stale.current.version
            fresh = make(typed)
            fresh.is_valid()
            differences = _differences(fresh, stale.current)
            page = show(fresh, STALE, differences=differences, fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return {"plan": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("measures:plan_list")

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def plan_stop(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """End a plan: it is due no more."""
    plan, staff = plan_or_404(request, uid, CHANGE), staff_of(request)

    def write() -> dict[str, Any]:
        if plan.ended_on is None:
            plan_end(plan=plan, by=staff)
        return {"plan": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"“{plan.place}”的计划已结束。")
        return redirect("measures:plan_list")

    return submit_once(request, write, respond)
