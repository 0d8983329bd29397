"""What the pages of 上传下达 show: what waits for me, orders with their state by receiver, lists from above."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.views.pages import link
from measures.models import Incident, IncidentReader, Order, OrderReceipt, ReceiptState
from measures.rules.orders import Severity, Urgency
from measures.services.answerers import answerers_of
from quarantine.models import PushedList, PushedPerson
from quarantine.pushed_pages import progress_of

SHOWN = 6
COUNTED_UP_TO = 100
PUSHED_SHOWN = 5
RECEIPT, REVIEW, INCIDENT, INSTRUCT = "receipt", "review", "incident", "instruct"
DO = {ReceiptState.SENT: "待签收", ReceiptState.SIGNED: "待反馈", ReceiptState.RETURNED: "退回重报"}
#: Columns of the matrix's filter: code, title, condition at a moment.
STATES = (
    ("all", "全部"), ("sent", "未签收"), ("signed", "已签收"), ("answered", "已反馈"), ("returned", "退回"),
    ("late", "逾期"), ("closed", "办结"),
)  # fmt: skip


def state_q(code: str, at: dt.datetime) -> Q:
    """The receivers of an order in a state of the matrix."""
    if code == "all":
        return Q()
    if code == "late":
        return Q(due_at__lte=at) & ~Q(state__in=(ReceiptState.ANSWERED, ReceiptState.CLOSED))
    return Q(state=code.upper())


@dataclass(frozen=True)
class Waiting:
    """Something of 上传下达 that somebody has to do today."""

    sort: str
    uid: UUID
    title: str
    grade: str
    state: str
    due_at: dt.datetime | None
    area: str
    at: dt.datetime

    @property
    def url(self) -> str:
        """Where it is done."""
        return link("measures:incident_detail" if self.is_incident else "measures:order_receipt", self.uid)

    @property
    def is_incident(self) -> bool:
        return self.sort in (INCIDENT, INSTRUCT)

    @property
    def is_late(self) -> bool:
        return self.sort == RECEIPT and self.due_at is not None and self.due_at <= self.at

    @property
    def todo(self) -> str:
        """What is to be done: 待签收, 待反馈, 待阅知, 待批示, 待办结."""
        if self.sort == RECEIPT:
            return "逾期" if self.is_late else str(DO[ReceiptState(self.state)])
        return {INCIDENT: "待阅知", INSTRUCT: "待批示"}.get(self.sort, "待办结")

    @property
    def tone(self) -> str:
        """The look of its badge."""
        grave = {Severity.MAJOR, Severity.SERIOUS} if self.is_incident else {Urgency.TOP}
        return "danger" if self.is_late or self.grade in grave else "info" if self.sort == REVIEW else "warn"

    @property
    def grade_words(self) -> str:
        """特急, 较大; nothing for what is ordinary."""
        labels = dict(Severity.choices) if self.is_incident else dict(Urgency.choices)
        return "" if self.grade == Urgency.NORMAL else str(labels.get(self.grade, ""))


@dataclass(frozen=True)
class Day:
    """What of 上传下达 is on somebody's day: the first few, and how many (up to COUNTED_UP_TO)."""

    shown: list[Waiting] = field(default_factory=list)
    count: int = 0


def _arm(rows: QuerySet[Any], sort: str, title: str, grade: str, due: Any) -> QuerySet[Any]:
    text = CharField()
    return rows.order_by().values_list(Value(sort, text), "uid", title, grade, "state", due, "area__name")


