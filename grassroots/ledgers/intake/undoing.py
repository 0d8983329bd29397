"""Taking an import back: what it made goes, what it changed is as before, as long as nobody has changed it since.

How rows of a model go is registered by its app (`register_undo`); without, they are deleted. Either way a row of the
import stays behind in the history of the register, with who took it back.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from grassroots.ledgers.intake.effects import history_of, latest_lines
from grassroots.ledgers.intake.planning import context_for
from grassroots.ledgers.intake.protocol import import_kind
from grassroots.ledgers.models import BatchState, EffectAction, ImportBatch, ImportEffect
from grassroots.ledgers.rollups import mark_dirty

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

SHOWN = 10
REASON = "撤销导入"
KEYS_AT_ONCE = 500
RANGES_AT_ONCE = 100


class UndoRefused(Exception):
    """Nothing was taken back; `reasons` say what was changed, by whom and when."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("undo refused")
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True)
class Undo:
    """Who takes back, when."""

    batch: ImportBatch
    by: Staff
    at: dt.datetime


@dataclass(frozen=True)
class UndoHandler:
    """How rows of one model that an import made are taken back.

    `take_back(rows, undo)` removes or voids them. `blockers(rows, undo)` says in words what somebody has made of them
    since. Rows of the models in `owned` belong to them and do not stand in the way; None for `take_back`: delete.
    """

    take_back: Callable[[Sequence[Any], Undo], None] | None = None
    blockers: Callable[[Sequence[Any], Undo], list[str]] | None = None
    owned: frozenset[str] = frozenset()
    restore: Callable[[Any, Undo], None] | None = None
    """Called after a changed row was put back, before it is saved."""


_handlers: dict[str, UndoHandler] = {}


def register_undo(label: str, handler: UndoHandler) -> None:
    """Let an app say how rows of its model (label in lower case) are taken back."""
    _handlers[label] = handler


def handler_of(label: str) -> UndoHandler:
    return _handlers.get(label, UndoHandler())


def later_batch(batch: ImportBatch) -> ImportBatch | None:
    """An import of the same kind written after this one into an area that overlaps with its own."""
    path = batch.area.path
    above = Q(area__path__in=batch.area.ancestor_paths()) | Q(area__path__startswith=path)
    rows = ImportBatch.objects.applied().filter(above, kind=batch.kind)
    later = rows.filter(applied_at__gt=batch.applied_at) if batch.applied_at else rows.filter(pk__gt=batch.pk)
    return later.exclude(pk=batch.pk).select_related("staff").order_by("-applied_at").first()


def undo_blockers(batch: ImportBatch, by: Staff, at: dt.datetime) -> list[str]:
    """Why the batch cannot be taken back now, in words; [] when it can."""
    if batch.state not in (BatchState.APPLIED, BatchState.APPLYING):
        return ["只有已导入的才能撤销。"]
    if later := later_batch(batch):
        when = f"{timezone.localtime(later.applied_at):%m-%d %H:%M}" if later.applied_at else ""
        return [f"{later.staff.name}在{when}又导入了同类表格，请先撤销那一次。"]
    found: list[str] = []
    effects = list(batch.effects.order_by("pk").defer("before"))
    for reason in _reasons(effects, Undo(batch, by, at)):
        if reason not in found:
            found.append(reason)
        if len(found) >= SHOWN:
            break
    return found


def _reasons(effects: Sequence[ImportEffect], undo: Undo) -> Iterator[str]:
    by_model: dict[str, list[ImportEffect]] = defaultdict(list)
    for effect in effects:
        by_model[effect.model].append(effect)
    for label, own in by_model.items():
        model = apps.get_model(label)
        yield from _changes_since(model, own)
        made = [(one.first_pk, one.last_pk) for one in own if one.action == EffectAction.CREATED]
        handler = handler_of(label)
        if handler.blockers is not None:
            for rows in _rows_of(model, made):
                yield from handler.blockers(rows, undo)
        for at in range(0, len(made), RANGES_AT_ONCE):
            yield from _references(model, made[at : at + RANGES_AT_ONCE], handler, undo)


def _changes_since(model: type[models.Model], effects: Sequence[ImportEffect]) -> Iterator[str]:
    """Lines of history after the import's own, with who wrote them."""
    marks: dict[int, int] = {}
    for one in effects:
        if one.mark is not None and one.first_pk == one.last_pk:
            marks[one.first_pk] = max(one.mark, marks.get(one.first_pk, 0))
    lines = latest_lines(model, marks)
    for key, mark in marks.items():
        if lines.get(key, 0) > mark:
            yield from _lines_after(model, key, key, mark)
    for one in effects:
        if one.mark is not None and one.first_pk != one.last_pk:
            yield from _lines_after(model, one.first_pk, one.last_pk, one.mark)


def _lines_after(model: type[models.Model], first: int, last: int, mark: int) -> Iterator[str]:
    pk_name = model._meta.pk.attname
    history = history_of(model)
    assert history is not None
    lines = history.filter(**{f"{pk_name}__range": (first, last)}, history_id__gt=mark)
    for line in lines.select_related("history_user").order_by("history_id")[:SHOWN]:
        who = line.history_user.name if line.history_user else "系统"
        when = f"{timezone.localtime(line.history_date):%m-%d %H:%M}"
        yield f"{model._meta.verbose_name}“{line.instance}”已由{who}在{when}修改。"


