"""工作台, search, first start, health."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.desk import workbench as desk
from grassroots.desk.first_start import AlreadySetUp, office_set_up
from grassroots.desk.forms import FirstStartForm
from grassroots.desk.search import search
from grassroots.grid.models import AccessAction, Office, Staff
from grassroots.grid.trail import access_log
from measures.order_board import day_of
from quarantine.waiting import waiting_for

LONGEST_TERM = 60


@require_GET
def workbench(request: HttpRequest) -> HttpResponse:
    """What waits for me: readings of this slot, absent doors, alerts, releases; and how far my area has come."""
    staff = cast(Staff, request.user)
    at = timezone.now()
    context: dict[str, object] = {"at": at}
    if staff.has_perm("measures.view_order"):
        context["orders"] = day_of(staff, at)
    if staff.has_perm("quarantine.view_visit"):
        context["round"] = desk.round_summary(staff, at)
        context["alerts"] = desk.open_alerts(staff, at)
        context["releases"], context["release_count"] = desk.due_for_release(staff, at)
    if staff.has_perm("quarantine.change_observation"):
        context["waiting"] = waiting_for(staff, at)
    if staff.has_perm("quarantine.change_pushedperson"):
        context["pushed_count"] = desk.pushed_to_check(staff)
    if staff.has_perm("households.view_household"):
        context["absent"], context["absent_count"] = desk.absent_households(staff)
        context["coverage"] = desk.coverage_of(staff, timezone.localdate(at))
    return render(request, "desk/workbench.html", context)


@require_http_methods(["GET", "POST"])
def search_page(request: HttpRequest) -> HttpResponse:
    """Search. The term travels by POST: nothing personal in URLs; the log keeps what kind of search it was."""
    staff = cast(Staff, request.user)
    if not staff.has_perm("households.view_person"):
        raise PermissionDenied("您的角色不能查找人员。")
    term = request.POST.get("q", "").replace("\x00", "").strip()
    context: dict[str, object] = {"term": term, "longest": LONGEST_TERM}
    if request.method == "POST" and not term:
        context["problem"] = "请输入要查找的内容。"
    elif len(term) > LONGEST_TERM:
        context["problem"] = f"最多{LONGEST_TERM}个字，请缩短后再查。"
    elif term:
        answer = search(term, staff)
        context["answer"] = answer
        detail = {"kind": answer.kind, "found": len(answer.hits)}
        access_log(action=AccessAction.SEARCH, staff=staff, detail=detail, request=request)
    return render(request, "desk/search.html", context)


@require_http_methods(["GET", "POST"])
def first_start(request: HttpRequest) -> HttpResponse:
    """The first page of an empty office; gone once it has been completed."""
    if Office.objects.exists():
        raise Http404
    form = FirstStartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {key: value for key, value in form.cleaned_data.items() if key != "repeated"}
        try:
            admin = office_set_up(**fields)
        except AlreadySetUp:
            messages.info(request, "单位已经设置好了，请登录。")
            return redirect("grid:login")
        login(request, admin, backend="grassroots.grid.backends.RoleBackend")
        messages.success(request, "单位已建好。下一步：在网格里增加村(社区)、组和小区，再添加人员。")
        return redirect("grid:area_tree")
    return render(request, "desk/first_start.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """For load balancers and `make run`: the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
