"""Staff: list, file, create, edit, roles, leaving and coming back, first passwords, dialling."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.accounts import (
    check_roles,
    staff_deactivate,
    staff_edit,
    staff_reactivate,
    staff_roles_set,
)
from grassroots.grid.calling import may_dial
from grassroots.grid.forms.staff import (
    LeaveForm,
    StaffCreateForm,
    StaffForm,
    StaffRolesForm,
    StaffSearchForm,
)
from grassroots.grid.models import AccessAction, AreaDuty, Posting, Role, Staff
from grassroots.grid.staffing import new_password, open_duties, password_reset, staff_create
from grassroots.grid.submissions import submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import PAGE_ROWS, form_page, link, require, staff_of

DUTY_ROWS = 200


def staff_or_404(request: HttpRequest, uid: Any) -> Staff:
    """Somebody whom the signed-in person may see."""
    return get_object_or_404(Staff.objects.visible_to(staff_of(request)), uid=uid)


def manageable_or_refused(request: HttpRequest, uid: Any, permission: str) -> Staff:
    """Somebody whom the signed-in person may change: 404 out of sight, 403 without the right or beyond his reach."""
    one = staff_or_404(request, uid)
    require(request, permission)
    if not Staff.objects.manageable_by(staff_of(request)).filter(pk=one.pk).exists():
        raise PermissionDenied("该人员还任职于您辖区以外，由上级管理员办理。")
    return one


def crumbs_of(one: Staff, title: str) -> list[dict[str, str]]:
    """The list, the person, and what is done."""
    file = {"title": one.name, "url": link("grid:staff_detail", one.uid)}
    return [{"title": "人员", "url": link("grid:staff_list")}, file, {"title": title}]


@require_http_methods(["GET", "POST"])
def staff_list(request: HttpRequest) -> HttpResponse:
    """Staff of the scope: by role and state (keyset pages), or by name (sent by POST, first rows only)."""
    require(request, "grid.view_staff")
    rows = Staff.objects.visible_to(staff_of(request))
    role, state = request.GET.get("role", ""), request.GET.get("state", "")
    if role in Role.values:
        rows = rows.filter(groups__name=role)
    rows = rows.filter(is_active=False) if state == "left" else rows if state == "all" else rows.active()
    search = StaffSearchForm(request.POST if request.method == "POST" else None)
    query = search.cleaned_data["q"].strip() if search.is_bound and search.is_valid() else ""
    if query:
        rows = rows.filter(Q(name__icontains=query) | Q(organisation__icontains=query))
    found, next_url = _page(request, rows, "" if query else request.GET.get("after", ""), role, state)
    context = {
        "rows": found,
        "next_url": None if query else next_url,
        "is_cut": bool(query and next_url),
        "query": query,
        "role": role,
        "state": state,
        "roles": Role.values,
    }
    return render(request, "grid/staff_list.html", context)


def _page(
    request: HttpRequest, rows: QuerySet[Staff], after: str, role: str, state: str
) -> tuple[list[Any], str | None]:
    """A page by (name, key) behind the person `after` (a uid), with roles and postings; and the next page's URL."""
    last = Staff.objects.filter(uid=after).first() if _is_uid(after) else None
    if last is not None:
        rows = rows.filter(Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk))
    postings = Posting.objects.open().select_related("area")
    whole = rows.prefetch_related("groups", Prefetch("postings", postings, to_attr="open_postings"))
    found: list[Any] = list(whole.order_by("name", "pk")[: PAGE_ROWS + 1])
    more = len(found) > PAGE_ROWS
    found = found[:PAGE_ROWS]
    next_url = link("grid:staff_list", role=role, state=state, after=found[-1].uid) if more else None
    return found, next_url


def _is_uid(text: str) -> bool:
    return len(text) == 36 and set(text) <= set("0123456789abcdef-")


