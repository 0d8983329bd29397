"""Writing what a 责任表 changes: officers that are new, duties that end and begin, sections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from grassroots.grid.accounts import staff_edit
from grassroots.grid.models import Area, AreaDuty, DutyKind, Staff
from grassroots.grid.scope import forget_scope
from grassroots.grid.staffing import area_duty_assign, duty_end, staff_create
from grassroots.ledgers.intake.protocol import ImportContext, Planned, PlanStale


@dataclass(eq=False, slots=True)
class NewOfficer:
    """Somebody who is not registered yet; one object for all cells that name him."""

    name: str
    phone: str = ""
    staff: Staff | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """One duty on an area: from `on` it no longer is `end`'s, but `begin`'s; either may be missing."""

    kind: DutyKind
    area: Area
    on: dt.date
    end: AreaDuty | None = None
    begin: Staff | NewOfficer | None = None


@dataclass(frozen=True, slots=True)
class SectionOp:
    """片 or 段 of the duties of a kind on an area."""

    kind: DutyKind
    area: Area
    section: str
    on: dt.date


@dataclass(slots=True)
class Work:
    """What a row does, in this order."""

    ops: list[Op] = field(default_factory=list)
    sections: list[SectionOp] = field(default_factory=list)
    phones: list[tuple[Staff, str]] = field(default_factory=list)


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """End and begin duties through the services of the grid. Raises PlanStale."""
    for row in rows:
        work: Work = row.work
        try:
            for op in work.ops:
                _change(context, op)
            for section in work.sections:
                _section(context, section)
            for staff, phone in work.phones:
                _phone(context, staff, phone)
        except ValidationError as changed:
            raise PlanStale from changed


def _change(context: ImportContext, op: Op) -> None:
    begin = _staff(context, op.begin)
    if op.end is None:
        assert begin is not None
        _assign(context, op, begin)
        return
    duty = AreaDuty.objects.select_for_update(of=("self",)).filter(pk=op.end.pk).first()
    if duty is None or duty.staff_id != op.end.staff_id or duty.valid_to != op.end.valid_to:
        raise PlanStale
    if duty.valid_from >= op.on:  # it would be as if he had never held it; a changed row can be undone
        _rename(context, duty, begin)
        return
    before = {"valid_to": duty.valid_to}
    duty_end(duty=duty, on=op.on)
    context.note_updated(duty, before)
    if begin is not None:
        _assign(context, op, begin, like=op.end)


def _rename(context: ImportContext, duty: AreaDuty, begin: Staff | None) -> None:
    if begin is None or (duty.deputy_id is not None and duty.deputy_id == begin.pk):
        raise PlanStale
    before = {"staff": duty.staff_id}
    duty.staff = begin
    duty.save(update_fields=["staff"])
    forget_scope(begin)
    context.note_updated(duty, before)


def _assign(context: ImportContext, op: Op, staff: Staff, like: AreaDuty | None = None) -> None:
    deputy = like.deputy if like is not None and like.deputy_id != staff.pk else None
    duty = area_duty_assign(
        staff=staff,
        kind=op.kind,
        area=op.area,
        section=like.section if like is not None else "",
        deputy=deputy,
        valid_from=op.on,
        valid_to=like.valid_to if like is not None else None,
    )
    context.note_created(duty)


def _staff(context: ImportContext, who: Staff | NewOfficer | None) -> Staff | None:
    if not isinstance(who, NewOfficer):
        return who
    if who.staff is None:
        who.staff = staff_create(name=who.name, phone=who.phone, by=context.staff)
        context.note_created(who.staff)
    return who.staff


def _section(context: ImportContext, op: SectionOp) -> None:
    rows = AreaDuty.objects.open(op.on).filter(area=op.area, kind=op.kind)
    duties = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if not duties:
        raise PlanStale
    for duty in duties:
        if isinstance(duty, AreaDuty) and duty.section != op.section:
            before = {"section": duty.section}
            duty.section = op.section
            duty.save(update_fields=["section"])
            context.note_updated(duty, before)


def _phone(context: ImportContext, staff: Staff, phone: str) -> None:
    current = Staff.objects.select_for_update(of=("self",)).get(pk=staff.pk)
    before = {"phone": current.phone, "phone_digest": current.phone_digest}
    staff_edit(
        staff=current, by=context.staff, name=current.name, organisation=current.organisation, post=current.post,
        phone=phone,
    )  # fmt: skip
    context.note_updated(current, before)
