"""Writing what was planned: new rows by column (COPY on PostgreSQL), with history; changes in `changing`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from grassroots.grid.bulk import write_history
from grassroots.grid.bulk_columns import Digested, KeysTaken, reserve_keys, write_columns
from grassroots.grid.lane import Lane, lane
from grassroots.ledgers.intake.protocol import ImportContext, Planned, PlanStale
from grassroots.ledgers.rollups import mark_dirty
from households import hooks
from households.imports.base.changing import Changes
from households.imports.base.fields import STEP_KEYS
from households.imports.base.knocks import MADE_UP
from households.imports.base.plans import HousePlan, KnockPlan, MemberPlan, Work
from households.imports.base.register import local_day
from households.imports.places import NewArea, areas_made
from households.models import CommitmentLetter, Household, Person, Residency, Survey, SurveyMember
from households.rules.addresses import door_key, walk_key
from households.rules.identity import last_four
from households.rules.names import name_initials
from households.rules.phones import last_four as last_four_of_phone
from households.rules.text import narrow

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

FEVER = 37.3


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write the rows of one step. Raises PlanStale where the register is no longer as it was when they were planned."""
    try:
        Step(context, [row.work for row in rows]).write()
    except KeysTaken as busy:
        raise PlanStale from busy


class Step:
    """Some hundred or thousand rows, written table by table: parents before children."""

    def __init__(self, context: ImportContext, works: Sequence[Work]) -> None:
        self.context, self.works = context, works
        self.today = timezone.localdate(context.at)
        self.houses = list(dict.fromkeys(work.house for work in works if work.house is not None))
        self.members = [work.member for work in works if work.member is not None]
        self._areas: set[int] = set()
        self._keys: dict[type[models.Model], range] = {}
        self._lane = Lane(None)

    def write(self) -> None:
        """Everything, and what is noted about it."""
        changes = Changes(self.context, self.works)
        changes.claim()
        changes.demote_heads()
        changes.people()
        self._make_areas()
        knocking = self._create()
        changes.homes()
        changes.knocks()
        changes.households()
        self._originals()
        self.context.later(partial(mark_dirty, self._areas | changes.areas))
        self._tell(knocking)

    def _create(self) -> list[HousePlan]:
        """Rows that are new; returns the households with a new knock. Keys come first, so that all the rest can be put
        together while the database takes in what is ready."""
        houses = [house for house in self.houses if house.pk is None]
        people = [one for one in self.members if one.person_pk is None and one.same_as is None]
        homes = [one for one in self.members if one.makes_home]
        knocking = [house for house in self.houses if house.knock is not None and house.knock_pk is None]
        answering = [one for one in self.members if one.answers and one.known_answers is None]
        signing = [one for one in knocking if one.knock is not None and one.knock.letter is not None]
        for house, pk in zip(houses, self._reserve(Household, houses), strict=True):
            house.pk = pk
        for member, pk in zip(people, self._reserve(Person, people), strict=True):
            member.person_pk = pk
        for member in self.members:
            if member.same_as is not None:
                member.person_pk = member.same_as.person_pk
        for house, pk in zip(knocking, self._reserve(Survey, knocking), strict=True):
            house.knock_pk = pk
        for model, rows in ((Residency, homes), (SurveyMember, answering), (CommitmentLetter, signing)):
            self._reserve(model, rows)
        with lane() if self.context.lane is None else nullcontext(self.context.lane) as self._lane:
            self._households(houses)
            self._people(people)
            self._homes(homes)
            self.context.at_end(
                partial(self._of_knocks, knocking, answering, signing), (Household, Person, Residency)
            )
        return knocking

    def _of_knocks(
        self, knocking: Sequence[HousePlan], answering: Sequence[MemberPlan], signing: Sequence[HousePlan]
    ) -> None:
        self._knocks(knocking)
        self._answers(answering)
        self._letters(signing)

    def _reserve(self, model: type[models.Model], rows: Sequence[Any]) -> range:
        self._keys[model] = reserve_keys(model, len(rows))
        return self._keys[model]

    def _make_areas(self) -> None:
        """Groups and compounds that are new."""
        places = [house.area for house in self.houses if house.known is None]
        places += [one.area for one in self.members if one.area is not None and one.makes_home]
        places = list({id(place): place for place in places}.values())
        areas_made(places, self.context)
        made = (place.area if isinstance(place, NewArea) else place for place in places)
        self._areas = {area.pk for area in made if area is not None}

    def _day(self, house: HousePlan | None) -> dt.date:
        """Since when something is so: the day of the knock, else the sheet's own."""
        if house is None or house.knock is None:
            return min(self.context.reference, self.today)
        if house.since is None:
            house.since = min(local_day(house.knock.visited_at), self.today)
        return house.since

    def _write(self, model: type[models.Model], columns: dict[str, Any]) -> None:
        keys = self._keys[model]
        write_columns(model, keys, columns, lane=self._lane)
        if hasattr(model, "history"):
            write_history(
                model,
                keys[0],
                last_pk=keys[-1],
                by_id=self.context.staff.pk,
                at=self.context.at,
                lane=self._lane,
            )
        self.context.note_range(model, keys[0], keys[-1])

    def _households(self, houses: Sequence[HousePlan]) -> None:
        if not houses:
            return
        doors = [house.door for house in houses]
        shares = [house.share_no for house in houses]
        self._write(Household, {
            "area_id": [house.area_id for house in houses],
            "building": [door.building for door in doors], "unit": [door.unit for door in doors],
            "floor": [door.floor for door in doors], "door": [door.door for door in doors], "share_no": shares,
            "display": [house.display for house in houses],
            "door_key": [door_key(d.building, d.unit, d.door, share) for d, share in zip(doors, shares, strict=True)],
            "walk_key": [
                walk_key(d.building, d.unit, d.floor, d.door, share) for d, share in zip(doors, shares, strict=True)
            ],
            "housing_kind": [house.values["housing_kind"] for house in houses],
            "code": [narrow(house.values.get("code", "")) for house in houses],
            "landlord": [narrow(house.values.get("landlord", "")) for house in houses],
            "opened_on": [self._day(house) for house in houses], "recorded_at": self.context.at,
            **_standing(houses),
        })  # fmt: skip

    def _people(self, members: Sequence[MemberPlan]) -> None:
        if not members:
            return
        stated_on = min(self.context.reference, self.today)
        numbers, phones = [one.id_number for one in members], [one.phone for one in members]
        self._write(Person, {
            "name": [one.name for one in members], "name_initials": [name_initials(one.name) for one in members],
            "sex": [one.sex for one in members], "birth_date": [one.birth_date for one in members],
            "stated_age": [one.stated_age for one in members],
            "stated_age_on": [None if one.stated_age is None else stated_on for one in members],
            "id_kind": [one.id_kind for one in members], "id_number": numbers, "id_digest": Digested(numbers, "id"),
            "id_last4_digest": Digested(list(map(last_four, numbers)), "id-last4", is_few=True),
            "id_check_reason": [one.id_check_reason for one in members],
            "phone": phones, "phone_digest": Digested(phones, "phone"),
            "phone_last4_digest": Digested(list(map(last_four_of_phone, phones)), "phone-last4", is_few=True),
            "phone_owner": [one.phone_owner for one in members], "work_unit": [one.work_unit for one in members],
            "note": [one.note for one in members], "recorded_at": self.context.at,
        })  # fmt: skip

    def _homes(self, members: Sequence[MemberPlan]) -> None:
        if not members:
            return
        self._write(Residency, {
            "person_id": [one.person_pk for one in members],
            "household_id": [one.house.pk if one.house is not None else None for one in members],
            "area_id": [_area_id(one) for one in members],
            "address_text": [one.address for one in members], "kind": [one.kind for one in members],
            "relation": [one.relation for one in members], "order": [one.order for one in members],
            "is_away": [one.is_away for one in members],
            "away_where": [one.away_where if one.is_away else "" for one in members],
            "started_on": [self._day(one.house) for one in members], "recorded_at": self.context.at,
        })  # fmt: skip

    def _knocks(self, houses: Sequence[HousePlan]) -> None:
        if not houses:
            return
        knocks = _knocks_of(houses)
        columns: dict[str, Any] = {
            key: [key in knock.steps for knock in knocks] for key in STEP_KEYS
        }  # fmt: skip
        planned = dict(zip(KnockPlan._fields, map(list, zip(*knocks, strict=True)), strict=True))
        for name in (
            "visited_at", "staff_id", "method", "outcome", "respondent", "respondent_relation", "respondent_phone",
            "leaflets", "absent_try", "slip_left", "note",
        ):  # fmt: skip
            columns[name] = planned[name]
        self._write(Survey, {
            **columns, "household_id": [house.pk for house in houses],
            "area_id": [house.area_id for house in houses],
            "recorded_at": self.context.at, "recorded_by_id": self.context.staff.pk,
        })  # fmt: skip

    def _answers(self, members: Sequence[MemberPlan]) -> None:
        if not members:
            return
        answers = [one.answers or {} for one in members]
        columns: dict[str, Any] = {
            key: [one.get(key) for one in answers]
            for key in ("left_county", "hubei_contact", "left_on", "returned_on", "temperature")
        }
        for key in ("returned_from", "transport", "companions", "note"):
            columns[key] = [one.get(key) or "" for one in answers]
        self._write(SurveyMember, {
            **columns, "symptoms": [one.get("symptoms") or () for one in answers],
            "survey_id": [_knock_pk(one) for one in members], "person_id": [one.person_pk for one in members],
            "at_home": [_at_home(one) for one in members],
        })  # fmt: skip

    def _letters(self, houses: Sequence[HousePlan]) -> None:
        if not houses:
            return
        knocks = _knocks_of(houses)
        self._write(CommitmentLetter, {
            "household_id": [house.pk for house in houses], "survey_id": [house.knock_pk for house in houses],
            "area_id": [house.area_id for house in houses],
            "number": [self._letter_number(house) for house in houses],
            "signed_by": [knock.signed_by for knock in knocks],
            "signed_at": [knock.visited_at for knock in knocks], "recorded_at": self.context.at,
        })  # fmt: skip

    def _letter_number(self, house: HousePlan) -> str:
        assert house.knock is not None and house.knock_pk is not None
        if house.knock.letter != MADE_UP:
            return house.knock.letter or ""
        code = "" if isinstance(house.area, NewArea) else house.area.code
        return f"{code or house.area_id}-{house.knock_pk:06d}"

    def _originals(self) -> None:
        """Cells that were not taken over, kept beside the person, else beside the household."""
        for work in self.works:
            for key, problem in work.originals or ():
                if work.member is not None and work.member.person_pk is not None:
                    self.context.keep_original(Person(pk=work.member.person_pk), key, problem)
                elif work.house is not None:
                    self.context.keep_original(Household(pk=work.house.pk), key, problem)

    def _tell(self, houses: Sequence[HousePlan]) -> None:
        """Let those who listen to surveys hear of fevers and symptoms."""
        ill = {
            _knock_pk(member) for member in self.members
            if member.answers and (member.answers.get("symptoms") or (member.answers.get("temperature") or 0) >= FEVER)
        }  # fmt: skip
        new = {house.knock_pk for house in houses if house.knock_pk is not None and house.knock_pk in ill}
        if new and hooks.survey_listeners:
            self.context.later(partial(_tell_of, new, self.context.staff))


