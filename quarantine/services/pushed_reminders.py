"""Telling officers what they have to check of pushed lists: a count and a link, never a name (docs/pushed.md)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices.models import Reminder
from grassroots.notices.reminders import remind
from quarantine.models import CameBy, PushedList, PushedPerson

KIND = "pushed"
NOT_BEFORE = dt.time(8, 0)
BATCH = 500


def checkers_due(at: dt.datetime) -> list[QuerySet[PushedPerson]]:
    """What may give the step below something to do: rows not told of, and from eight on those due today."""
    found = [_untold().order_by("assigned_to")]
    local = timezone.localtime(at)
    if local.time() >= NOT_BEFORE:
        found.append(PushedPerson.objects.open().filter(list__due_on=local.date()).order_by("list"))
    return found


def _untold() -> QuerySet[PushedPerson]:
    return PushedPerson.objects.open().filter(told_at=None, assigned_to__isnull=False)


def tell_checkers(at: dt.datetime) -> Mapping[str, int]:
    """The tick's step: who was given rows hears how many, and on the last day what is still open."""
    return {"sent": tell_new(at) + tell_due(at)}


def tell_new(at: dt.datetime) -> int:
    """One message an officer and list about the rows that he has not been told of; returns how many were sent.

    The rows are claimed in the transaction that sends: two ticks at once tell nobody twice.
    """
    sent = 0
    while True:
        with transaction.atomic():
            rows = list(_untold().order_by("pk").select_for_update(of=("self",), skip_locked=True)[:BATCH])
            if not rows:
                return sent
            PushedPerson.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
            sent += _tell(Counter((row.assigned_to_id, row.list_id) for row in rows), at)


def _tell(counts: Mapping[tuple[int | None, int], int], at: dt.datetime) -> int:
    staff = Staff.objects.active().in_bulk([who for who, _list in counts if who])
    lists = PushedList.objects.in_bulk([which for _who, which in counts])
    sent = 0
    for (who, which), count in sorted(counts.items(), key=lambda item: str(item[0])):
        one = lists[which]
        if who not in staff:
            continue
        subject = f"pushed:{one.uid}"
        earlier = Reminder.objects.filter(recipient=who, subject=subject, kind=KIND).count()
        due = f",{one.due_on:%m月%d日}前反馈" if one.due_on else ""
        message = remind(
            recipient=staff[who], subject=subject, kind=KIND, stage=earlier, due_at=at, at=at,
            title=f"{_name(one)}{count}人待您核查", body=f"请逐人核实后点选答复{due}。", url=_url(one),
        )  # fmt: skip
        sent += message is not None
    return sent


def _name(one: PushedList) -> str:
    return "劝导点移交" if one.came_by == CameBy.CHECKPOINT else "上级推送名单有"


def tell_due(at: dt.datetime) -> int:
    """On the last day, from NOT_BEFORE on, once an officer and list: how many rows are still open."""
    local = timezone.localtime(at)
    if local.time() < NOT_BEFORE:
        return 0
    due_at = timezone.make_aware(dt.datetime.combine(local.date(), NOT_BEFORE))
    counts: dict[PushedList, Counter[Staff]] = defaultdict(Counter)
    rows = PushedPerson.objects.open().filter(list__due_on=local.date(), assigned_to__is_active=True)
    told = Reminder.objects.filter(kind=KIND, subject__startswith=f"pushed-due:{local.date()}:")
    done = set(told.values_list("recipient_id", "subject"))
    for row in rows.select_related("list", "assigned_to").order_by("list_id", "number"):
        if row.assigned_to and (row.assigned_to_id, _due_subject(row.list, local.date())) not in done:
            counts[row.list][row.assigned_to] += 1
    sent = 0
    for one, by_officer in counts.items():
        for officer, count in by_officer.items():
            message = remind(
                recipient=officer, subject=_due_subject(one, local.date()), kind=KIND, due_at=due_at, at=at,
                title=f"上级推送名单今天到期，还有{count}人未答复", body="请在今天内核实并点选答复。", url=_url(one),
            )  # fmt: skip
            sent += message is not None
    return sent


def _due_subject(one: PushedList, on: dt.date) -> str:
    return f"pushed-due:{on}:{one.pk}"


def _url(one: PushedList) -> str:
    return f"{reverse('quarantine:pushed_detail', args=[one.uid])}?who=mine"
