"""Recording one knock on one door, everything in one transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from households import hooks
from households.models import (
    CommitmentLetter,
    Household,
    HousingKind,
    LongAbsence,
    Relation,
    Survey,
    SurveyMember,
    SurveyMethod,
    SurveyOutcome,
)
from households.rules.outcomes import NOBODY_MET, Standing, standing_after
from households.rules.text import narrow
from households.services.data import MemberData, StaleVersion, SurveyData, SurveyRefused
from households.services.history import rows_note
from households.services.household import household_claim, household_differences, household_fill
from households.services.members import MembersPlan, PlannedMember, members_plan, members_write
from households.services.photos import PhotoKeeper, photos_or_none
from households.services.proxy import Proxy, proxy_read
from households.services.signatures import signature_keep

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

STEPS = ("greet", "scan", "notice", "sign", "ask", "supervise", "verify")
# A phone's clock may be ahead of the server's.
CLOCK_SLACK = dt.timedelta(minutes=5)
_STANDING = {
    "state": "survey_state",
    "surveyed_at": "surveyed_at",
    "signed_at": "signed_at",
    "absent_tries": "absent_tries",
    "next_visit_on": "next_visit_on",
}
# Somebody was met, or the flat is empty: where the household is (长期外出) is answered.
SETTLES_ABSENCE = frozenset({SurveyOutcome.SIGNED, SurveyOutcome.REFUSED, SurveyOutcome.VACANT})
Errors = dict[str, list[str]]


@dataclass
class SurveyRecorded:
    """The survey, and those whose answers lead on to a returnee file: (member, URL of the file to open)."""

    survey: Survey
    returnee_candidates: list[tuple[SurveyMember, str]] = field(default_factory=list)


def survey_record(
    *, household: Household, version: int, data: SurveyData, by: Staff, at: dt.datetime | None = None
) -> SurveyRecorded:
    """Record a knock: the household's fields, its members, their answers, the steps, the outcome, the letter.

    Raises StaleVersion when somebody has saved the household since `version`, and SurveyRefused with errors
    and cautions by member and field; then nothing has been saved.
    """
    at = at or timezone.now()
    try:
        with transaction.atomic(), photos_or_none() as photos:
            return _record(household, version, data, by, at, photos)
    except IntegrityError:
        raise SurveyRefused({"": _taken(household, data)}) from None


def _taken(household: Household, data: SurveyData) -> Errors:
    """Which unique thing was taken: the letter's number, or what somebody else has saved a moment ago."""
    number = narrow(data.letter_number)
    if number and CommitmentLetter.objects.filter(area=household.area_id, number=number).exists():
        area = household.area.name
        return {"letter_number": [f"承诺书编号“{number}”在{area}已用过，请核对纸质编号。"]}
    return {"__all__": ["有人刚刚保存了同一证件号码或门牌，请核对后再保存一次。"]}


def _record(
    household: Household, version: int, data: SurveyData, by: Staff, at: dt.datetime, photos: PhotoKeeper
) -> SurveyRecorded:
    if household.version != version:
        current = Household.objects.select_related("area").get(pk=household.pk)
        raise StaleVersion(current, household_differences(current, data.household))
    errors = _check_visit(household, data, at)
    proxy = proxy_read(data, by, errors)
    before = _standing(household)
    values = _household_values(household, data, before, errors)
    household_claim(household=household, version=version, values=values, changes=data.household)
    on = timezone.localdate(data.visited_at)
    plan = members_plan(household=household, members=data.members, by=by, at=at, on=on)
    _check_outcome(data, plan, errors)
    if errors:
        plan.errors[""] = errors
    if plan.errors or plan.cautions:
        raise SurveyRefused(plan.errors, plan.cautions)
    areas = members_write(plan)
    rows_note([household], by=by, at=at, reason="入户排查")
    survey = _survey_write(household, data, before, proxy, by, at)
    members = _answers_write(survey, plan)
    if data.outcome == SurveyOutcome.SIGNED:
        _letter_write(survey, data, plan, is_first=before.signed_at is None)
        signature_keep(survey, data.signature)
    photos.keep(survey, data.photos, {row.member.key: row.person for row in plan.kept})
    if before.state == SurveyOutcome.ABSENT and data.outcome in SETTLES_ABSENCE:
        LongAbsence.objects.open().filter(household=household).update(ended_by=by, ended_at=at)
    mark_dirty({household.area_id, *areas})
    for listen in hooks.survey_listeners:
        listen(survey, members, by)
    return SurveyRecorded(survey, hooks.returnee_candidates(members))


def _check_visit(household: Household, data: SurveyData, at: dt.datetime) -> Errors:
    errors: Errors = {}
    if household.closed_on is not None:
        errors["__all__"] = ["该户已销户，不能再登记排查。"]
    if data.outcome not in SurveyOutcome.values:
        errors["outcome"] = ["请选择本次结果。"]
    if data.method not in SurveyMethod.values:
        errors["method"] = ["请选择排查方式。"]
    if data.visited_at > at + CLOCK_SLACK:
        errors["visited_at"] = ["上门时间不能晚于现在。"]
    elif data.visited_at.year < 2019:
        errors["visited_at"] = ["上门时间太早，请核对年份。"]
    if data.next_visit_on and data.next_visit_on < timezone.localdate(data.visited_at):
        errors["next_visit_on"] = ["下次上门不能早于本次上门。"]
    if not 0 <= data.leaflets <= 999:
        errors["leaflets"] = ["份数应在 0–999 之间。"]
    for name in ("respondent", "note"):
        limit = getattr(Survey._meta.get_field(name), "max_length", None)
        if limit and len(getattr(data, name).strip()) > limit:
            errors[name] = [f"最多 {limit} 个字。"]
    if len(narrow(data.letter_number)) > 40:
        errors["letter_number"] = ["编号最多 40 个字。"]
    return errors


