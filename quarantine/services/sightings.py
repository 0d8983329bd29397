"""Somebody seen at a checkpoint (劝导点) becomes a task of whoever answers for his area, as people of pushed lists do.

Whoever stands at the checkpoint learns to which village it went and nothing of what the register holds.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.duties import DutyTarget
from grassroots.grid.models import Area, Level, Posting, Role
from grassroots.ledgers.rollups import mark_dirty
from households.imports.matching import Identity, Match, Matcher
from households.rules.identity import IdKind, parse_id_number
from households.rules.names import check_name, normalise_name
from households.rules.phones import parse_phone
from quarantine.models import CameBy, Observation, Outcome, PushedList, PushedPerson, Returnee
from quarantine.pushed_tables import SheetShape, pack_shapes
from quarantine.rules.origins import applicable_policy
from quarantine.rules.pushed import FileFact, MatchBy, RowFacts, propose
from quarantine.services.policies import policies_in_force
from quarantine.services.pushed_officers import checkers_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from quarantine.rules.policy import PolicyTerms

BY = {"id": MatchBy.NUMBER, "phone": MatchBy.PHONE}
CAPTIONS = ("劝导点", "时间", "姓名", "证件号码", "联系电话", "从哪里来", "到哪里去", "说明", "发现人")


@dataclass(frozen=True)
class Sighting:
    """Who was stopped where, as he says. `area`: where the checkpoint stands; `going_to`: the village he names."""

    area: Area
    place: str
    name: str
    id_number: str = ""
    phone: str = ""
    origin: str = ""
    going_to: Area | None = None
    address: str = ""
    note: str = ""


@dataclass(frozen=True)
class Passed:
    """What became of it: the task (None where there is none to do), the village or street that has it."""

    row: PushedPerson | None = None
    where: str = ""
    is_new: bool = True

    @property
    def words(self) -> str:
        """As whoever stands at the checkpoint may know it."""
        if self.row is None:
            return "没有查到需要转交的情况，按规定登记即可。"
        who = f"{self.where}网格员" if self.row.area.level >= Level.VILLAGE else f"{self.where}（住址不清）"
        return f"已转交{who}。" if self.is_new else f"已转交过{who}，不用再登记。"


@dataclass(frozen=True)
class _Behalf:
    staff: Staff


def _identity(seen: Sighting) -> Identity:
    """Who it is, as typed. Raises ValidationError by field; nothing of a number stands in the words."""
    errors: dict[str, str] = {}
    name = normalise_name(seen.name)
    for problem in check_name(name):
        errors["name"] = problem.message if name else "请填写姓名。"
    number = parse_id_number(seen.id_number, IdKind.RESIDENT_ID)
    if number.has_errors:
        errors["id_number"] = next(one.message for one in number.problems if not one.is_warning)
    phone = parse_phone(seen.phone)
    if wrong := [one.message for one in phone.problems if not one.is_warning]:
        errors["phone"] = wrong[0]
    if not errors and not number.number and not phone.number:
        errors["id_number"] = "身份证号和电话至少填一项，才能查到人、找到人。"
    if errors:
        raise ValidationError(errors)
    return Identity(0, name, IdKind.RESIDENT_ID, number.number, phone.number, told=number)


@transaction.atomic
def sighting_pass_on(*, seen: Sighting, by: Staff, at: dt.datetime | None = None) -> Passed:
    """Give the officer of his area somebody whom the register knows, or who comes from where a policy looks.

    Who said no address and is not registered goes to the township. The same person once more while he waits to be
    checked makes no second task. Raises ValidationError by field.
    """
    at = at or timezone.now()
    identity = _identity(seen)
    match = Matcher(_Behalf(by)).match([identity])[0]
    policies = [terms for _policy, terms in policies_in_force()]
    if match.person is None and not _is_followed(policies, seen.origin, at):
        return Passed()
    street = _street(seen.area)
    area, target = _where(seen, match, street)
    one = _list(street, by, at)
    waiting = _waiting(identity, match)
    if waiting is not None:
        return Passed(waiting, _village(waiting.area).name, is_new=False)
    row = _row(seen, identity, match, policies, at)
    row.list, row.area, row.noticed_by = one, area, by
    row.assigned_to = _checker(target, street, timezone.localdate(at))
    row.number = (one.people.aggregate(last=Max("number"))["last"] or 0) + 1
    row.row = row.number
    row.cells = json.dumps(_cells(seen, identity, by, at), ensure_ascii=False)
    row.save()
    mark_dirty([area.pk])
    return Passed(row, _village(area).name)


def _is_followed(policies: list[PolicyTerms], origin: str, at: dt.datetime) -> bool:
    return bool(origin.strip()) and applicable_policy(
        policies, origin, arrived_on=timezone.localdate(at)
    ) is not None  # fmt: skip


def _up(area: Area, level: Level) -> Area:
    above = Area.objects.filter(path__in=area.ancestor_paths(), level=level).first()
    return above or area


def _street(area: Area) -> Area:
    return _up(area, Level.STREET)


def _village(area: Area) -> Area:
    return _up(area, Level.VILLAGE)


def _where(seen: Sighting, match: Match, street: Area) -> tuple[Area, DutyTarget]:
    """Where he is registered, else the village that he names, else the township."""
    home = match.home
    if home is not None:
        return home.area, DutyTarget(home.area_id, home.household_id, home.person_id)
    area = seen.going_to or street
    return area, DutyTarget(area.pk)


def _checker(target: DutyTarget, street: Area, on: dt.date) -> Staff | None:
    """Who answers there; where nobody does, a supervisor of the township."""
    found = checkers_of([target], on)[target]
    if found is not None:
        return found
    leading = Posting.objects.open(on).filter(
        area__path__in=street.ancestor_paths(), staff__is_active=True, staff__groups__name=Role.SUPERVISOR
    )
    posting = leading.select_related("staff").order_by("-area__path", "pk").first()
    return posting.staff if posting else None


def _waiting(identity: Identity, match: Match) -> PushedPerson | None:
    """The task about him that is still open, from any checkpoint."""
    rows = PushedPerson.objects.open().filter(list__came_by=CameBy.CHECKPOINT).select_related("area")
    if match.person is not None:
        return rows.filter(person=match.person).first()
    if identity.id_number:
        return rows.filter(id_digest=digest(identity.id_number, "id")).first()
    return rows.filter(name=identity.name, phone_digest=digest(identity.phone, "phone")).first()


def _list(street: Area, by: Staff, at: dt.datetime) -> PushedList:
    """The day's list of the township, locked: numbers in it come one after the other."""
    day = timezone.localdate(at)
    one, _is_new = PushedList.objects.get_or_create(
        area=street,
        content_digest=digest(f"checkpoint {street.pk} {day}", "pushed-list"),
        defaults={
            "title": f"劝导点移交 {day.month}月{day.day}日", "sender": "本辖区劝导点", "came_by": CameBy.CHECKPOINT,
            "received_at": at, "recorded_by": by, "recorded_at": at,
            "tables": pack_shapes([SheetShape("", "劝导点", (1, 1), tuple(enumerate(CAPTIONS)))]),
        },
    )  # fmt: skip
    return PushedList.objects.select_for_update(of=("self",)).get(pk=one.pk)


