"""Writing the answers of a roll call with the services of the survey, noted for undoing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.ledgers.intake.protocol import ImportContext, Planned, PlanStale
from households.imports.people import CONFIRMED, HomesWatch
from households.imports.rollcall import Work
from households.models import (
    Household,
    Person,
    Relation,
    ResidencyKind,
    Survey,
    SurveyMember,
    SurveyMethod,
    SurveyOutcome,
)
from households.services import (
    MemberData,
    PersonData,
    StaleVersion,
    SurveyData,
    SurveyRefused,
    household_open,
    survey_record,
)
from households.services.people import FIELDS

STANDING = ("survey_state", "surveyed_at", "signed_at", "absent_tries", "next_visit_on")
ALL_CONFIRMED = CONFIRMED | {"measured-again"}


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write these lines. Raises PlanStale where somebody has saved the household since."""
    for planned in rows:
        if planned.work is None:
            continue
        try:
            _write(planned.work, context)
        except (ValidationError, StaleVersion, SurveyRefused) as refused:
            raise PlanStale from refused


def _write(work: Work, context: ImportContext) -> None:
    is_new = work.household is None
    household = work.household or _open(work, context)
    current = Household.objects.select_related("area").get(pk=household.pk)
    if not is_new and current.version != household.version:
        raise PlanStale
    before = {name: getattr(current, name) for name in STANDING}
    person = work.resident.person if work.resident else None
    was = {name: getattr(person, name) for name in FIELDS} if person else {}
    with _homes(work, context):
        recorded = survey_record(
            household=current,
            version=current.version,
            data=_data(work, context),
            by=context.staff,
            at=context.at,
        )
    if not is_new:
        _note_changes(Household.objects.get(pk=current.pk), before, context)
    if person is not None:
        _note_changes(Person.objects.get(pk=person.pk), was, context)
    _note_survey(recorded.survey, work, context)


def _open(work: Work, context: ImportContext) -> Household:
    door, area = work.answer.spot.door, work.places.area_of(work.answer.spot, context)
    household = household_open(
        area=area, building=door.building, unit=door.unit, floor=door.floor, door=door.door, by=context.staff,
        at=context.at,
    )  # fmt: skip
    context.note_created(household)
    return household


def _homes(work: Work, context: ImportContext) -> Any:
    """Notes residencies of who is registered already; those of a new head are noted with the survey."""
    return HomesWatch(work.resident.person, context) if work.resident else nullcontext()


def _note_changes(row: Any, before: dict[str, Any], context: ImportContext) -> None:
    changed = {name: value for name, value in before.items() if getattr(row, name) != value}
    if changed:
        context.note_updated(row, changed)


def _note_survey(survey: Survey, work: Work, context: ImportContext) -> None:
    members = list(SurveyMember.objects.filter(survey=survey).select_related("person"))
    if work.is_new_head:
        for member in members:
            context.note_created(member.person)
            for home in member.person.residencies.all():
                context.note_created(home)
    context.note_created(survey)
    for member in members:
        context.note_created(member)


def _data(work: Work, context: ImportContext) -> SurveyData:
    answer = work.answer
    return SurveyData(
        outcome=SurveyOutcome.BY_PHONE,
        visited_at=work.visited_at or context.at,
        method=SurveyMethod.SELF,
        members=[_member(work, context)] if work.resident or work.is_new_head else [],
        steps=frozenset({"ask"}),
        respondent=answer.seen.name,
        note=answer.note,
    )


def _member(work: Work, context: ImportContext) -> MemberData:
    answer, home = work.answer, work.resident
    said: dict[str, Any] = {
        "at_home": True, "temperature": answer.temperature, "symptoms": answer.symptoms,
        "confirmed": ALL_CONFIRMED,
    }  # fmt: skip
    if home is None:
        data = PersonData(name=answer.seen.name, id_kind="RESIDENT_ID", phone=answer.seen.phone)
        return MemberData(
            key="head", data=data, relation=Relation.HEAD, kind=ResidencyKind.PERMANENT, **said
        )  # fmt: skip
    person = home.person
    data = PersonData(
        name=person.name, sex=person.sex, birth_date=person.birth_date,
        stated_age=person.age(timezone.localdate(context.at)), id_kind=person.id_kind, id_number=None,
        phone=answer.seen.phone if answer.seen.phone and answer.seen.phone != person.phone else None,
    )  # fmt: skip
    return MemberData(
        key="member", data=data, person_uid=str(person.uid), relation=home.relation, kind=home.kind,
        is_away=home.is_away, away_where=home.away_where, away_until=home.away_until, **said,
    )  # fmt: skip
