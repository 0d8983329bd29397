"""Receivers of orders who have not signed, or not answered: the levels above hear, one after the other.

Of all that has come due everybody hears in one message; what was told stands at each receiver by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices.chain import Above
from measures.models import OrderAction, OrderReceipt, OrderStep
from measures.services.answerers import answerers_of, present_each
from measures.services.order_messages import LATE, UNREAD, Missing, tell_above

HIGHEST = 6
WORDS = {UNREAD: "未签收", LATE: "逾期未反馈"}


@transaction.atomic
def receipts_escalate(pks: Collection[int], at: dt.datetime) -> int:
    """Tell the levels that are to hear by now, and say when the next one does; how many levels were told.

    Rows that another tick is at, or that have been settled meanwhile, are left alone. The number of queries does not
    grow with the rows.
    """
    due = OrderReceipt.objects.select_for_update(of=("self",), skip_locked=True).escalating(at)
    related = ("order__area", "order__issued_by", "area")
    rows = list(due.filter(pk__in=pks).select_related(*related).order_by("pk"))
    if not rows:
        return 0
    missing = [one for row in rows for one in _missing(row, at)]
    _find_hearers(missing, timezone.localdate(at))
    tell_above(missing, at)
    OrderStep.objects.bulk_create(
        [
            OrderStep(receipt=one.receipt, action=OrderAction.ESCALATED, words=_words(one), at=at)
            for one in missing
        ]
    )
    OrderReceipt.objects.bulk_update(rows, ["unread_told", "late_told", "escalate_at"], batch_size=500)
    return len(missing)


def _missing(row: OrderReceipt, at: dt.datetime) -> list[Missing]:
    """What is missing by level, told no level so far; the row is set on to its next time, not saved."""
    awaited = row.awaited()
    unread, late = awaited.unread_levels(at), awaited.late_levels(at)
    row.unread_told, row.late_told = row.unread_told + len(unread), row.late_told + len(late)
    row.escalate_at = row.awaited().next_at()
    return [
        Missing(row, kind, level) for kind, levels in ((UNREAD, unread), (LATE, late)) for level in levels
    ]


def _find_hearers(missing: Sequence[Missing], on: dt.date) -> None:
    """Enter who answers for each area, and who hears of it."""
    officers = answerers_of([one.receipt.area_id for one in missing], on)
    above = Above({one.pk: one for found in officers.values() for one in found}.values(), on)
    groups: list[list[Staff]] = []
    for one in missing:
        own = officers[one.receipt.area_id]
        groups += [own, _hearers(one, own, above)]
    there = present_each(groups, on)
    for number, one in enumerate(missing):
        one.officers, one.hearers = there[2 * number], there[2 * number + 1]


def _hearers(one: Missing, officers: Sequence[Staff], above: Above) -> list[Staff]:
    """That level of the chain; at the deadline the officer himself and the sender as well. Where nobody answers for
    the area, the sender hears."""
    hearers: list[Staff] = []
    for higher in range(one.level, HIGHEST + 1):  # past those who cannot be told
        hearers += above.of(officers, higher)
        if any(found.has_usable_password() for found in hearers):
            break
    if one.kind == LATE and one.level == 1:
        hearers += [*officers, one.receipt.order.issued_by]
    return hearers or [one.receipt.order.issued_by]


def _words(one: Missing) -> str:
    names = "、".join(staff.name for staff in one.hearers)
    return f"{WORDS[one.kind]}，已告知{names or '（无人可报）'}"[:500]