def _row(
    seen: Sighting, identity: Identity, match: Match, policies: list[PolicyTerms], at: dt.datetime
) -> PushedPerson:
    """The task with what is proposed and why; the officer decides."""
    arrived_on = timezone.localdate(at) if _is_followed(policies, seen.origin, at) else None
    proposal = propose(_facts(seen, match, arrived_on), policies, timezone.localdate(at))
    differs = match.person is not None and match.person.name != identity.name
    reason = f"在“{seen.place}”见到本人；{proposal.reason}" + (
        "姓名与登记的不同，请核对。" if differs else ""
    )
    going = " ".join(filter(None, [seen.going_to.name if seen.going_to else "", seen.address]))
    return PushedPerson(
        name=identity.name[:50], id_kind=identity.id_kind, id_number=identity.id_number,
        id_digest=digest(identity.id_number, "id"), phone=identity.phone,
        phone_digest=digest(identity.phone, "phone"), source=f"劝导点：{seen.place}"[:60],
        origin=seen.origin.strip()[:80], place=going[:120], arrived_on=arrived_on, person=match.person,
        matched_by=BY.get(match.how, MatchBy.NOBODY), proposed=proposal.code, reason=reason[:200], recorded_at=at,
    )  # fmt: skip


def _facts(seen: Sighting, match: Match, arrived_on: dt.date | None) -> RowFacts:
    person, home = match.person, match.home
    files = Returnee.objects.active().filter(person=person).order_by("pk") if person else ()
    observed = Observation.objects.filter(person=person).exclude(outcome=Outcome.VOIDED) if person else None
    is_observed = observed is not None and observed.exists()
    return RowFacts(
        matched_by=BY.get(match.how, MatchBy.NOBODY) if person else MatchBy.NOBODY,
        lives_here=home is not None,
        is_away=home is not None and home.is_away,
        away_where=home.away_where if home is not None else "",
        files=tuple(FileFact(one.arrived_on, is_observed) for one in files),
        is_observed=is_observed,
        origin=seen.origin,
        arrived_on=arrived_on,
        words=" ".join((seen.note, seen.address)),
    )


def _cells(seen: Sighting, identity: Identity, by: Staff, at: dt.datetime) -> list[str]:
    going = seen.going_to.name if seen.going_to else ""
    return [
        seen.place, f"{timezone.localtime(at):%Y-%m-%d %H:%M}", identity.name, identity.id_number, identity.phone,
        seen.origin, f"{going} {seen.address}".strip(), seen.note, by.name,
    ]  # fmt: skip