def _rows_of(
    model: type[models.Model], ranges: Sequence[tuple[int, int]], *, backwards: bool = False
) -> Iterator[list[Any]]:
    """The rows of these ranges, some hundred at a time; `backwards` those with the highest keys first."""
    for first, last in ranges:
        rows = model._default_manager.filter(pk__range=(first, last)).order_by("pk")
        starts = range(first, last + 1, KEYS_AT_ONCE)
        for at in reversed(starts) if backwards else starts:
            part = list(rows.filter(pk__gte=at, pk__lt=at + KEYS_AT_ONCE))
            if part:
                yield part


def _references(
    model: type[models.Model], made: Sequence[tuple[int, int]], handler: UndoHandler, undo: Undo
) -> Iterator[str]:
    """Rows of others that point to what the batch made: somebody has built on it."""
    for relation in model._meta.related_objects:
        other: Any = relation.related_model
        label = other._meta.label_lower
        is_history = label.split(".")[1].startswith("historical")
        if not isinstance(relation.field, models.ForeignKey) or is_history or label in handler.owned:
            continue
        name = relation.field.name
        points = Q()
        for first, last in made:
            points |= Q(**{f"{name}__gte": first, f"{name}__lte": last})
        rows = other._base_manager.filter(points)
        if isinstance(other._meta.pk, models.IntegerField):  # imports note what they make by ranges of keys
            own = undo.batch.effects.filter(
                model=label,
                action=EffectAction.CREATED,
                first_pk__lte=OuterRef("pk"),
                last_pk__gte=OuterRef("pk"),
            )
            rows = rows.exclude(Exists(own))
        if (row := rows.select_related(name).first()) is not None:
            yield f"{model._meta.verbose_name}“{getattr(row, name)}”已有后来登记的{other._meta.verbose_name}。"


def batch_take_back(batch: ImportBatch, *, by: Staff, at: dt.datetime) -> None:
    """Take a written batch back, in one transaction. Raises UndoRefused with the reasons."""
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if reasons := undo_blockers(locked, by, at):
            raise UndoRefused(reasons)
        kind = import_kind(locked.kind)
        if kind.undo is not None:
            kind.undo(context_for(locked, staff=by, at=at), locked)
        else:
            _take_back(Undo(locked, by, at))
        locked.state, locked.undone_at, locked.undone_by = BatchState.UNDONE, at, by
        locked.applied_at, locked.applied_by = locked.applied_at or at, locked.applied_by or locked.staff
        locked.save(update_fields=["state", "undone_at", "undone_by", "applied_at", "applied_by"])
        locked.notes.all().delete()
    batch.refresh_from_db()


def _take_back(undo: Undo) -> None:
    areas: set[int] = set()
    for effect in undo.batch.effects.order_by("-pk").iterator(chunk_size=200):
        model = apps.get_model(effect.model)
        if effect.action == EffectAction.UPDATED:
            row = model._default_manager.select_for_update(of=("self",)).filter(pk=effect.first_pk).first()
            if row is not None:
                areas |= _area_ids([row])
                _restore(row, effect, undo)
                areas |= _area_ids([row])
            continue
        for rows in _rows_of(model, [(effect.first_pk, effect.last_pk)], backwards=True):
            areas |= _area_ids(rows)
            _remove(model, rows, undo)
    mark_dirty(areas)


def _restore(row: Any, effect: ImportEffect, undo: Undo) -> None:
    names = []
    for name, value in (effect.before or {}).items():
        column = row._meta.get_field(name)
        names.append(column.name)
        setattr(row, column.attname, column.target_field.to_python(value) if column.remote_field else
                column.to_python(value))  # fmt: skip
    if hasattr(row, "version") and "version" not in names:
        row.version += 1
        names.append("version")
    handler = handler_of(effect.model)
    if handler.restore is not None:
        handler.restore(row, undo)
    row._history_user, row._history_date, row._change_reason = undo.by, undo.at, REASON
    row.save(update_fields=names)


def _remove(model: type[models.Model], rows: Sequence[Any], undo: Undo) -> None:
    handler = handler_of(model._meta.label_lower)
    if handler.take_back is not None:
        handler.take_back(rows, undo)
        return
    rows_delete(model, rows, undo)


def rows_delete(model: type[models.Model], rows: Sequence[Any], undo: Undo) -> None:
    """Delete rows for good, with a line of history for each."""
    note_removals(model, rows, undo)
    found: Any = model._base_manager.filter(pk__in=[row.pk for row in rows])
    found._raw_delete(found.db)


def note_removals(model: type[models.Model], rows: Sequence[Any], undo: Undo) -> None:
    """A line of history for each row that is about to be deleted; none where the model keeps no history."""
    history = history_of(model)
    if history is None:
        return
    fields = [one for one in history.model.tracked_fields if one.concrete]
    history.model._default_manager.bulk_create(
        [
            history.model(
                history_date=undo.at, history_type="-", history_user=undo.by, history_change_reason=REASON,
                **{one.attname: getattr(row, one.attname) for one in fields},
            )
            for row in rows
        ],
        batch_size=KEYS_AT_ONCE,
    )  # fmt: skip


def _area_ids(rows: Sequence[Any]) -> set[int]:
    return {row.area_id for row in rows if getattr(row, "area_id", None)}
