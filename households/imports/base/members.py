"""Whom a row means, where he is registered, and what becomes of his entry (docs/imports.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from grassroots.ledgers.intake.protocol import Change, Effect
from households.imports.base.plans import HousePlan, MemberPlan, Row
from households.imports.base.register import Elsewhere, Known, People
from households.imports.matching import ELSEWHERE
from households.models import Person, Relation, ResidencyKind, Sex
from households.rules.ages import age_from_stated
from households.rules.identity import mask_id_number
from households.rules.phones import mask_phone

if TYPE_CHECKING:
    from households.imports.base.register import Register

CHECK_REASON = "导入：表中号码校验不符，待核对"
OLD_PHONE = "已登记的号码"  # until it is looked up for the rows that change one
NO_NAME = "没有可用的姓名，此人没有登记。"


class Members:
    """The people of a file: found in the register or in rows before, else new."""

    def __init__(self, register: Register, today: dt.date) -> None:
        self.register, self.today = register, today
        self.people = People()
        self._homes: dict[int, list[tuple[Known, int]]] = {}
        self._seen: dict[tuple[Any, ...], tuple[int, MemberPlan]] = {}
        self.names: dict[str, set[str]] = {}
        """Names that stand beside each number in the rows that are planned together."""

    def around(self, people: People) -> None:
        """What the register knows around the rows that come next."""
        self.people, self._homes = people, {}
        for house in self.register.houses.values():
            for home, person in house.residents:
                self._homes.setdefault(person.pk, []).append((home, house.row.pk))

    def plan(self, row: Row, member: MemberPlan) -> bool:
        """Fill in what becomes of the person of a row; False where nothing does: he was turned down, or an earlier row
        has entered him."""
        member.person = self._match(row, member) if not self.register.is_empty else None
        key = _key(member)
        before = self._seen.get(key) if key else None
        if before is not None and self._is_said_already(row, member, *before):
            return False
        if before is None and key:
            self._seen[key] = (row.planned.row, member)
        if member.person is None:
            if not member.name:
                row.reject("name", NO_NAME)
                return False
            member.makes_home = True
            row.becomes(Effect.CREATED)
            return True
        member.person_pk = member.person.pk
        return self._home(row, member, member.person)

    # -- whom a row means

    def _match(self, row: Row, member: MemberPlan) -> Known | None:
        if member.id_digest and (found := self.people.by_id.get((member.id_kind, member.id_digest))):
            return self._holder(row, member, found)
        if member.phone_digest and member.name:
            same = self.people.by_phone.get((member.name, member.phone_digest), ())
            if fitting := [one for one in same if _may_be(member, one)]:
                return fitting[0]
        if member.house is None:
            return self.people.by_place.get((member.name, *_place(member)))
        return self._at_door(member)

    def _holder(self, row: Row, member: MemberPlan, holders: list[Known]) -> Known | None:
        """Of those who carry the row's number the one of its name; else it is another person, or another spelling."""
        same = [one for one in holders if not member.name or one.name == member.name]
        if same:
            return same[0]
        holder = holders[0]
        neighbour = self._at_door(member, without_number=True)
        if neighbour is not None or holder.name in self.names.get(member.id_digest, ()):
            _drop_number(row, member, f"这是“{holder.name}”的证件号码，没有登记到{member.name}名下，请核对。")
            return neighbour
        row.warn("name", f"证件号码与已登记的“{holder.name}”相同，姓名不同，按已登记的人员处理，请核对。")
        return holder

    def _at_door(self, member: MemberPlan, *, without_number: bool = False) -> Known | None:
        """Somebody of the row's name in the household that it names."""
        if member.house is None or member.house.known is None or not member.name:
            return None
        same = [person for _home, person in member.house.known.residents if person.name == member.name]
        fitting = (one for one in same if (not one.id_digest if without_number else _may_be(member, one)))
        return next(fitting, None)

    def _is_said_already(self, row: Row, member: MemberPlan, number: int, first: MemberPlan) -> bool:
        """Whether an earlier row has entered the person, so that this one brings nothing."""
        if member.person is None and member.name and first.name != member.name:
            words = (
                f"证件号码与第{number}行的“{first.name}”相同，姓名不同，没有登记到{member.name}名下，请核对。"
            )
            _drop_number(row, member, words)
            return False
        if member.house is not None and first.house is not None and member.house is not first.house:
            if member.person is not None and self._home_in(member.house, member.person) is not None:
                return False  # registered in both, as both rows say
            if member.is_away != first.is_away:  # lives in one household, is away from the other
                member.same_as = first if member.person is None else None
                return False
            row.warn("", f"与第{number}行是同一人，已按那一行登记在{first.house.display}，没有再登记一次。")
            return True
        row.warn("", f"与第{number}行是同一人，只登记一次。")
        return True

    # -- where he is registered

    def _home(self, row: Row, member: MemberPlan, person: Known) -> bool:
        """Set his residency here, or say why there is none; False where he is not the importer's to import."""
        house = member.house
        homes = self._homes.get(person.pk, [])
        elsewhere = self.people.elsewhere.get(person.pk, [])
        if house is not None:
            member.home = self._home_in(house, person)
        else:
            member.home = next((one.home for one in elsewhere if _is_at(one.home, member)), None)
        if member.home is not None:
            return True
        if elsewhere and not homes and not any(one.may_see for one in elsewhere):
            row.reject("name", ELSEWHERE)
            return False
        lives = next(iter(self._actual(homes, elsewhere)), None)
        if house is None and lives is not None:
            return True  # without a door the sheet does not say that he has moved
        if lives is None or (member.is_away and house is not None):
            member.makes_home = True
            row.becomes(Effect.CREATED)
            return True
        row.warn("name", f"现登记在{lives}，没有迁入；确已搬来的，请在人员页面办理迁入。")
        return True

    def _home_in(self, house: HousePlan, person: Known) -> Known | None:
        if house.known is None:
            return None
        homes = self._homes.get(person.pk, [])
        return next((home for home, pk in homes if pk == house.known.row.pk), None)

    def may_return(self, member: MemberPlan) -> bool:
        """Whether he lives nowhere else, so that he may be back here."""
        assert member.person is not None
        homes = [one for one in self._homes.get(member.person.pk, []) if one[0] is not member.home]
        return not self._actual(homes, self.people.elsewhere.get(member.person.pk, []))

    def _actual(self, homes: list[tuple[Known, int]], elsewhere: list[Elsewhere]) -> list[str]:
        """Where somebody lives besides, in words: not where he is away from."""
        near = [self.register.houses[pk].row.display for home, pk in homes if not home.is_away]
        return near + [one.words or "别处" for one in elsewhere if not one.home.is_away]


