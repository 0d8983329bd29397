"""Inspections: written down whole, with a rectification for each thing that is wrong (docs/inspections.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from households.services.history import rows_update
from households.services.photos import photos_or_none
from measures.models import (
    Checklist,
    FindingPhoto,
    Inspection,
    InspectionItem,
    ItemResult,
    RectificationState,
)
from measures.services.rectifications import rectification_raise

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from measures.models import Venue

LEAST_INSPECTORS = 2
MOST_ITEMS, LONGEST_ITEM = 30, 100
OLDEST = dt.timedelta(days=31)


@dataclass(frozen=True)
class Answer:
    """What was found at one line of the checklist."""

    words: str
    result: str
    problem: str = ""
    photo: bytes = b""
    """A JPEG as households/imaging.py encodes it; none by default."""


@dataclass(frozen=True)
class InspectionData:
    """Where, when, by whom, along which checklist, and what was found; `demand` and `due_on` for what is wrong."""

    checklist: Checklist
    area: Area
    unit: str
    at: dt.datetime
    inspectors: Sequence[Staff]
    answers: Sequence[Answer]
    is_announced: bool = False
    venue: Venue | None = None
    summary: str = ""
    demand: str = ""
    due_on: dt.date | None = None


def _check(data: InspectionData, now: dt.datetime) -> None:
    errors: dict[str, str] = {}
    if len({one.pk for one in data.inspectors}) < LEAST_INSPECTORS:
        errors["second"] = "督查要两人以上，请选另一位检查人。"
    if data.at > now:
        errors["at"] = "检查时间还没有到。"
    elif data.at < now - OLDEST:
        errors["at"] = "检查时间在一个月以前，请核对。"
    if data.venue is not None and not data.area.holds(data.venue.area):
        errors["venue"] = f"“{data.venue.name}”不在{data.area.name}。"
    for number, answer in enumerate(data.answers):
        if answer.result not in ItemResult.values:
            errors[f"result_{number}"] = "请选择检查结果。"
        elif answer.result == ItemResult.BAD and not answer.problem.strip():
            errors[f"problem_{number}"] = "请写明存在的问题。"
    if any(answer.result == ItemResult.BAD for answer in data.answers):
        if not data.demand.strip():
            errors["demand"] = "有问题的，请写整改要求。"
        if data.due_on is None or data.due_on < timezone.localdate(now):
            errors["due_on"] = "有问题的，请定今天或以后的整改时限。"
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def inspection_record(*, data: InspectionData, by: Staff, now: dt.datetime | None = None) -> Inspection:
    """Write an inspection down; every problem goes to the area as a rectification. Raises ValidationError by field."""
    now = now or timezone.now()
    _check(data, now)
    row = Inspection.objects.create(
        checklist=data.checklist, area=data.area, venue=data.venue, unit=" ".join(data.unit.split()), at=data.at,
        is_announced=data.is_announced, summary=" ".join(data.summary.split()), recorded_at=now, recorded_by=by,
    )  # fmt: skip
    row.inspectors.set(data.inspectors)
    with photos_or_none() as keeper:
        for order, answer in enumerate(data.answers, start=1):
            item = _item(row, data, order, answer)
            if answer.photo:
                keeper.seal(FindingPhoto(item=item), answer.photo, days=settings.FINDING_PHOTO_DAYS)
    return row


def _item(row: Inspection, data: InspectionData, order: int, answer: Answer) -> InspectionItem:
    """One line, with its rectification where something is wrong."""
    problem, rectification = "", None
    if answer.result == ItemResult.BAD:
        problem = " ".join(answer.problem.split())
        rectification = rectification_raise(
            area=data.area, problem=f"督查{row.unit}：{answer.words}。{problem}"[:300],
            demand=" ".join(data.demand.split()), due_on=data.due_on or timezone.localdate(row.recorded_at),
            by=row.recorded_by, at=row.recorded_at,
        )  # fmt: skip
    return InspectionItem.objects.create(
        inspection=row, order=order, words=answer.words, result=answer.result, problem=problem,
        rectification=rectification,
    )  # fmt: skip


@transaction.atomic
def inspection_void(*, inspection: Inspection, reason: str, by: Staff, at: dt.datetime | None = None) -> None:
    """One that should not be. Raises ValidationError without a reason, or while its rectifications are open."""
    row = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if row.voided_at is not None:
        raise ValidationError("这次督查已经作废。")
    tidy = " ".join(reason.split())
    if not tidy:
        raise ValidationError({"reason": "请写明原因，例如：重复登记。"})
    if (
        row.items.filter(rectification__isnull=False)
        .exclude(rectification__state=RectificationState.CLOSED)
        .exists()
    ):
        raise ValidationError("还有整改没有销号，先在整改里销号，再作废。")
    row.voided_at, row.voided_by, row.void_reason = at or timezone.now(), by, tidy[:100]
    row.save(update_fields=["voided_at", "voided_by", "void_reason"])


@transaction.atomic
def checklist_change(*, checklist: Checklist, items: Sequence[str], is_open: bool, by: Staff) -> Checklist:
    """Change what is looked at from now on; inspections that were recorded keep their own words."""
    tidy = [" ".join(line.split()) for line in items]
    tidy = [line for line in tidy if line]
    if not tidy:
        raise ValidationError({"items": "请至少写一条检查内容。"})
    if len(tidy) > MOST_ITEMS:
        raise ValidationError({"items": f"最多 {MOST_ITEMS} 条，现在有 {len(tidy)} 条。"})
    if (long := max(tidy, key=len)) and len(long) > LONGEST_ITEM:
        raise ValidationError({"items": f"“{long[:20]}…”太长，一条最多 {LONGEST_ITEM} 个字。"})
    if len(set(tidy)) < len(tidy):
        raise ValidationError({"items": "有重复的检查内容。"})
    row = Checklist.objects.select_for_update().get(pk=checklist.pk)
    row.items, row.is_open = tidy, is_open
    rows_update([row], ["items", "is_open"], by=by, at=timezone.now(), reason="修改督查项目")
    return row
