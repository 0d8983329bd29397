"""Leave: entered by the officer himself or a superior; a list of those that run or will."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import PAGE_ROWS, form_page, link, staff_of
from grassroots.notices.forms import LeaveForm, leave_takers
from grassroots.notices.leaves import leave_end, leave_enter
from grassroots.notices.models import Leave


@require_GET
def leave_list(request: HttpRequest) -> HttpResponse:
    """My leaves, those I stand in for, and those of whom I may manage: what runs and what comes."""
    staff = staff_of(request)
    rows = Leave.objects.open().visible_to(staff).select_related("staff", "deputy", "entered_by")
    takers = set(leave_takers(staff).filter(leaves__in=rows).values_list("pk", flat=True))
    leaves = [(leave, leave.staff_id in takers) for leave in rows.order_by("from_on", "pk")[:PAGE_ROWS]]
    context = {"leaves": leaves, "today": timezone.localdate(), "limit": PAGE_ROWS}
    return render(request, "notices/leave_list.html", context)


@require_http_methods(["GET", "POST"])
def leave_create(request: HttpRequest) -> HttpResponse:
    """Enter a leave."""
    by, back = staff_of(request), link("notices:leave_list")

    def make(data: Any, **options: Any) -> LeaveForm:
        return LeaveForm(data, by=by, **{"initial": {"staff": by}, **options})

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = [{"title": "请假代岗", "url": back}, {"title": "登记请假"}]
        context = {"form": form, "crumbs": crumbs, "cancel_url": back}
        return render(request, "notices/leave_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        leave = leave_enter(by=by, **form.cleaned_data)
        return {"leave": leave.pk, "duties": len(leave.before)}

    def done(result: dict[str, Any]) -> HttpResponse:
        words = (
            f"期间 {result['duties']} 项包保由代岗人负责。"
            if result["duties"]
            else "请假人目前没有包保任务。"
        )
        messages.success(request, f"已登记。{words}")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def leave_end_now(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Call a leave off, or end it early."""
    staff = staff_of(request)
    rows = Leave.objects.filter(staff__in=leave_takers(staff)).select_related("deputy")
    leave = get_object_or_404(rows, uid=uid)

    def write() -> dict[str, Any]:
        return {"ended": leave_end(leave=leave)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "请假已结束，包保恢复原来的安排。")
        return redirect("notices:leave_list")

    return submit_once(request, write, done)
