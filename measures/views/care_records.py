"""What was recorded of care: correcting and taking back a visit, and what is known around somebody."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.views.access import person_or_404
from measures.forms.care import CareCorrectForm, CareFileForm
from measures.forms.venues import MeasureReasonForm
from measures.models import CareFile, CareVisit
from measures.services.care import care_correct, care_void
from measures.services.care_files import EDITABLE, care_file_save
from measures.views.care import CHANGE, crumbs_of

STALE = 409
FIELDS = ("on", "way", "result", "needs", "done", "is_open", "received_by", "next_on", "note", "by")


def care_visit_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> CareVisit:
    """A visit of the person's scope, void or not."""
    rows = CareVisit.objects.visible_to(staff_of(request)).select_related("person", "by")
    visit: CareVisit = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return visit


@require_http_methods(["GET", "POST"])
def care_visit_correct(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Put a visit right by a further one; the first stays to be read."""
    visit, staff = care_visit_or_404(request, uid, CHANGE), staff_of(request)
    back = link("measures:care_person", visit.person.uid)
    if request.method == "GET" and visit.voided_at is not None:
        messages.info(request, "这次走访已经更正或作废。")
        return redirect(back)

    def make(data: Any, **options: Any) -> CareCorrectForm:
        if data is None and "initial" not in options:
            options["initial"] = {name: getattr(visit, name) for name in FIELDS} | {
                "goods": visit.goods_words
            }
        return CareCorrectForm(data, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": f"更正走访{visit.person.name}", "submit": "保存更正",
                   "cancel_url": back, "crumbs": crumbs_of("更正", person=visit.person)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        reason = form.cleaned_data["reason"]
        return {"visit": str(care_correct(visit=visit, data=form.entered(), reason=reason, by=staff).uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已更正，原来的一条留着备查。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def care_visit_void(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back a visit that should not be there."""
    visit, staff = care_visit_or_404(request, uid, CHANGE), staff_of(request)
    back = link("measures:care_person", visit.person.uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("姓名", visit.person.name), ("走访日期", f"{visit.on:%Y-%m-%d}"), ("走访结果", visit.words)]
        context = {"form": form, "heading": "作废这次走访", "submit": "作废", "rows": rows, "cancel_url": back,
                   "danger": True, "crumbs": crumbs_of("作废", person=visit.person)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        care_void(visit=visit, reason=form.cleaned_data["reason"], by=staff)
        return {"visit": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已作废，不再计数。")
        return redirect(back)

    return form_page(request, make=MeasureReasonForm, show=show, write=write, done=done)


def _differences(form: CareFileForm, current: CareFile) -> list[dict[str, Any]]:
    """What was typed beside what stands; a phone is told masked only."""
    found = []
    for name, value in form.entered().items():
        theirs = getattr(current, name) or ""
        if (value or "") != theirs:
            shown = current.masked_phone if name == "guardian_phone" else theirs
            found.append({"label": form.fields[name].label, "mine": value or "", "theirs": shown})
    return found


@require_http_methods(["GET", "POST"])
def care_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change what is known around somebody."""
    person, staff = person_or_404(request, uid, CHANGE), staff_of(request)
    row = CareFile.objects.filter(person=person).select_related("officer").first()
    back = link("measures:care_person", uid)

    def make(data: Any, **options: Any) -> CareFileForm:
        if data is None and "initial" not in options and row is not None:
            names = [name for name in EDITABLE if name != "guardian_phone"]
            options["initial"] = {name: getattr(row, name) for name in names} | {"version": row.version}
        return CareFileForm(data, staff=staff, care_file=row, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {"form": form, "heading": f"{person.name}的帮扶情况", "submit": "保存", "cancel_url": back,
                   "crumbs": crumbs_of("帮扶情况", person=person), **more}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        version = form.cleaned_data["version"] or 0
        try:
            care_file_save(person=person, version=version, by=staff, **form.entered())
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["version"] = stale.current.version
            fresh = make(typed)
            fresh.is_valid()
            differences = _differences(fresh, stale.current)
            page = show(fresh, STALE, differences=differences, fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return {"person": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)
