"""上传下达: what waits for me, orders sent and received, incidents, lists from above; one order and its receivers."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import area_or_404, form_page, link, require, staff_of
from measures.forms.orders import OrderAmendForm, OrderForm, OrderWithdrawForm
from measures.listing import dress_places, page_by_place
from measures.models import Family, Incident, Kind, Order, OrderReceipt
from measures.order_board import (
    PUSHED_SHOWN,
    STATES,
    day_of,
    dress_incidents,
    dress_orders,
    dress_receipts,
    pushed_lists,
    state_q,
    sums_of,
)
from measures.services.orders import issuing_areas, order_amend, order_issue, order_withdraw
from measures.services.receipts import order_urge
from measures.views.access import Crumbs
from quarantine.listing import page_by_time

LOOK, ISSUE, CHANGE = "measures.view_order", "measures.add_order", "measures.change_order"
SIDES = (("all", "全部"), ("received", "收到的"), ("sent", "发出的"))
STALE = 409


def crumbs_of(*titles: str, order: Order | None = None) -> Crumbs:
    """The list, the order, and further titles."""
    crumbs = [{"title": "上传下达", "url": link("measures:order_list")}]
    if order is not None:
        url = link("measures:order_detail", order.uid) if titles else ""
        crumbs.append({"title": f"{order.number}号指令", "url": url})
    return crumbs + [{"title": title, "url": ""} for title in titles]


def order_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Order:
    """An order that the person's area issued or received."""
    rows = Order.objects.visible_to(staff_of(request)).select_related("area", "issued_by", "withdrawn_by")
    row: Order = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return row


def is_sender(staff: Staff, order: Order) -> bool:
    """Whether the person sees every receiver: the issuing area is his."""
    return scope_of(staff).holds(order.area)


def sent_or_403(request: HttpRequest, order: Order) -> None:
    """Raise PermissionDenied for a receiver."""
    if not is_sender(staff_of(request), order):
        raise PermissionDenied("这件指令由下发单位办理。")


@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    """My day first, then open incidents, lists from above, and the orders, the latest first."""
    require(request, LOOK)
    staff, at = staff_of(request), timezone.now()
    side = side if (side := request.GET.get("side", "all")) in dict(SIDES) else "all"
    rows = Order.objects.sent_by(staff) if side == "sent" else Order.objects.visible_to(staff)
    if side == "received":
        rows = rows.exclude(scope_of(staff).in_areas())
    page = page_by_time(rows.select_related("area"), "issued_at", request.GET.get("after", ""))
    dress_orders(page.rows, staff, at)
    incidents: list[Any] = list(
        Incident.objects.open()
        .visible_to(staff)
        .select_related("kind", "area")
        .order_by("-reported_at")[:PUSHED_SHOWN]
    )
    dress_incidents(incidents, staff)
    dress_places(incidents)
    may_push = staff.has_perm("quarantine.view_pushedlist")
    name = "measures:order_list"
    context = {
        "day": day_of(staff, at),
        "rows": page.rows,
        "incidents": incidents,
        "kinds": Kind.objects.open().of(Family.INCIDENT) if staff.has_perm("measures.add_incident") else [],
        "pushed": pushed_lists(staff) if may_push else [],
        "issuing": issuing_areas(staff) if staff.has_perm(ISSUE) else [],
        "side": side,
        "chips": [
            {"title": title, "is_on": code == side, "url": link(name, side=code)} for code, title in SIDES
        ],
        "next_url": link(name, side=side, after=page.next_mark) if page.next_mark else "",
    }
    return render(request, "measures/order_list.html", context)


def _issuing_or_403(request: HttpRequest, pk: int) -> Area:
    """An area in whose name the person may issue orders."""
    area = area_or_404(request, pk)
    require(request, ISSUE)
    if area not in issuing_areas(staff_of(request)):
        raise PermissionDenied(f"您不能以{area.name}的名义下发指令。")
    return area


