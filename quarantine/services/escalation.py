"""A step of the tick: alerts that nobody has seen to in time go one level up (docs/tick.md)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import Chain, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.reminders import remind
from quarantine.models import Alert, AlertEscalation
from quarantine.rules.escalation import BELOW_ALL, STREET_LEVEL, Cause, Due, next_escalation, next_level
from quarantine.services.alert_chain import LevelUp, Street, levels_above, named, target_of
from quarantine.services.alerts import limits_lay, standing_of

logger = logging.getLogger("grassroots.alerts")
BATCH = 200
TRY_AGAIN = dt.timedelta(minutes=5)
KIND = "escalation"
NOBODY = "没有可上报的人员"
DO = {
    Cause.UNNOTICED: "还没有人知悉，请督促处置。",
    Cause.UNHANDLED: "还没有办结，请督促处置。",
    Cause.STEP: "还没有人知悉，请核实处置。",
}


def _without_limits() -> QuerySet[Alert]:
    return Alert.objects.open().filter(acknowledge_due_at=None).order_by("pk")


def alerts_due(at: dt.datetime) -> list[QuerySet[Alert]]:
    """What gives the step below something to do."""
    return [Alert.objects.open().filter(escalate_at__lte=at).order_by("escalate_at"), _without_limits()]


def alerts_escalate(at: dt.datetime) -> Mapping[str, int]:
    """Raise every alert whose time is over one level up, each stage once; returns counts of stages and failures."""
    _lay_limits(at)
    raised = failed = 0
    while True:
        with transaction.atomic():
            rows = list(
                Alert.objects.open()
                .filter(escalate_at__lte=at)
                .select_for_update(skip_locked=True, of=("self",))
                .select_related("observation__policy", "observation__area", "acknowledged_by")
                .prefetch_related("escalations")
                .order_by("escalate_at", "pk")[:BATCH]
            )
            if not rows:
                return {"escalated": raised, "failed": failed}
            targets = [target_of(row.observation) for row in rows]
            chains = duties_for_many(targets, timezone.localdate(at))
            streets: dict[int, Street] = {}
            for row, target in zip(rows, targets, strict=True):
                area = row.observation.area
                if area.pk not in streets:
                    streets[area.pk] = Street.above(area, timezone.localdate(at))
                stages = _escalate_safely(row, chains[target], streets[area.pk], at)
                raised, failed = raised + max(stages, 0), failed + (stages < 0)


def _lay_limits(at: dt.datetime) -> None:
    """Alerts that were written in bulk, or before there were limits, get theirs; those long over go up at once."""
    for row in _without_limits().select_related("observation__policy")[:BATCH]:
        try:
            limits_lay(row, row.raised_at)
        except ValueError:  # terms that no longer hold together stop none of the others
            logger.exception("alert %s has no time limits", row.pk)
            continue
        values = {name: getattr(row, name) for name in ("acknowledge_due_at", "handle_due_at", "escalate_at")}
        Alert.objects.filter(pk=row.pk, acknowledge_due_at=None).update(**values)


def _escalate_safely(alert: Alert, chain: Chain, street: Street, at: dt.datetime) -> int:
    """How many stages were raised; -1 for one that failed: it stops none of the others and is tried again."""
    try:
        with transaction.atomic():
            return _escalate(alert, chain, street, at)
    except Exception:
        logger.exception("alert %s could not be escalated", alert.pk)
        Alert.objects.filter(pk=alert.pk).update(escalate_at=at + TRY_AGAIN)
        return -1


def _escalate(alert: Alert, chain: Chain, street: Street, at: dt.datetime) -> int:
    """Everything that has come due, also what an outage has kept back; then when it goes up next."""
    terms = alert.observation.policy.parsed()
    levels = levels_above(chain, street)
    top = min((one.level for one in levels), default=STREET_LEVEL)
    standing, raised = standing_of(alert), 0
    told: set[int] = set(
        alert.escalations.filter(round=alert.round).exclude(told=None).values_list("told", flat=True)
    )
    due = next_escalation(terms, standing, top)
    while due is not None and due.due_at <= at:
        row = _raise_stage(alert, due, levels, named(due.notify, chain, street), told, at)
        raised += row is not None
        alert._prefetched_objects_cache = {}  # type: ignore[attr-defined]
        standing = standing_of(alert)
        due = next_escalation(terms, standing, top)
    Alert.objects.filter(pk=alert.pk).update(escalate_at=due.due_at if due else None)
    return raised


def _raise_stage(
    alert: Alert, due: Due, levels: list[LevelUp], by_name: list[Staff], told: set[int], at: dt.datetime
) -> AlertEscalation | None:
    if due.cause == Cause.STEP:
        staff = [one for one in by_name if one.pk not in told]
        level, title, skipped = BELOW_ALL, "、".join(str(one.label) for one in due.notify), ""
    else:
        wanted = next_level([one.level for one in levels], standing_of(alert).past)
        up = next((one for one in levels if one.level == wanted), LevelUp(STREET_LEVEL, NOBODY, []))
        staff, level, title, skipped = [*up.staff], up.level, up.title, "、".join(up.skipped)
        if due.cause == Cause.UNHANDLED and due.stage == 1:
            staff += _holder(alert, staff)
    row = AlertEscalation.objects.create(
        alert=alert, round=alert.round, cause=due.cause, stage=due.stage, level=level, title=title[:60],
        skipped=skipped[:200], due_at=due.due_at, at=at,
    )  # fmt: skip
    row.told.set(staff)
    told.update(one.pk for one in staff)
    for one in staff:
        _tell(alert, due, one, at)
    return row


def _holder(alert: Alert, told: list[Staff]) -> list[Staff]:
    """Whoever took it on hears as well that its time is over."""
    holder = alert.acknowledged_by
    return [holder] if holder is not None and holder.is_active and holder not in told else []


def _tell(alert: Alert, due: Due, staff: Staff, at: dt.datetime) -> None:
    """Counts, place and link, no name; unique per recipient, alert and stage."""
    raised = timezone.localtime(alert.raised_at)
    remind(
        recipient=staff,
        subject=f"alert:{alert.uid}",
        kind=KIND,
        stage=alert.round * 300 + list(Cause).index(due.cause) * 100 + due.stage,
        due_at=due.due_at,
        at=at,
        title=f"{due.cause.label}：居家观察人员{alert.get_kind_display()}",
        body=f"{alert.observation.area.full_name()} {raised:%m-%d %H:%M} 发生，{DO[due.cause]}",
        url=reverse("quarantine:alert_detail", args=[alert.uid]),
        is_urgent=True,
    )
