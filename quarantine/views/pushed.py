"""推送核查: what is mine to check, the lists, one list in the sender's order, and the answer in his own file."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import AccessAction
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, staff_of
from quarantine.forms.pushed import PushedFileForm, PushedListForm
from quarantine.listing import page_by_time
from quarantine.models import CameBy, PushedCode, PushedList, PushedPerson, PushedState
from quarantine.models.pushed import PushedPersonQuerySet
from quarantine.pushed_answers import AnswerRefused, answer_file
from quarantine.pushed_pages import PAGE_ROWS, dress_rows, page_of, progress_of
from quarantine.services.pushed import pushed_confirm, pushed_list_edit

STALE = 409
VIEW, EDIT = "quarantine.view_pushedlist", "quarantine.change_pushedlist"
FILE = ("quarantine.change_pushedlist", "ledgers.export_unmasked")
TAKE_IN = ("quarantine.add_pushedlist", "ledgers.import_ledger")
WHO = (("", "全部"), ("mine", "分给我的"))
STATES = (("", "全部"), ("open", "待核查"), ("answered", "已答复"))


def list_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> PushedList:
    """A list of which something lies in the person's areas; 403 there without the right."""
    rows = PushedList.objects.visible_to(staff_of(request)).select_related("area", "recorded_by")
    one = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return one


def received_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> PushedList:
    """A list that came to the person's own areas: 404 for one of which he only checks some rows."""
    rows = PushedList.objects.received_by(staff_of(request)).select_related("area", "recorded_by")
    one = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return one


def crumbs_of(one: PushedList, *titles: str) -> list[dict[str, str]]:
    """The place, the list, and further titles."""
    url = link("quarantine:pushed_detail", one.uid) if titles else ""
    crumbs = [{"title": "推送核查", "url": link("quarantine:pushed_list")}, {"title": one.title, "url": url}]
    return crumbs + [{"title": title, "url": ""} for title in titles]


@require_GET
def pushed_list(request: HttpRequest) -> HttpResponse:
    """My own rows first, then the lists, the latest received first."""
    require(request, VIEW)
    staff = staff_of(request)
    mine = PushedPerson.objects.mine(staff).select_related("list", "person", "area", "assigned_to")
    rows: list[Any] = list(mine.order_by("list__due_on", "list_id", "number")[: PAGE_ROWS + 1])
    dress_rows(rows[:PAGE_ROWS], staff)
    lists = PushedList.objects.visible_to(staff).select_related("area")
    page = page_by_time(lists, "received_at", request.GET.get("after", ""))
    progress = progress_of(page.rows, PushedPerson.objects.visible_to(staff))
    today = timezone.localdate()
    for one in page.rows:
        one.progress = progress[one.pk]
        one.is_overdue = bool(one.progress.open and one.due_on and one.due_on < today)
    context = {
        "mine": rows[:PAGE_ROWS],
        "has_more_mine": len(rows) > PAGE_ROWS,
        "lists": page.rows,
        "may_answer": staff.has_perm("quarantine.change_pushedperson"),
        "import_url": link("ledgers:import_list", kind="pushed") if staff.has_perms(TAKE_IN) else "",
        "back": link("quarantine:pushed_list"),
        "next_url": link("quarantine:pushed_list", after=page.next_mark) if page.next_mark else "",
        "first_url": link("quarantine:pushed_list") if "after" in request.GET else "",
    }
    return render(request, "quarantine/pushed_list.html", context)


def _filtered(
    request: HttpRequest, rows: PushedPersonQuerySet
) -> tuple[PushedPersonQuerySet, dict[str, str]]:
    """The rows that the query asks for, and what it asks for, as far as it makes sense."""
    who, state, code = (request.GET.get(name, "") for name in ("who", "state", "code"))
    asked = {
        "who": who if who in dict(WHO) else "",
        "state": state if state in dict(STATES) else "",
        "code": code if code in PushedCode.values else "",
    }
    if asked["who"]:
        rows = rows.filter(assigned_to=staff_of(request))
    if asked["state"]:
        rows = rows.filter(state=PushedState.OPEN if asked["state"] == "open" else PushedState.ANSWERED)
    if asked["code"]:
        rows = (
            rows.filter(code=asked["code"])
            if asked["state"] == "answered"
            else rows.filter(proposed=asked["code"])
        )
    return rows, asked


