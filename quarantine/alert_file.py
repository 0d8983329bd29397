"""One alert as a line of time: raised, what was done, whom it went up to, what was annulled (reads only)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from quarantine.models import ActionKind, Alert, AlertAction, AlertEscalation, AlertState
from quarantine.rules.escalation import Cause
from quarantine.services.alert_actions import ANNULLABLE


@dataclass
class Entry:
    """One line: an action or an escalation."""

    at: dt.datetime
    action: AlertAction | None = None
    up: AlertEscalation | None = None
    is_annulled: bool = False
    can_annul: bool = False
    waits_for_arrival: bool = False

    @property
    def is_late(self) -> bool:
        """Recorded more than ten minutes after it happened: both times are shown."""
        return bool(
            self.action and self.action.recorded_at - self.action.happened_at > dt.timedelta(minutes=10)
        )


def timeline(alert: Alert) -> list[Entry]:
    """Everything that happened to the alert, the oldest first (three queries)."""
    actions = list(alert.actions.select_related("by", "reading", "refers_to").order_by("recorded_at", "pk"))
    annulled = {row.refers_to_id for row in actions if row.kind == ActionKind.ANNULLED}
    arrived = {
        row.refers_to_id for row in actions if row.kind == ActionKind.ARRIVED and row.pk not in annulled
    }
    closings = [row.pk for row in actions if row.kind == ActionKind.CLOSED and row.pk not in annulled]
    is_closed = alert.state == AlertState.CLOSED
    entries = []
    for row in actions:
        can = row.kind in ANNULLABLE and row.pk not in annulled and row.pk not in arrived
        can = can and (row.pk == (closings or [0])[-1] if is_closed else row.kind != ActionKind.CLOSED)
        waits = row.kind == ActionKind.TRANSFER and not row.arrived_at and row.pk not in annulled | arrived
        entries.append(Entry(row.recorded_at, row, None, row.pk in annulled, can, waits and not is_closed))
    # A step of the policy whose people had all been told before says nothing new.
    ups = [up for up in alert.escalations.prefetch_related("told") if up.cause != Cause.STEP or up.told.all()]
    entries += [Entry(up.at, up=up) for up in ups]
    return sorted([*entries, *_older(alert, actions)], key=lambda entry: entry.at)


def _older(alert: Alert, actions: list[AlertAction]) -> list[Entry]:
    """Steps of alerts that were dealt with before steps had rows of their own, or that an import has taken back."""
    kinds = {row.kind for row in actions}
    found = []
    if alert.acknowledged_by and alert.acknowledged_at and ActionKind.ACKNOWLEDGED not in kinds:
        found.append((ActionKind.ACKNOWLEDGED, alert.acknowledged_at, alert.acknowledged_by, "", ""))
    if alert.closed_by and alert.closed_at and ActionKind.CLOSED not in kinds:
        found.append((ActionKind.CLOSED, alert.closed_at, alert.closed_by, alert.result, alert.outcome))
    entries = []
    for kind, at, by, note, outcome in found:
        row = AlertAction(alert=alert, kind=kind, by=by, happened_at=at, recorded_at=at, note=note)
        row.outcome = outcome
        entries.append(Entry(at, row))
    return entries
