"""Orders: issued to areas below, amended (and then signed again), withdrawn with a reason (docs/orders.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from grassroots.grid.models import Area, Level
from grassroots.grid.scope import scope_of
from grassroots.grid.versions import check_version
from grassroots.ledgers.rollups import mark_dirty
from measures.models import Order, OrderAction, OrderReceipt, OrderRevision, OrderStep, ReceiptState
from measures.rules.orders import Urgency
from measures.services.answerers import answerers_of
from measures.services.order_messages import tell_amended, tell_issued, tell_withdrawn
from measures.services.texts import checked_reason, number_errors

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

TITLE_LENGTH, TEXT_LENGTH, NUMBER_LENGTH = 60, 2000, 20
MOST_RECEIVERS = 1000
LATEST = dt.timedelta(days=92)


@dataclass(frozen=True)
class OrderData:
    """What an order says. `due_at` is the deadline of the answer, None where none is asked; `asks_number` names a
    number that every answer must give, '' for none."""

    title: str
    text: str
    urgency: str = Urgency.NORMAL
    asks_answer: bool = True
    due_at: dt.datetime | None = None
    asks_number: str = ""


def tidy_text(text: str) -> str:
    """Lines without spaces at their ends, no blank ones at the beginning or the end."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _checked(data: OrderData, at: dt.datetime) -> dict[str, object]:
    """The columns of an order. Raises ValidationError by field."""
    title, text = " ".join(data.title.split()), tidy_text(data.text)
    errors: dict[str, str] = number_errors({"title": title, "text": text})
    for field, words, length in (("title", title, TITLE_LENGTH), ("text", text, TEXT_LENGTH)):
        if not words:
            errors[field] = "请填写标题。" if field == "title" else "请写明要下级做什么。"
        elif len(words) > length:
            errors[field] = f"最多 {length} 个字，现在有 {len(words)} 个。"
    if data.urgency not in Urgency.values:
        errors["urgency"] = "请选择缓急。"
    if data.asks_answer and data.due_at is None:
        errors["due_at"] = "要反馈的，请定反馈时限。"
    elif data.asks_answer and data.due_at is not None:
        if data.due_at <= at:
            errors["due_at"] = "反馈时限已经过了。"
        elif data.due_at > at + LATEST:
            errors["due_at"] = "反馈时限在三个月以后，请核对。"
    if errors:
        raise ValidationError(errors)
    asks_number = " ".join(data.asks_number.split())[:NUMBER_LENGTH] if data.asks_answer else ""
    return {
        "title": title, "text": text, "urgency": data.urgency, "asks_answer": data.asks_answer,
        "due_at": data.due_at if data.asks_answer else None, "asks_number": asks_number,
    }  # fmt: skip


def issuing_areas(staff: Staff) -> list[Area]:
    """The areas in whose name the person may issue orders: the tops of his scope, from the village upward, that have
    something below them (one query)."""
    roots = scope_of(staff).roots()
    return [area for area in roots if area.is_open and area.level <= Level.VILLAGE and not area.is_leaf()]


def receivers_below(area: Area) -> list[Area]:
    """The areas right below, in the order of the tree (one query)."""
    found: list[Area] = list(Area.objects.get_children(area).filter(valid_to=None))
    return found


def _check_receivers(area: Area, receivers: Sequence[Area]) -> list[Area]:
    found = list({one.pk: one for one in receivers}.values())
    if not found:
        raise ValidationError({"areas": "请选择发给哪些单位。"})
    if len(found) > MOST_RECEIVERS:
        raise ValidationError({"areas": f"一次最多发给 {MOST_RECEIVERS} 个单位，现在有 {len(found)} 个。"})
    if any(one.pk == area.pk or not area.holds(one) or not one.is_open for one in found):
        raise ValidationError({"areas": f"只能发给{area.name}下面的单位。"})
    return found


def _next_number(area: Area, year: int) -> int:
    """The area's next number of the year; the area is locked, so that two at once get two numbers."""
    Area.objects.select_for_update().get(pk=area.pk)
    last = Order.objects.filter(area=area, year=year).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


