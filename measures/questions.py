"""Residents' questions that nobody has answered yet: how long they have been waiting, and answering one."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from measures.catalogue import OPEN_QUESTION, QUESTION
from measures.models import Kind, Record

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

SHOWN = 20
ANSWERED = "已答复"


def waiting_of(rows: QuerySet[Record], on: dt.date) -> list[Any]:
    """Open questions of these records, the oldest first, each with its age in days (one query)."""
    found: list[Any] = list(
        rows.filter(kind__code=OPEN_QUESTION).select_related("kind", "area").order_by("on", "pk")[:SHOWN]
    )
    for row in found:
        row.asked, row.age = row.values.get("asked", ""), (on - row.on).days
    return found


def open_question(kind: Kind, staff: Staff, uid: str) -> Record | None:
    """The open question that a record of `kind` is to answer, by uid as sent; None for none."""
    if kind.code != QUESTION:
        return None
    try:
        wanted = uuid.UUID(uid)
    except ValueError:
        return None
    rows = Record.objects.standing().visible_to(staff).filter(kind__code=OPEN_QUESTION, uid=wanted)
    return rows.select_related("area", "kind").first()
