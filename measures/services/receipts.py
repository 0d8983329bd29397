"""What a receiver does with an order, and the sender with his answer: sign, answer, send back, accept, urge."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from households.services.photos import photos_or_none
from measures.models import FindingPhoto, OrderAction, OrderReceipt, OrderStep, ReceiptState
from measures.services.answerers import present
from measures.services.order_messages import tell_answered, tell_returned, tell_urged
from measures.services.orders import officers_set
from measures.services.texts import checked_text, number_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grassroots.grid.models import Staff
    from measures.models import Order

ANSWER_LENGTH, WORDS_LENGTH = 500, 300
LARGEST = 10_000_000
AGAIN = dt.timedelta(minutes=10)
SAVED = [
    "state", "due_at", "signed_at", "signed_by", "answered_at", "answered_by", "answer", "number", "closed_at",
    "closed_by", "escalate_at", "unread_told", "late_told",
]  # fmt: skip


def _locked(receipt: OrderReceipt) -> OrderReceipt:
    """The row under lock with its order. Raises ValidationError when the order was withdrawn."""
    related = ("order__area", "order__issued_by", "area")
    row = OrderReceipt.objects.select_for_update(of=("self",)).select_related(*related).get(pk=receipt.pk)
    if row.order.withdrawn_at is not None:
        raise ValidationError("这件指令已经撤回，不用再办。")
    return row


def _save(
    row: OrderReceipt, action: OrderAction, words: str, by: Staff, at: dt.datetime, number: int | None = None
) -> OrderStep:  # fmt: skip
    row.escalate_at = row.awaited().next_at()
    row.save(update_fields=SAVED)
    mark_dirty([row.area_id])
    return OrderStep.objects.create(receipt=row, action=action, words=words, number=number, by=by, at=at)


@transaction.atomic
def receipt_sign(
    *, receipt: OrderReceipt, revision: int, by: Staff, at: dt.datetime | None = None
) -> OrderReceipt:
    """Sign an order for an area; where no answer is asked, that is all.

    `revision` is the version that was read. Raises ValidationError when it has changed, or is signed already.
    """
    at = at or timezone.now()
    row = _locked(receipt)
    if row.order.revision != revision:
        raise ValidationError("指令刚刚有修改，请看过新的内容再签收。")
    if row.state != ReceiptState.SENT:
        raise ValidationError("这件指令已经签收。")
    row.state, row.signed_at, row.signed_by = ReceiptState.SIGNED, at, by
    if not row.order.asks_answer:
        row.state, row.closed_at, row.closed_by = ReceiptState.CLOSED, at, by
    _save(row, OrderAction.SIGNED, "", by, at)
    return row


def _answer_errors(row: OrderReceipt, words: str, number: int | None) -> dict[str, str]:
    errors = number_errors({"words": words})
    if row.order.asks_number and number is None:
        errors["number"] = f"请填写{row.order.asks_number}，没有的填 0。"
    elif number is not None and not 0 <= number <= LARGEST:
        errors["number"] = f"应在 0 至 {LARGEST:,} 之间。"
    return errors


@transaction.atomic
def receipt_answer(
    *, receipt: OrderReceipt, words: str, by: Staff, number: int | None = None, at: dt.datetime | None = None,
    photos: Sequence[bytes] = (),
) -> OrderReceipt:  # fmt: skip
    """Answer an order for an area, with photos (JPEG) if there are any; an answer that waits for its acceptance is
    replaced by a further one.

    Raises ValidationError by field, or when it is not signed, needs no answer, or has been accepted.
    """
    at = at or timezone.now()
    row = _locked(receipt)
    if not row.order.asks_answer:
        raise ValidationError("这件指令不需反馈。")
    if row.state == ReceiptState.SENT:
        raise ValidationError("请先签收，再反馈。")
    if row.state == ReceiptState.CLOSED:
        raise ValidationError("这件指令已经办结，不用再反馈。")
    tidy = checked_text(words, field="words", length=ANSWER_LENGTH, missing="请写明办理情况。")
    if errors := _answer_errors(row, tidy, number):
        raise ValidationError(errors)
    row.state, row.answered_at, row.answered_by = ReceiptState.ANSWERED, at, by
    row.answer, row.number = tidy, number if row.order.asks_number else None
    step = _save(row, OrderAction.ANSWERED, tidy, by, at, row.number)
    with photos_or_none() as keeper:
        for jpeg in photos:
            keeper.seal(FindingPhoto(order_step=step), jpeg, days=settings.FINDING_PHOTO_DAYS)
    senders = present([row.order.issued_by], timezone.localdate(at))
    tell_answered(row, step, [one for one in senders if one.pk != by.pk])
    return row


def _reviewed(receipt: OrderReceipt, by: Staff) -> OrderReceipt:
    row = _locked(receipt)
    if row.state != ReceiptState.ANSWERED:
        raise ValidationError("还没有反馈，或者已经办理过。")
    if row.answered_by_id == by.pk:
        raise ValidationError("反馈是您自己登记的，请由别人办结或退回。")
    return row


@transaction.atomic
def receipt_return(
    *, receipt: OrderReceipt, words: str, due_at: dt.datetime, by: Staff, at: dt.datetime | None = None
) -> OrderReceipt:
    """Send an answer back for more, with a new deadline. Raises ValidationError by field."""
    at = at or timezone.now()
    tidy = checked_text(words, field="words", length=WORDS_LENGTH, missing="请写明退回的原因。")
    errors = number_errors({"words": tidy})
    if due_at <= at:
        errors["due_at"] = "重报时限已经过了。"
    if errors:
        raise ValidationError(errors)
    row = _reviewed(receipt, by)
    row.state, row.due_at, row.late_told = ReceiptState.RETURNED, due_at, 0
    step = _save(row, OrderAction.RETURNED, tidy, by, at)
    officers = officers_set([row], at)[row.pk]
    answered = [row.answered_by] if row.answered_by else []
    tell_returned(row, step, present([*officers, *answered], timezone.localdate(at)))
    return row


@transaction.atomic
def receipt_accept(
    *, receipt: OrderReceipt, by: Staff, words: str = "", at: dt.datetime | None = None
) -> OrderReceipt:
    """The answer will do. Raises ValidationError when there is none, or it is one's own."""
    at = at or timezone.now()
    tidy = " ".join(words.split())[:WORDS_LENGTH]
    if errors := number_errors({"words": tidy}):
        raise ValidationError(errors)
    row = _reviewed(receipt, by)
    row.state, row.closed_at, row.closed_by = ReceiptState.CLOSED, at, by
    _save(row, OrderAction.ACCEPTED, tidy, by, at)
    return row