@require_GET
def staff_detail(request: HttpRequest, uid: Any) -> HttpResponse:
    """Somebody's file: where he works, what he answers for, what he may do."""
    one = staff_or_404(request, uid)
    require(request, "grid.view_staff")
    by = staff_of(request)
    duties = AreaDuty.objects.select_related("kind", "area", "staff", "deputy").order_by(
        "kind__order", "area__path"
    )
    may_change = (
        by.has_perm("grid.change_staff") and Staff.objects.manageable_by(by).filter(pk=one.pk).exists()
    )
    context = {
        "one": one,
        "crumbs": [{"title": "人员", "url": link("grid:staff_list")}, {"title": one.name}],
        "roles": list(one.groups.values_list("name", flat=True)),
        "postings": list(one.postings.select_related("area").order_by("-valid_from", "-pk")[:50]),
        "duties": list(duties.filter(staff=one).exclude(valid_to__lt=timezone.localdate())[:DUTY_ROWS]),
        "deputies": list(duties.filter(deputy=one).exclude(valid_to__lt=timezone.localdate())[:DUTY_ROWS]),
        "may_change": may_change,
        "may_post": may_change and by.has_perm("grid.add_posting"),
        "is_self": one.pk == by.pk,
        "devices": list(one.device_grants.usable(timezone.now())[:DUTY_ROWS]) if may_change else [],
        "today": timezone.localdate(),
    }
    return render(request, "grid/staff_detail.html", context)


