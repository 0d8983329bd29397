"""Writing down what an import makes and changes, in the transaction in which it does so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, Max

from grassroots.ledgers.intake.protocol import Problem
from grassroots.ledgers.models import EffectAction, ImportBatch, ImportEffect, ImportNote

KEYS_AT_ONCE = 500


def history_of(model: type[models.Model]) -> Any | None:
    """The manager of a model's history; None where it keeps none."""
    return getattr(model, "history", None)


def latest_lines(model: type[models.Model], keys: Iterable[int]) -> dict[int, int]:
    """The latest line of history of each of these rows, by key; {} for a model without history."""
    history = history_of(model)
    if history is None:
        return {}
    pk_name = model._meta.pk.attname
    found: dict[int, int] = {}
    wanted = sorted(keys)
    for at in range(0, len(wanted), KEYS_AT_ONCE):
        rows = history.filter(**{f"{pk_name}__in": wanted[at : at + KEYS_AT_ONCE]}).order_by()
        found |= dict(rows.values_list(pk_name).annotate(last=Max("history_id")))
    return found


def latest_line_in(model: type[models.Model], first_pk: int, last_pk: int) -> int | None:
    """The latest line of history of a range of rows."""
    history = history_of(model)
    if history is None:
        return None
    pk_name = model._meta.pk.attname
    newest = history.order_by("-history_id").values_list("history_id", pk_name).first()
    if newest is not None and first_pk <= newest[1] <= last_pk:
        return int(newest[0])
    rows = history.filter(**{f"{pk_name}__range": (first_pk, last_pk)})
    # Of the plain number PostgreSQL looks for the greatest of all lines first, and so on down, to one of these rows.
    line: int | None = rows.aggregate(last=Max(F("history_id") + 0))["last"]
    return line


class EffectRecorder:
    """Collects the effects of one step of an import, and writes them with the step."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch
        self._effects: list[ImportEffect] = []
        self._ranges: dict[str, ImportEffect] = {}
        self._notes: dict[tuple[str, int, int, str], ImportNote] = {}

    def created(self, obj: models.Model) -> None:
        """A row was made; rows of one model with keys one after the other become a range."""
        label, key = obj._meta.label_lower, int(obj.pk)
        last = self._effects[-1] if self._effects else None
        if (
            last is not None
            and last.model == label
            and last.action == EffectAction.CREATED
            and last.last_pk == key - 1
        ):
            last.last_pk = key
        else:
            self._add(label, key, key, EffectAction.CREATED)

    def range(self, model: type[models.Model], first_pk: int, last_pk: int) -> None:
        """Rows were made in bulk, with these and all keys between them; none when the last is before the first. Those
        that go on where the model's last ones ended are added to them."""
        if last_pk < first_pk:
            return
        label = model._meta.label_lower
        before = self._ranges.get(label)
        if before is not None and before.last_pk == first_pk - 1:
            before.last_pk = last_pk
        else:
            self._add(label, first_pk, last_pk, EffectAction.CREATED)
            self._ranges[label] = self._effects[-1]

    def updated(self, obj: models.Model, before: Mapping[str, Any]) -> None:
        """A row was changed; `before` holds the old values by field name."""
        key = int(obj.pk)
        self._add(obj._meta.label_lower, key, key, EffectAction.UPDATED, dict(before))

    def original(self, obj: models.Model, key: str, problem: Problem) -> None:
        """A cell's text is kept beside a record."""
        subject = obj._meta.label_lower, int(obj.pk), problem.row, key
        self._notes[subject] = ImportNote(
            batch=self.batch, model=subject[0], object_pk=subject[1], row=problem.row, field=key,
            column=problem.column, text=problem.value, message=problem.message,
        )  # fmt: skip

    def _add(
        self, label: str, first: int, last: int, action: EffectAction, before: dict[str, Any] | None = None
    ) -> None:
        effect = ImportEffect(batch=self.batch, model=label, first_pk=first, last_pk=last, action=action)
        effect.before = before or ""
        self._effects.append(effect)

    def flush(self) -> None:
        """Write what has been collected, each with the latest line of the rows' history."""
        self._mark()
        ImportEffect.objects.bulk_create(self._effects)
        ImportNote.objects.bulk_create(self._notes.values(), ignore_conflicts=True)
        self._effects, self._ranges, self._notes = [], {}, {}

    def _mark(self) -> None:
        single: dict[str, list[ImportEffect]] = {}
        for effect in self._effects:
            if effect.first_pk == effect.last_pk:
                single.setdefault(effect.model, []).append(effect)
            else:
                effect.mark = latest_line_in(apps.get_model(effect.model), effect.first_pk, effect.last_pk)
        for label, effects in single.items():
            lines = latest_lines(apps.get_model(label), {effect.first_pk for effect in effects})
            for effect in effects:
                effect.mark = lines.get(effect.first_pk)
