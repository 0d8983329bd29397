"""What is told of orders. The words of an order stay inside: messages carry its number, counts and a link."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from grassroots.notices.reminders import Letter, batch_subject, remind, remind_many
from households.doors import places_of
from measures.models import ReceiptState
from measures.rules.orders import Urgency

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from measures.models import Order, OrderReceipt, OrderStep

KIND = "order"
URGED, ANSWERED = "order-urged", "order-answer"
UPWARD, UNREAD, LATE = "order-upward", "order-unread", "order-late"
#: What is missing, in words.
MISSING = {UNREAD: "还没有签收", LATE: "逾期没有反馈"}
#: How many places a message names of an order, and how long all that it lists may be.
NAMED, NOTE_LENGTH = 6, 440

Officers = Mapping[int, Sequence["Staff"]]


def order_url(order: Order) -> str:
    """The page of an order."""
    return reverse("measures:order_detail", args=[order.uid])


def receipt_url(receipt: OrderReceipt) -> str:
    """The page of an order in one area."""
    return reverse("measures:order_receipt", args=[receipt.uid])


def moment_words(at: dt.datetime) -> str:
    """1月29日18时30分 / 1月29日18时."""
    local = timezone.localtime(at)
    return f"{local.month}月{local.day}日{local.hour}时" + (f"{local.minute}分" if local.minute else "")


def _urgency(order: Order) -> str:
    return "" if order.urgency == Urgency.NORMAL else f"{order.get_urgency_display()}"


def _name(order: Order) -> str:
    return f"{_urgency(order)}指令{order.code}"


def _due(order: Order) -> str:
    return f"{moment_words(order.due_at)}前反馈。" if order.due_at else "不需反馈。"


def _tell_officers(order: Order, officers: Officers, title: str, body: str, at: dt.datetime) -> int:
    """One message for each officer, however many areas he answers for; none for whoever issued it."""
    areas = Counter(one.pk for found in officers.values() for one in found if one.pk != order.issued_by_id)
    staff = {one.pk: one for found in officers.values() for one in found}
    letters = [
        Letter(
            staff[pk],
            title,
            f"{body}共{number}处。" if number > 1 else body,
            note=f"“{order.title}”。",
            url=order_url(order),
        )
        for pk, number in areas.items()
    ]
    return remind_many(
        letters, subject=f"order:{order.uid}", kind=KIND, due_at=at, at=at, stage=order.revision
    )


def tell_issued(order: Order, officers: Officers, at: dt.datetime) -> int:
    """Who answers for the receivers hears at once; returns how many were told."""
    return _tell_officers(order, officers, f"收到{_name(order)}，请签收", _due(order), at)


def tell_amended(order: Order, officers: Officers, at: dt.datetime) -> int:
    """They sign again."""
    return _tell_officers(order, officers, f"{_name(order)}有修改，请重新签收", _due(order), at)


def tell_withdrawn(order: Order, officers: Officers, at: dt.datetime) -> int:
    """There is nothing to be done any more."""
    staff = {one.pk: one for found in officers.values() for one in found}
    letters = [
        Letter(one, f"{_name(order)}已撤回", "不用再办。", url=order_url(order)) for one in staff.values()
    ]
    return remind_many(letters, subject=f"order:{order.uid}", kind="order-withdrawn", due_at=at, at=at)


def tell_returned(receipt: OrderReceipt, step: OrderStep, staff: Iterable[Staff]) -> int:
    """The answer was not enough: once more."""
    title = f"{_name(receipt.order)}：{receipt.area.name}的反馈被退回，请重报"
    return _tell_step(receipt, step, staff, ANSWERED, title, _again(receipt))


def _again(receipt: OrderReceipt) -> str:
    return f"{moment_words(receipt.due_at)}前重报。" if receipt.due_at else "请尽快重报。"


def tell_urged(steps: Sequence[OrderStep], officers: Officers, at: dt.datetime) -> int:
    """催办 of an order: one message an officer, however many areas he answers for; returns how many were told.

    `officers` by id of the receipt.
    """
    found: dict[int, list[OrderStep]] = defaultdict(list)
    staff = {one.pk: one for told in officers.values() for one in told}
    for step in steps:
        for one in officers[step.receipt_id]:
            found[one.pk].append(step)
    letters = [_urging(staff[pk], [step.receipt for step in mine]) for pk, mine in found.items()]
    subject = batch_subject("order-urge", [step.pk for step in steps])
    return remind_many(letters, subject=subject, kind=URGED, due_at=at, at=at)


def _urging(officer: Staff, receipts: Sequence[OrderReceipt]) -> Letter:
    order = receipts[0].order
    unsigned = sum(one.state == ReceiptState.SENT for one in receipts)
    counts = {"还没有签收": unsigned, "还没有反馈": len(receipts) - unsigned}
    words = "、".join(
        f"{number}处{what}" if len(receipts) > 1 else what for what, number in counts.items() if number
    )
    area = receipts[0].area.name if len(receipts) == 1 else ""
    url = receipt_url(receipts[0]) if len(receipts) == 1 else order_url(order)
    return Letter(
        officer, f"催办：{_name(order)}，{area}{words}", _due(order), url=url,
        is_urgent=order.urgency == Urgency.TOP,
    )  # fmt: skip


def tell_answered(receipt: OrderReceipt, step: OrderStep, staff: Iterable[Staff]) -> int:
    """Whoever issued it hears that an answer has come."""
    title = f"{receipt.area.name}已反馈{_name(receipt.order)}"
    return _tell_step(receipt, step, staff, ANSWERED, title, "请查看，办结或退回。")


def _tell_step(
    receipt: OrderReceipt, step: OrderStep, staff: Iterable[Staff], kind: str, title: str, body: str
) -> int:
    told = 0
    for one in staff:
        message = remind(
            recipient=one, subject=f"order-step:{step.pk}", kind=kind, due_at=step.at, at=step.at,
            title=title, body=body, url=receipt_url(receipt), is_urgent=receipt.order.urgency == Urgency.TOP,
        )  # fmt: skip
        told += message is not None
    return told


@dataclass
class Missing:
    """What a level above is to hear of one receiver: nobody has signed (UNREAD), or answered (LATE)."""

    receipt: OrderReceipt
    kind: str
    level: int
    officers: Sequence[Staff] = ()
    hearers: Sequence[Staff] = ()

    @property
    def order(self) -> Order:
        return self.receipt.order


def tell_above(missing: Sequence[Missing], at: dt.datetime) -> int:
    """Everybody hears in one message of all that comes to him; returns how many were told.

    A receiver is named once to each, by the worse that is missing of him.
    """
    found: dict[int, dict[int, Missing]] = defaultdict(dict)
    staff: dict[int, Staff] = {}
    for one in sorted(missing, key=lambda one: (one.kind == LATE, one.level)):
        for hearer in one.hearers:
            staff[hearer.pk] = hearer
            found[hearer.pk][one.receipt.pk] = one
    areas = {one.receipt.area_id: one.receipt.area for one in missing}
    places = places_of(areas.values()) if len(areas) > 1 else {}
    letters = [_upward(staff[pk], list(mine.values()), places) for pk, mine in found.items()]
    told = [f"{one.receipt.pk} {one.kind} {one.level} {_since(one)}" for one in missing]
    return remind_many(letters, subject=batch_subject(UPWARD, told), kind=UPWARD, due_at=at, at=at)


def _since(one: Missing) -> dt.datetime | None:
    """A new version, or a new deadline, is told anew."""
    return one.receipt.sent_at if one.kind == UNREAD else one.receipt.due_at


def _upward(hearer: Staff, mine: Sequence[Missing], places: Mapping[int, str]) -> Letter:
    own = sum(hearer.pk in {one.pk for one in found.officers} for found in mine)
    if own == len(mine):
        body = "请尽快办理。"
    else:
        body = f"其中{own}处由您自己办，其余请督促。" if own else "请督促办理。"
    orders = {one.order.pk: one.order for one in mine}
    first, is_urgent = mine[0], any(one.urgency == Urgency.TOP for one in orders.values())
    if len(mine) == 1:
        return Letter(
            hearer, f"{first.receipt.area.name}{MISSING[first.kind]}：{_name(first.order)}", body,
            note=f"“{first.order.title}”。", url=receipt_url(first.receipt), is_urgent=is_urgent,
        )  # fmt: skip
    counts = Counter(one.kind for one in mine)
    words = "，".join(f"{counts[kind]}处{what}" for kind, what in MISSING.items() if counts[kind])
    name = _name(first.order) if len(orders) == 1 else f"{len(orders)}件指令"
    return Letter(
        hearer, f"{name}：{words}", body, note=_listed(mine, places), url=_matrix_url(mine),
        is_urgent=is_urgent,
    )  # fmt: skip


def _matrix_url(mine: Sequence[Missing]) -> str:
    """Where the receivers stand beside each other: the order's page, or the list by receiver."""
    order, kinds = mine[0].order, {one.kind for one in mine}
    if any(one.order.pk != order.pk for one in mine):
        return f"{reverse('measures:order_receipt_list')}?state={'late' if kinds == {LATE} else 'waiting'}"
    state = "" if len(kinds) > 1 else "?state=late" if kinds == {LATE} else "?state=sent"
    return f"{order_url(order)}{state}"


