"""The inbox of everybody, and the record of the clock for administrators and auditors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import PAGE_ROWS, link, require, staff_of
from grassroots.notices.inbox import inbox_read_all, local_url, message_answer, message_read, unread_count
from grassroots.notices.models import Acknowledgement, Message, Reminder, ReminderState, TickRun
from grassroots.notices.tick import HEARTBEAT, clock_warning, tick_age

TICKS_SHOWN = 40


def page_of(rows: QuerySet[Any], model: type[Model], mark: str) -> tuple[list[Any], str]:
    """The latest rows behind the one whose uid is `mark`, and the uid to go on from; a broken mark counts as none."""
    try:
        last = model._default_manager.filter(uid=mark).first() if mark else None
    except ValidationError:
        last = None
    if last is not None:
        rows = rows.filter(pk__lt=last.pk)
    found = list(rows.order_by("-pk")[: PAGE_ROWS + 1])
    return found[:PAGE_ROWS], str(found[PAGE_ROWS - 1].uid) if len(found) > PAGE_ROWS else ""


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """One's own messages, the latest first; all, or those not read yet."""
    staff = staff_of(request)
    only_unread = request.GET.get("show") == "unread"
    rows = Message.objects.visible_to(staff)
    mark = request.GET.get("after", "")
    found, following = page_of(rows.unread() if only_unread else rows, Message, mark)
    show = "unread" if only_unread else ""
    context = {
        "inbox": found,
        "only_unread": only_unread,
        "unread": unread_count(staff),
        "next_url": link("notices:inbox", show=show, after=following) if following else "",
        "first_url": link("notices:inbox", show=show) if mark else "",
    }
    return render(request, "notices/inbox.html", context)


@require_POST
def message_open(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Mark one's own message as read and go where it leads, inside this system only."""
    message = get_object_or_404(Message.objects.visible_to(staff_of(request)), uid=uid)
    message_read(message=message)
    return redirect(local_url(message) or "notices:inbox")


@require_POST
def message_answered(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Answer 知道了 or 已处理 to one's own message."""
    message = get_object_or_404(Message.objects.visible_to(staff_of(request)), uid=uid)
    answer = request.POST.get("answer", "")

    def write() -> dict[str, Any]:
        is_new = answer in Acknowledgement.values and message.needs_answer
        return {"done": is_new and message_answer(message=message, answer=Acknowledgement(answer))}

    def done(result: dict[str, Any]) -> HttpResponse:
        if result["done"]:
            messages.success(request, f"已记下：{Acknowledgement(answer).label}。")
        return redirect("notices:inbox")

    return submit_once(request, write, done)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark as read what stood in the inbox when it was shown."""
    staff = staff_of(request)
    try:
        newest = Message.objects.visible_to(staff).filter(uid=request.POST.get("up_to", "")).first()
    except ValidationError:
        newest = None
    if newest is not None:
        count = inbox_read_all(staff=staff, up_to=newest)
        messages.success(request, f"已将 {count} 条消息标为已读。" if count else "没有未读的消息。")
    return redirect("notices:inbox")


@require_GET
def tick_log(request: HttpRequest) -> HttpResponse:
    """Whether the clock runs, what its last ticks did, and who was reminded of what."""
    require(request, "notices.view_tickrun", "notices.view_reminder")
    state = request.GET.get("state", "")
    rows = Reminder.objects.visible_to(staff_of(request)).select_related("recipient", "message")
    if state in ReminderState.values:
        rows = rows.filter(state=state)
    mark = request.GET.get("after", "")
    reminders, following = page_of(rows, Reminder, mark)
    age = tick_age()
    runs = TickRun.objects.exclude(step=HEARTBEAT).exclude(step__startswith="digest ")
    context = {
        "age": age,
        "seconds": int(age.total_seconds()) if age is not None else None,
        "beat": TickRun.objects.filter(step=HEARTBEAT).order_by("pk").first(),
        "warning": clock_warning(),
        "runs": list(runs.order_by("-pk")[:TICKS_SHOWN]),
        "reminders": reminders,
        "state": state,
        "states": ReminderState.choices,
        "now": timezone.now(),
        "next_url": link("notices:tick_log", state=state, after=following) if following else "",
        "first_url": link("notices:tick_log", state=state) if mark else "",
    }
    return render(request, "notices/tick_log.html", context)
