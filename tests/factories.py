"""What tests build from: a small office with a named cast (STYLE.md), households, people, returnees."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Office, Posting, Role, Staff
from households.models import Household, Person, Relation, Residency
from households.rules.addresses import door_display, door_key, walk_key
from households.rules.identity import IdKind, make_resident_id
from households.rules.names import name_initials
from tests.recorded import Recorded
from tests.reference import restore_reference_rows

_numbers = itertools.count(1)
PASSWORD = "correct horse 7"


class StaffFactory(factory.django.DjangoModelFactory):
    """Somebody who may sign in with PASSWORD."""

    class Meta:
        model = Staff
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    name = factory.Sequence(lambda n: f"工作人员{n}")
    password = factory.django.Password(PASSWORD)


def make_area(parent: Area | None, level: Level, name: str, code: str = "") -> Area:
    """An area open since 2020-01-01."""
    fields = {"level": level, "name": name, "code": code, "valid_from": dt.date(2020, 1, 1)}
    if parent is None:
        return Area.objects.add_root(create_kwargs=fields)
    return Area.objects.add_child(Area.objects.get(pk=parent.pk), create_kwargs=fields)


def make_staff(name: str, role: str, area: Area | None, username: str = "") -> Staff:
    """Somebody with a role, posted to an area."""
    number = next(_numbers)
    phone = f"1390000{number % 10_000:04d}"
    staff = StaffFactory(
        name=name, username=username or f"user{number}", phone=phone, phone_digest=digest(phone, "phone")
    )
    staff.groups.add(Group.objects.get(name=role))
    if area is not None:
        Posting.objects.create(staff=staff, area=area, valid_from=dt.date(2020, 1, 1))
    return staff


def make_household(
    area: Area, door: str = "", building: str = "1", unit: str = "1", **fields: object
) -> Household:
    """A household at a door of its own."""
    door = door or str(100 + next(_numbers))
    return Household.objects.create(
        area=area,
        building=building,
        unit=unit,
        door=door,
        display=door_display(building, unit, door, ""),
        door_key=door_key(building, unit, door),
        walk_key=walk_key(building, unit, "", door),
        **fields,
    )


def make_person(name: str = "", household: Household | None = None, **fields: object) -> Person:
    """Somebody with a valid ID number and phone, living in the household if one is given."""
    number = next(_numbers)
    name = name or f"张三{number % 1000}"
    birth = dt.date(1980, 1, 1) + dt.timedelta(days=number % 9000)
    id_number = make_resident_id("510121", birth, number % 1000)
    phone = f"1380000{number % 10_000:04d}"
    relation = fields.pop("relation", None)
    values: dict[str, object] = {
        "name": name,
        "name_initials": name_initials(name),
        "birth_date": birth,
        "sex": "M" if (number % 1000) % 2 else "F",
        "id_kind": IdKind.RESIDENT_ID,
        "id_number": id_number,
        "id_digest": digest(id_number, "id"),
        "id_last4_digest": digest(id_number[-4:], "id-last4"),
        "phone": phone,
        "phone_digest": digest(phone, "phone"),
        "phone_last4_digest": digest(phone[-4:], "phone-last4"),
    }
    person = Person.objects.create(**{**values, **fields})
    if household is not None:
        heads = household.residencies.filter(relation=Relation.HEAD, ended_on=None)
        relation = relation or (Relation.OTHER_KIN if heads.exists() else Relation.HEAD)
        Residency.objects.create(person=person, household=household, area=household.area, relation=relation)
    return person


@dataclass
class OfficeCast:
    """A small office: 甲 works in a grid, 乙 is a colleague there, 丙 works elsewhere, 丁 sits in the street."""

    county: Area
    street: Area
    village: Area
    group: Area
    compound: Area
    other_village: Area
    other_group: Area
    jia: Staff
    yi: Staff
    bing: Staff
    ding: Staff
    health: Staff
    police: Staff
    inspector: Staff
    auditor: Staff
    admin: Staff

    def everyone(self) -> dict[str, Staff]:
        """The cast by name."""
        names = ("jia", "yi", "bing", "ding", "health", "police", "inspector", "auditor", "admin")
        return {name: getattr(self, name) for name in names}


@Recorded
def make_office() -> OfficeCast:
    """A county, 淮口街道, 城厢社区 with a group and a compound, 龚家村 with a group, and the cast."""
    restore_reference_rows()  # a test before may have emptied the tables
    county = make_area(None, Level.COUNTY, "金堂县", "510121000000")
    street = make_area(county, Level.STREET, "淮口街道", "510121006000")
    village = make_area(street, Level.VILLAGE, "城厢社区", "510121006001")
    group = make_area(village, Level.GROUP, "1组", "510121006001001")
    compound = make_area(group, Level.COMPOUND, "翠柏苑", "510121006001001001")
    other_village = make_area(street, Level.VILLAGE, "龚家村", "510121006002")
    other_group = make_area(other_village, Level.GROUP, "2组", "510121006002002")
    Office.objects.create(pk=1, name="淮口街道办事处", area=street, is_demo=True)
    cast = OfficeCast(
        county, street, village, group, compound, other_village, other_group,
        jia=make_staff("甲某", Role.OFFICER, group, "jia"),
        yi=make_staff("乙某", Role.OFFICER, group, "yi"),
        bing=make_staff("丙某", Role.OFFICER, other_village, "bing"),
        ding=make_staff("丁某", Role.SUPERVISOR, street, "ding"),
        health=make_staff("卫某", Role.HEALTH_WORKER, village, "health"),
        police=make_staff("警某", Role.POLICE, street, "police"),
        inspector=make_staff("督某", Role.INSPECTOR, street, "inspector"),
        auditor=make_staff("审某", Role.AUDITOR, street, "auditor"),
        admin=make_staff("管某", Role.ADMINISTRATOR, street, "admin"),
    )  # fmt: skip
    kinds = {kind.code: kind for kind in DutyKind.objects.all()}
    for code, staff, area in (
        ("leader", cast.ding, village),
        ("village-cadre", cast.ding, village),
        ("group", cast.jia, group),
        ("health", cast.health, village),
    ):
        AreaDuty.objects.create(kind=kinds[code], staff=staff, area=area, valid_from=dt.date(2020, 1, 1))
    return cast


def aware(text: str) -> dt.datetime:
    """An aware datetime in the office's time zone from '2020-01-29 08:30'."""
    return timezone.make_aware(dt.datetime.fromisoformat(text))
