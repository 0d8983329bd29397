"""Writing planned temperatures with the services of the round, noted for undoing."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.ledgers.intake.protocol import ImportContext, Planned, PlanStale
from households.imports.people import keep_originals
from quarantine.imports.temperatures import Entry, Work
from quarantine.models import Alert, Method, Reading, ReadingSource, Visit, VisitState
from quarantine.services.readings import (
    Recorded,
    reading_correct,
    reading_record,
    visit_explain,
    visit_for,
    visit_mark,
)

VISIT_FIELDS = ("state", "state_at", "state_recorded_at", "state_by", "explanation")
CORRECTION = "导入的表格与登记不同，按表格更正"


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write these rows. Raises PlanStale where somebody has measured or closed something since."""
    for planned in rows:
        work: Work = planned.work
        try:
            for entry in work.entries:
                _write(entry, context)
        except ValidationError as refused:
            raise PlanStale from refused
        keep_originals(work.person, work.originals, context)


def _write(entry: Entry, context: ImportContext) -> None:
    visit = _visit(entry, context)
    before = {name: getattr(visit, name) for name in VISIT_FIELDS}
    alerts = set(Alert.objects.filter(visit=visit).values_list("pk", flat=True))
    if entry.cell.mark is not None:
        _mark(entry, visit, context)
    else:
        recorded = _record(entry, visit, context)
        context.note_created(recorded.reading)
    visit.refresh_from_db()
    changed = {name: value for name, value in before.items() if getattr(visit, name) != value}
    if entry.visit is not None and changed:
        if "state_by" in changed:
            changed["state_by"] = before["state_by"].pk if before["state_by"] else None
        context.note_updated(visit, changed)
    for alert in Alert.objects.filter(visit=visit).exclude(pk__in=alerts):
        context.note_created(alert)


def _visit(entry: Entry, context: ImportContext) -> Visit:
    """The slot's visit as planned on: made (and noted) where there was none."""
    cell, observation = entry.cell, entry.observation
    until = timezone.localdate(context.at) if observation.closed_at is None else None
    there = Visit.objects.filter(observation=observation, date=cell.on, slot=cell.slot).first()
    if (there is None) != (entry.visit is None):
        raise PlanStale
    if there is not None and entry.visit is not None:
        standing = list(Reading.objects.effective().filter(visit=there).order_by("sequence"))
        planned_on: list[Reading] = getattr(entry.visit, "standing", [])
        if [row.pk for row in standing] != [row.pk for row in planned_on] or there.state != entry.visit.state:
            raise PlanStale
        return there
    visit = visit_for(observation=observation, on=cell.on, slot=cell.slot, at=context.at, until=until)
    context.note_created(visit)
    return visit


def _record(entry: Entry, visit: Visit, context: ImportContext) -> Recorded:
    assert entry.cell.temperature is not None
    if entry.corrects is not None:
        return reading_correct(
            reading=entry.corrects, temperature=entry.cell.temperature, reason=CORRECTION, by=context.staff,
            at=context.at,
        )  # fmt: skip
    return reading_record(
        visit=visit, temperature=entry.cell.temperature, by=context.staff, method=Method.OTHER,
        source=ReadingSource.IMPORT, at=context.at,
    )  # fmt: skip


def _mark(entry: Entry, visit: Visit, context: ImportContext) -> None:
    """Within the slot a mark of the round; once it has closed, why nobody was measured."""
    assert entry.cell.mark is not None
    if visit.closes_at <= context.at:
        visit_explain(
            visit=visit, explanation=f"{entry.cell.text[:80]}(导入)", by=context.staff, at=context.at
        )
    else:
        visit_mark(
            visit=visit,
            state=VisitState(entry.cell.mark),
            by=context.staff,
            note=entry.cell.text[:80],
            at=context.at,
        )