def _standing(household: Household) -> Standing:
    return Standing(**{name: getattr(household, column) for name, column in _STANDING.items()})


def _household_values(
    household: Household, data: SurveyData, before: Standing, errors: Errors
) -> dict[str, Any]:
    """The household's columns after the knock, also set on the instance."""
    changed: list[str] = []
    try:
        changed = household_fill(household, data.household)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            errors.setdefault(f"household.{name}", []).extend(messages)
    values = {name: getattr(household, name) for name in changed}
    if data.outcome == SurveyOutcome.VACANT:
        values["housing_kind"] = HousingKind.VACANT
    after = standing_after(
        before, outcome=data.outcome, visited_at=data.visited_at, next_visit_on=data.next_visit_on
    )
    return values | {column: getattr(after, name) for name, column in _STANDING.items()}


def _check_outcome(data: SurveyData, plan: MembersPlan, errors: Errors) -> None:
    """What was answered must fit how the knock ended."""
    if data.outcome in NOBODY_MET and any(_has_answers(row.member) for row in plan.kept):
        label = SurveyOutcome(data.outcome).label
        errors.setdefault("outcome", []).append(f"结果选了“{label}”，人员里却填了体温或回答，请核对。")
    living = [row for row in plan.kept if not row.member.is_away]
    if data.outcome == SurveyOutcome.VACANT and living:
        names = "、".join(row.person.name for row in living[:3])
        message = f"空置户里还登记着{names}等{len(living)}人在住，请先把他们标为外出或移除。"
        errors.setdefault("outcome", []).append(message)


def _has_answers(member: MemberData) -> bool:
    answers = (member.temperature, member.left_county, member.hubei_contact, member.at_home or None)
    return any(answer is not None for answer in answers) or bool(member.symptoms or member.returned_from)


def _survey_write(
    household: Household, data: SurveyData, before: Standing, proxy: Proxy, by: Staff, at: dt.datetime
) -> Survey:
    is_signed = data.outcome == SurveyOutcome.SIGNED
    return Survey.objects.create(
        household=household,
        area=household.area,
        visited_at=data.visited_at,
        recorded_at=at,
        staff=data.staff or by,
        recorded_by=by,
        method=data.method,
        outcome=data.outcome,
        respondent=narrow(data.respondent),
        respondent_relation=proxy.relation,
        respondent_phone=proxy.phone,
        leaflets=data.leaflets,
        absent_try=before.absent_tries + 1 if data.outcome == SurveyOutcome.ABSENT else 0,
        slip_left=data.slip_left and data.outcome == SurveyOutcome.ABSENT,
        note=data.note.strip(),
        **{f"step_{step}": step in data.steps or (step == "sign" and is_signed) for step in STEPS},
    )


def _answers_write(survey: Survey, plan: MembersPlan) -> list[SurveyMember]:
    """What each said; nobody says anything where nobody was met, and little where the door was refused."""
    if survey.outcome in NOBODY_MET:
        return []
    rows = plan.kept
    if survey.outcome == SurveyOutcome.REFUSED:
        rows = [row for row in rows if _has_answers(row.member)]
    return SurveyMember.objects.bulk_create([_answers_of(survey, row) for row in rows])


def _answers_of(survey: Survey, row: PlannedMember) -> SurveyMember:
    member = row.member
    return SurveyMember(
        survey=survey,
        person=row.person,
        at_home=False if member.is_away else member.at_home,
        left_county=member.left_county,
        hubei_contact=member.hubei_contact,
        returned_from=narrow(member.returned_from)[:60],
        left_on=member.left_on,
        returned_on=member.returned_on,
        transport=narrow(member.transport)[:60],
        companions=narrow(member.companions)[:100],
        temperature=member.temperature,
        symptoms=list(member.symptoms),
        note=member.note.strip()[:200],
    )


def _letter_write(survey: Survey, data: SurveyData, plan: MembersPlan, *, is_first: bool) -> None:
    """One letter a signing; a household that signed before keeps its letter unless another number is given.

    Without a number on paper one is made of the area's code and the survey's own number.
    """
    number = narrow(data.letter_number)
    if not is_first:
        signed = CommitmentLetter.objects.filter(household=survey.household)
        if not number or signed.filter(number=number).exists():
            return
    heads = (row.person.name for row in plan.kept if row.member.relation == Relation.HEAD)
    letter = CommitmentLetter(
        household=survey.household,
        survey=survey,
        area=survey.area,
        number=number or f"{survey.area.code or survey.area_id}-{survey.pk:06d}",
        signed_by=survey.respondent or next(heads, ""),
        signed_at=survey.visited_at,
        recorded_at=survey.recorded_at,
    )
    letter.save()
