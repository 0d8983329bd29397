"""Demo households: who lives behind every door, and how the survey went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from django.utils import timezone

from grassroots.desk.demo.grid import CompoundPlan
from grassroots.desk.demo.invent import Inventor
from grassroots.grid.bulk import BulkWriter
from grassroots.grid.crypto import digest
from households.models import (
    CommitmentLetter,
    Household,
    HousingKind,
    Person,
    Relation,
    Residency,
    ResidencyKind,
    SupportKind,
    SupportStatus,
    Survey,
    SurveyMember,
    SurveyState,
)
from households.rules.addresses import door_display, door_key, walk_key
from households.rules.ages import age_on
from households.rules.identity import IdKind
from households.rules.names import name_initials

FLOORS, UNITS, DOORS_ON_FLOOR = 6, 3, 2
SUPPORT_SHARES = (
    (SupportKind.LOW_INCOME, 0.006),
    (SupportKind.DISABLED, 0.004),
    (SupportKind.DESTITUTE, 0.0015),
)
#: From what age on a kind of support is given.
FROM_AGE = {SupportKind.DESTITUTE: 60, SupportKind.ALONE: 65}


@dataclass(frozen=True)
class Member:
    """Somebody of a demo household, as later steps need him."""

    person_id: int
    name: str
    age: int


@dataclass(frozen=True)
class Home:
    """A demo household that has been written."""

    household_id: int
    area_id: int
    village_id: int
    walk_key: str
    members: tuple[Member, ...]
    visited_on: dt.date | None = None


@dataclass(frozen=True)
class Knock:
    """How the latest knock on a door went."""

    state: SurveyState
    at: dt.datetime | None
    staff_id: int
    tries: int = 0


def doors(compound: CompoundPlan) -> Iterator[tuple[str, str, str, str]]:
    """Building, unit, floor and door of each household of a compound, in walking order."""
    if not compound.is_estate:
        yield from (("", "", "", str(number)) for number in range(1, compound.households + 1))
        return
    for index in range(compound.households):
        building, rest = divmod(index, FLOORS * UNITS * DOORS_ON_FLOOR)
        unit, rest = divmod(rest, FLOORS * DOORS_ON_FLOOR)
        floor, place = divmod(rest, DOORS_ON_FLOOR)
        yield str(building + 1), str(unit + 1), str(floor + 1), f"{floor + 1}{place + 1:02d}"


class PeopleWriter:
    """Writes households with their people, surveys and letters."""

    def __init__(
        self, invent: Inventor, registered_at: dt.datetime, supports: Mapping[SupportKind, int] | None = None
    ) -> None:
        self.invent = invent
        self.registered_at = registered_at
        self.exact_supports = supports  # None: about the shares of SUPPORT_SHARES
        self.ages: list[
            tuple[int, int]
        ] = []  # of everybody, by person, where supports are dealt out at the end
        self.last_four = cache(digest)  # some 10,000 different ones for 125,000 people
        self.households = BulkWriter(Household)
        self.people = BulkWriter(Person)
        self.residencies = BulkWriter(Residency)
        self.surveys = BulkWriter(Survey)
        self.answers = BulkWriter(SurveyMember)
        self.letters = BulkWriter(CommitmentLetter)
        self.supports = BulkWriter(SupportStatus)

    def home(
        self, village_id: int, area_id: int, door: tuple[str, str, str, str], size: int, knock: Knock
    ) -> Home:
        """Write one household of `size` people and its latest survey."""
        building, unit, floor, number = door
        is_signed = knock.state == SurveyState.SIGNED
        order = walk_key(building, unit, floor, number)
        household_id = self.households.add(
            uid=self.invent.uid(), area_id=area_id, building=building, unit=unit, floor=floor, door=number,
            display=door_display(building, unit, number, ""), door_key=door_key(building, unit, number),
            walk_key=order, survey_state=knock.state, surveyed_at=knock.at,
            housing_kind=HousingKind.VACANT if knock.state == SurveyState.VACANT else HousingKind.OWNED,
            signed_at=knock.at if is_signed else None, absent_tries=knock.tries,
            next_visit_on=self.invent.on if knock.state == SurveyState.ABSENT else None,
            opened_on=self.registered_at.date(), recorded_at=self.registered_at,
        )  # fmt: skip
        members = self._members(household_id, area_id, 0 if knock.state == SurveyState.VACANT else size)
        if knock.at is not None:
            self._survey(household_id, area_id, members, knock, knock.at)
        visited_on = timezone.localdate(knock.at) if knock.at else None
        return Home(household_id, area_id, village_id, order, members, visited_on)

    def _members(self, household_id: int, area_id: int, size: int) -> tuple[Member, ...]:
        rng = self.invent.rng
        head_age = rng.randint(28, 72)
        surname = self.invent.surname()
        head_sex = "M" if rng.random() < 0.7 else "F"
        local = ResidencyKind.REGISTERED if rng.random() < 0.86 else ResidencyKind.PERMANENT
        members = []
        for order in range(size):
            relation, sex, low, high, own_surname = self._role(order, head_age, head_sex)
            name = (self.invent.surname() if own_surname else surname) + self.invent.given_name()
            birth = self.invent.birth(low, high)
            person_id = self._person(name, sex, birth)
            self.residencies.add(
                person_id=person_id, household_id=household_id, area_id=area_id, kind=local, relation=relation,
                order=order, started_on=self.registered_at.date(), recorded_at=self.registered_at,
            )  # fmt: skip
            members.append(Member(person_id, name, (self.invent.on - birth).days // 365))
        return tuple(members)

    def _role(self, order: int, head_age: int, head_sex: str) -> tuple[Relation, str, int, int, bool]:
        """Relation, sex, youngest and oldest age of the n-th member, and whether the surname differs."""
        sex = "M" if self.invent.rng.random() < 0.51 else "F"
        if order == 0:
            return Relation.HEAD, head_sex, head_age, head_age, False
        if order == 1:
            return Relation.SPOUSE, "F" if head_sex == "M" else "M", max(20, head_age - 4), head_age + 4, True
        if order in (2, 3):
            oldest = max(1, head_age - 22)
            return Relation.CHILD, sex, max(0, oldest - 8), oldest, False
        if order == 4 and head_age < 62:
            return Relation.PARENT, sex, head_age + 21, min(95, head_age + 27), False
        return Relation.GRANDCHILD if head_age > 50 else Relation.OTHER_KIN, sex, 1, 12, order % 2 == 1

    def _person(self, name: str, sex: str, birth: dt.date) -> int:
        number = self.invent.id_number(birth, sex)
        phone = self.invent.phone() if (self.invent.on - birth).days > 12 * 365 else ""
        person_id = self.people.add(
            uid=self.invent.uid(), name=name, name_initials=name_initials(name), sex=sex, birth_date=birth,
            id_kind=IdKind.RESIDENT_ID, id_number=number, id_digest=digest(number, "id"),
            id_last4_digest=self.last_four(number[-4:], "id-last4"), phone=phone, phone_digest=digest(phone, "phone"),
            phone_last4_digest=self.last_four(phone[-4:], "phone-last4"), recorded_at=self.registered_at,
        )  # fmt: skip
        if self.exact_supports is None:
            self._support_by_chance(person_id)
        else:
            self.ages.append((person_id, age_on(birth, self.invent.on)))
        return person_id

    def _support_by_chance(self, person_id: int) -> None:
        chance = self.invent.rng.random()
        for kind, share in SUPPORT_SHARES:
            if chance < share:
                self._support(person_id, kind)
                return
            chance -= share

    def _support(self, person_id: int, kind: SupportKind) -> None:
        began = self.registered_at
        self.supports.add(person_id=person_id, kind=kind, started_on=began.date(), recorded_at=began)

    def _deal_supports(self) -> None:
        """So many people of each kind as was published, nobody with two; of the old where it is they who get it."""
        left = dict(self.ages)
        for kind, number in (self.exact_supports or {}).items():
            able = [pk for pk, age in left.items() if age >= FROM_AGE.get(kind, 0)]
            for pk in self.invent.rng.sample(able, number):
                del left[pk]
                self._support(pk, kind)

    def _survey(
        self, household_id: int, area_id: int, members: tuple[Member, ...], knock: Knock, at: dt.datetime
    ) -> None:
        met = knock.state in {SurveyState.SIGNED, SurveyState.REFUSED}
        is_signed = knock.state == SurveyState.SIGNED
        survey_id = self.surveys.add(
            uid=self.invent.uid(), household_id=household_id, area_id=area_id, visited_at=at,
            recorded_at=at + dt.timedelta(minutes=2), staff_id=knock.staff_id, recorded_by_id=knock.staff_id,
            method="PHONE" if knock.state == SurveyState.BY_PHONE else "AT_DOOR", outcome=knock.state,
            step_greet=met, step_scan=is_signed, step_notice=met, step_sign=is_signed, step_ask=is_signed,
            respondent=members[0].name if is_signed and members else "", leaflets=1 if met else 0,
            absent_try=knock.tries, slip_left=knock.state == SurveyState.ABSENT,
        )  # fmt: skip
        if not is_signed:
            return
        for member in members:
            self.answers.add(
                survey_id=survey_id,
                person_id=member.person_id,
                at_home=True,
                left_county=False,
                hubei_contact=False,
            )
        self.letters.add(
            household_id=household_id, survey_id=survey_id, number=f"CN{survey_id:06d}",
            signed_by=members[0].name if members else "",
            signed_at=at, recorded_at=at + dt.timedelta(minutes=2), area_id=area_id,
        )  # fmt: skip

    def close(self) -> None:
        """Write what is left, parents before children, then history."""
        self._deal_supports()
        writers = (
            self.households, self.people, self.residencies, self.surveys, self.answers, self.letters, self.supports,
        )  # fmt: skip
        for writer in writers:
            writer.flush()
        for writer in writers:
            writer.close()
