"""Bringing a household's list of members to what was found at the door: plan and check first, then write."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone

from households.models import Household, Person, Relation, Residency
from households.rules.answers import MEASURE_AGAIN_BELOW, temperature_check, travel_problem
from households.services.data import Caution, MemberData, Removal
from households.services.history import rows_create, rows_update
from households.services.people import Prepared, holders_of, id_key, person_prepare
from households.services.residency import homes_elsewhere, homes_leave, moving_caution

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

RESIDENCY_FIELDS = ("relation", "kind", "is_away", "away_where", "away_until", "ended_on", "end_recorded_at")


@dataclass
class PlannedMember:
    """One row of the form beside the register: whom it means, and what will be written of him."""

    member: MemberData
    residency: Residency | None
    prepared: Prepared
    moves_from: Residency | None = None
    was_head: bool = False

    @property
    def person(self) -> Person:
        return self.prepared.person

    @property
    def is_head(self) -> bool:
        """Whether he is the head after the save; who is away (外出未归) may be."""
        return self.member.relation == Relation.HEAD and self.member.removal in ("", Removal.AWAY)

    @property
    def comes_to_live_here(self) -> bool:
        """Whether he lives here after the save and did not before."""
        was_here = self.residency is not None and not self.residency.is_away
        return not self.member.is_away and not self.member.removal and not was_here


@dataclass
class MembersPlan:
    """What will be written, or why not: errors and unconfirmed cautions by the row's key."""

    household: Household
    by: Staff
    at: dt.datetime
    on: dt.date
    """The date of the knock."""
    rows: list[PlannedMember] = field(default_factory=list)
    errors: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    cautions: dict[str, list[Caution]] = field(default_factory=lambda: defaultdict(list))

    def refuse(self, key: str, field_name: str, *messages: str) -> None:
        """Note errors of a row."""
        self.errors[key].setdefault(field_name, []).extend(messages)

    def ask(self, member: MemberData, caution: Caution) -> None:
        """Note a caution unless it has been confirmed."""
        if caution.code not in member.confirmed:
            self.cautions[member.key].append(caution)

    @property
    def kept(self) -> list[PlannedMember]:
        """Those who stay on the list."""
        return [row for row in self.rows if not row.member.removal]


def members_plan(
    *, household: Household, members: Sequence[MemberData], by: Staff, at: dt.datetime, on: dt.date
) -> MembersPlan:
    """Work out what a list of members changes in the register; reads only, at a constant number of queries."""
    plan = MembersPlan(household, by, at, on)
    here = {str(row.person.uid): row for row in _open_residencies(household)}
    strangers = _people_not_here(household, members, set(here), by)
    members = [member for member in members if member.person_uid or not member.removal]
    holders = holders_of([id_key(member.data) for member in members], by=by)
    for member in members:
        residency = here.get(member.person_uid)
        person = residency.person if residency else strangers.get(member.person_uid)
        if member.person_uid and person is None:
            plan.refuse(member.key, "name", "此人已不在您可见的登记中，请移除这一行或重新登记。")
            continue
        prepared = person_prepare(
            person=person, data=member.data, holders=holders, confirmed=member.confirmed, by=by, at=at
        )
        if prepared.person.pk and residency is None:
            residency = here.get(str(prepared.person.uid))
        was_head = residency is not None and residency.relation == Relation.HEAD
        plan.rows.append(PlannedMember(member, residency, prepared, was_head=was_head))
        _check_member(plan, plan.rows[-1])
    _check_together(plan)
    _check_moves(plan)
    return plan


def members_write(plan: MembersPlan) -> set[int]:
    """Write a plan without errors; returns the ids of the areas whose people have changed."""
    by, at = plan.by, plan.at
    people = [row.prepared for row in plan.rows if not row.member.removal]
    rows_create([one.person for one in people if one.is_new], by=by, at=at)
    changed = sorted({name for one in people if not one.is_new for name in one.changed})
    known = [one.person for one in people if not one.is_new and one.changed]
    rows_update(known, changed, by=by, at=at)
    _touch_other_homes(plan, known)
    leaving = {row.moves_from: row.member.kind for row in plan.rows if row.moves_from}
    areas = homes_leave(rows=leaving, on=plan.on, where_to=str(plan.household), by=by, at=at)
    updated = [row.residency for row in plan.rows if row.residency and _residency_changes(row, plan)]
    _demote_heads(plan)
    rows_update(updated, RESIDENCY_FIELDS, by=by, at=at, reason="入户排查")
    order = max((row.residency.order for row in plan.rows if row.residency), default=0)
    fresh = [row for row in plan.kept if row.residency is None]
    for step, row in enumerate(fresh, start=1):
        row.residency = _new_residency(row, plan, order + step)
    rows_create([row.residency for row in fresh if row.residency], by=by, at=at, reason="入户排查")
    return areas


def _open_residencies(household: Household) -> list[Residency]:
    rows = Residency.objects.open().filter(household=household).select_related("person")
    return list(rows.order_by("order", "pk"))


