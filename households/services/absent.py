"""Following up absent households: tries, calls, contacts, long absence, the next date (docs/absent.md)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from households.models import (
    AbsentCall,
    AbsentContact,
    CallResult,
    ContactRelation,
    Household,
    LongAbsence,
    Survey,
    SurveyOutcome,
    SurveyState,
)
from households.rules.phones import parse_phone
from households.rules.text import narrow
from households.services.data import SurveyData, SurveyRefused
from households.services.history import rows_note
from households.services.household import household_claim
from households.services.survey import CLOCK_SLACK, survey_record

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

QUEUED = (SurveyState.ABSENT, SurveyState.VACANT)
FURTHEST = dt.timedelta(days=366)
SOURCE = "无人户跟进"


def knock_record(
    *,
    household: Household,
    version: int,
    by: Staff,
    visited_at: dt.datetime,
    slip_left: bool = False,
    next_on: dt.date | None = None,
    note: str = "",
    at: dt.datetime | None = None,
) -> Survey:
    """Record one more try at which nobody opened; people and door stay as they are registered.

    Raises StaleVersion when somebody has saved the household since `version`, ValidationError by field.
    """
    at = at or timezone.now()
    if household.survey_state not in QUEUED:
        raise ValidationError("这一户已不在无人户名单里，请用“入户登记”。")
    check_next(next_on, timezone.localdate(visited_at))
    data = SurveyData(
        outcome=SurveyOutcome.ABSENT, visited_at=visited_at, slip_left=slip_left, next_visit_on=next_on, note=note,
    )  # fmt: skip
    try:
        return survey_record(household=household, version=version, data=data, by=by, at=at).survey
    except SurveyRefused as refused:
        raise ValidationError({**refused.errors.get("", {})} or "没有保存，请刷新后再试。") from refused


def call_record(
    *,
    household: Household,
    result: str,
    by: Staff,
    contact: AbsentContact | None = None,
    note: str = "",
    called_at: dt.datetime | None = None,
    next_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> AbsentCall:
    """Note a call about the household; with `next_on` the next date becomes that day. Raises ValidationError."""
    at = at or timezone.now()
    called_at = called_at or at
    if result not in CallResult.values:
        raise ValidationError({"result": "请选择电话结果。"})
    if called_at > at + CLOCK_SLACK:
        raise ValidationError({"called_at": "通话时间不能晚于现在。"})
    if contact is not None and contact.household_id != household.pk:
        raise ValidationError({"contact": "请选择这一户的联系人。"})
    with transaction.atomic():
        if next_on is not None:
            next_set(household=household, on=next_on, by=by, at=at)
        return AbsentCall.objects.create(
            household=household, contact=contact, result=result, note=_text(note, 200, "note"), called_at=called_at,
            recorded_at=at, by=by,
        )  # fmt: skip


def contact_add(
    *, household: Household, relation: str, name: str, phone: str, by: Staff, note: str = ""
) -> AbsentContact:
    """Keep the number of a neighbour or relative, encrypted. Raises ValidationError by field."""
    errors = {}
    read = parse_phone(phone)
    if relation not in ContactRelation.values:
        errors["relation"] = "请选择与这一户的关系。"
    if not narrow(name):
        errors["name"] = "请填写怎么称呼，如：隔壁王阿姨。"
    if wrong := [problem.message for problem in read.problems if not problem.is_warning]:
        errors["phone"] = wrong[0]
    elif not read.number:
        errors["phone"] = "请填写电话号码。"
    if errors:
        raise ValidationError(errors)
    return AbsentContact.objects.create(
        household=household, relation=relation, name=_text(name, 50, "name"), phone=read.number,
        note=_text(note, 100, "note"), added_by=by,
    )  # fmt: skip


def contact_remove(*, contact: AbsentContact, by: Staff, at: dt.datetime | None = None) -> bool:
    """Take a number off the list; calls that were made to it keep it. Whether it was this call that did so."""
    rows = AbsentContact.objects.standing().filter(pk=contact.pk)
    return bool(rows.update(removed_by=by, removed_at=at or timezone.now()))


def absence_open(
    *,
    household: Household,
    where: str,
    by: Staff,
    since_on: dt.date | None = None,
    back_on: dt.date | None = None,
    told_by: str = "",
    next_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> LongAbsence:
    """Note that the whole household is away for long, instead of what was noted before.

    It comes due again on `next_on`, else on the day it is expected back. Raises ValidationError by field.
    """
    at = at or timezone.now()
    _check_absence(household, where, since_on, back_on, next_on, timezone.localdate(at))
    with transaction.atomic():
        next_set(
            household=household,
            on=next_on or back_on,
            by=by,
            at=at,
            field="next_on" if next_on else "back_on",
        )
        LongAbsence.objects.open().filter(household=household).update(ended_by=by, ended_at=at)
        try:
            with transaction.atomic():
                return LongAbsence.objects.create(
                    household=household, where=_text(where, 60, "where"), since_on=since_on, back_on=back_on,
                    told_by=_text(told_by, 40, "told_by"), noted_by=by, noted_at=at,
                )  # fmt: skip
        except IntegrityError:
            raise ValidationError("有人刚刚登记了这一户的去向，请刷新后再看。") from None


def _check_absence(
    household: Household, where: str, since_on: dt.date | None, back_on: dt.date | None, next_on: dt.date | None,
    today: dt.date,
) -> None:  # fmt: skip
    errors = {}
    if household.survey_state != SurveyState.ABSENT:
        errors["__all__"] = "只有无人户能登记长期外出；家里有人的，在人员页登记外出。"
    if not narrow(where):
        errors["where"] = "请填写去向，如：广东东莞。"
    if since_on and since_on > today:
        errors["since_on"] = "外出日期不能晚于今天。"
    if since_on and back_on and back_on < since_on:
        errors["back_on"] = "返回日期不能早于外出日期。"
    if not (next_on or back_on):
        errors["back_on"] = "请填写预计返回的日期；不知道的，填“下次联系”的日期。"
    if errors:
        raise ValidationError(errors)


def absence_end(*, household: Household, by: Staff, at: dt.datetime | None = None) -> bool:
    """The household is back, or the note was wrong: it is due today again. Whether anything was open."""
    at = at or timezone.now()
    with transaction.atomic():
        ended = LongAbsence.objects.open().filter(household=household).update(ended_by=by, ended_at=at)
        if ended:
            next_set(household=household, on=timezone.localdate(at), by=by, at=at)
    return bool(ended)


def next_set(
    *,
    household: Household,
    on: dt.date | None,
    by: Staff,
    at: dt.datetime | None = None,
    field: str = "next_on",
) -> None:
    """Set the day of the next try, or of an empty flat's review; None: no day. Raises ValidationError on `field`."""
    at = at or timezone.now()
    check_next(on, timezone.localdate(at), field)
    with transaction.atomic():
        current = Household.objects.select_for_update().get(pk=household.pk)
        if current.closed_on is not None or current.survey_state not in QUEUED:
            raise ValidationError("这一户已不在无人户名单里，不用再定日期。")
        if current.next_visit_on != on:
            household_claim(household=current, version=current.version, values={"next_visit_on": on})
            rows_note([current], by=by, at=at, reason=SOURCE)
    household.next_visit_on, household.version = current.next_visit_on, current.version


def check_next(on: dt.date | None, today: dt.date, field: str = "next_on") -> None:
    """Raise ValidationError on `field` for a day that has passed or lies more than a year ahead."""
    if on is not None and on < today:
        raise ValidationError({field: "下次的日期不能早于今天。"})
    if on is not None and on > today + FURTHEST:
        raise ValidationError({field: "下次的日期超过一年了，请核对年份。"})


def _text(value: str, limit: int, name: str) -> str:
    text = narrow(value)
    if len(text) > limit:
        raise ValidationError({name: f"最多 {limit} 个字，现在有 {len(text)} 个。"})
    return text