@require_http_methods(["GET", "POST"])
def order_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue an order in the name of an area to areas below it."""
    area, staff = _issuing_or_403(request, pk), staff_of(request)
    heading = f"以{area.name}的名义下发指令"

    def make(data: Any, **options: Any) -> OrderForm:
        return OrderForm(data, area=area, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": heading, "submit": "下发", "crumbs": crumbs_of("下发指令"),
                   "cancel_url": link("measures:order_list")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        row = order_issue(area=area, receivers=form.receivers(), data=form.entered(), by=staff)
        return {"order": str(row.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已下发，并通知了责任人。")
        return redirect("measures:order_detail", result["order"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_GET
def order_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One order and its receivers: the sender sees all, a receiver his own; with one alone he goes there at once."""
    order, staff, at = order_or_404(request, uid, LOOK), staff_of(request), timezone.now()
    sent = is_sender(staff, order)
    rows = OrderReceipt.objects.filter(order=order).visible_to(staff)
    if not sent:
        mine = list(rows.values_list("uid", flat=True)[:2])
        if len(mine) == 1:
            return redirect("measures:order_receipt", mine[0])
    state = state if (state := request.GET.get("state", "all")) in dict(STATES) else "all"
    related = rows.filter(state_q(state, at)).select_related("area", "signed_by", "answered_by")
    page = page_by_place(related, request.GET.get("after", ""))
    for row in page.rows:
        row.order = order
    dress_receipts(page.rows, at)
    dress_places(page.rows)
    sums, name = sums_of(order, at) if sent else {}, "measures:order_detail"
    context = {
        "order": order,
        "rows": page.rows,
        "is_sender": sent,
        "may_change": sent and staff.has_perm(CHANGE) and order.withdrawn_at is None,
        "awaited": sent and (sums["n_sent"] + sums["n_signed"] + sums["n_returned"]),
        "total": sums.get("total"),
        "revisions": order.revisions.select_related("by")[1:],
        "chips": [
            {"title": title, "count": sums[f"n_{code}"], "is_on": code == state,
             "url": link(name, uid, state=code)}
            for code, title in STATES if code == "all" or sums[f"n_{code}"] or code == state
        ] if sent else [],
        "next_url": link(name, uid, state=state, after=page.next_mark) if page.next_mark else "",
        "crumbs": crumbs_of(order=order),
    }  # fmt: skip
    return render(request, "measures/order_detail.html", context)


def _differences(form: Any, current: Order) -> list[dict[str, Any]]:
    now = OrderAmendForm.shown(current)
    return [
        {"label": form.fields[name].label, "mine": form.cleaned_data[name], "theirs": now[name]}
        for name in now
        if name in form.fields and name != "version" and form.cleaned_data[name] != now[name]
    ]


@require_http_methods(["GET", "POST"])
def order_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A further version of an order, to be signed again."""
    order, staff = order_or_404(request, uid, CHANGE), staff_of(request)
    sent_or_403(request, order)
    heading = "修改指令"

    def make(data: Any, **options: Any) -> OrderAmendForm:
        if data is None and "initial" not in options:
            options["initial"] = OrderAmendForm.shown(order)
        return OrderAmendForm(data, order=order, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        text = "没有办结的单位要重新签收、重新反馈。"
        context = {"form": form, "heading": heading, "submit": "下发新版", "text": text,
                   "crumbs": crumbs_of(heading, order=order),
                   "cancel_url": link("measures:order_detail", uid), **more}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        given = {"reason": form.cleaned_data["reason"], "version": form.cleaned_data["version"]}
        try:
            order_amend(order=order, data=form.entered(), by=staff, **given)
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["version"] = stale.current.version
            page = show(
                make(typed), STALE, differences=_differences(form, stale.current), fresh_submission=True
            )
            raise SubmissionInvalid(page) from stale
        return {"order": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已下发新版，并通知了责任人。")
        return redirect("measures:order_detail", uid)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def order_take_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Withdraw an order."""
    order, staff = order_or_404(request, uid, CHANGE), staff_of(request)
    sent_or_403(request, order)
    heading, back = "撤回指令", link("measures:order_detail", uid)

    def make(data: Any, **options: Any) -> OrderWithdrawForm:
        options.setdefault("initial", {"version": order.version})
        return OrderWithdrawForm(data, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        rows = [("指令", order.code), ("标题", order.title)]
        context = {"form": form, "heading": heading, "submit": "撤回", "rows": rows, "cancel_url": back,
                   "danger": True, "crumbs": crumbs_of(heading, order=order), **more}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            order_withdraw(order=order, by=staff, **form.cleaned_data)
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["version"] = stale.current.version
            raise SubmissionInvalid(
                show(make(typed), STALE, differences=[], fresh_submission=True)
            ) from stale
        return {"order": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已撤回。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def order_urge_all(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Urge every receiver of whom something is awaited."""
    order, staff = order_or_404(request, uid, CHANGE), staff_of(request)
    sent_or_403(request, order)

    def write() -> dict[str, Any]:
        return {"urged": order_urge(order=order, by=staff)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        number = result["urged"]
        messages.success(
            request, f"已催办 {number} 个单位。" if number else "没有要催办的，或者刚刚都催办过。"
        )
        return redirect("measures:order_detail", uid)

    return submit_once(request, write, respond)
