"""One row of a pushed list: what the sender wrote, who it may be, and its answer by one tap."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import INVALID, add_errors, form_page, link, require, staff_of
from quarantine.forms.pushed import PushedAnswerForm, PushedAssignForm
from quarantine.models import PushedCode, PushedPerson
from quarantine.pushed_pages import RELATED, TONES, dress_rows, masked_cells
from quarantine.services.pushed import pushed_answer, pushed_assign, pushed_withdraw
from quarantine.views.pushed import crumbs_of

STALE = 409
VIEW, ANSWER = "quarantine.view_pushedperson", "quarantine.change_pushedperson"
STALE_WORDS = "刚才有人答复或转交过这一行，下面是现在的情况；要改，请再点一次。"


def row_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Any:
    """A row in the person's areas or given to him; 403 there without the right."""
    rows = PushedPerson.objects.visible_to(staff_of(request)).select_related(*RELATED, "list__area")
    row = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return row


def _back(request: HttpRequest, row: PushedPerson) -> str:
    """The page that the form stood on, when it says so; else the list."""
    back = request.POST.get("next", "")
    is_own = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_own else link("quarantine:pushed_detail", row.list.uid)


@require_GET
def pushed_row(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The sender's cells (numbers masked), who it may be, who answers there, the answers given. Logged."""
    row = row_or_404(request, uid, VIEW)
    staff = staff_of(request)
    access_log(action=AccessAction.OPEN, staff=staff, subject=row, area=row.area_id, request=request)
    return _page(request, row)


def _page(request: HttpRequest, row: Any, status: int = 200, **extra: Any) -> HttpResponse:
    staff = staff_of(request)
    dress_rows([row], staff)
    target = DutyTarget(
        row.area_id, row.person_id and _household_of(row), row.person_id if row.is_seen else None
    )
    context = {
        "row": row,
        "crumbs": crumbs_of(row.list, row.name or f"第{row.row}行"),
        "cells": masked_cells(row),
        "answers": list(row.answers.select_related("by").order_by("-at", "-pk")),
        "codes": [(code, label, TONES[PushedCode(code)]) for code, label in PushedCode.choices],
        "chain": duties_for(target),
        "may_answer": staff.has_perm(ANSWER),
        "may_file": staff.has_perms(["quarantine.add_returnee", ANSWER])
        and (row.is_seen or (row.person_id is None and staff.has_perm("households.add_person"))),
        "form": PushedAnswerForm(initial={"version": row.version, "note": row.note}),
        **extra,
    }
    return render(request, "quarantine/pushed_row.html", context, status=status)


def _household_of(row: Any) -> int | None:
    """Where the matched person lives, when he is in sight."""
    if not row.is_seen:
        return None
    homes = row.person.residencies.open().order_by("is_away", "pk")
    found: int | None = homes.values_list("household_id", flat=True).first()
    return found


@require_POST
def pushed_answer_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One tap: from the list (which shows the row anew), or from the row's own page."""
    row = row_or_404(request, uid, ANSWER)
    form = PushedAnswerForm(request.POST)

    def refuse(status: int, problem: str = "") -> SubmissionInvalid:
        return SubmissionInvalid(_refused(request, uid, form, status, problem))

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise refuse(INVALID)
        sent = form.cleaned_data
        try:
            pushed_answer(
                row=row, code=sent["code"], note=sent["note"], by=staff_of(request), version=sent["version"]
            )
        except StaleVersion as stale:
            raise refuse(STALE, STALE_WORDS) from stale
        except ValidationError as error:
            add_errors(form, error)
            raise refuse(INVALID) from error
        return {"row": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        fresh = row_or_404(request, uid)
        if request.htmx:  # type: ignore[attr-defined]
            return _fragment(request, fresh)
        messages.success(request, f"第{row.number}行已答复：{fresh.get_code_display()}。")
        return redirect(_back(request, row))

    return submit_once(request, write, respond)


def _refused(
    request: HttpRequest, uid: uuid.UUID, form: PushedAnswerForm, status: int, problem: str
) -> HttpResponse:
    """What the person typed, with what is wrong; after somebody else's answer under the new version."""
    fresh = row_or_404(request, uid)
    if request.htmx:  # type: ignore[attr-defined]
        words = problem or " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _fragment(request, fresh, status, problem=words)
    if status == STALE:
        data = request.POST.copy()
        data["version"] = str(fresh.version)
        form = PushedAnswerForm(data)
    return _page(request, fresh, status, form=form, problem=problem, fresh_submission=True)


def _fragment(request: HttpRequest, row: Any, status: int = 200, **extra: Any) -> HttpResponse:
    """The row as it stands in the list."""
    dress_rows([row], staff_of(request))
    context = {"row": row, "may_answer": True, "back": _back(request, row), "fresh_submission": True, **extra}
    return render(request, "quarantine/_pushed_row.html", context, status=status)


@require_POST
def pushed_withdraw_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """点错了: the row is open again; the answer stays in its history."""
    row = row_or_404(request, uid, ANSWER)
    version = request.POST.get("version", "")

    def write() -> dict[str, Any]:
        try:
            number = int(version) if version.isdecimal() and len(version) < 10 else -1
            pushed_withdraw(row=row, by=staff_of(request), version=number)
        except StaleVersion as stale:
            raise SubmissionInvalid(
                _page(request, row_or_404(request, uid), STALE, problem=STALE_WORDS)
            ) from stale
        except ValidationError as error:
            words = " ".join(error.messages)
            raise SubmissionInvalid(
                _page(request, row_or_404(request, uid), INVALID, problem=words)
            ) from error
        return {"row": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "答复已撤回，这一行重新待核查。")
        return redirect("quarantine:pushed_row", uid)

    return submit_once(request, write, respond)


@require_http_methods(["GET", "POST"])
def pushed_assign_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Hand a row over to another village, group or colleague."""
    row = row_or_404(request, uid, ANSWER)
    staff, back = staff_of(request), link("quarantine:pushed_row", uid)

    def make(data: Any, **options: Any) -> PushedAssignForm:
        initial = {"version": row.version, "area": row.area}
        return PushedAssignForm(data, by=staff, **{"initial": initial, **options})

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form, "heading": "转交核查", "submit": "转交", "cancel_url": back,
            "crumbs": crumbs_of(row.list, "转交核查"),
            "text": "核查人会在消息里收到人数和链接，消息里没有姓名。",
            "rows": [("名单", row.list.title), ("姓名", row.name), ("名单写的落脚地", row.place)],
        }  # fmt: skip
        return render(request, "quarantine/confirm.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            done = pushed_assign(row=row, by=staff, **form.cleaned_data)
        except StaleVersion as stale:
            form.add_error(None, "刚才有人答复或转交过这一行，请返回核对。")
            raise SubmissionInvalid(show(form, STALE)) from stale
        return {"to": str(done.assigned_to.uid) if done.assigned_to else ""}

    def done(_result: dict[str, Any]) -> HttpResponse:
        fresh = PushedPerson.objects.select_related("assigned_to").get(pk=row.pk)
        messages.success(request, f"已转交{fresh.assigned_to.name if fresh.assigned_to else ''}。")
        is_mine = PushedPerson.objects.visible_to(staff).filter(pk=row.pk).exists()
        return redirect(back if is_mine else link("quarantine:pushed_list"))

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def pushed_dial(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """拨打 the number that the sender gave: logged, then a page whose link opens the telephone."""
    row = row_or_404(request, uid, VIEW)
    back = link("quarantine:pushed_row", uid)

    def write() -> dict[str, Any]:
        access_log(
            action=AccessAction.DIAL, staff=staff_of(request), subject=row, area=row.area_id, request=request
        )
        return {"row": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        contact = {"name": row.name or f"第{row.row}行", "phone": row.phone}
        context = {"contact": contact, "crumbs": crumbs_of(row.list, "拨打"), "back": back}
        return render(request, "quarantine/contact_dial.html", context)

    if not row.phone:
        messages.warning(request, "名单上没有电话。")
        return redirect(back)
    return submit_once(request, write, respond)