def member_changes(row: Row, member: MemberPlan, today: dt.date) -> None:
    """What the row changes of a registered person: cells that are filled and differ."""
    person = member.person
    assert person is not None
    changes: dict[str, Any] = {}
    if member.id_number and not person.id_digest:
        changes |= {"id_kind": member.id_kind, "id_number": member.id_number}
        changes["id_check_reason"] = member.id_check_reason
        row.change("证件号码", "", mask_id_number(member.id_number))
    if member.phone_digest and member.phone_digest != person.phone_digest:
        changes["phone"] = member.phone
        row.change("联系电话", OLD_PHONE if person.phone_digest else "", mask_phone(member.phone))
    if member.sex and member.sex != person.sex and (row.cell("sex") or not person.sex):
        changes["sex"] = member.sex
        row.change("性别", Sex(person.sex).label if person.sex else "", Sex(member.sex).label)
    if member.birth_date and not person.birth_date:
        changes["birth_date"] = member.birth_date
        row.change("出生日期", "", member.birth_date)
    elif row.cell("birth_date") and member.birth_date != person.birth_date:
        changes["birth_date"] = member.birth_date
        row.change("出生日期", person.birth_date, member.birth_date)
    if member.stated_age is not None and not (person.birth_date or member.birth_date):
        known = person.stated_age
        if known is not None and person.stated_age_on:
            known = age_from_stated(known, person.stated_age_on, today)
        if known != member.stated_age:
            changes |= {"stated_age": member.stated_age, "stated_age_on": today}
            row.change("年龄", known, member.stated_age)
    for name, label in (("phone_owner", "电话机主"), ("work_unit", "工作单位/学校"), ("note", "备注")):
        new, old = getattr(member, name), getattr(person, name)
        if new and new != old:
            changes[name] = new
            row.change(label, old, new)
    member.changes = changes or None


