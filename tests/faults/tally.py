"""What must be so after every fault, counted from the rows and from what the robot heard."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from grassroots.grid.models import Staff
from grassroots.notices.models import Channel, Delivery, Message, Reminder
from quarantine.services.digests import KIND, stages_near
from tests.faults.stack import Stack, code_of

COLUMNS = (
    "fault", "due", "sent", "failed", "expired", "lost", "inbox", "twice", "robot", "told", "failed ", "expired ",
    "open", "heard", "taken", "doubled", "excused", "seconds",
)  # fmt: skip


@dataclass
class Row:
    """One line of the table."""

    fault: str
    numbers: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def cells(self) -> list[str]:
        return [self.fault, *(str(self.numbers[name]) for name in COLUMNS[1:-1]), f"{self.seconds:.1f}"]


def expected(workers: Sequence[Staff], since: dt.datetime, at: dt.datetime) -> set[tuple[int, str, int]]:
    """Officer, slot and stage of every digest that has come due: nobody measures, so each has something to say."""
    due = [stage for stage in stages_near(at) if since <= stage.due_at <= at]
    return {(officer.pk, stage.subject, stage.number) for officer in workers for stage in due}


def on_record() -> set[tuple[int, str, int]]:
    return set(Reminder.objects.filter(kind=KIND).values_list("recipient_id", "subject", "stage"))


def tally(fault: str, stack: Stack, workers: Sequence[Staff], since: dt.datetime, at: dt.datetime) -> Row:
    """Count, and say what is wrong."""
    due = expected(workers, since, at)
    lost = due - on_record()
    states = Counter(
        Reminder.objects.filter(due_at__gte=since, due_at__lte=at).values_list("state", flat=True)
    )
    rows = Delivery.objects.filter(due_at__gte=since, due_at__lte=at)
    sent = Counter(rows.values_list("state", flat=True))
    twice = (
        Message.objects.values("recipient", "reminder__subject", "reminder__kind", "reminder__stage")
        .annotate(number=Count("pk"))
        .filter(number__gt=1)
        .count()
    )
    heard = Counter(code_of(one) for one in stack.robot.heard if one.is_taken)
    excused = stack.excused + Counter(code_of(one) for one in stack.robot.heard if one.mode == "drop")
    doubled = Counter({code: number - 1 for code, number in heard.items() if number > 1})
    messages = Message.objects.filter(reminder__due_at__gte=since, reminder__due_at__lte=at).count()
    row = Row(fault)
    row.numbers = {
        "due": len(due), "sent": states["SENT"], "failed": states["FAILED"], "expired": states["EXPIRED"],
        "lost": len(lost), "inbox": messages, "twice": twice, "robot": rows.count(), "told": sent["SENT"],
        "failed ": sent["FAILED"], "expired ": sent["EXPIRED"], "open": sent["WAITING"] + sent["SENDING"],
        "heard": len(stack.robot.heard), "taken": sum(heard.values()), "doubled": sum(doubled.values()),
        "excused": sum(excused.values()),
    }  # fmt: skip
    row.wrong = list(_wrong(row, rows, doubled - excused, heard))
    row.wrong += [f"{len(lost)} digests are on no record"] if lost else []
    row.wrong += _robots_without(since, at)
    return row


def _wrong(row: Row, rows: QuerySet[Delivery], doubled: Counter[str], heard: Counter[str]) -> list[str]:
    """What must not be."""
    found = []
    if row.numbers["twice"]:
        found.append("a message stands twice in an inbox")
    if row.numbers["inbox"] != row.numbers["sent"]:
        found.append("reminders that are sent and messages in inboxes differ")
    if row.numbers["open"]:
        found.append("a delivery is neither sent nor ended")
    if rows.filter(Q(state="FAILED") | Q(state="EXPIRED"), reason="").exists():
        found.append("an end without a reason")
    codes = {one.code: one.state for one in rows}
    if unheard := [code for code, state in codes.items() if state == "SENT" and not heard[code]]:
        found.append(f"sent but never heard: {unheard}")
    if doubled:
        found.append(f"doubled without a reason: {dict(doubled)}")
    return found


def _robots_without(since: dt.datetime, at: dt.datetime) -> list[str]:
    """Stages of which a robot has no delivery."""
    due = {(stage.subject, stage.number) for stage in stages_near(at) if since <= stage.due_at <= at}
    robots = Channel.objects.robots().values_list("pk", flat=True)
    there = set(Delivery.objects.filter(message=None).values_list("channel_id", "subject", "stage"))
    lacking = [(pk, *key) for pk in robots for key in due if (pk, *key) not in there]
    return [f"{len(lacking)} digests of robots are on no record"] if lacking else []


def table(rows: Sequence[Row]) -> str:
    """The counts as a table to print."""
    cells = [[name.strip() for name in COLUMNS], *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = []
    for line in cells:
        numbers = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        lines.append("  ".join([line[0].ljust(widths[0]), *numbers]))
    groups = (
        "officers' reminders: due .. twice; channels: robot (deliveries) .. open; the robot: heard .. excused"
    )
    wrong = [f"WRONG  {row.fault}: {words}" for row in rows for words in row.wrong]
    return "\n".join([groups, *lines, *wrong])
