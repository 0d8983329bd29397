"""Duties on areas, handing them over, what nobody answers for, and the kinds of duty."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid import registry
from grassroots.grid.forms.duties import DutyEditForm, DutyForm, DutyKindForm, HandoverForm
from grassroots.grid.forms.staff import EndForm
from grassroots.grid.gaps import areas_without_officer
from grassroots.grid.models import AbstractDuty, AreaDuty, DutyKind, Posting
from grassroots.grid.scope import scope_of
from grassroots.grid.staffing import (
    area_duty_assign,
    area_duty_edit,
    duties_hand_over,
    duty_end,
    open_deputies,
    open_duties,
)
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.tree import names_above
from grassroots.grid.views.areas import crumbs_of
from grassroots.grid.views.pages import (
    INVALID,
    PAGE_ROWS,
    area_or_404,
    form_page,
    link,
    require,
    require_whole_office,
    staff_of,
)

PREVIEW_ROWS = 200
GAP_ROWS = 8
TARGETS = ("area", "household", "person")


def _duty_or_404(request: HttpRequest, pk: int) -> AreaDuty:
    rows = AreaDuty.objects.filter(scope_of(staff_of(request)).area_q("area__"))
    return get_object_or_404(rows.select_related("area", "kind", "staff", "deputy"), pk=pk)


@require_http_methods(["GET", "POST"])
def duty_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a duty on an area."""
    area = area_or_404(request, pk)
    require(request, "grid.add_areaduty")
    by, back = staff_of(request), link("grid:area_detail", pk)
    kind = DutyKind.objects.filter(code=request.GET.get("kind", "")).first()

    def make(data: Any, **options: Any) -> DutyForm:
        return DutyForm(data, by=by, **{"initial": {"kind": kind}, **options})

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "area": area,
            "crumbs": crumbs_of(request, area, "安排包保"),
            "cancel_url": back,
        }
        return render(request, "grid/duty_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"duty": area_duty_assign(area=area, **form.cleaned_data).pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已安排包保。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def duty_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change section, deputy and dates."""
    duty = _duty_or_404(request, pk)
    require(request, "grid.change_areaduty")
    by, back = staff_of(request), link("grid:area_detail", duty.area_id)
    now = {
        name: getattr(duty, name) for name in ("section", "deputy", "standin_from", "standin_to", "valid_to")
    }

    def make(data: Any, **options: Any) -> DutyEditForm:
        return DutyEditForm(data, by=by, **{"initial": now, **options})

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = crumbs_of(request, duty.area, "修改包保")
        context = {"form": form, "duty": duty, "area": duty.area, "crumbs": crumbs, "cancel_url": back}
        return render(request, "grid/duty_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"duty": area_duty_edit(duty=duty, **form.cleaned_data).pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def duty_end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End a duty from a day on."""
    duty = _duty_or_404(request, pk)
    require(request, "grid.change_areaduty")
    back = link("grid:area_detail", duty.area_id)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = crumbs_of(request, duty.area, "结束包保")
        context = {"form": form, "duty": duty, "area": duty.area, "crumbs": crumbs, "cancel_url": back}
        return render(request, "grid/duty_end.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        area = duty.area_id
        duty_end(duty=duty, on=form.cleaned_data["on"])
        return {"area": area}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "包保已结束。")
        return redirect("grid:area_detail", result["area"])

    def make(data: Any, **options: Any) -> EndForm:
        return EndForm(data, since=duty.valid_from, **options)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def handover(request: HttpRequest) -> HttpResponse:
    """From whom, to whom, from which day; a list of what goes over; then all of it in one step."""
    require(request, "grid.change_areaduty")
    by = staff_of(request)

    def make(data: Any, **options: Any) -> HandoverForm:
        initial = {"leaver": request.GET.get("leaver", "")}
        return HandoverForm(data, by=by, **{"initial": initial, **options})

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        crumbs = [{"title": "管理网格", "url": link("grid:area_tree")}, {"title": "交接"}]
        context = {"form": form, "crumbs": crumbs, **more}
        return render(request, "grid/handover.html", context, status=status)

    if request.method == "POST" and "preview" in request.POST:
        form = make(request.POST)
        return show(form, **_preview(form)) if form.is_valid() else show(form, INVALID)

    def write(form: Any) -> dict[str, Any]:
        if request.POST.get("previewed") != _previewed(
            form
        ):  # changed after the list was drawn up: list again
            raise SubmissionInvalid(show(form, **_preview(form)))
        number = duties_hand_over(**form.cleaned_data)
        return {"number": number, "leaver": str(form.cleaned_data["leaver"].uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已交接 {result['number']} 项。")
        return _to_open_postings(request, result["leaver"]) or redirect("grid:handover")

    return form_page(request, make=make, show=show, write=write, done=done)


def _to_open_postings(request: HttpRequest, leaver: str) -> HttpResponse | None:
    """To the leaver's page, when he would go on seeing a place because he is posted there; None when not."""
    postings = Posting.objects.open().filter(staff__uid=leaver).select_related("staff", "area")
    if not postings or not staff_of(request).has_perm("grid.change_posting"):
        return None
    areas = "、".join(posting.area.name for posting in postings)
    words = f"{postings[0].staff.name}还任职于{areas}，仍能看到那里的登记。人已离岗的，请在本页结束任职。"
    messages.warning(request, words)
    return redirect("grid:staff_detail", leaver)


def _previewed(form: HandoverForm) -> str:
    data = form.cleaned_data
    return f"{data['leaver'].uid} {data['successor'].uid} {data['on']}"


def _preview(form: HandoverForm) -> dict[str, Any]:
    leaver, on = form.cleaned_data["leaver"], form.cleaned_data["on"]
    duties, deputies = open_duties(leaver, on), open_deputies(leaver, on)
    marked = [(duty, "") for duty in duties] + [(duty, "B角") for duty in deputies]
    shown = marked[:PREVIEW_ROWS]
    _prefetch_targets([duty for duty, _mark in shown])
    above = names_above([duty.area for duty, _mark in shown if isinstance(duty, AreaDuty)])
    return {
        "previewed": _previewed(form),
        "leaver": leaver,
        "successor": form.cleaned_data["successor"],
        "on": on,
        "number": len(marked),
        "rows": [(duty.kind, _target(duty, above), mark) for duty, mark in shown],
    }


def _prefetch_targets(duties: list[AbstractDuty]) -> None:
    """Load what the duties are on: one query a kind of target."""
    for name in TARGETS:
        if those := [duty for duty in duties if hasattr(type(duty), name)]:
            prefetch_related_objects(those, name)


def _target(duty: AbstractDuty, above: dict[int, str]) -> str:
    """What a duty is on, in words, an area with the names above it; a person by his family name only."""
    if isinstance(duty, AreaDuty):
        return f"{above[duty.area_id]} {duty.area.name}".strip()
    for name in TARGETS:
        target = getattr(duty, name, None)
        if target is not None:
            text = str(target)
            return f"{text[:1]}**" if name == "person" else text
    return ""


@require_GET
def gaps(request: HttpRequest) -> HttpResponse:
    """谁也没人负责: a few areas of each kind, or one kind's areas in pages; and what apps above have registered."""
    require(request, "grid.view_areaduty")
    by = staff_of(request)
    kinds = list(DutyKind.objects.filter(is_expected=True))
    chosen = next((kind for kind in kinds if kind.code == request.GET.get("kind")), None)
    if chosen is not None:
        rows = areas_without_officer(chosen, by)
        if after := request.GET.get("after", ""):
            rows = rows.filter(path__gt=after)
        areas = list(rows[: PAGE_ROWS + 1])
        more = len(areas) > PAGE_ROWS
        areas = areas[:PAGE_ROWS]
        next_url = link("grid:gaps", kind=chosen.code, after=areas[-1].path) if more else None
        context = {"kind": chosen, "kinds": kinds, "rows": _with_names(areas), "next_url": next_url}
        return render(request, "grid/gaps_kind.html", context)
    sections = []
    for kind in kinds:
        areas = list(areas_without_officer(kind, by)[: GAP_ROWS + 1])
        sections.append(
            {"kind": kind, "rows": _with_names(areas[:GAP_ROWS]), "has_more": len(areas) > GAP_ROWS}
        )
    others = [(section, list(section.rows(by, GAP_ROWS))) for section in registry.gap_sections]
    return render(request, "grid/gaps.html", {"sections": sections, "others": others})


def _with_names(areas: list[Any]) -> list[tuple[Any, str]]:
    above = names_above(areas)
    return [(area, above[area.pk]) for area in areas]


@require_GET
def duty_kind_list(request: HttpRequest) -> HttpResponse:
    """The links of the chain, in their order."""
    require(request, "grid.view_dutykind")
    return render(request, "grid/duty_kind_list.html", {"kinds": DutyKind.objects.all()[:50]})


@require_http_methods(["GET", "POST"])
def duty_kind_form(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a link of the chain, or change one."""
    kind = get_object_or_404(DutyKind, pk=pk) if pk is not None else None
    require(request, "grid.change_dutykind" if kind else "grid.add_dutykind")
    require_whole_office(request)
    back = link("grid:duty_kind_list")

    def make(data: Any, **options: Any) -> DutyKindForm:
        return DutyKindForm(data, instance=kind, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        title = f"修改“{kind.name}”" if kind else "增加包保类别"
        context = {"form": form, "title": title, "cancel_url": back}
        context["crumbs"] = [{"title": "包保类别", "url": back}, {"title": title}]
        return render(request, "grid/duty_kind_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"kind": form.save().pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)
