"""A step of the tick: who was given services, who is late with them, and his superior once (docs/services.md)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices.chain import superiors_of
from grassroots.notices.deliveries import Routes, routes_of
from grassroots.notices.leaves import stand_ins
from grassroots.notices.reminders import remind
from quarantine.models import ServiceRequest, ServiceState
from quarantine.serving import homes_of, servers_of, target_of

BATCH = 500
ESCALATE_AFTER = dt.timedelta(hours=2)
Groups = Mapping[Staff, list[ServiceRequest]]


def _not_told() -> QuerySet[ServiceRequest]:
    return ServiceRequest.objects.filter(state=ServiceState.ASSIGNED, told_at=None)


def _late(at: dt.datetime) -> QuerySet[ServiceRequest]:
    return ServiceRequest.objects.overdue(at).filter(overdue_told_at=None)


def _very_late(at: dt.datetime) -> QuerySet[ServiceRequest]:
    late = ServiceRequest.objects.overdue(at - ESCALATE_AFTER)
    return late.filter(overdue_told_at__isnull=False, escalated_at=None)


def services_due(at: dt.datetime) -> list[QuerySet[ServiceRequest]]:
    """What gives the step below something to do."""
    return [rows.order_by("due_at") for rows in (_not_told(), _late(at), _very_late(at))]


def services_remind(at: dt.datetime) -> Mapping[str, int]:
    """Tell who was given something, who is late, and above him who is very late; each request once a stage."""
    return {"given": _given(at), "overdue": _overdue(at), "escalated": _escalated(at)}


def _claimed(rows: QuerySet[ServiceRequest]) -> list[ServiceRequest]:
    """Rows nobody else is telling about just now."""
    ordered = rows.order_by("pk").select_for_update(skip_locked=True, of=("self",))
    return list(ordered.select_related("assigned_to", "area")[:BATCH])


def _mark(rows: Sequence[ServiceRequest], field: str, at: dt.datetime) -> None:
    ServiceRequest.objects.filter(pk__in=[row.pk for row in rows]).update(**{field: at})


def _given(at: dt.datetime) -> int:
    with transaction.atomic():
        rows = _claimed(_not_told())
        if not rows:
            return 0
        groups = _responsible(rows, at)
        sent = _tell(groups, at, "given", lambda count: f"交给您代办服务{count}件")
        _mark(rows, "told_at", at)
    return sent


def _overdue(at: dt.datetime) -> int:
    with transaction.atomic():
        rows = _claimed(_late(at))
        if not rows:
            return 0
        groups = _responsible(rows, at)
        sent = _tell(groups, at, "overdue", lambda count: f"代办服务超时{count}件", is_urgent=True)
        _mark(rows, "overdue_told_at", at)
    return sent


def _escalated(at: dt.datetime) -> int:
    with transaction.atomic():
        rows = _claimed(_very_late(at))
        if not rows:
            return 0
        groups = _responsible(rows, at)
        above = superiors_of(groups, timezone.localdate(at))
        raised: dict[Staff, list[ServiceRequest]] = defaultdict(list)
        for staff, mine in groups.items():
            for superior in above.get(staff.pk, []):
                raised[superior] += [row for row in mine if row not in raised[superior]]
        sent = _tell(raised, at, "escalated", lambda count: f"辖区内代办服务超时{count}件没有办")
        _mark(rows, "escalated_at", at)
    return sent


def _responsible(rows: Sequence[ServiceRequest], at: dt.datetime) -> dict[Staff, list[ServiceRequest]]:
    """By whoever was to bring it, or stands in for him; where nobody was named, the service people of the person."""
    groups: dict[Staff, list[ServiceRequest]] = defaultdict(list)
    free = [row for row in rows if row.assigned_to is None or not row.assigned_to.is_active]
    homes = homes_of(row.person_id for row in free)
    targets = {row.pk: target_of(row, homes) for row in free}
    servers = servers_of(targets.values(), timezone.localdate(at)) if free else {}
    deputies = stand_ins({row.assigned_to for row in rows if row.assigned_to}, timezone.localdate(at))
    for row in rows:
        holder = row.assigned_to if row.pk not in targets else None
        named = [deputies.get(holder.pk, holder)] if holder else servers[targets[row.pk]]
        for staff in named:
            groups[staff].append(row)
    return groups


def _what(rows: Sequence[ServiceRequest]) -> str:
    """代购生活用品2件、送药1件，最早1月29日18:00到时限。 No names: it may leave the system (DOMAIN.md §5)."""
    kinds = Counter(str(row.get_kind_display()) for row in rows)
    words = "、".join(f"{kind}{count}件" for kind, count in kinds.items())
    dues = [row.due_at for row in rows if row.due_at]
    if not dues:
        return f"{words}。"
    first = timezone.localtime(min(dues))
    return f"{words}，最早{first.month}月{first.day}日{first:%H:%M}到时限。"


def _tell(
    groups: Groups, at: dt.datetime, stage: str, title: Callable[[int], str], *, is_urgent: bool = False
) -> int:
    """One message a person; the rows are claimed, so that the first of them makes the subject unique."""
    active = {staff: rows for staff, rows in groups.items() if staff.is_active}
    routes: Routes = routes_of([staff.pk for staff in active])
    page = "quarantine:service_list" if stage == "escalated" else "quarantine:service_round"
    url = reverse(page) + ("?view=overdue" if stage == "escalated" else "")
    sent = 0
    for staff in sorted(active, key=lambda one: one.pk):
        rows = active[staff]
        message = remind(
            recipient=staff, subject=f"services:{stage}:{rows[0].pk}:{at:%Y%m%d%H%M%S}", kind=f"services-{stage}",
            due_at=at, at=at, title=title(len(rows)), body=_what(rows), url=url, is_urgent=is_urgent, routes=routes,
        )  # fmt: skip
        sent += message is not None
    return sent
