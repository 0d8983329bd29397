"""抽查核实: draw a sample, ring up or visit, write down what was found, freeze the results."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.check_board import CHECK_DAYS, DAYS, look_first, results_of
from measures.forms.checks import DrawForm, FindingForm, FreezeForm
from measures.models import CheckItem, CheckOutcome, SpotCheck
from measures.services.checks import check_draw, check_freeze, check_record
from measures.views.access import Crumbs, first_area
from quarantine.listing import page_by_time

LOOK, ADD, CHANGE = "measures.view_spotcheck", "measures.add_spotcheck", "measures.change_spotcheck"
STATES = (("", "全部"), ("waiting", "未核实"), ("mismatch", "不一致"), ("unreached", "未联系上"))


def crumbs_of(*titles: str, check: SpotCheck | None = None) -> Crumbs:
    """The list, the check, and further titles."""
    crumbs = [{"title": "抽查核实", "url": link("measures:check_list")}]
    if check is not None:
        crumbs.append(
            {"title": str(check), "url": link("measures:check_detail", check.uid) if titles else ""}
        )
    return crumbs + [{"title": title, "url": ""} for title in titles]


def check_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> SpotCheck:
    """A check of the person's scope."""
    rows = SpotCheck.objects.visible_to(staff_of(request)).select_related("area", "drawn_by", "frozen_by")
    check: SpotCheck = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return check


@require_GET
def check_list(request: HttpRequest) -> HttpResponse:
    """Checks of my areas, the latest first."""
    require(request, LOOK)
    rows = SpotCheck.objects.visible_to(staff_of(request)).select_related("area", "drawn_by")
    counted = rows.annotate(
        drawn=Count("items"),
        checked=Count("items", filter=~Q(items__outcome="")),
        wrong=Count("items", filter=Q(items__outcome=CheckOutcome.MISMATCH)),
    )
    page = page_by_time(counted, "drawn_at", request.GET.get("after", ""))
    next_url = link("measures:check_list", after=page.next_mark) if page.next_mark else ""
    return render(request, "measures/check_list.html", {"rows": page.rows, "next_url": next_url})


@require_http_methods(["GET", "POST"])
def check_create(request: HttpRequest) -> HttpResponse:
    """Draw a sample."""
    require(request, ADD)
    staff = staff_of(request)

    def make(data: Any, **options: Any) -> DrawForm:
        if data is None and "initial" not in options:
            options["initial"] = {"area": first_area(request, staff)}
        return DrawForm(data, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": "随机抽取", "submit": "抽取", "crumbs": crumbs_of("随机抽取"),
                   "cancel_url": link("measures:check_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"check": str(check_draw(wanted=form.entered(), by=staff).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已抽取。结果定稿前不要告诉被抽查的村（社区）。")
        return redirect("measures:check_detail", result["check"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_GET
def check_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One check: the rate by village, and what was drawn."""
    check = check_or_404(request, uid, LOOK)
    state = state if (state := request.GET.get("state", "")) in dict(STATES) else ""
    items: Any = check.items.select_related("village", "recorder", "checked_by", "rectification")
    wanted = {"waiting": "", "mismatch": CheckOutcome.MISMATCH, "unreached": CheckOutcome.UNREACHED}
    if state:
        items = items.filter(outcome=wanted[state])
    results = results_of(check)
    counts = {"": results.total.drawn, "waiting": results.total.waiting,
              "mismatch": results.total.mismatched, "unreached": results.total.unreached}  # fmt: skip
    context = {
        "check": check,
        "items": list(items),
        "results": results,
        "chips": [
            {"title": title, "count": counts[code], "is_on": code == state,
             "url": link("measures:check_detail", uid, state=code)}
            for code, title in STATES
        ],
        "crumbs": crumbs_of(check=check),
    }  # fmt: skip
    return render(request, "measures/check_detail.html", context)


@require_GET
def check_sheet(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The call and visit sheet on A4: what was reported, and room for what is found."""
    check = check_or_404(request, uid, LOOK)
    access_log(
        action=AccessAction.PRINT, staff=staff_of(request), subject=check, area=check.area_id, request=request
    )
    items = check.items.select_related("village")
    context = {"check": check, "items": items, "today": timezone.localdate()}
    return render(request, "measures/check_sheet.html", context)


@require_http_methods(["GET", "POST"])
def check_item(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Write down what was found of one."""
    staff = staff_of(request)
    mine = SpotCheck.objects.visible_to(staff).values("pk")
    rows = CheckItem.objects.filter(check_of__in=mine)
    related = ("check_of__area", "village", "household", "recorder")
    item = get_object_or_404(rows.select_related(*related), uid=uid)
    require(request, CHANGE)
    check, heading = item.check_of, f"核实第 {item.number} 个"
    back = link("measures:check_detail", check.uid)

    def make(data: Any, **options: Any) -> FindingForm:
        return FindingForm(data, item=item, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        recorder = item.recorder.name if item.recorder else ""
        rows = [
            ("抽查对象", item.title),
            ("村（社区）", item.village.name),
            ("填报人", recorder),
            *item.reported,
        ]
        context = {"form": form, "heading": heading, "submit": "保存", "rows": rows, "cancel_url": back,
                   "crumbs": crumbs_of(heading, check=check)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        check_record(item=item, finding=form.entered(), by=staff)
        return {"item": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"第 {item.number} 个已登记。")
        following = check.items.filter(outcome="", number__gt=item.number).first()
        return redirect("measures:check_item", following.uid) if following else redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def check_fix(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Freeze the results (定稿)."""
    check, staff = check_or_404(request, uid, CHANGE), staff_of(request)
    back = link("measures:check_detail", uid)
    total = results_of(check).total

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("抽取", f"{total.drawn} 个"), ("一致", total.matched), ("不一致", total.mismatched),
                ("未联系上", total.unreached)]  # fmt: skip
        context = {"form": form, "heading": "结果定稿", "submit": "定稿", "rows": rows, "cancel_url": back,
                   "text": "定稿后结果不能再改；不一致的各开一项整改，退回所在的村（社区）。",
                   "crumbs": crumbs_of("结果定稿", check=check)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        check_freeze(check=check, by=staff, **form.cleaned_data)
        return {"check": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已定稿。不一致的已退回整改。")
        return redirect(back)

    return form_page(request, make=FreezeForm, show=show, write=write, done=done)


@require_GET
def first_look(request: HttpRequest) -> HttpResponse:
    """Where to look first, and why."""
    require(request, LOOK)
    suspects = look_first(staff_of(request), timezone.localdate())
    context = {
        "suspects": [one for one in suspects if one.reasons],
        "quiet": [one.village for one in suspects if not one.reasons],
        "days": DAYS,
        "check_days": CHECK_DAYS,
        "crumbs": crumbs_of("先看哪里"),
    }
    return render(request, "measures/first_look.html", context)
