"""Changes of what is registered: locked and compared with what was planned, then written with history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, models

from grassroots.grid.crypto import digest
from grassroots.ledgers.intake.protocol import ImportContext, PlanStale
from households.imports.base.plans import HousePlan, MemberPlan, Work
from households.imports.base.register import Known
from households.models import CommitmentLetter, Household, Person, Relation, Residency, Survey, SurveyMember
from households.rules.identity import last_four
from households.rules.phones import last_four as last_four_of_phone
from households.services.history import BATCH_ROWS, rows_update

REASON = "导入"
# Compared by their digests: the plan has decrypted nothing.
_DIGESTS = {"phone": "phone_digest", "id_number": "id_digest"}


class Changes:
    """What one step changes. `areas` are those whose figures may be different."""

    def __init__(self, context: ImportContext, works: Sequence[Work]) -> None:
        self.context, self.works = context, works
        self.members: list[MemberPlan] = [work.member for work in works if work.member is not None]
        self.areas: set[int] = set()
        self._houses: dict[int, HousePlan] = {}
        self._rows: dict[int, Any] = {}
        self._homes: dict[int, tuple[Any, dict[str, Any]]] = {}

    def claim(self) -> None:
        """Lock the registered households and residencies that the step touches. Raises PlanStale for one that somebody
        else has changed since it was planned."""
        for work in self.works:
            house = work.house
            if house is not None and house.known is not None:
                self._houses[int(house.known.row.pk)] = house
        self._rows = _locked(Household, self._houses)
        for pk, house in self._houses.items():
            assert house.known is not None
            row = self._rows.get(pk)
            if (
                row is None
                or row.closed_on is not None
                or row.version != (house.version or house.known.row.version)
            ):
                raise PlanStale
            self.areas.add(row.area_id)
        self._claim_homes()

    def _claim_homes(self) -> None:
        wanted: dict[int, tuple[Known, dict[str, Any]]] = {}
        for house in self._houses.values():
            if house.old_head is not None:
                wanted[house.old_head.pk] = house.old_head, {"relation": Relation.OTHER}
        for member in self.members:
            if member.home is not None and member.home_changes:
                known, changes = wanted.get(member.home.pk, (member.home, {}))
                wanted[member.home.pk] = known, {**changes, **member.home_changes}
        rows = _locked(Residency, wanted)
        for pk, (known, changes) in wanted.items():
            row = rows.get(pk)
            if row is None or row.ended_on is not None or _differs(row, known, changes):
                raise PlanStale
            if changes := {name: value for name, value in changes.items() if getattr(row, name) != value}:
                self._homes[pk] = row, changes
                known.__dict__.update(changes)
                self.areas.add(row.area_id)

    def demote_heads(self) -> None:
        """Free the place of the head first: the database checks “one head” row by row."""
        gone = [
            pk for pk, (row, changes) in self._homes.items()
            if row.relation == Relation.HEAD and changes.get("relation", Relation.HEAD) != Relation.HEAD
        ]  # fmt: skip
        if gone:
            Residency.objects.filter(pk__in=gone).update(relation=Relation.OTHER)

    def people(self) -> None:
        """Registered people: numbers and phones with their digests."""
        changed = [member for member in self.members if member.changes and member.person is not None]
        rows = _locked(Person, [member.person.pk for member in changed if member.person is not None])
        done: dict[Any, dict[str, Any]] = {}
        for member in changed:
            assert member.person is not None and member.changes is not None
            row = rows.get(member.person.pk)
            if row is None or row.voided_at is not None or _differs(row, member.person, member.changes):
                raise PlanStale
            done[row] = {**done.get(row, {}), **_of_person(row, member.changes)}
            member.person.__dict__.update(
                {_DIGESTS.get(name, name): done[row].get(_DIGESTS.get(name, name), value)
                 for name, value in member.changes.items()}
            )  # fmt: skip
        self._write(done)
        homes = Residency.objects.open().filter(person__in=[row.pk for row in done]) if done else ()
        if done:
            self.areas |= set(homes.values_list("area_id", flat=True))  # type: ignore[union-attr]

    def homes(self) -> None:
        """Residencies: relation, kind, away."""
        self._write(dict(self._homes.values()))

    def knocks(self) -> None:
        """Registered knocks, answers and letters of them."""
        knocks: dict[int, dict[str, Any]] = {}
        answers: dict[int, dict[str, Any]] = {}
        letters: dict[int, str] = {}
        for work in self.works:
            house, member = work.house, work.member
            if work.knock_changes and house is not None and house.known_knock is not None:
                knocks[int(house.known_knock.pk)] = work.knock_changes
            if member is not None and member.known_answers is not None and member.answers:
                answers[int(member.known_answers.pk)] = {
                    key: list(value) if isinstance(value, tuple) else value
                    for key, value in member.answers.items()
                }
            if work.letter is not None and house is not None and house.known_knock is not None:
                key, number = work.letter
                if key is None:
                    self._new_letter(house, number)
                else:
                    letters[key] = number
        self._write({row: knocks[pk] for pk, row in _locked(Survey, knocks).items()})
        self._write({row: answers[pk] for pk, row in _locked(SurveyMember, answers).items()})
        self._write({row: {"number": letters[pk]} for pk, row in _locked(CommitmentLetter, letters).items()})

    def _new_letter(self, house: HousePlan, number: str) -> None:
        assert house.known is not None and house.known_knock is not None
        knock = house.known_knock
        letter = CommitmentLetter.objects.create(
            household_id=house.known.row.pk, survey_id=knock.pk, number=number, signed_by=knock.respondent,
            signed_at=knock.visited_at, recorded_at=self.context.at, area_id=house.known.row.area_id,
        )  # fmt: skip
        self.context.note_created(letter)

    def households(self) -> None:
        """Every registered household of the step: its own changes, how it stands after a new knock, and a version more
        once an import."""
        done: dict[Any, dict[str, Any]] = {}
        for pk, house in self._houses.items():
            row = self._rows[pk]
            changes = {name: value for name, value in house.values.items() if getattr(row, name) != value}
            if house.knock is not None:
                standing = house.knock.standing.items()
                changes |= {name: value for name, value in standing if getattr(row, name) != value}
            if house.version is None:
                house.version = row.version + 1
                changes["version"] = house.version
            if changes:
                done[row] = changes
        self._write(done)

    def _write(self, done: Mapping[Any, dict[str, Any]]) -> None:
        """Set the changes, write rows and history, and note what stood there before."""
        rows = [row for row, changes in done.items() if changes]
        if not rows:
            return
        names = sorted({name for changes in done.values() for name in changes})
        before = {}
        for row in rows:
            before[row] = {name: getattr(row, name) for name in done[row] if name != "version"}
            for name, value in done[row].items():
                setattr(row, name, value)
        if hasattr(rows[0], "history"):
            rows_update(rows, names, by=self.context.staff, at=self.context.at, reason=REASON)
        else:
            type(rows[0])._default_manager.bulk_update(rows, names, batch_size=BATCH_ROWS)
        for row in rows:
            if before[row]:
                self.context.note_updated(row, before[row])


def _locked(model: type[models.Model], keys: Collection[int]) -> dict[int, Any]:
    """The rows of these keys, nobody else's to change until the step is written, in the order of their keys."""
    if not keys:
        return {}
    rows = model._default_manager.filter(pk__in=list(keys)).order_by("pk")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",))
    return {row.pk: row for row in rows}


def _differs(row: Any, known: Known, changes: Mapping[str, Any]) -> bool:
    """Whether what is to be changed is no longer what the plan saw."""
    names = {_DIGESTS.get(name, name) for name in changes}
    return any(hasattr(known, name) and getattr(row, name) != getattr(known, name) for name in names)


def _of_person(row: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a person that go with these changes."""
    found = dict(changes)
    if (number := found.get("id_number")) is not None:
        found |= {"id_digest": digest(number, "id"), "id_last4_digest": digest(last_four(number), "id-last4")}
    if (phone := found.get("phone")) is not None:
        found["phone_digest"] = digest(phone, "phone")
        found["phone_last4_digest"] = digest(last_four_of_phone(phone), "phone-last4")
    if found.get("birth_date"):
        found |= {"stated_age": None, "stated_age_on": None}
    return {name: value for name, value in found.items() if getattr(row, name) != value}
