"""Services on pushed lists: answer a row, take an answer back, hand it over, confirm what is proposed, edit a list."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.duties import DutyTarget
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.rollups import mark_dirty
from quarantine.models import (
    Passing,
    PushedAnswer,
    PushedCode,
    PushedList,
    PushedPerson,
    PushedState,
    Returnee,
)
from quarantine.services.pushed_officers import checkers_of

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

NOTE_LONGEST = 100
ANSWER = ("state", "code", "note", "answered_by", "answered_at", "returnee", "person", "version")


def _locked(row: PushedPerson, version: int | None) -> PushedPerson:
    """The row as it stands, locked. Raises StaleVersion when somebody else has saved it since `version`."""
    rows = PushedPerson.objects.select_for_update(of=("self",)).select_related("list", "answered_by")
    current = rows.get(pk=row.pk)
    if version is not None and current.version != version:
        raise StaleVersion(current)
    return current


def _checked_note(note: str) -> str:
    tidy = " ".join(note.split())
    if len(tidy) > NOTE_LONGEST:
        raise ValidationError({"note": f"备注最多{NOTE_LONGEST}个字，现在是{len(tidy)}个。"})
    return tidy


@transaction.atomic
def pushed_answer(
    *,
    row: PushedPerson,
    code: str,
    by: Staff,
    note: str = "",
    version: int | None = None,
    returnee: Returnee | None = None,
    at: dt.datetime | None = None,
) -> PushedPerson:
    """Answer a row with exactly one code; a row answered before gets the new one, the old answer stays in its history.

    Raises ValidationError for a code that there is not and a note that is too long, StaleVersion when somebody else
    has answered since `version`. The same answer once more changes nothing.
    """
    at = at or timezone.now()
    if code not in PushedCode.values:
        raise ValidationError({"code": "请选择一种答复。"})
    note = _checked_note(note)
    current = _locked(row, version)
    if (current.state, current.code, current.note) == (PushedState.ANSWERED, code, note) and returnee is None:
        return current
    PushedAnswer.objects.create(row=current, code=code, note=note, by=by, at=at)
    current.state, current.code, current.note = PushedState.ANSWERED, code, note
    current.answered_by, current.answered_at = by, at
    if returnee is not None:
        current.returnee, current.person = returnee, current.person or returnee.person
    current.version += 1
    current.save(update_fields=ANSWER)
    mark_dirty([current.area_id])
    return current


@transaction.atomic
def pushed_withdraw(
    *, row: PushedPerson, by: Staff, note: str = "", version: int | None = None, at: dt.datetime | None = None
) -> PushedPerson:
    """Take an answer back: the row is to be checked again, the answer stays in its history.

    Raises ValidationError for a row without an answer, StaleVersion.
    """
    at = at or timezone.now()
    current = _locked(row, version)
    if current.state != PushedState.ANSWERED:
        raise ValidationError("这一行还没有答复。")
    PushedAnswer.objects.create(row=current, code="", note=_checked_note(note), by=by, at=at)
    current.state, current.code, current.note = PushedState.OPEN, "", ""
    current.answered_by = current.answered_at = None
    current.version += 1
    current.save(update_fields=ANSWER)
    mark_dirty([current.area_id])
    return current


@transaction.atomic
def pushed_assign(
    *,
    row: PushedPerson,
    area: Area,
    by: Staff,
    to: Staff | None = None,
    version: int | None = None,
    at: dt.datetime | None = None,
) -> PushedPerson:
    """Let a row be checked in another area: by `to`, or by whom the chain of responsibility names there.

    He is told by the next tick. Raises ValidationError for a closed area, an answered row, somebody who has left,
    and where nobody answers for the area; StaleVersion.
    """
    at = at or timezone.now()
    current = _locked(row, version)
    if current.state != PushedState.OPEN:
        raise ValidationError("这一行已经答复，不用再转交。")
    if not area.is_open:
        raise ValidationError({"area": f"“{area.name}”已停用。"})
    if to is None:
        target = DutyTarget(area.pk)
        to = checkers_of([target], timezone.localdate(at))[target]
    if to is None:
        raise ValidationError({"to": f"“{area.name}”没有人负责，请指定核查人。"})
    if not to.is_active:
        raise ValidationError({"to": f"{to.name}已停用。"})
    old_area, is_news = current.area_id, current.assigned_to_id != to.pk
    if old_area != area.pk:
        Passing.objects.create(pushed=current, from_area_id=old_area, to_area=area, by=by, at=at)
    current.area, current.assigned_to = area, to
    current.told_at = None if is_news else current.told_at
    current.version += 1
    current.save(update_fields=["area", "assigned_to", "told_at", "version"])
    mark_dirty([old_area, area.pk])
    return current


@transaction.atomic
def pushed_confirm(*, pushed_list: PushedList, code: str, by: Staff, at: dt.datetime | None = None) -> int:
    """Answer the open rows of a list for which this code is proposed, in the officer's scope; returns how many.

    Only those that need no visit (`PushedPersonQuerySet.confirmable`): for the others the proposal is a question.
    """
    at = at or timezone.now()
    if code not in PushedCode.values:
        raise ValidationError({"code": "请选择一种答复。"})
    rows = PushedPerson.objects.confirmable().visible_to(by).filter(list=pushed_list, proposed=code)
    found = list(rows.select_for_update(of=("self",)).order_by("number"))
    PushedAnswer.objects.bulk_create(PushedAnswer(row=row, code=code, by=by, at=at) for row in found)
    for row in found:
        row.state, row.code, row.answered_by, row.answered_at = PushedState.ANSWERED, code, by, at
        row.version += 1
    PushedPerson.objects.bulk_update(
        found, ["state", "code", "answered_by", "answered_at", "version"], batch_size=500
    )
    mark_dirty({row.area_id for row in found})
    return len(found)


@transaction.atomic
def pushed_list_edit(
    *, pushed_list: PushedList, title: str, sender: str, due_on: dt.date | None, version: int
) -> PushedList:
    """Change what a list is called, who sent it, until when it must be answered.

    Raises ValidationError for an empty title, StaleVersion.
    """
    current = PushedList.objects.select_for_update(of=("self",)).get(pk=pushed_list.pk)
    if current.version != version:
        raise StaleVersion(current)
    if not title.strip():
        raise ValidationError({"title": "请填写名称。"})
    current.title, current.sender, current.due_on = title.strip(), sender.strip(), due_on
    current.version += 1
    current.save(update_fields=["title", "sender", "due_on", "version"])
    return current