def day_of(staff: Staff, at: dt.datetime) -> Day:
    """To sign and to answer, to read, and of one's own orders to accept; what is due first comes first (one query)."""
    receipts = OrderReceipt.objects.waiting().mine(staff).visible_to(staff).exclude(order__issued_by=staff)
    answered = OrderReceipt.objects.standing().filter(state=ReceiptState.ANSWERED, order__issued_by=staff)
    incidents, unanswered = Incident.objects.unread_by(staff), Incident.objects.unanswered_by(staff)
    rows = _arm(receipts, RECEIPT, "order__title", "order__urgency", F("due_at")).union(
        _arm(answered, REVIEW, "order__title", "order__urgency", F("answered_at")),
        _arm(incidents, INCIDENT, "kind__name", "severity", F("reported_at")),
        _arm(unanswered, INSTRUCT, "kind__name", "severity", F("reported_at")),
        all=True,
    )
    found = [
        Waiting(sort, uid, title, grade, state, due, area, at)
        for sort, uid, title, grade, state, due, area in rows[:COUNTED_UP_TO]
    ]
    sorts = {INCIDENT: 0, INSTRUCT: 1, RECEIPT: 2, REVIEW: 3}
    far = at + dt.timedelta(days=3650)
    found.sort(key=lambda one: (sorts[one.sort], not one.is_late, one.due_at or far, str(one.uid)))
    return Day(found[:SHOWN], len(found))


@dataclass
class Tally:
    """How many receivers of an order are in which state."""

    states: Counter[str] = field(default_factory=Counter)
    late: int = 0

    @property
    def all(self) -> int:
        return sum(self.states.values())

    @property
    def late_words(self) -> str:
        """逾期2处."""
        return f"逾期{self.late}处"

    @property
    def words(self) -> str:
        """3处：未签收1、已反馈2."""
        parts = [f"{label}{self.states[code]}" for code, label in ReceiptState.choices if self.states[code]]
        return f"{self.all}处：{'、'.join(parts)}"


def dress_orders(rows: Sequence[Any], staff: Staff, at: dt.datetime) -> None:
    """Give each order the tally of the receivers that the person sees, and whether he is the sender (one query)."""
    tallies = {row.pk: Tally() for row in rows}
    seen = OrderReceipt.objects.visible_to(staff).filter(order__in=list(tallies)).order_by()
    late = Count("pk", filter=state_q("late", at))
    for order, state, number, overdue in seen.values_list("order", "state").annotate(
        n=Count("pk"), late=late
    ):
        tallies[order].states[state] += number
        tallies[order].late += overdue
    scope = scope_of(staff)
    for row in rows:
        row.tally = tallies[row.pk]
        row.is_sent = scope.holds(row.area)


def dress_receipts(rows: Sequence[Any], at: dt.datetime) -> None:
    """Give each receiver who answers for it, and whether it is late (a constant number of queries)."""
    officers = answerers_of([row.area_id for row in rows], timezone.localdate(at))
    for row in rows:
        row.names = "、".join(one.name for one in officers.get(row.area_id, ()))
        row.is_late = row.is_overdue(at)
        row.is_awaited = row.state in DO


def sums_of(order: Order, at: dt.datetime) -> dict[str, int]:
    """Of all receivers of an order: how many are in each state, and the sum of the numbers (one query)."""
    counts = {f"n_{code}": Count("pk", filter=state_q(code, at)) for code, _title in STATES}
    return order.receipts.aggregate(total=Sum("number"), **counts)


def pushed_lists(staff: Staff) -> list[Any]:
    """The latest lists from above that the person sees, with how far they are (two queries)."""
    lists: list[Any] = list(
        PushedList.objects.visible_to(staff)
        .select_related("area")
        .order_by("-received_at", "-pk")[:PUSHED_SHOWN]
    )
    progress = progress_of(lists, PushedPerson.objects.visible_to(staff)) if lists else {}
    today = timezone.localdate()
    for one in lists:
        one.progress = progress[one.pk]
        one.is_overdue = bool(one.progress.open and one.due_on and one.due_on < today)
    return lists


def dress_incidents(rows: Sequence[Any], staff: Staff) -> None:
    """Give each incident how many must know and have read it, and whether this person still has to (one query)."""
    found: dict[int, list[tuple[int, bool]]] = {row.pk: [] for row in rows}
    readers = IncidentReader.objects.filter(incident__in=list(found)).order_by()
    read = Case(When(read_at=None, then=Value(0)), default=Value(1))
    for incident, reader, is_read in readers.values_list("incident", "staff", read):
        found[incident].append((reader, bool(is_read)))
    for row in rows:
        row.told = len(found[row.pk])
        row.read = sum(is_read for _reader, is_read in found[row.pk])
        row.is_mine_unread = (staff.pk, False) in found[row.pk]
