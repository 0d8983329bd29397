"""Handovers that nobody answers: both sides are reminded, then those above the side that was asked, level by level.

Until the other side accepts the sender answers for the person; an offer that lies there is where somebody could get
lost between two villages.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices.chain import Above
from grassroots.notices.reminders import Letter, batch_subject, remind_many
from quarantine.models import Handover
from quarantine.services.handovers import KIND, receivers_each

BATCH, NAMED = 1000, 10


def handovers_due(at: dt.datetime) -> list[QuerySet[Handover]]:
    """What gives the step below something to do."""
    return [Handover.objects.unanswered(at).order_by("remind_at", "pk")]


@transaction.atomic
def handovers_remind(at: dt.datetime) -> Mapping[str, int]:
    """A step of the tick: handovers without an answer are told of, each level once; returns how many were told.

    Everybody hears in one message of all that comes to him. After an outage only the latest level that is due is told.
    """
    (due,) = handovers_due(at)
    locked = due.select_for_update(skip_locked=True, of=("self",))
    rows = list(locked.select_related("to_area", "requested_by", "observation__policy")[:BATCH])
    late = [row for row in rows if _move_on(row, at)]
    Handover.objects.bulk_update(rows, ["told_level", "remind_at"])
    return {"told": _tell(late, at) if late else 0}


def _move_on(row: Handover, at: dt.datetime) -> bool:
    """Set the level that hears by now and when the next one does, by the hours of the policy that the observation is
    under; whether somebody is to hear."""
    waits = [dt.timedelta(hours=hours) for hours in row.observation.policy.parsed().handover_hours]
    before = row.told_level
    row.told_level = max(before, sum(row.requested_at + wait <= at for wait in waits))
    row.remind_at = row.requested_at + waits[row.told_level] if row.told_level < len(waits) else None
    return row.told_level > before


def _tell(rows: Sequence[Handover], at: dt.datetime) -> int:
    on = timezone.localdate(at)
    asked = receivers_each({row.to_area for row in rows}, on)
    above = Above({one.pk: one for found in asked.values() for one in found}.values(), on)
    mine: dict[int, list[Handover]] = defaultdict(list)
    staff: dict[int, Staff] = {}
    for row in rows:
        hearers = {one.pk: one for one in _hearers(row, asked[row.to_area_id], above) if one.is_active}
        staff |= hearers
        for pk in hearers:
            mine[pk].append(row)
    subject = batch_subject("handovers", [f"{row.uid} {row.told_level}" for row in rows])
    letters = [_letter(staff[pk], found, at) for pk, found in mine.items()]
    return remind_many(letters, subject=subject, kind=KIND, due_at=at, at=at)


def _letter(hearer: Staff, rows: Sequence[Handover], at: dt.datetime) -> Letter:
    hours = int(max((at - row.requested_at).total_seconds() for row in rows) // 3600)
    areas = list(dict.fromkeys(row.to_area.name for row in rows))
    if len(areas) == 1:
        title = f"移交{areas[0]}的{len(rows)}人已等{hours}小时，还没有接收"
    else:
        title = f"移交{len(areas)}处的{len(rows)}人最长已等{hours}小时，还没有接收"
    names = "、".join(areas[:NAMED]) + (f"等{len(areas)}处" if len(areas) > NAMED else "")
    url = reverse("quarantine:handover_detail", args=[rows[0].uid])
    if len(rows) > 1:
        is_sender = all(row.requested_by_id == hearer.pk for row in rows)
        url = reverse("quarantine:handover_list") + ("?view=out" if is_sender else "")
    return Letter(
        hearer, title, "对方接收以前，仍由移交方负责测温和服务。请督促接收或退回。",
        note=f"{names}。" if len(areas) > 1 else "", url=url,
    )  # fmt: skip


def _hearers(row: Handover, asked: Sequence[Staff], above: Above) -> list[Staff]:
    """Both sides; from the second level on those above the side that was asked, and whoever asked."""
    if row.told_level == 1:
        return [row.requested_by, *asked]
    return [row.requested_by, *above.of(asked, row.told_level - 1)]
