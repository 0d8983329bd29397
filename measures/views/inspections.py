"""督查: the list, one inspection, writing one down along its checklist; the checklists themselves."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, require_whole_office, staff_of
from households.services.photos import photo_bytes
from measures.forms.inspections import PHOTO, ChecklistForm, InspectionForm
from measures.forms.venues import MeasureReasonForm
from measures.listing import dress_places
from measures.models import Checklist, FindingPhoto, Inspection, ItemResult
from measures.services.inspections import checklist_change, inspection_record, inspection_void
from measures.views.access import Crumbs, first_area, with_photos
from quarantine.listing import page_by_time

LOOK, ADD, CHANGE = "measures.view_inspection", "measures.add_inspection", "measures.change_inspection"
LISTS = "measures.change_checklist"


def crumbs_of(*titles: str, row: Inspection | None = None) -> Crumbs:
    """The list, the inspection, and further titles."""
    crumbs = [{"title": "督查", "url": link("measures:inspection_list")}]
    if row is not None:
        url = link("measures:inspection_detail", row.uid) if titles else ""
        crumbs.append({"title": row.unit, "url": url})
    return crumbs + [{"title": title, "url": ""} for title in titles]


def inspection_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Inspection:
    """An inspection of the person's scope."""
    rows = Inspection.objects.visible_to(staff_of(request)).select_related(
        "checklist", "area", "venue", "recorded_by", "voided_by"
    )
    row: Inspection = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return row


@require_GET
def inspection_list(request: HttpRequest) -> HttpResponse:
    """Inspections in my areas, the latest first."""
    require(request, LOOK)
    staff = staff_of(request)
    rows = (
        Inspection.objects.standing()
        .visible_to(staff)
        .select_related("checklist", "area")
        .annotate(
            bad=Count("items", filter=Q(items__result=ItemResult.BAD)),
            unsettled=Count(
                "items",
                filter=Q(items__rectification__isnull=False) & ~Q(items__rectification__state="CLOSED"),
            ),
        )
    )
    page = page_by_time(rows, "at", request.GET.get("after", ""))
    dress_places(page.rows)
    context = {
        "rows": page.rows,
        "checklists": Checklist.objects.filter(is_open=True) if staff.has_perm(ADD) else [],
        "next_url": link("measures:inspection_list", after=page.next_mark) if page.next_mark else "",
    }
    return render(request, "measures/inspection_list.html", context)


@require_GET
def inspection_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One inspection: who, when, each line of the checklist, and what became of what was wrong."""
    row = inspection_or_404(request, uid, LOOK)
    dress_places([row])
    context = {
        "row": row,
        "items": row.items.select_related("rectification").prefetch_related("photos"),
        "inspectors": row.inspectors.order_by("name", "pk"),
        "today": timezone.localdate(),
        "crumbs": crumbs_of(row=row),
    }
    return render(request, "measures/inspection_detail.html", context)


@require_GET
def inspection_print(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The record of one inspection on A4, with its photos and lines to sign on. Logged."""
    row = inspection_or_404(request, uid, LOOK)
    access_log(
        action=AccessAction.PRINT, staff=staff_of(request), subject=row, area=row.area_id, request=request
    )
    dress_places([row])
    items: list[Any] = list(row.items.select_related("rectification").prefetch_related("photos"))
    context = {
        "row": row,
        "items": items,
        "with_photos": [
            item for item in items if any(photo.erased_at is None for photo in item.photos.all())
        ],
        "inspectors": row.inspectors.order_by("name", "pk"),
        "today": timezone.localdate(),
    }
    return render(request, "measures/inspection_print.html", context)


@require_GET
def finding_photo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The picture itself, for whoever sees what it belongs to. Logged; no browser keeps it."""
    rows = FindingPhoto.objects.visible_to(staff_of(request)).select_related(
        "item__inspection", "step__rectification", "order_step__receipt"
    )
    photo = get_object_or_404(rows, uid=uid)
    rights = {"item": LOOK, "step": "measures.view_rectification", "order_step": "measures.view_order"}
    require(request, next(right for name, right in rights.items() if getattr(photo, f"{name}_id")))
    data = photo_bytes(photo) if photo.erased_at is None else None
    if data is None:
        raise Http404
    place = photo.item.inspection if photo.item else photo.order_step or photo.step
    area = getattr(place, "receipt", getattr(place, "rectification", place)).area_id
    access_log(action=AccessAction.OPEN, staff=staff_of(request), subject=photo, area=area, request=request)
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@require_http_methods(["GET", "POST"])
def inspection_create(request: HttpRequest, code: str) -> HttpResponse:
    """Write an inspection down along a checklist."""
    require(request, ADD)
    staff = staff_of(request)
    checklist = get_object_or_404(Checklist, code=code, is_open=True)
    heading = f"督查{checklist.name}"

    def make(data: Any, **options: Any) -> InspectionForm:
        if data is None and "initial" not in options:
            clock = timezone.localtime().time().replace(second=0, microsecond=0)
            options["initial"] = {"area": first_area(request, staff), "clock": clock}
        names = [f"{PHOTO}{number}" for number in range(len(checklist.items))]
        return with_photos(
            request,
            data,
            names,
            lambda data: InspectionForm(data, checklist=checklist, staff=staff, **options),
        )

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": heading, "submit": "登记", "crumbs": crumbs_of(heading),
                   "cancel_url": link("measures:inspection_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"inspection": str(inspection_record(data=form.entered(), by=staff).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已登记。有问题的已开整改，退给责任单位。")
        return redirect("measures:inspection_detail", result["inspection"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def inspection_annul(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back an inspection that was entered by mistake."""
    row, staff = inspection_or_404(request, uid, CHANGE), staff_of(request)
    heading, back = "作废这次督查", link("measures:inspection_detail", uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("被检查单位", row.unit), ("检查对象", row.checklist.name)]
        context = {"form": form, "heading": heading, "submit": "作废", "rows": rows, "cancel_url": back,
                   "danger": True, "crumbs": crumbs_of(heading, row=row)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        inspection_void(inspection=row, reason=form.cleaned_data["reason"], by=staff)
        return {"inspection": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已作废。")
        return redirect(back)

    return form_page(request, make=MeasureReasonForm, show=show, write=write, done=done)


@require_GET
def checklist_list(request: HttpRequest) -> HttpResponse:
    """The checklists of the office."""
    require(request, LISTS)
    require_whole_office(request)
    return render(request, "measures/checklist_list.html", {"rows": Checklist.objects.all()})


@require_http_methods(["GET", "POST"])
def checklist_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what is looked at."""
    require(request, LISTS)
    require_whole_office(request)
    row, staff = get_object_or_404(Checklist, code=code), staff_of(request)

    def make(data: Any, **options: Any) -> ChecklistForm:
        if data is None and "initial" not in options:
            options["initial"] = {"items": "\n".join(row.items), "is_open": row.is_open}
        return ChecklistForm(data, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = [
            {"title": "督查项目", "url": link("measures:checklist_list")},
            {"title": row.name, "url": ""},
        ]
        context = {"form": form, "heading": row.name, "crumbs": crumbs,
                   "cancel_url": link("measures:checklist_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        lines = form.cleaned_data["items"].splitlines()
        checklist_change(checklist=row, items=lines, is_open=form.cleaned_data["is_open"], by=staff)
        return {"checklist": code}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。已登记的督查不变。")
        return redirect("measures:checklist_list")

    return form_page(request, make=make, show=show, write=write, done=done)
