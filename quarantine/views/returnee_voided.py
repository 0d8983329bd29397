"""已作废的返乡档案: the list, what an old link shows, and taking one back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import PAGE_ROWS, form_page, link, require, staff_of, whole_number
from households.forms.removals import RemovalReasonForm
from quarantine.models import Returnee
from quarantine.services.returnees import returnee_restore


def voided_crumbs(title: str = "") -> list[dict[str, str]]:
    """The list of files, that of voided ones, and a title."""
    here = link("quarantine:returnee_voided_list") if title else ""
    crumbs = [
        {"title": "返乡人员", "url": link("quarantine:returnee_list")},
        {"title": "已作废的档案", "url": here},
    ]
    return crumbs + ([{"title": title, "url": ""}] if title else [])


@require_GET
def returnee_voided_list(request: HttpRequest) -> HttpResponse:
    """Voided files of my areas, the latest recorded first."""
    require(request, "quarantine.view_returnee")
    rows = Returnee.objects.filter(voided_at__isnull=False).visible_to(staff_of(request))
    if (before := whole_number(request.GET.get("before", ""))) is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("person", "area").order_by("-pk")[: PAGE_ROWS + 1])
    more, found = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    context = {
        "rows": found,
        "crumbs": voided_crumbs(),
        "next_url": link("quarantine:returnee_voided_list", before=found[-1].pk) if more else "",
        "first_url": link("quarantine:returnee_voided_list") if before is not None else "",
    }
    return render(request, "quarantine/returnee_voided_list.html", context)


def voided_notice(request: HttpRequest, uid: uuid.UUID) -> HttpResponse | None:
    """What an old link to a voided file shows; None for one that stands, or lies outside the scope (one query)."""
    rows = Returnee.objects.filter(voided_at__isnull=False).visible_to(staff_of(request))
    returnee = rows.select_related("person").filter(uid=uid).first()
    if returnee is None:
        return None
    require(request, "quarantine.view_returnee")
    context = {"returnee": returnee, "crumbs": voided_crumbs(returnee.person.name)}
    return render(request, "quarantine/returnee_gone.html", context)


@require_http_methods(["GET", "POST"])
def returnee_restore_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """恢复: the file was no mistake after all."""
    rows = Returnee.objects.visible_to(staff_of(request)).select_related("person")
    returnee = get_object_or_404(rows, uid=uid)
    require(request, "quarantine.change_returnee")

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "恢复返乡档案",
            "crumbs": voided_crumbs("恢复"),
            "text": "恢复以后重新计入名单和统计。",
            "rows": [
                ("人员", returnee.person.name),
                ("从何地返回", returnee.origin),
                ("作废原因", returnee.void_reason),
            ],
            "submit": "恢复档案",
            "cancel_url": link("quarantine:returnee_voided_list"),
        }
        return render(request, "quarantine/confirm.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        reason = form.cleaned_data["reason"]
        returnee_restore(returnee=returnee, reason=reason, by=staff_of(request))
        note_voiding(request, returnee, "恢复返乡档案", reason)
        return {"returnee": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "档案已恢复。")
        return redirect("quarantine:returnee_detail", result["returnee"])

    def make(data: Any, initial: Any = None) -> RemovalReasonForm:
        return RemovalReasonForm(data, initial=initial, words="恢复的原因")

    return form_page(request, make=make, show=show, write=write, done=done)


def note_voiding(request: HttpRequest, returnee: Returnee, step: str, reason: str) -> None:
    """Voiding and taking back stand in the access log."""
    access_log(
        action=AccessAction.MERGE, staff=staff_of(request), subject=returnee, area=returnee.area_id, purpose=reason,
        detail={"step": step}, request=request,
    )  # fmt: skip
