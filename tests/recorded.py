"""Rows that many tests begin with: built once in a process, put back from memory after that."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import IntegrityError, models, transaction
from django.db.models.query import QuerySet
from django.utils import timezone

from grassroots.grid.models import DutyKind

Cast = TypeVar("Cast")


class Recorded(Generic[Cast]):
    """A builder of a cast whose rows are inserted table by table, with the same keys, from its second call on.

    The builder must make the same rows whenever it begins with empty tables. What it stamped with the present
    time is stamped with the present time again. Where the rows do not fit (others have their keys, the groups or
    kinds of duty have other ones), it builds.
    """

    def __init__(self, build: Callable[[], Cast]) -> None:
        self.build = build
        self.kept: bytes | None = None
        self.leans_on: list[list[Any]] = []

    def __call__(self) -> Cast:
        """A fresh copy of the cast; its rows are in the database."""
        leans_on = [
            list(model.objects.order_by("pk").values_list("pk", flat=True)) for model in (Group, DutyKind)
        ]
        if self.kept is None or leans_on != self.leans_on:
            return self._record(leans_on)
        cast, rows, began, ended = pickle.loads(self.kept)
        _stamp_anew([*vars(cast).values(), *(row for _, found in rows for row in found)], began, ended)
        try:
            with transaction.atomic():
                for label, found in rows:
                    QuerySet(apps.get_model(label)).bulk_create(found)
        except IntegrityError:
            return self.build()
        return cast

    def _record(self, leans_on: list[list[Any]]) -> Cast:
        before = {model: set(_keys(model)) for model in _tables()}
        began = timezone.now()
        cast = self.build()
        ended = timezone.now()
        rows = []
        for model, keys in before.items():
            new = [key for key in _keys(model) if key not in keys]
            if new:
                rows.append((model._meta.label, list(QuerySet(model).filter(pk__in=new).order_by("pk"))))
        self.kept = pickle.dumps((cast, rows, began, ended))
        self.leans_on = leans_on
        return cast


def _tables() -> list[type[models.Model]]:
    """Every table, also those between two models and those of the history."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def _keys(model: type[models.Model]) -> QuerySet[Any, Any]:
    return QuerySet(model).order_by("pk").values_list("pk", flat=True)


def _stamp_anew(rows: list[models.Model], began: Any, ended: Any) -> None:
    now = timezone.now()
    for row in rows:
        for field in row._meta.concrete_fields:
            if isinstance(field, models.DateTimeField):
                value = getattr(row, field.attname)
                if value is not None and began <= value <= ended:
                    setattr(row, field.attname, now)