def _tell_of(surveys: Collection[int], staff: Staff) -> None:
    for survey in Survey.objects.filter(pk__in=surveys).select_related("household", "area").order_by("pk"):
        answers = list(survey.members.select_related("person"))
        for listen in hooks.survey_listeners:
            listen(survey, answers, staff)


def _area_id(member: MemberPlan) -> int | None:
    if member.house is not None:
        return member.house.area_id
    area = member.area.area if isinstance(member.area, NewArea) else member.area
    return area.pk if area is not None else None


def _knocks_of(houses: Sequence[HousePlan]) -> list[KnockPlan]:
    return [house.knock for house in houses if house.knock is not None]


def _standing(houses: Sequence[HousePlan]) -> dict[str, Any]:
    """How new households stand after their knock."""
    blank: dict[str, Any] = {
        "survey_state": "UNVISITED", "surveyed_at": None, "signed_at": None, "absent_tries": 0, "next_visit_on": None,
    }  # fmt: skip
    rows = [house.knock.standing if house.knock is not None else blank for house in houses]
    return {name: [row[name] for row in rows] for name in blank}


def _knock_pk(member: MemberPlan) -> int | None:
    house = member.house
    if house is None:
        return None
    return house.knock_pk if house.known_knock is None else int(house.known_knock.pk)


def _at_home(member: MemberPlan) -> bool | None:
    """Who was measured was there; who is away was not; of the others the sheet says nothing."""
    if member.is_away:
        return False
    return True if (member.answers or {}).get("temperature") is not None else None
