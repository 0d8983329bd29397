"""Who answers for a demo village: six levels of officers (三定六级), or the nine links of 三溪 (DOMAIN.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from grassroots.desk.demo.grid import GroupPlan, StreetPlan, VillagePlan
from grassroots.grid.models import DutyKind, Level, Role

#: 三溪's chain from the top down: code, name, level on which the duty lies. Order as on its map of 责任田.
NINE_LINKS = (
    ("sanxi-leader", "联系领导", Level.VILLAGE),
    ("sanxi-secretary", "第一书记", Level.VILLAGE),
    ("sanxi-police", "派出所", Level.VILLAGE),
    ("sanxi-health", "卫生院", Level.VILLAGE),
    ("sanxi-grid", "网格员", Level.GROUP),
    ("sanxi-section", "责任科室", Level.VILLAGE),
    ("sanxi-community", "社区专职", Level.VILLAGE),
    ("sanxi-group", "组长", Level.GROUP),
    ("sanxi-party", "责任党员", Level.GROUP),
)


@dataclass
class VillageStaff:
    """Who does the work of a village in the demo: health workers, surveyors."""

    health: list[int]
    surveyors: list[int]


class Writer(Protocol):
    """What officers are written with (staff.StaffWriter)."""

    accounts: dict[str, int]

    def person(
        self, post: str, role: Role | None, area_id: int, *, organisation: str = "", username: str = ""
    ) -> int: ...

    def duty(self, kind: str, staff_id: int, area_id: int, section: str = "") -> None: ...


class SixLevels:
    """包片, 包村, 包段, 包组, 包户, 包人. The accounts are officers of the first village."""

    def __init__(self, writer: Writer, plan: StreetPlan) -> None:
        self.writer, self.plan = writer, plan
        self.short = plan.township.name.removesuffix("街道").removesuffix("镇")
        self.leader = self.police = 0

    def village(self, number: int, village: VillagePlan, *, gap: bool = False) -> VillageStaff:
        """Write the officers of the township's village `number`; `gap` leaves its last group without a leader."""
        section = self._section(number)
        cadre = self._here(number, "cadre", "驻村干部", Role.OFFICER, village)
        health = self._here(number, "health", "村医", Role.HEALTH_WORKER, village)
        secretary = self._new("村(社区)书记", Role.OFFICER, village)
        duty = self.writer.duty
        duty("leader", self.leader, village.area_id, section)
        duty("village", cadre, village.area_id)
        duty("police", self.police, village.area_id, section)
        duty("village-cadre", secretary, village.area_id)
        duty("health", health, village.area_id)
        led = village.groups[:-1] if gap else village.groups
        leaders = [self._group_leader(number, village, group) for group in led]
        return VillageStaff([health], [cadre, secretary, *leaders])

    def _section(self, number: int) -> str:
        """The 片 of a village, three of which make one; `leader` and `police` are its officers."""
        if number % 3 == 0:
            office, station = self.plan.township.office, f"{self.short}派出所"
            self.leader = self._account(number, "supervisor") or self.writer.person(
                "班子成员", Role.SUPERVISOR, self.plan.area_id, organisation=office,
                username=f"supervisor-{self.plan.township.code[:9]}" if number == 0 else "",
            )  # fmt: skip
            self.police = self._account(number, "police") or self.writer.person(
                "社区民警", Role.POLICE, self.plan.area_id, organisation=station
            )
        return f"第{number // 3 + 1}片"

    def _group_leader(self, number: int, village: VillagePlan, group: GroupPlan) -> int:
        is_first = group is village.groups[0]
        staff_id = (is_first and self._account(number, "leader")) or self.writer.person(
            "组长(网格员)", Role.OFFICER, group.area_id, organisation=village.name
        )
        self.writer.duty("group", staff_id, group.area_id)
        return staff_id

    def _account(self, number: int, account: str) -> int:
        """The account's holder, in the first village; 0 elsewhere, and in townships without accounts."""
        return self.writer.accounts.get(account, 0) if number == 0 else 0

    def _here(self, number: int, account: str, post: str, role: Role, village: VillagePlan) -> int:
        return self._account(number, account) or self.writer.person(post, role, village.area_id)

    def _new(self, post: str, role: Role, village: VillagePlan) -> int:
        return self.writer.person(post, role, village.area_id, organisation=village.name)


class NineLinks(SixLevels):
    """三溪's chain: from the party member of a group up to the leader of the town."""

    def village(self, number: int, village: VillagePlan, *, gap: bool = False) -> VillageStaff:
        """Write the officers of the township's village `number`; `gap` leaves its last group without a leader."""
        section, duty = self._section(number), self.writer.duty
        health = self.writer.person(
            "卫生院医生", Role.HEALTH_WORKER, village.area_id, organisation=f"{self.short}卫生院"
        )
        secretary = self._new("第一书记", Role.OFFICER, village)
        community = self._new("社区专职", Role.OFFICER, village)
        office = self.writer.person(
            "科室干部", Role.OFFICER, village.area_id, organisation=self.plan.township.office
        )
        for kind, staff_id, named in (
            ("leader", self.leader, section), ("secretary", secretary, ""), ("police", self.police, section),
            ("health", health, ""), ("section", office, ""), ("community", community, ""),
        ):  # fmt: skip
            duty(f"sanxi-{kind}", staff_id, village.area_id, named)
        led = village.groups[:-1] if gap else village.groups
        leaders = [self._group(village, group) for group in led]
        return VillageStaff([health], [secretary, community, *leaders])

    def _group(self, village: VillagePlan, group: GroupPlan) -> int:
        for kind, post, role in (("grid", "网格员", Role.OFFICER), ("party", "党员", None)):
            staff_id = self.writer.person(post, role, group.area_id, organisation=village.name)
            self.writer.duty(f"sanxi-{kind}", staff_id, group.area_id)
        leader = self.writer.person("组长", Role.OFFICER, group.area_id, organisation=village.name)
        self.writer.duty("sanxi-group", leader, group.area_id)
        return leader


def add_nine_links() -> None:
    """Add 三溪's kinds of duty behind those that are there.

    In an office of several townships no kind is used everywhere, so none is expected everywhere: what a township does
    not have is no gap.
    """
    last = DutyKind.objects.order_by("-order").values_list("order", flat=True).first() or 0
    DutyKind.objects.bulk_create(
        DutyKind(
            code=code, name=name, officer_title=name, level=level, order=last + place,
            is_measuring=code == "sanxi-health", description="三溪镇责任田",
        )
        for place, (code, name, level) in enumerate(NINE_LINKS, start=1)
    )  # fmt: skip
    DutyKind.objects.update(is_expected=False)
