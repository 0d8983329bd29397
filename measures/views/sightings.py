"""登记查到的人: somebody stopped at a checkpoint becomes a task of whoever answers for his area."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import AccessAction
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.forms.sightings import SightingForm
from measures.models import Shift
from measures.views.access import first_area
from quarantine.services.sightings import Passed, sighting_pass_on

RIGHT = "measures.add_record"
LEAD = (
    "录入后系统按登记册和管控地区判断：需要跟踪的，自动转给他所在村的网格员核查；这里不显示登记册里的内容。"
)


def _shift_of(request: HttpRequest) -> Shift | None:
    """The shift of the address, if it is one that he may see."""
    try:
        wanted = uuid.UUID(request.GET.get("shift", ""))
    except ValueError:
        return None
    return Shift.objects.standing().visible_to(staff_of(request)).filter(uid=wanted).first()


@require_http_methods(["GET", "POST"])
def sighting_create(request: HttpRequest) -> HttpResponse:
    """Enter who was stopped; `?shift=` says where. Each look-up stands in the access log."""
    require(request, RIGHT)
    staff, shift = staff_of(request), _shift_of(request)
    crumbs = [{"title": "劝导点", "url": link("measures:checkpoints")}, {"title": "登记查到的人", "url": ""}]
    back = link("measures:shift_detail", shift.uid) if shift else link("measures:checkpoints")

    def make(data: Any, **options: Any) -> SightingForm:
        if data is None and "initial" not in options:
            options["initial"] = {"area": shift.area if shift else first_area(request, staff),
                                  "place": shift.place if shift else ""}  # fmt: skip
        return SightingForm(data, by=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": "登记查到的人", "submit": "登记并转交", "cancel_url": back,
                   "crumbs": crumbs, "text": LEAD}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        passed: Passed = sighting_pass_on(seen=form.entered(), by=staff)
        access_log(
            action=AccessAction.SEARCH, staff=staff, subject=passed.row, area=form.cleaned_data["area"],
            detail={"key": "checkpoint", "found": passed.row is not None}, request=request,
        )  # fmt: skip
        return {"words": passed.words}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, result.get("words", "已登记。"))
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)
