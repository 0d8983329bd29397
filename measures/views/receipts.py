"""One order in one area: signed and answered by whoever works there, accepted, sent back or urged by the sender."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import form_page, link, require, staff_of, whole_number
from measures.forms.orders import ANSWER_PHOTOS, AnswerForm, OrderReturnForm
from measures.listing import dress_places
from measures.models import OrderReceipt, ReceiptState
from measures.order_board import dress_receipts
from measures.services.receipts import (
    receipt_accept,
    receipt_answer,
    receipt_return,
    receipt_sign,
    receipt_urge,
)
from measures.views.access import with_photos
from measures.views.orders import CHANGE, LOOK, crumbs_of, is_sender, sent_or_403

SIGN = "measures.change_orderreceipt"
RELATED = ("order__area", "order__issued_by", "area", "signed_by", "answered_by", "closed_by")


def receipt_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> OrderReceipt:
    """An order in an area of the person's scope."""
    rows = OrderReceipt.objects.visible_to(staff_of(request)).select_related(*RELATED)
    row: OrderReceipt = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return row


def _context(request: HttpRequest, row: Any, form: Any) -> dict[str, Any]:
    staff, at, order = staff_of(request), timezone.now(), row.order
    dress_places([row])
    dress_receipts([row], at)
    is_open, may_sign, sent = order.withdrawn_at is None, staff.has_perm(SIGN), is_sender(staff, order)
    answerable = (ReceiptState.SIGNED, ReceiptState.RETURNED, ReceiptState.ANSWERED)
    reviews = sent and is_open and staff.has_perm(CHANGE)
    return {
        "row": row,
        "order": order,
        "form": form,
        "may_sign": may_sign and is_open and row.state == ReceiptState.SENT,
        "may_answer": may_sign and is_open and order.asks_answer and row.state in answerable,
        "may_review": reviews and row.state == ReceiptState.ANSWERED and row.answered_by_id != staff.pk,
        "may_urge": reviews and row.is_awaited,
        "is_sender": sent,
        "steps": row.steps.select_related("by").prefetch_related("photos"),
        "revisions": order.revisions.select_related("by")[1:],
        "crumbs": crumbs_of(row.area.name, order=order),
    }


@require_http_methods(["GET", "POST"])
def order_receipt(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The order, what became of it here, and the answer to be given (POST)."""
    is_post = request.method == "POST"
    row, staff = receipt_or_404(request, uid, SIGN if is_post else LOOK), staff_of(request)

    def make(data: Any, **options: Any) -> AnswerForm:
        if data is None and "initial" not in options and row.state == ReceiptState.ANSWERED:
            options["initial"] = {"words": row.answer, "number": row.number}
        asked = row.order.asks_number
        return with_photos(
            request, data, ANSWER_PHOTOS, lambda data: AnswerForm(data, asks_number=asked, **options)
        )

    def show(form: Any, status: int = 200) -> HttpResponse:
        return render(request, "measures/order_receipt.html", _context(request, row, form), status=status)

    def write(form: Any) -> dict[str, Any]:
        receipt_answer(receipt=row, by=staff, **form.entered())
        return {"receipt": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已反馈，等下发单位办结。")
        return redirect("measures:order_receipt", uid)

    return form_page(request, make=make, show=show, write=write, done=done)


def _tap(request: HttpRequest, row: OrderReceipt, act: Callable[[], Any], said: str) -> HttpResponse:
    """One tap that writes once and comes back; what was refused is said on the page."""
    back = link("measures:order_receipt", row.uid)

    def write() -> dict[str, Any]:
        try:
            act()
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            raise SubmissionInvalid(redirect(back)) from error
        return {"receipt": str(row.uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, said)
        return redirect(
            link("measures:order_detail", row.order.uid) if request.POST.get("back") == "order" else back
        )

    return submit_once(request, write, respond)


@require_POST
def order_sign(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Sign the version that was shown."""
    row, staff = receipt_or_404(request, uid, SIGN), staff_of(request)
    revision = whole_number(request.POST.get("revision", "")) or 0
    said = "已签收，请在时限前反馈。" if row.order.asks_answer else "已签收，不用反馈。"
    return _tap(request, row, lambda: receipt_sign(receipt=row, revision=revision, by=staff), said)


@require_POST
def order_accept(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The answer will do."""
    row, staff = receipt_or_404(request, uid, CHANGE), staff_of(request)
    sent_or_403(request, row.order)
    return _tap(request, row, lambda: receipt_accept(receipt=row, by=staff), "已办结。")


@require_POST
def order_receipt_urge(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Urge one receiver."""
    row, staff = receipt_or_404(request, uid, CHANGE), staff_of(request)
    sent_or_403(request, row.order)
    return _tap(request, row, lambda: receipt_urge(receipt=row, by=staff), f"已催办{row.area.name}。")


@require_http_methods(["GET", "POST"])
def order_return(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send an answer back for more."""
    row, staff = receipt_or_404(request, uid, CHANGE), staff_of(request)
    sent_or_403(request, row.order)
    heading, back = "退回重报", link("measures:order_receipt", uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("单位", row.area.name), ("反馈", row.answer)]
        context = {"form": form, "heading": heading, "submit": heading, "rows": rows, "cancel_url": back,
                   "crumbs": crumbs_of(heading, order=row.order)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        receipt_return(receipt=row, by=staff, **form.entered())
        return {"receipt": str(uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已退回，并通知了责任人。")
        return redirect(back)

    return form_page(request, make=OrderReturnForm, show=show, write=write, done=done)