def home_changes(row: Row, member: MemberPlan, *, can_return: bool) -> None:
    """What the row changes of a registered residency: relation, kind, away or back."""
    home = member.home
    assert home is not None
    changes: dict[str, Any] = {}
    if row.cell("relation") is not None and member.relation != home.relation:
        changes["relation"] = member.relation
        row.change("与户主关系", Relation(home.relation).label, Relation(member.relation).label)
    said = row.cell("residency")
    if said is not None and member.is_away != home.is_away:
        if member.is_away or can_return:
            changes["is_away"] = member.is_away
            row.change("居住情况", _living(home.is_away, home.kind), _living(member.is_away, member.kind))
            if not member.is_away:
                changes |= {"away_where": "", "away_until": None}
        else:
            row.warn("residency", "现登记住在别处，没有改为在家；确已回来的，请在人员页面办理。")
    if said is not None and not member.is_away and member.kind != home.kind and not home.is_away:
        changes["kind"] = member.kind
        row.change("居住情况", ResidencyKind(home.kind).label, ResidencyKind(member.kind).label)
    if member.is_away and member.away_where and member.away_where != home.away_where:
        changes["away_where"] = member.away_where
        row.change("外出地", home.away_where, member.away_where)
    member.home_changes = changes or None


def _living(is_away: bool, kind: str) -> str:
    return "外出" if is_away else str(ResidencyKind(kind).label)


def _key(member: MemberPlan) -> tuple[Any, ...] | None:
    if member.person is not None:
        return ("known", member.person.pk)
    if member.id_digest:
        return (member.id_kind, member.id_digest)
    if member.phone_digest and member.name:
        return (member.name, member.phone_digest)
    if member.name:
        return ("door", member.name, id(member.house) if member.house is not None else _place(member))
    return None


def _place(member: MemberPlan) -> tuple[int, str]:
    area = member.area
    return (getattr(area, "pk", None) or id(area), member.address)


def _is_at(home: Known, member: MemberPlan) -> bool:
    return home.household_id is None and (home.area_id, home.address_text) == _place(member)


def _may_be(member: MemberPlan, person: Known) -> bool:
    """Two different numbers are two people, whatever else is the same."""
    return not (member.id_digest and person.id_digest and member.id_digest != person.id_digest)


def _drop_number(row: Row, member: MemberPlan, words: str) -> None:
    row.leave("id_number", words)
    member.id_number = member.id_digest = member.id_check_reason = ""


def show_old_phones(rows: Iterable[Row]) -> None:
    """Put the registered phones, masked, where rows change one (one query, none where no row does)."""
    members = ((row, row.work.member) for row in rows if row.work.member is not None)
    changing = {
        one.person.pk: row
        for row, one in members
        if one.person is not None and one.changes and "phone" in one.changes
    }
    if not changing:
        return
    for pk, phone in Person.objects.filter(pk__in=changing).values_list("pk", "phone"):
        changes = changing[pk].planned.changes
        changes[:] = [
            Change(one.label, mask_phone(phone), one.new) if one.old == OLD_PHONE else one for one in changes
        ]