def _listed(mine: Sequence[Missing], places: Mapping[int, str]) -> str:
    """Which order is missing what from where; what would be too long is counted."""
    urgencies = list(Urgency)
    ordered = sorted(mine, key=lambda one: (-urgencies.index(Urgency(one.order.urgency)), one.order.pk))
    lines: list[str] = []
    room = NOTE_LENGTH
    by_order = [list(found) for _pk, found in groupby(ordered, key=lambda one: one.order.pk)]
    for number, found in enumerate(by_order):
        parts = [
            f"{MISSING[kind]}：{_places([one for one in found if one.kind == kind], places)}"
            for kind in MISSING
            if any(one.kind == kind for one in found)
        ]
        line = f"{_name(found[0].order)}“{found[0].order.title}”{'；'.join(parts)}。"
        if len(line) > room:
            return f"{''.join(lines)}另有{len(by_order) - number}件。"
        lines.append(line)
        room -= len(line)
    return "".join(lines)


def _places(found: Sequence[Missing], places: Mapping[int, str]) -> str:
    named = sorted(found, key=lambda one: one.receipt.area.path)
    names = [places.get(one.receipt.area_id) or one.receipt.area.name for one in named[:NAMED]]
    return "、".join(names) + (f"等{len(found)}处" if len(found) > NAMED else "")