@require_http_methods(["GET", "POST"])
def staff_create_page(request: HttpRequest) -> HttpResponse:
    """Somebody new; with an account, his first password is shown once, in the answer to this very request."""
    require(request, "grid.add_staff")
    by = staff_of(request)
    password = new_password()
    has_run = False

    def make(data: Any, **options: Any) -> StaffCreateForm:
        return StaffCreateForm(data, by=by, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = [{"title": "人员", "url": link("grid:staff_list")}, {"title": "新增人员"}]
        context = {"form": form, "crumbs": crumbs, "cancel_url": link("grid:staff_list")}
        return render(request, "grid/staff_create.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        nonlocal has_run
        values = dict(form.cleaned_data)
        check_roles(values["roles"])
        area = values.pop("area")
        one = staff_create(areas=[area], password=password if values["username"] else None, by=by, **values)
        has_run = True
        return {"staff": str(one.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        one = Staff.objects.get(uid=result["staff"])
        if not one.has_usable_password():
            messages.success(request, f"已新增{one.name}(不登录系统)。")
            return redirect("grid:staff_detail", one.uid)
        return _password_page(request, one, password if has_run else "")

    return form_page(request, make=make, show=show, write=write, done=done)


def _password_page(request: HttpRequest, one: Staff, password: str) -> HttpResponse:
    """The first password; empty when the same form came twice: it has been shown and is kept nowhere."""
    context = {
        "one": one,
        "password": password,
        "crumbs": crumbs_of(one, "首次密码"),
    }
    return render(request, "grid/first_password.html", context)


@require_http_methods(["GET", "POST"])
def staff_reset(request: HttpRequest, uid: Any) -> HttpResponse:
    """A new first password for somebody, shown once."""
    one = manageable_or_refused(request, uid, "grid.change_staff")
    password = ""

    def write(form: Any) -> dict[str, Any]:
        nonlocal password
        password = password_reset(staff=one, by=staff_of(request))
        return {"staff": str(one.uid)}

    text = (
        "他现在的密码会立即失效，所有登录会退出。新密码只显示一次，请当面或打电话告诉本人，登录后必须修改。"
    )
    return confirm_page(
        request,
        one,
        title="重置密码",
        text=text,
        write=write,
        done=lambda result: _password_page(request, one, password),
    )


def confirm_page(
    request: HttpRequest,
    one: Staff,
    *,
    title: str,
    text: str,
    write: Any,
    done: Any,
    make: Any = None,
    danger: bool = False,
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """A page about somebody that asks once more."""
    back = link("grid:staff_detail", one.uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = crumbs_of(one, title)
        context = {
            "form": form, "one": one, "title": title, "text": text, "crumbs": crumbs, "cancel_url": back,
            "danger": danger, "submit": f"确认{title}", **(extra or {}),
        }  # fmt: skip
        return render(request, "grid/staff_confirm.html", context, status=status)

    make = make or (lambda data, **options: forms.Form(data, **options))
    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def staff_edit_page(request: HttpRequest, uid: Any) -> HttpResponse:
    """Name, organisation, post, phone."""
    one = manageable_or_refused(request, uid, "grid.change_staff")
    back = link("grid:staff_detail", one.uid)
    now = {"name": one.name, "organisation": one.organisation, "post": one.post, "phone": one.phone}

    def make(data: Any, **options: Any) -> StaffForm:
        return StaffForm(data, **{"initial": now, **options})

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = crumbs_of(one, "修改")
        context = {"form": form, "one": one, "crumbs": crumbs, "cancel_url": back}
        return render(request, "grid/staff_edit.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        staff_edit(staff=one, by=staff_of(request), **form.cleaned_data)
        return {"staff": str(one.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def staff_roles(request: HttpRequest, uid: Any) -> HttpResponse:
    """What somebody may do; written to the access log."""
    one = manageable_or_refused(request, uid, "grid.change_staff")
    held = list(one.groups.filter(name__in=Role.values).values_list("name", flat=True))

    def write(form: Any) -> dict[str, Any]:
        staff_roles_set(staff=one, by=staff_of(request), roles=form.cleaned_data["roles"])
        return {"staff": str(one.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "角色已更新。")
        return redirect("grid:staff_detail", one.uid)

    def make(data: Any, **options: Any) -> StaffRolesForm:
        return StaffRolesForm(data, **{"initial": {"roles": held}, **options})

    text = "角色决定他能办什么，任职区域和包保决定他能看到哪里。每次变更都记入访问日志。"
    return confirm_page(request, one, title="修改角色", text=text, make=make, write=write, done=done)


@require_http_methods(["GET", "POST"])
def staff_deactivate_page(request: HttpRequest, uid: Any) -> HttpResponse:
    """Somebody leaves; what he still answers for is named, with the way to hand it over first."""
    one = manageable_or_refused(request, uid, "grid.change_staff")

    def write(form: Any) -> dict[str, Any]:
        ended = staff_deactivate(staff=one, by=staff_of(request), on=form.cleaned_data["on"])
        return {"staff": str(one.uid), "ended": ended}

    def done(result: dict[str, Any]) -> HttpResponse:
        ended = f"，{result['ended']} 项包保已结束，请在“谁也没人负责”里补人" if result["ended"] else ""
        messages.success(request, f"{one.name}已停用{ended}。")
        return redirect("grid:staff_detail", one.uid)

    return confirm_page(
        request,
        one,
        title="停用",
        text="停用后不能再登录，任职和包保同时结束。登记过的内容和日志都保留。",
        make=lambda data, **options: LeaveForm(data, **options),
        write=write,
        done=done,
        danger=True,
        extra={"held": len(open_duties(one, timezone.localdate()))},
    )


@require_http_methods(["GET", "POST"])
def staff_reactivate_page(request: HttpRequest, uid: Any) -> HttpResponse:
    """Somebody comes back."""
    one = manageable_or_refused(request, uid, "grid.change_staff")

    def write(form: Any) -> dict[str, Any]:
        staff_reactivate(staff=one, by=staff_of(request))
        return {"staff": str(one.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"{one.name}已恢复，请重新指定任职区域。")
        return redirect("grid:staff_detail", one.uid)

    text = "恢复后可以登录，但任职区域和包保要重新指定。"
    return confirm_page(request, one, title="恢复", text=text, write=write, done=done)


@require_POST
def staff_dial(request: HttpRequest, uid: Any) -> HttpResponse:
    """Call an officer: logged without questions, then the phone dials. 404 for one with whom nothing connects."""
    me, one = staff_of(request), get_object_or_404(Staff, uid=uid)
    if not may_dial(me, one, request.POST.get("ticket", "")):
        raise Http404

    def write() -> dict[str, Any]:
        access_log(action=AccessAction.DIAL, staff=me, subject=one, request=request)
        return {"staff": str(uid)}

    return submit_once(request, write, lambda _result: render(request, "grid/dial.html", {"one": one}))
