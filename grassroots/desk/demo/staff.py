"""Demo staff: one account a role, and without accounts the officers of six levels, or of nine links."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from grassroots.desk.demo.grid import OPEN_SINCE, StreetPlan
from grassroots.desk.demo.invent import Inventor
from grassroots.desk.demo.officers import NineLinks, SixLevels, VillageStaff
from grassroots.grid.bulk import BulkWriter
from grassroots.grid.crypto import digest
from grassroots.grid.models import AreaDuty, DutyKind, Posting, Role, Staff

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
               name: str = "", password: str = "", username: str = "") -> int:  # fmt: skip
        """One member of staff, posted to an area. `account` is a name to sign in with, `username` just one to be named
        by on the command line."""
        phone = self.invent.phone()
        name = name or self.invent.surname() + self.invent.given_name()
        pk = self.staff.add(
            uid=self.invent.uid(), username=account or username or f"demo-{self.staff.next_pk:05d}",
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


def _accounts(writer: StaffWriter, plan: StreetPlan, office_id: int) -> None:
    """One account a role; administrator and auditor belong to the office, the others to the township."""
    hashed = make_password(demo_password())
    first = plan.villages[0]
    places = {
        "cadre": first.area_id, "health": first.area_id, "leader": first.groups[0].area_id, "admin": office_id,
        "auditor": office_id,
    }  # fmt: skip
    for account, name, role, post in ACCOUNTS:
        writer.person(
            post, role, places.get(account, plan.area_id), organisation=plan.township.office, account=account,
            name=name, password=hashed,
        )  # fmt: skip


def write_staff(
    plan: StreetPlan, invent: Inventor, *, total: int | None, gap: bool = False, office_id: int | None = None
) -> dict[int, VillageStaff]:
    """Write a township's officers, and volunteers up to `total`; returns each village's staff by area id.

    With an `office_id`, the office's area, the accounts are written too. `gap` leaves the last group of the first
    village without a leader.
    """
    writer = StaffWriter(invent)
    if office_id is not None:
        _accounts(writer, plan, office_id)
    elsewhere = (
        2 if office_id not in {None, plan.area_id} else 0
    )  # administrator and auditor of a wider office
    officers = NineLinks(writer, plan) if plan.township.has_nine_links else SixLevels(writer, plan)
    by_village = {
        village.area_id: officers.village(number, village, gap=gap and number == 0)
        for number, village in enumerate(plan.villages)
    }
    compounds = plan.compounds
    while total is not None and (number := writer.staff.next_pk - writer.staff.first_pk) < total + elsewhere:
        writer.person("志愿者", None, compounds[number % len(compounds)].area_id)
    writer.close()
    return by_village