def _people_not_here(
    household: Household, members: Sequence[MemberData], here: set[str], by: Staff
) -> dict[str, Person]:
    """Registered people whom the form names and who are not, or no longer, members (no query for none)."""
    wanted = {member.person_uid for member in members} - here - {""}
    if not wanted:
        return {}
    once_here = Person.objects.active().filter(residencies__household=household)
    people = (Person.objects.active().visible_to(by) | once_here).filter(uid__in=wanted).distinct()
    return {str(person.uid): person for person in people}


def _check_member(plan: MembersPlan, row: PlannedMember) -> None:
    member = row.member
    if member.removal:
        _check_removal(plan, row)
        return
    for name, messages in row.prepared.errors.items():
        plan.refuse(member.key, name, *messages)
    for caution in row.prepared.cautions:
        plan.ask(member, caution)
    today = timezone.localdate(plan.at)
    name, sentence = travel_problem(left_on=member.left_on, returned_on=member.returned_on, today=today)
    if sentence:
        plan.refuse(member.key, name, sentence)
    if member.temperature is not None:
        try:
            value = temperature_check(member.temperature)
        except ValueError as error:
            plan.refuse(member.key, "temperature", str(error))
        else:
            if value < MEASURE_AGAIN_BELOW:
                message = f"体温 {value}℃ 偏低，请再测一次；复测仍是这个数，勾选后保存。"
                plan.ask(member, Caution("temperature", "measured-again", message))


def _check_removal(plan: MembersPlan, row: PlannedMember) -> None:
    member, residency = row.member, row.residency
    if member.removal not in dict(Removal.CHOICES):
        plan.refuse(member.key, "removal", "请说明去向：已搬走、外出未归，还是登记有误。")
    on = member.removed_on or plan.on
    if on > timezone.localdate(plan.at):
        plan.refuse(member.key, "removed_on", "日期不能晚于今天。")
    elif residency and on < residency.started_on:
        day = f"{residency.started_on:%Y-%m-%d}"
        plan.refuse(member.key, "removed_on", f"不能早于入住日期 {day}；登记错了请选“登记有误”。")


def _check_together(plan: MembersPlan) -> None:
    """What only shows when all rows are seen: two heads, one ID number twice."""
    heads = [row for row in plan.rows if row.is_head]
    for row in heads[1:]:
        plan.refuse(row.member.key, "relation", f"一户只能有一位户主，{heads[0].person.name}已是户主。")
    seen: dict[tuple[str, str], PlannedMember] = {}
    for row in plan.kept:
        key = (row.person.id_kind, row.person.id_digest)
        first = seen.setdefault(key, row)
        if key[1] and first is not row and not row.person.id_shared_reason:
            plan.refuse(row.member.key, "id_number", f"证件号码与本户的{first.person.name}相同，请核对。")


def _check_moves(plan: MembersPlan) -> None:
    """Those who live in another household of the register: asked about, then taken over."""
    coming = [row for row in plan.kept if row.comes_to_live_here and row.person.pk]
    elsewhere = homes_elsewhere(person_ids={row.person.pk for row in coming}, household_id=plan.household.pk)
    for row in coming:
        row.moves_from = elsewhere.get(row.person.pk)
        if row.moves_from and not row.prepared.is_recognised:
            plan.ask(row.member, moving_caution(row.moves_from, plan.by))


def _touch_other_homes(plan: MembersPlan, people: Sequence[Person]) -> None:
    """Pages of other households where these people are registered too are stale now."""
    if people:
        homes = Residency.objects.open().filter(person__in=people).values("household_id")
        others = Household.objects.filter(pk__in=homes).exclude(pk=plan.household.pk)
        others.update(version=F("version") + 1)


def _residency_changes(row: PlannedMember, plan: MembersPlan) -> bool:
    """Set the residency to what was found; whether anything is different from before."""
    member, residency = row.member, row.residency
    assert residency is not None
    before = tuple(getattr(residency, name) for name in RESIDENCY_FIELDS)
    if member.removal in (Removal.MOVED_OUT, Removal.MISTAKE):
        moved_on = member.removed_on or plan.on
        residency.ended_on = residency.started_on if member.removal == Removal.MISTAKE else moved_on
        residency.ended_on = max(residency.ended_on, residency.started_on)
        residency.end_recorded_at = plan.at
    else:
        is_away = member.is_away or member.removal == Removal.AWAY
        residency.relation, residency.kind = member.relation, member.kind
        residency.is_away = is_away
        residency.away_where = member.away_where.strip() if is_away else ""
        residency.away_until = member.away_until if is_away else None
    return before != tuple(getattr(residency, name) for name in RESIDENCY_FIELDS)


def _demote_heads(plan: MembersPlan) -> None:
    """Free the place of the head first: the database checks “one head” row by row."""
    gone = [row.residency.pk for row in plan.rows if row.residency and row.was_head and not row.is_head]
    if gone and any(row.is_head and not row.was_head for row in plan.rows):
        Residency.objects.filter(pk__in=gone).update(relation=Relation.OTHER)


def _new_residency(row: PlannedMember, plan: MembersPlan, order: int) -> Residency:
    member = row.member
    return Residency(
        person=row.person,
        household=plan.household,
        area=plan.household.area,
        kind=member.kind,
        relation=member.relation,
        order=order,
        is_away=member.is_away,
        away_where=member.away_where.strip() if member.is_away else "",
        away_until=member.away_until if member.is_away else None,
        started_on=plan.on,
        recorded_at=plan.at,
    )
