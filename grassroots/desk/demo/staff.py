"""Demo staff: one account a role, and the officers of six levels without accounts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from grassroots.desk.demo.grid import OPEN_SINCE, GroupPlan, StreetPlan, VillagePlan
from grassroots.desk.demo.invent import Inventor
from grassroots.grid.bulk import BulkWriter
from grassroots.grid.crypto import digest
from grassroots.grid.models import AreaDuty, DutyKind, Posting, Role, Staff

STREET_STAFF = 2143
# account, name, role, post
ACCOUNTS = (
    ("admin", "管理员", Role.ADMINISTRATOR, "系统管理员"),
    ("supervisor", "周主任", Role.SUPERVISOR, "街道分管领导"),
    ("cadre", "陈驻村", Role.OFFICER, "驻村干部"),
    ("leader", "罗组长", Role.OFFICER, "组长(网格员)"),
    ("health", "林医生", Role.HEALTH_WORKER, "村医"),
    ("police", "秦警官", Role.POLICE, "社区民警"),
    ("inspector", "汪督查", Role.INSPECTOR, "纪工委干部"),
    ("auditor", "沈审计", Role.AUDITOR, "审计员"),
)


def demo_password() -> str:
    """The demo accounts' password: made once, kept in a file of its own outside the database."""
    path = settings.VAR_DIR / "demo_password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"demo-{secrets.token_hex(4)}\n")
        path.chmod(0o600)
    return path.read_text().strip()


@dataclass
class VillageStaff:
    """Who does the work of a village in the demo: health workers, surveyors."""

    health: list[int]
    surveyors: list[int]


class StaffWriter:
    """Writes staff with roles, postings and duties."""

    def __init__(self, invent: Inventor) -> None:
        self.invent = invent
        self.staff = BulkWriter(Staff)
        self.roles = BulkWriter(Staff.groups.through)
        self.postings = BulkWriter(Posting)
        self.duties = BulkWriter(AreaDuty)
        self.group_ids = dict(Group.objects.values_list("name", "pk"))
        self.kind_ids = dict(DutyKind.objects.values_list("code", "pk"))
        self.accounts: dict[str, int] = {}

    def person(self, post: str, role: Role | None, area_id: int, *, organisation: str = "", account: str = "",
               name: str = "", password: str = "") -> int:  # fmt: skip
        """One member of staff, posted to an area."""
        phone = self.invent.phone()
        name = name or self.invent.surname() + self.invent.given_name()
        pk = self.staff.add(
            uid=self.invent.uid(), username=account or f"demo-{self.staff.next_pk:05d}",
            password=password or f"!{secrets.token_hex(20)}", name=name,
            organisation=organisation, post=post, phone=phone, phone_digest=digest(phone, "phone"),
        )  # fmt: skip
        if role is not None:
            self.roles.add(staff_id=pk, group_id=self.group_ids[role])
        self.postings.add(staff_id=pk, area_id=area_id, valid_from=OPEN_SINCE)
        if account:
            self.accounts[account] = pk
        return pk

    def duty(self, kind: str, staff_id: int, area_id: int, section: str = "") -> None:
        self.duties.add(
            kind_id=self.kind_ids[kind],
            staff_id=staff_id,
            area_id=area_id,
            section=section,
            valid_from=OPEN_SINCE,
        )

    def close(self) -> None:
        for writer in (self.staff, self.roles, self.postings, self.duties):
            writer.close()


def _accounts(writer: StaffWriter, plan: StreetPlan) -> None:
    hashed = make_password(demo_password())
    first = plan.villages[0]
    places = {"cadre": first.area_id, "health": first.area_id, "leader": first.groups[0].area_id}
    for account, name, role, post in ACCOUNTS:
        writer.person(
            post, role, places.get(account, plan.street_id), organisation="淮口街道办事处", account=account, name=name,
            password=hashed,
        )  # fmt: skip


def _village(
    writer: StaffWriter, village: VillagePlan, section: str, leader: int, police: int, gap: bool
) -> VillageStaff:
    area_id = village.area_id
    is_first = "cadre" in writer.accounts and not writer.duties.next_pk > writer.duties.first_pk
    cadre = writer.accounts["cadre"] if is_first else writer.person("驻村干部", Role.OFFICER, area_id)
    health = writer.accounts["health"] if is_first else writer.person("村医", Role.HEALTH_WORKER, area_id)
    secretary = writer.person("村(社区)书记", Role.OFFICER, area_id, organisation=village.name)
    writer.duty("leader", leader, area_id, section)
    writer.duty("village", cadre, area_id)
    writer.duty("police", police, area_id, section)
    writer.duty("village-cadre", secretary, area_id)
    writer.duty("health", health, area_id)
    surveyors = [cadre, secretary]
    for number, group in enumerate(village.groups):
        if gap and number == len(village.groups) - 1:
            continue  # nobody leads the last group: the gap in the chain
        surveyors.append(_group_leader(writer, group, is_first and number == 0, village.name))
    return VillageStaff([health], surveyors)


def _group_leader(writer: StaffWriter, group: GroupPlan, is_account: bool, organisation: str) -> int:
    if is_account:
        staff_id = writer.accounts["leader"]
    else:
        staff_id = writer.person("组长(网格员)", Role.OFFICER, group.area_id, organisation=organisation)
    writer.duty("group", staff_id, group.area_id)
    return staff_id


def write_staff(
    plan: StreetPlan, invent: Inventor, *, total: int | None, gap: bool
) -> dict[int, VillageStaff]:
    """Write accounts and officers, and volunteers up to `total`; returns each village's staff by area id."""
    writer = StaffWriter(invent)
    _accounts(writer, plan)
    by_village: dict[int, VillageStaff] = {}
    leader = police = 0
    for number, village in enumerate(plan.villages):
        section = f"第{number // 3 + 1}片"
        if number == 0:
            leader, police = writer.accounts["supervisor"], writer.accounts["police"]
        elif number % 3 == 0:
            leader = writer.person(
                "街道班子成员", Role.SUPERVISOR, plan.street_id, organisation="淮口街道办事处"
            )
            police = writer.person("社区民警", Role.POLICE, plan.street_id, organisation="淮口派出所")
        by_village[village.area_id] = _village(writer, village, section, leader, police, gap and number == 0)
    compounds = [compound for village in plan.villages for compound in village.compounds]
    while total is not None and writer.staff.next_pk - writer.staff.first_pk < total:
        place = compounds[(writer.staff.next_pk - writer.staff.first_pk) % len(compounds)]
        writer.person("志愿者", None, place.area_id)
    writer.close()
    return by_village
