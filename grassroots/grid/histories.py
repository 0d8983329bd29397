"""Histories of tables with very many rows: as simple-history makes them, with fewer indexes."""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords


class LeanHistory(HistoricalRecords):
    """A history that is asked for by the row's key, the day and the person who did it.

    simple-history gives every foreign key and every unique field of the row an index in its history as well. Nobody
    asks for the former lines of an area or a household, and each index is an entry more for every line written.
    """

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        """The fields of the row, of which only the key keeps an index."""
        fields: dict[str, Any] = super().copy_fields(model)
        pk = model._meta.pk
        for name, field in fields.items():
            if pk is None or name != pk.name:
                field.db_index = False
        return fields
