"""Taking back files, observations and readings that an import has made.

Files and observations are voided as on their pages, so that a figure of an earlier day stays explained; readings go,
and their visits are as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone

from grassroots.ledgers.intake.undoing import REASON, Undo, UndoHandler, rows_delete
from grassroots.ledgers.rollups import mark_dirty
from households.services.history import rows_update
from quarantine.models import (
    ActionKind,
    Alert,
    AlertAction,
    AlertKind,
    AlertOutcome,
    AlertState,
    EventKind,
    ObservationEvent,
    Paper,
    Reading,
    Visit,
)
from quarantine.services.corrections import event_annul
from quarantine.services.followup import followup_refresh
from quarantine.services.truth import readings_forget


def _when(at: Any) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}" if at else ""


# -- observations


def observation_blockers(rows: Sequence[Any], undo: Undo) -> list[str]:
    """What somebody has done in an observation since: events, readings, marks of visits, alerts that were handled."""
    keys = [row.pk for row in rows]
    found = []
    events = ObservationEvent.objects.filter(observation__in=keys).exclude(kind=EventKind.OPENED)
    for event in events.select_related("by", "observation__person")[:5]:
        what = event.get_kind_display()
        found.append(
            f"{event.observation.person}的观察已由{event.by.name}在{_when(event.recorded_at)}办理{what}。"
        )
    readings = Reading.objects.filter(visit__observation__in=keys)
    for reading in readings.select_related("entered_by", "visit__observation__person")[:5]:
        who = reading.visit.observation.person
        found.append(f"{who}已由{reading.entered_by.name}在{_when(reading.entered_at)}录入体温。")
    marked = Visit.objects.filter(observation__in=keys, state_by__isnull=False)
    for visit in marked.select_related("state_by", "observation__person")[:5]:
        found.append(f"{visit.observation.person}的测温已由{visit.state_by}登记。")
    handled = Alert.objects.filter(observation__in=keys).exclude(kind=AlertKind.MISSED, state=AlertState.OPEN)
    found += [
        f"{one.observation.person}有异常事件。" for one in handled.select_related("observation__person")[:5]
    ]
    papers = Paper.objects.valid().filter(observation__in=keys)
    for name, serial in papers.values_list("observation__person__name", "serial")[:5]:
        found.append(f"{name}已出具文书{serial}。")
    return found


def take_back_observations(rows: Sequence[Any], undo: Undo) -> None:
    """Entered by mistake: the opening is annulled, nothing was ever due."""
    for row in rows:
        opening = row.events.get(kind=EventKind.OPENED)
        event_annul(event=opening, version=row.version, reason=REASON, by=undo.by, known_at=undo.at)


# -- files


def take_back_files(rows: Sequence[Any], undo: Undo) -> None:
    """As by `returnee_void`."""
    for row in rows:
        row.voided_at, row.void_reason, row.version = undo.at, REASON, row.version + 1
    rows_update(list(rows), ["voided_at", "void_reason", "version"], by=undo.by, at=undo.at, reason=REASON)
    followup_refresh({row.household_id for row in rows if row.household_id})


def restore_file(row: Any, undo: Undo) -> None:
    """The tile of its door may change with it."""
    followup_refresh([row.household_id] if row.household_id else [])


# -- readings


def reading_blockers(rows: Sequence[Any], undo: Undo) -> list[str]:
    """Slots in which somebody has measured or corrected since."""
    own = set(_own(undo, "quarantine.reading"))
    first = {row.visit_id: row.sequence for row in sorted(rows, key=lambda row: -row.sequence)}
    later = Reading.objects.filter(visit__in=first).select_related("entered_by", "visit__observation__person")
    return [
        f"{one.visit.observation.person}的体温已由{one.entered_by.name}在{_when(one.entered_at)}再次录入或更正。"
        for one in later
        if one.pk not in own and one.sequence > first[one.visit_id]
    ]


def alert_blockers(rows: Sequence[Any], undo: Undo) -> list[str]:
    """Alerts that somebody has taken up."""
    taken = Alert.objects.filter(pk__in=[row.pk for row in rows])
    taken = taken.filter(Q(acknowledged_by__isnull=False) | Q(closed_by__isnull=False))
    found = []
    for alert in taken.select_related("acknowledged_by", "closed_by", "observation__person")[:5]:
        by = alert.closed_by or alert.acknowledged_by
        found.append(f"{alert.observation.person}的异常事件已由{by.name if by else ''}处置。")
    return found


def take_back_alerts(rows: Sequence[Any], undo: Undo) -> None:
    """They are closed, with the reason: those who were told find it."""
    alerts = Alert.objects.filter(pk__in=[row.pk for row in rows])
    alerts.update(
        state=AlertState.CLOSED, closed_at=undo.at, closed_by=undo.by, result=f"{REASON}，读数已收回", reading=None,
        outcome=AlertOutcome.MISTAKEN, escalate_at=None,
    )  # fmt: skip
    mark_dirty({row.area_id for row in rows})


def _own(undo: Undo, label: str) -> Iterable[int]:
    """Keys of rows of a model that the import made."""
    for effect in undo.batch.effects.filter(model=label, action="CREATED"):
        yield from range(effect.first_pk, effect.last_pk + 1)


def take_back_readings(rows: Sequence[Any], undo: Undo) -> None:
    """They go; an earlier alert that one of them opened again is closed."""
    take_back_alerts(list(Alert.objects.filter(reading__in=rows)), undo)
    mark_dirty(set(Visit.objects.filter(readings__in=rows).values_list("area_id", flat=True)))
    AlertAction.objects.filter(reading__in=rows, kind=ActionKind.REOPENED).update(reading=None)
    readings_forget(rows)
    rows_delete(Reading, sorted(rows, key=lambda row: -row.pk), undo)


def take_back_visits(rows: Sequence[Any], undo: Undo) -> None:
    """Visits that were made for a reading go with it, unless an alert keeps them: then nobody was due."""
    kept = set(Alert.objects.filter(visit__in=rows).values_list("visit_id", flat=True))
    Visit.objects.filter(pk__in=kept).update(state="CANCELLED", state_at=undo.at, state_recorded_at=undo.at)
    rows_delete(Visit, [row for row in rows if row.pk not in kept], undo)


OBSERVATION_UNDO = UndoHandler(
    take_back=take_back_observations,
    blockers=observation_blockers,
    owned=frozenset(
        {"quarantine.visit", "quarantine.observationevent", "quarantine.observationstay", "quarantine.alert"}
    ),
)
FILE_UNDO = UndoHandler(
    take_back=take_back_files,
    owned=frozenset({"quarantine.tripleg", "quarantine.closecontact"}),
    restore=restore_file,
)
READING_UNDO = UndoHandler(
    take_back=take_back_readings,
    blockers=reading_blockers,
    owned=frozenset({"quarantine.alert", "quarantine.reading"}),
)
ALERT_UNDO = UndoHandler(take_back=take_back_alerts, blockers=alert_blockers)
VISIT_UNDO = UndoHandler(take_back=take_back_visits, owned=frozenset({"quarantine.alert"}))