@transaction.atomic
def order_issue(
    *, area: Area, receivers: Sequence[Area], data: OrderData, by: Staff, at: dt.datetime | None = None
) -> Order:
    """Issue an order of an area to areas below it, and tell who answers for them. Raises ValidationError by field."""
    at = at or timezone.now()
    columns, found = _checked(data, at), _check_receivers(area, receivers)
    year = timezone.localdate(at).year
    order = Order(
        area=area, year=year, number=_next_number(area, year), issued_at=at, issued_by=by, **columns
    )
    order._history_user = by  # type: ignore[attr-defined]
    order.save(force_insert=True)
    _revision_add(order, "", by, at)
    receipts = [OrderReceipt(order=order, area=one, due_at=order.due_at, sent_at=at) for one in found]
    for receipt in receipts:
        receipt.escalate_at = receipt.awaited().next_at()
    OrderReceipt.objects.bulk_create(receipts, batch_size=500)
    officers = officers_set(list(order.receipts.select_related("area")), at)
    mark_dirty([one.pk for one in found])
    tell_issued(order, officers, at)
    return order


def officers_set(receipts: Sequence[OrderReceipt], at: dt.datetime) -> dict[int, list[Staff]]:
    """Note on each receipt who answers for its area now, by id of the receipt (a constant number of queries)."""
    by_area = answerers_of([one.area_id for one in receipts], timezone.localdate(at))
    through = OrderReceipt.officers.through
    rows = [
        through(orderreceipt_id=receipt.pk, staff_id=officer.pk)
        for receipt in receipts
        for officer in by_area[receipt.area_id]
    ]
    through.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return {receipt.pk: by_area[receipt.area_id] for receipt in receipts}


def _revision_add(order: Order, reason: str, by: Staff, at: dt.datetime) -> None:
    OrderRevision.objects.create(
        order=order, number=order.revision, urgency=order.urgency, title=order.title, text=order.text,
        due_at=order.due_at, reason=reason, at=at, by=by,
    )  # fmt: skip


def _locked(order: Order) -> Order:
    row = Order.objects.select_for_update(of=("self",)).select_related("area", "issued_by").get(pk=order.pk)
    if row.withdrawn_at is not None:
        raise ValidationError("这件指令已经撤回。")
    return row


@transaction.atomic
def order_amend(
    *, order: Order, data: OrderData, reason: str, version: int, by: Staff, at: dt.datetime | None = None
) -> Order:
    """Put a new version in place of an order: who has not been accepted yet signs, and answers, again.

    Whether an answer is asked stays as it was. Raises ValidationError by field, StaleVersion when somebody was faster.
    """
    at = at or timezone.now()
    row = _locked(order)
    check_version(row, version)
    words = checked_reason(reason, "时限提前到今晚八点")
    for name, value in _checked(data, at).items():
        if name not in ("asks_answer", "asks_number"):
            setattr(row, name, value)
    row.revision += 1
    row.version += 1
    row._history_user, row._change_reason = by, words  # type: ignore[attr-defined]
    row.save()
    _revision_add(row, words, by, at)
    awaited = row.receipts.exclude(state=ReceiptState.CLOSED) if row.asks_answer else row.receipts.all()
    receipts = list(awaited.select_for_update(of=("self",)).select_related("area"))
    for receipt in receipts:
        receipt.order = row
        receipt.state, receipt.sent_at, receipt.due_at = ReceiptState.SENT, at, row.due_at
        receipt.unread_told = receipt.late_told = 0
        receipt.escalate_at = receipt.awaited().next_at()
    OrderReceipt.objects.bulk_update(
        receipts, ["state", "sent_at", "due_at", "unread_told", "late_told", "escalate_at"], batch_size=500
    )
    OrderStep.objects.bulk_create(
        [OrderStep(receipt=one, action=OrderAction.AMENDED, words=words, at=at, by=by) for one in receipts]
    )
    mark_dirty([one.area_id for one in receipts])
    tell_amended(row, officers_set(receipts, at), at)
    return row


@transaction.atomic
def order_withdraw(
    *, order: Order, reason: str, version: int, by: Staff, at: dt.datetime | None = None
) -> Order:
    """Take an order back: nothing is awaited any more, what was answered stays. Raises StaleVersion."""
    at = at or timezone.now()
    row = _locked(order)
    check_version(row, version)
    row.withdraw_reason = checked_reason(reason, "县里已另行通知")
    row.withdrawn_at, row.withdrawn_by = at, by
    row.version += 1
    row._history_user, row._change_reason = by, row.withdraw_reason  # type: ignore[attr-defined]
    row.save()
    receipts = list(row.receipts.select_related("area"))
    row.receipts.update(escalate_at=None)
    mark_dirty([one.area_id for one in receipts])
    tell_withdrawn(row, officers_set(receipts, at), at)
    return row
