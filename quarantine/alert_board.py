"""The board of alerts: bands by age, who has each, which time limit is over (reads only)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from grassroots.grid.duties import duties_for_many
from grassroots.grid.models import Area, Level, Staff
from households.doors import places_of
from quarantine.models import Alert, AlertState
from quarantine.rules.escalation import Cause
from quarantine.services.alert_chain import target_of

COUNTED_UP_TO = 2_000
AREAS_SHOWN = 400
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Band:
    """Alerts of an age, from `least` (in) to `most` (out)."""

    code: str
    label: str
    tone: str
    icon: str
    least: dt.timedelta
    most: dt.timedelta | None = None

    def q(self, at: dt.datetime) -> Q:
        """A condition on alerts by when they were raised."""
        found = Q(raised_at__lte=at - self.least)
        return found if self.most is None else found & Q(raised_at__gt=at - self.most)


BANDS = (
    Band("hour", "1小时内", "info", "clock", dt.timedelta(days=-1), HOUR),
    Band("half-day", "1至4小时", "warn", "hourglass-split", HOUR, 4 * HOUR),
    Band("day", "4至24小时", "danger", "exclamation-triangle-fill", 4 * HOUR, 24 * HOUR),
    Band("older", "超过24小时", "danger", "exclamation-octagon-fill", 24 * HOUR),
)


def band_of(age: dt.timedelta) -> Band:
    """The band of an age."""
    return next(band for band in reversed(BANDS) if age >= band.least or band is BANDS[0])


def age_words(age: dt.timedelta) -> str:
    """How long it has been open: 刚刚, 25分钟, 3小时, 2天."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)}天"


def limit_words(alert: Alert, at: dt.datetime) -> tuple[str, str]:
    """Which time limit is over, and since when: (tone, words); or by when what is due. Nothing for a closed one."""
    if alert.state == AlertState.CLOSED:
        return "", ""
    if alert.handle_due_at and alert.handle_due_at <= at:
        return "danger", _over("超时未办结", at - alert.handle_due_at)
    if alert.state == AlertState.OPEN and alert.acknowledge_due_at:
        if alert.acknowledge_due_at <= at:
            return "danger", _over("超时未知悉", at - alert.acknowledge_due_at)
        return "warn", f"{_clock(alert.acknowledge_due_at, at)}前知悉"
    return ("info", f"{_clock(alert.handle_due_at, at)}前办结") if alert.handle_due_at else ("", "")


def _over(words: str, by: dt.timedelta) -> str:
    age = age_words(by)
    return words if age == "刚刚" else f"{words} {age}"


def _clock(moment: dt.datetime, at: dt.datetime) -> str:
    local, now = timezone.localtime(moment), timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local.month}月{local.day}日{local:%H:%M}"


def band_counts(rows: QuerySet[Alert], at: dt.datetime) -> dict[str, int]:
    """How many open alerts lie in each band, and 'overdue', of the oldest COUNTED_UP_TO (one query)."""
    bounded = rows.order_by("raised_at", "pk")[:COUNTED_UP_TO]
    overdue = Q(handle_due_at__lte=at) | Q(state=AlertState.OPEN, acknowledge_due_at__lte=at)
    parts = {band.code.replace("-", "_"): Count("pk", filter=band.q(at)) for band in BANDS}
    counts = bounded.aggregate(overdue=Count("pk", filter=overdue), **parts)
    return {band.code: counts[band.code.replace("-", "_")] for band in BANDS} | {"overdue": counts["overdue"]}


def villages_of(staff: Staff) -> list[Area]:
    """The villages of the scope, to choose from (one query); none for who has a single one."""
    rows = Area.objects.visible_to(staff).open().filter(level=Level.VILLAGE).order_by("path")
    found = list(rows[:AREAS_SHOWN])
    return found if len(found) > 1 else []


def dress_alerts(rows: Sequence[Alert], at: dt.datetime) -> None:
    """Give each alert its age, band, place, limit in words, and who has it (eight queries, however many rows)."""
    waiting = [row for row in rows if row.acknowledged_by_id is None and row.state != AlertState.CLOSED]
    targets = {row.pk: target_of(row.observation) for row in waiting}
    chains = duties_for_many(list(targets.values()), timezone.localdate(at)) if waiting else {}
    places = places_of({row.observation.area for row in rows})
    for one in rows:
        row: Any = one
        age = (row.closed_at or at) - row.raised_at
        row.age, row.band = age_words(age), band_of(age)
        row.place = places.get(row.observation.area_id, "")
        row.limit_tone, row.limit = limit_words(row, at)
        row.holder = row.acknowledged_by.name if row.acknowledged_by else ""
        if row.pk in targets:
            measuring = [link for link in chains[targets[row.pk]] if link.kind.is_measuring]
            row.waits_for = "、".join(
                officer.name for link in measuring for officer in link.officers if officer.is_active
            )
        went_up = [up for up in row.escalations.all() if up.round == row.round and up.cause != Cause.STEP]
        row.went_up = went_up[-1].title if went_up and row.state != AlertState.CLOSED else ""
