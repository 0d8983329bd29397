"""Truth checks: draw, check, freeze (docs/truth-check.md)."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from households.models import Survey
from households.services.history import rows_update
from measures.frames import Period, drawn_of, frame_of
from measures.models import CheckItem, CheckOutcome, CheckSubject, Mismatch, SpotCheck
from measures.models.checks import MISMATCHES
from measures.rules.quiz import QUESTIONS
from measures.rules.sampling import LARGEST_SEED, draw, frame_digest
from measures.services.rectifications import rectification_raise

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

MOST = 500  # more than this nobody rings up
LONGEST = dt.timedelta(days=92)
FOUND = ("outcome", "method", "mismatch", "found", "evidence", "quiz", "checked_at", "checked_by")
OWN = "这条是您自己登记的，请由别人核实。"


@dataclass(frozen=True)
class Wanted:
    """What is to be drawn: of which subject and area, in which days, how many."""

    subject: CheckSubject
    area: Area
    period: Period
    number: int
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What the checker found. `found` is the value, `evidence` how he knows."""

    outcome: CheckOutcome
    method: str
    mismatch: str = ""
    found: str = ""
    evidence: str = ""
    quiz: dict[str, bool] = field(default_factory=dict)


def _check_wanted(wanted: Wanted, today: dt.date) -> None:
    errors: dict[str, str] = {}
    period = wanted.period
    if period.until < period.since:
        errors["until"] = "结束日期早于开始日期。"
    elif period.until > today:
        errors["until"] = "只能抽查到今天为止的。"
    elif period.until - period.since > LONGEST:
        errors["since"] = "一次最多抽查三个月内的。"
    if not 1 <= wanted.number <= MOST:
        errors["number"] = f"一次抽 1 至 {MOST} 个。"
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def check_draw(
    *, wanted: Wanted, by: Staff, seed: int | None = None, at: dt.datetime | None = None
) -> SpotCheck:
    """Draw a sample by village and keep what was reported of each. The seed is chosen by chance unless given.

    Raises ValidationError when there is nothing to draw from.
    """
    at = at or timezone.now()
    _check_wanted(wanted, timezone.localdate(at))
    frame = frame_of(wanted.subject, wanted.area, wanted.period)
    total = sum(len(ids) for ids in frame.values())
    if not total:
        raise ValidationError(f"{wanted.area.name}在这段时间里没有{wanted.subject.label}，没有可抽的。")
    seed = secrets.randbelow(LARGEST_SEED) if seed is None else seed
    check = SpotCheck.objects.create(
        subject=wanted.subject, area=wanted.area, since=wanted.period.since, until=wanted.period.until,
        wanted=wanted.number, seed=seed, frame_size=total, frame_digest=frame_digest(frame),
        strata={str(key): len(ids) for key, ids in frame.items()}, note=" ".join(wanted.note.split()),
        drawn_at=at, drawn_by=by,
    )  # fmt: skip
    sample = draw(frame, wanted.number, seed)
    facts = drawn_of(wanted.subject, [one for ids in sample.values() for one in ids], wanted.period)
    pairs = [(village, facts[one]) for village, ids in sample.items() for one in ids]
    items = [
        CheckItem(
            check_of=check, number=number, village_id=village, title=one.title, reported=one.reported,
            recorder_id=one.recorder, **one.links,
        )
        for number, (village, one) in enumerate(pairs, start=1)
    ]  # fmt: skip
    CheckItem.objects.bulk_create(items)
    return check


def _is_own(item: CheckItem, by: Staff) -> bool:
    """Whether the person recorded what he would check: himself, or typed it for another."""
    if item.recorder_id == by.pk:
        return True
    if item.reading is not None:
        return by.pk in {item.reading.by_id, item.reading.entered_by_id}
    if item.household_id is None:
        return False
    return Survey.objects.filter(Q(staff=by) | Q(recorded_by=by), household=item.household_id).exists()


def _check_finding(item: CheckItem, finding: Finding) -> None:
    errors: dict[str, str] = {}
    if finding.outcome == CheckOutcome.MISMATCH:
        if finding.mismatch not in MISMATCHES[item.check_of.subject]:
            errors["mismatch"] = "请选择哪里不一致。"
        if not finding.found:
            errors["found"] = "请写核实到的情况，例如：实际住 4 人。"
        if not finding.evidence:
            errors["evidence"] = "请写依据，例如：户主本人电话告知。"
    if errors:
        raise ValidationError(errors)


def _open_check(pk: int) -> SpotCheck:
    check: SpotCheck = SpotCheck.objects.select_for_update().get(pk=pk)
    if check.is_frozen:
        raise ValidationError("这次抽查已经定稿，结果不能再改。")
    return check


@transaction.atomic
def check_record(*, item: CheckItem, finding: Finding, by: Staff, at: dt.datetime | None = None) -> CheckItem:
    """Write down what was found; until the results freeze it may be written anew, what stood there stays in history.

    Raises ValidationError by field, when the results are frozen, or when the checker recorded it himself.
    """
    check = _open_check(item.check_of_id)
    row = CheckItem.objects.select_related("reading").get(pk=item.pk)
    row.check_of = check
    if _is_own(row, by):
        raise ValidationError(OWN)
    _check_finding(row, finding)
    is_mismatch = finding.outcome == CheckOutcome.MISMATCH
    row.outcome, row.method = finding.outcome, finding.method
    row.mismatch = finding.mismatch if is_mismatch else ""
    row.found, row.evidence = " ".join(finding.found.split()), " ".join(finding.evidence.split())
    reached = finding.outcome != CheckOutcome.UNREACHED
    row.quiz = {key: finding.quiz[key] for key in QUESTIONS if key in finding.quiz} if reached else {}
    row.checked_at, row.checked_by = at or timezone.now(), by
    rows_update([row], FOUND, by=by, at=row.checked_at, reason="核实")
    return row


def problem_of(item: CheckItem) -> str:
    """A mismatch in one line, for the village."""
    reported = "，".join(f"{label}{value}" for label, value in item.reported)
    kind = Mismatch(item.mismatch).label
    return f"抽查核实{kind}：{item.title}。填报：{reported}；核实：{item.found}"[:300]


@transaction.atomic
def check_freeze(
    *, check: SpotCheck, due_on: dt.date, demand: str, by: Staff, at: dt.datetime | None = None
) -> SpotCheck:
    """Freeze the results; every mismatch goes back to its village as a rectification until `due_on`.

    Raises ValidationError while something has not been checked, or when the deadline has passed.
    """
    at = at or timezone.now()
    row = _open_check(check.pk)
    waiting = row.items.filter(outcome="").count()
    if waiting:
        raise ValidationError(f"还有 {waiting} 个没有核实。联系不上的请登记“未联系上”，再定稿。")
    if due_on < timezone.localdate(at):
        raise ValidationError({"due_on": "整改时限已经过了。"})
    row.frozen_at, row.frozen_by = at, by
    row.save(update_fields=["frozen_at", "frozen_by"])
    for item in row.items.filter(outcome=CheckOutcome.MISMATCH).select_related("village").order_by("number"):
        rectification_raise(
            area=item.village, problem=problem_of(item), demand=demand, due_on=due_on, by=by, at=at,
            check_item=item,
        )  # fmt: skip
    return row