@require_GET
def pushed_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One list in the sender's order: what is proposed and why, one tap to answer. Written to the access log."""
    one = list_or_404(request, uid, VIEW)
    staff = staff_of(request)
    access_log(action=AccessAction.OPEN, staff=staff, subject=one, area=one.area_id, request=request)
    visible = PushedPerson.objects.visible_to(staff).filter(list=one)
    rows, asked = _filtered(request, visible)
    found, mark = page_of(rows, request.GET.get("after", ""))
    dress_rows(found, staff)
    is_mine = scope_of(staff).holds(one.area)
    context = {
        "list": one,
        "crumbs": crumbs_of(one),
        "rows": found,
        "asked": asked,
        "progress": progress_of([one], visible)[one.pk],
        "whos": WHO,
        "states": STATES,
        "codes": PushedCode.choices,
        "confirmable": _confirmable(visible) if staff.has_perm("quarantine.change_pushedperson") else [],
        "may_answer": staff.has_perm("quarantine.change_pushedperson"),
        "may_edit": is_mine and staff.has_perm(EDIT),
        "may_send": is_mine and one.came_by == CameBy.SENT and staff.has_perms(FILE),
        "back": link("quarantine:pushed_detail", uid, **asked),
        "next_url": link("quarantine:pushed_detail", uid, after=mark, **asked) if mark else "",
        "first_url": link("quarantine:pushed_detail", uid, **asked) if "after" in request.GET else "",
    }
    return render(request, "quarantine/pushed_detail.html", context)


def _confirmable(rows: PushedPersonQuerySet) -> list[dict[str, Any]]:
    """Per code how many proposals may be confirmed at once (one query)."""
    proposed = list(rows.confirmable().order_by().values_list("proposed", flat=True))
    return [
        {"code": code, "label": label, "count": proposed.count(code)}
        for code, label in PushedCode.choices
        if code in proposed
    ]


@require_http_methods(["GET", "POST"])
def pushed_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Name, sender and deadline of a list."""
    one = received_or_404(request, uid, EDIT)
    now = {name: getattr(one, name) for name in ("version", "title", "sender", "due_on")}
    back = link("quarantine:pushed_detail", uid)

    def make(data: Any, **options: Any) -> PushedListForm:
        return PushedListForm(data, **{"initial": now, **options})

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form, "heading": "修改名单信息", "crumbs": crumbs_of(one, "修改"), "submit": "保存",
            "cancel_url": back,
        }  # fmt: skip
        return render(request, "quarantine/confirm.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            pushed_list_edit(pushed_list=one, **form.cleaned_data)
        except StaleVersion as stale:
            form.add_error(None, "刚才有人改过这份名单的信息，请返回核对后再保存。")
            raise SubmissionInvalid(show(form, STALE)) from stale
        return {"list": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def pushed_confirm_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Confirm what is proposed with one code, for the rows of my scope that need no visit."""
    one = list_or_404(request, uid, "quarantine.change_pushedperson")
    code = request.POST.get("code", "")

    def write() -> dict[str, Any]:
        if code not in PushedCode.values:
            page = render(request, "400.html", {"reason": "没有这种答复，请返回名单重新点选。"}, status=400)
            raise SubmissionInvalid(page)
        return {"count": pushed_confirm(pushed_list=one, code=code, by=staff_of(request))}

    def respond(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已答复 {result['count']} 人：{PushedCode(code).label}。")
        return redirect("quarantine:pushed_detail", uid)

    return submit_once(request, write, respond)


@require_http_methods(["GET", "POST"])
def pushed_file(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The answer in the sender's own file; in clear, so it needs the right, a purpose, and is written to the log."""
    one = received_or_404(request, uid, *FILE)
    staff = staff_of(request)
    progress = progress_of([one], PushedPerson.objects.all())[one.pk]

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form, "list": one, "progress": progress, "crumbs": crumbs_of(one, "下载答复"),
            "cancel_url": link("quarantine:pushed_detail", uid),
        }  # fmt: skip
        return render(request, "quarantine/pushed_file.html", context, status=status)

    if request.method != "POST":
        return show(PushedFileForm())
    form = PushedFileForm(request.POST)
    if not form.is_valid():
        return show(form, 422)
    try:
        answer = answer_file(one, interim=form.cleaned_data["interim"])
    except AnswerRefused as refused:
        form.add_error(None, str(refused))
        return show(form, 422)
    access_log(
        action=AccessAction.EXPORT, staff=staff, subject=one, area=one.area_id,
        purpose=form.cleaned_data["purpose"], request=request,
        detail={"key": "pushed", "rows": answer.rows, "unmasked": True, "interim": form.cleaned_data["interim"]},
    )  # fmt: skip
    response = HttpResponse(answer.content, content_type=answer.content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(answer.name)}"
    return response
