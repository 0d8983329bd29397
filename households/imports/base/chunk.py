"""Some households of a sheet, read, and then held against the register together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from grassroots.grid.crypto import digest_many
from grassroots.grid.models import Area
from grassroots.ledgers.intake.protocol import Effect, Planned
from households.imports.base.cells import Block
from households.imports.base.doors import Family, house_values
from households.imports.base.fields import ANSWERS
from households.imports.base.grouping import OWN, Group
from households.imports.base.knocks import Said, answers_checked, answers_plan, said_of
from households.imports.base.members import CHECK_REASON, home_changes, member_changes, show_old_phones
from households.imports.base.plans import HousePlan, MemberPlan, Row, Work
from households.imports.base.words import AWAY
from households.models import HousingKind, Relation, ResidencyKind
from households.rules.addresses import door_key, walk_key

if TYPE_CHECKING:
    from households.imports.base.planner import Planner

COLUMNS = (
    "name", "head", "relation", "phone", "head_phone", "id_number", "id_kind", "residency", "housing", "sex",
    "birth_date", "age", "phone_owner", "work_unit",
)  # fmt: skip
NO_DOOR = "门牌未填"
NOBODY = "既没有姓名，也没有门牌，不知道登记谁。"


class Chunk:
    """Some households, read and then held against the register in a constant number of queries."""

    def __init__(self, planner: Planner, block: Block, village: str, stranger: str) -> None:
        self.planner, self.block, self.village, self.stranger = planner, block, village, stranger
        self.rows = [
            Row(Planned(number, Effect.UNCHANGED), block, place, Work())
            for place, number in enumerate(block.rows)
        ]
        self.groups: list[Group] = []
        self.columns = {key: block.column(key) for key in COLUMNS}
        self.answers = [(key, block.read[key]) for key in ANSWERS if key in block.read]
        for place, flaws in block.flaws.items():
            for key, message, is_left in flaws:
                (self.rows[place].leave if is_left else self.rows[place].warn)(key, message)

    # -- first pass: what the rows say

    def take(self, places: range, *, is_joined: bool) -> None:
        """Read one household's rows; those that can be no household are turned down."""
        first = places[0]
        if is_joined:
            for place in places[1:]:
                self.rows[place].planned.joins_previous = True
        spot = self.planner.finder.spot(self.block, first, self.village)
        group = Group(places, spot)
        if self.stranger and not self.village:
            self._reject(places, "", self.stranger)
            return
        if spot.problem:
            self._reject(places, spot.column, spot.problem)
            return
        group.door, group.share, flaw = self.planner.finder.door(self.block, first, spot)
        if flaw:
            self.rows[first].leave("door", flaw)
        group.head = next((name for place in places if (name := self.columns["head"][place])), None)
        self._people(group)
        if not group.door.door and not group.members:
            self._reject(places, "", NOBODY)
            return
        for place in places[1:]:
            if place not in group.members and not self._names_a_household(place):
                self.rows[place].reject("", NOBODY)
        self.groups.append(group)

    def _names_a_household(self, place: int) -> bool:
        return any(self.block.raw[key][place] is not None for key in OWN if key in self.block.raw)

    def _reject(self, places: range, key: str, message: str) -> None:
        for place in places:
            self.rows[place].reject(key, message)

    def _people(self, group: Group) -> None:
        columns = self.columns
        names, relations = columns["name"], columns["relation"]
        for place in group.places:
            name, relation = names[place], relations[place]
            number = columns["id_number"][place]
            if name is None and number is None and not self._has_text("name", place):
                continue
            if relation is None and name is not None and name == group.head:
                relation = Relation.HEAD
            group.members[place] = self._member(place, name or "", relation)
        if not group.members and group.head and group.door.door and not self._is_vacant(group.places):
            place = next(place for place in group.places if columns["head"][place])
            group.members[place] = self._member(place, group.head, Relation.HEAD)
        self._kinds(group)

    def _has_text(self, key: str, place: int) -> bool:
        return key in self.block.raw and self.block.raw[key][place] is not None and bool(
            str(self.block.raw[key][place]).strip(" /\\-无")
        )  # fmt: skip

    def _is_vacant(self, places: range) -> bool:
        return any(self.columns["housing"][place] == HousingKind.VACANT for place in places)

    def _member(self, place: int, name: str, relation: str | None) -> MemberPlan:
        columns = self.columns
        phone = columns["phone"][place]
        if phone is None and relation == Relation.HEAD:
            phone = columns["head_phone"][place]
        member = MemberPlan(name, relation or Relation.OTHER, phone or "")
        if (read := columns["id_number"][place]) is not None:
            member.id_kind, member.id_number = str(read.kind), read.number
            member.birth_date, member.sex = read.birth_date, read.sex
            if read.problems:
                member.id_check_reason = CHECK_REASON
        elif (kind := columns["id_kind"][place]) is not None:
            member.id_kind = kind
        living = columns["residency"][place]
        member.is_away = living == AWAY
        if living is not None and living != AWAY:
            member.kind = living
        elif relation in (Relation.TENANT, Relation.VISITOR):
            member.kind = ResidencyKind.TEMPORARY
        return member

    def _kinds(self, group: Group) -> None:
        """外出 hides whether somebody is registered here: 户籍人数 tells how many of those away are."""
        away = [member for member in group.members.values() if member.is_away]
        if not away:
            return
        self._away_where(group, away)
        registered = self.block.column("registered")[group.places[0]]
        if registered is not None:
            fixed = sum(
                member.kind == ResidencyKind.REGISTERED and not member.is_away
                for member in group.members.values()
            )
            for place, member in enumerate(away):
                is_registered = place < registered - fixed
                member.kind = ResidencyKind.REGISTERED if is_registered else ResidencyKind.PERMANENT

    def _away_where(self, group: Group, away: list[MemberPlan]) -> None:
        """外出地 stands once for the household: as many places as people are one each, else it is everybody's."""
        text = self.block.column("away_where")[group.places[0]]
        if text:
            parts = text.split("、")
            for index, member in enumerate(away):
                member.away_where = parts[index] if len(parts) == len(away) else text

    # -- second pass: what the register says

    def hold(self) -> None:
        """Hold the households against the register: the same number of queries, however many there are."""
        planner = self.planner
        self._digests()
        self._read_doors()
        for group in self.groups:
            self._house(group)
        self._read_people()
        if "letter" in self.block.read:
            numbers = {number for number in self.block.read["letter"] if number}
            planner.knocks.taken = planner.register.taken_letters(self._area_ids(), numbers)
        for group in self.groups:
            self._household(group)
        if not planner.register.is_empty:
            show_old_phones(self.rows)

    def _digests(self) -> None:
        """What people are found by. Held against nothing but each other, their numbers themselves tell them apart:
        digests are made where they are written."""
        people = [member for group in self.groups for member in group.members.values()]
        if self.planner.register.is_empty:
            for member in people:
                member.id_digest, member.phone_digest = member.id_number, member.phone
            return
        names: dict[str, set[str]] = defaultdict(set)
        id_digests = digest_many((one.id_number for one in people), "id")
        phone_digests = digest_many((one.phone for one in people), "phone")
        for member, id_digest, phone_digest in zip(people, id_digests, phone_digests, strict=True):
            member.id_digest, member.phone_digest = id_digest, phone_digest
            if id_digest:
                names[id_digest].add(member.name)
        self.planner.members.names = names

    def _area_ids(self) -> set[int]:
        finder = self.planner.finder
        areas = {group.area.pk: group.area for group in self.groups if isinstance(group.area, Area)}
        return {pk for area in areas.values() for pk in finder.ids_within(area)}

    def _read_doors(self) -> None:
        if self.planner.register.is_empty:
            return
        keys = {
            door_key(one.door.building, one.door.unit, one.door.door) for one in self.groups if one.door.door
        }
        self.planner.register.read_doors(self._area_ids(), keys)

    def _read_people(self) -> None:
        register = self.planner.register
        if not register.is_empty:
            near = {person.id_digest for person in register.people.values()}
            people = [member for group in self.groups for member in group.members.values()]
            far = [member for member in people if not member.id_digest or member.id_digest not in near]
            places = {
                (group.area.pk, self._address(group))
                for group in self.groups if group.house is None and isinstance(group.area, Area)
            }  # fmt: skip
            found = register.read_people(
                {member.id_digest for member in far} - {""},
                {member.phone_digest for member in far} - {""},
                places,
            )
            self.planner.members.around(found)

    def _house(self, group: Group) -> None:
        """The household at the group's door; None without a door."""
        assert group.area is not None
        if not group.door.door:
            address = self._address(group)
            for member in group.members.values():
                member.area, member.address = group.area, address
            return
        people = group.members.values()
        heads = [member.name for member in people if member.relation == Relation.HEAD]
        family = Family(
            group.head or next(iter(heads), None), [one.name for one in people],
            [one.id_digest for one in people if one.id_digest],
        )  # fmt: skip
        lead = self.rows[group.places[0]]
        group.house = self.planner.houses.find(
            group.area, group.door, group.share, family, lambda words: lead.warn("door", words)
        )
        for member in people:
            member.house = group.house

    def _address(self, group: Group) -> str:
        return (group.spot.rest or NO_DOOR)[:120]

    # -- one household

    def _household(self, group: Group) -> None:
        said = said_of(self.block, group.places)
        for place in group.places:
            row = self.rows[place]
            member = group.members.get(place)
            row.work.house = group.house
            if member is not None:
                self._plan_member(row, group, member)
        lead = next((self.rows[place] for place in group.places if not self.rows[place].is_rejected), None)
        if lead is None:
            return
        if group.house is not None:
            self._plan_house(lead, group, group.house, said)
        self._answers(group, said)
        self._words(lead, group)

    def _plan_member(self, row: Row, group: Group, member: MemberPlan) -> None:
        columns, place = self.columns, row.place
        read, today = columns["id_number"][place], self.planner.reader.today
        sex, birth = columns["sex"][place], columns["birth_date"][place]
        if read is not None and sex and read.sex and sex != read.sex:
            row.warn("sex", "性别与证件号码不一致，按表中填写的登记，请核对。")
        if read is not None and birth and read.birth_date and birth != read.birth_date:
            row.warn(
                "birth_date",
                f"出生日期与证件号码({read.birth_date:%Y-%m-%d})不一致，按表中填写的登记，请核对。",
            )
        member.sex = sex or member.sex
        member.birth_date = birth or member.birth_date
        if member.birth_date is None:
            member.stated_age = columns["age"][place]
        member.phone_owner, member.work_unit = (
            columns["phone_owner"][place] or "",
            columns["work_unit"][place] or "",
        )
        if self.planner.members.plan(row, member):
            row.work.member = member
            if member.person is not None:
                if member.home is not None or member.makes_home:
                    self._head(row, group.house, member)
                member_changes(row, member, today)
                if member.home is not None:
                    home_changes(row, member, can_return=self.planner.members.may_return(member))
            else:
                self._head(row, group.house, member)

    def _head(self, row: Row, house: HousePlan | None, member: MemberPlan) -> None:
        """One head a household: a second one is told; a registered one gives way to the sheet's."""
        if house is None or member.relation != Relation.HEAD:
            return
        if house.head is not None and house.head is not member:
            row.warn("relation", f"这一户的户主已是{house.head.name}，按“其他”登记。")
            member.relation = Relation.OTHER
            return
        house.head = member
        head = house.known.head if house.known is not None else None
        if head is not None and (member.home is None or member.home.pk != head[0].pk):
            house.old_head = head[0]
            row.change("户主", head[1].name, member.name)

    def _plan_house(self, lead: Row, group: Group, house: HousePlan, said: Said) -> None:
        is_vacant = said.outcome == "VACANT"
        values = house_values(self.block, group.places, is_vacant)
        if group.head and self._is_vacant(group.places) and not group.members:
            values.setdefault("landlord", group.head)
        if house.known is None:
            if not house.values:
                lead.becomes(Effect.CREATED)
                house.values = {"housing_kind": HousingKind.OWNED, **values}
                lead.planned.proposals += self._proposals(house)
        else:
            self._house_changes(lead, house, house.known.row, values)
        if is_vacant and any(not member.is_away for member in group.members.values()):
            lead.warn("housing", "空置户里列有在住的人员，请核对。")
        for member in group.members.values():
            if member.makes_home:
                member.order = house.next_order
                house.next_order += 1
        self.planner.knocks.plan(lead, house, said, list(group.members.values()))

    def _house_changes(self, row: Row, house: HousePlan, known: Any, values: dict[str, Any]) -> None:
        labels = {"code": "户编号", "landlord": "房东/单位"}
        for name, value in values.items():
            old = getattr(known, name)
            if value == old:
                continue
            house.values[name] = value
            if name == "housing_kind":
                row.change("房屋性质", HousingKind(old).label, HousingKind(value).label)
            else:
                row.change(labels[name], old, value)
        floor = house.door.floor
        if floor and floor != known.floor and self.block.column("floor")[row.place] is not None:
            house.values |= {
                "floor": floor, "walk_key": walk_key(known.building, known.unit, floor, known.door, known.share_no)
            }  # fmt: skip
            row.change("楼层", known.floor, floor)

    def _answers(self, group: Group, said: Said) -> None:
        today, house = self.planner.reader.today, group.house
        has_knock = house is not None and (house.knock is not None or house.known_knock is not None)
        for place, member in group.members.items():
            row = self.rows[place]
            if row.work.member is not member or row.is_rejected:
                continue
            found = {key: value for key, column in self.answers if (value := column[place]) is not None}
            if found:
                found = answers_checked(row, said, found, today)
            if "note" in found and not has_knock:
                self._note(row, member, found.pop("note"))
            answers_plan(row, member, found, self.planner.members.people)

    def _note(self, row: Row, member: MemberPlan, note: str) -> None:
        """A remark on somebody where there is no knock to keep it with."""
        if member.person is None:
            member.note = note
        elif member.person.note != note:
            member.changes = {**(member.changes or {}), "note": note}
            row.change("备注", member.person.note, note)

    # -- words

    def _proposals(self, house: HousePlan) -> list[str]:
        """Areas that are made with the first household in them, and the household."""
        words = []
        area = house.area
        while not isinstance(area, Area):
            if id(area) not in self.planner.proposed:
                self.planner.proposed.add(id(area))
                words.append(area.words)
            area = area.parent
        return [*words[::-1], f"新建户“{house.display}”"]

    def _words(self, lead: Row, group: Group) -> None:
        if group.spot.warning:
            lead.warn("compound" if "compound" in self.block.raw else "address", group.spot.warning)
        where = group.house.display if group.house is not None else self._address(group)
        place = f"{group.area.name} {where}" if group.area is not None else where
        for at in group.places:
            row = self.rows[at]
            member = group.members.get(at)
            row.planned.title = f"{place} {member.name}" if member is not None else place
            row.planned.work = row.work