@transaction.atomic
def receipt_urge(*, receipt: OrderReceipt, by: Staff, at: dt.datetime | None = None) -> int:
    """Urge who answers for the area; on record, and in his inbox. Returns how many were told.

    Raises ValidationError when nothing is awaited, or it was urged a moment ago.
    """
    at = at or timezone.now()
    row = _locked(receipt)
    if row.state in (ReceiptState.ANSWERED, ReceiptState.CLOSED):
        raise ValidationError("已经反馈，不用催办。")
    if row.steps.filter(action=OrderAction.URGED, at__gt=at - AGAIN).exists():
        raise ValidationError("刚刚催办过，请过十分钟再催。")
    return _urge([row], by, at)


def _urge(rows: Sequence[OrderReceipt], by: Staff, at: dt.datetime) -> int:
    """Put it on record at each receiver, and tell the officers; returns how many were told."""
    officers = officers_set(rows, at)
    steps = [
        OrderStep(
            receipt=row, action=OrderAction.URGED, by=by, at=at,
            words="、".join(one.name for one in officers[row.pk])[:500] or "没有责任人",
        )
        for row in rows
    ]  # fmt: skip
    return tell_urged(OrderStep.objects.bulk_create(steps), officers, at)


@transaction.atomic
def order_urge(*, order: Order, by: Staff, at: dt.datetime | None = None) -> int:
    """Urge everybody of whom something is awaited and who was not urged a moment ago; returns how many areas."""
    at = at or timezone.now()
    urged = OrderStep.objects.filter(receipt=OuterRef("pk"), action=OrderAction.URGED, at__gt=at - AGAIN)
    rows = OrderReceipt.objects.waiting().filter(~Exists(urged), order=order)
    found = list(rows.select_related("order__area", "area").order_by("area__path"))
    if found:
        _urge(found, by, at)
    return len(found)
