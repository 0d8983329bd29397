"""What care enters at the apps below: a section of a person's file, a box on his page, and a word when two merge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from households.hooks import RemovalHook
from households.models import SupportStatus
from measures.models import CareFile, CareVisit
from quarantine.person_file import Entry, Section

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person
    from quarantine.models import Observation

SHOWN = 5
LOOK = "measures.view_carevisit"


def care_section(person: Person, observations: Sequence[Observation], staff: Staff) -> Section | None:
    """走访 in a person's file (one query and one for goods); nothing for whoever may not see visits."""
    if not staff.has_perm(LOOK):
        return None
    rows = CareVisit.objects.standing().visible_to(staff).filter(person=person).select_related("by")
    entries = []
    for row in rows.prefetch_related("goods").order_by("on", "pk"):
        note = row.words + (f"；发放{goods}，{row.received_by}签收" if (goods := row.goods_words) else "")
        entries.append(Entry(row.on, f"{row.get_way_display()}走访", row.by.name, note))
    return Section("走访", entries)


def care_panel(person: Person, staff: Staff) -> tuple[str, dict[str, Any]] | None:
    """走访 on the page of whoever is on the register or was visited (two queries)."""
    if not staff.has_perm(LOOK):
        return None
    rows = CareVisit.objects.standing().visible_to(staff).filter(person=person).select_related("by")
    visits = list(rows.order_by("-on", "-pk")[:SHOWN])
    if not visits and not SupportStatus.objects.filter(person=person, ended_on=None).exists():
        return None
    return "measures/_care_panel.html", {"person": person, "visits": visits}


def _refusals(gone: Person, kept: Person | None, by: Staff) -> list[str]:
    """Visits go over by themselves; of what is known around somebody there can be only one."""
    if kept is None or CareFile.objects.filter(person__in=[gone, kept]).count() < 2:
        return []
    return ["两份档案都登记了帮扶情况。请先在走访页面把录重的一份清空（各栏都删去再保存），再合并。"]


def _removed(gone: Person, kept: Person | None, by: Staff, at: dt.datetime) -> dict[str, Any]:
    return {}


def _restored(done: dict[str, Any], person: Person, by: Staff, at: dt.datetime) -> None:
    """Nothing was done: rows go back by themselves."""


REMOVAL = RemovalHook("measures", _refusals, _removed, _restored)
