"""Demo offices: `village` (lively), `street` (淮口 exactly), `towns` (the five townships of 金堂县)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from grassroots.desk.demo.care import write_village_care
from grassroots.desk.demo.checking import write_village_checking
from grassroots.desk.demo.daily import write_daily
from grassroots.desk.demo.followup import FollowupWriter, Return
from grassroots.desk.demo.grid import StreetPlan, plan_one_village, plan_township, write_areas
from grassroots.desk.demo.invent import Inventor, spread
from grassroots.desk.demo.kept import write_kept
from grassroots.desk.demo.knocks import Choose, lively, signed, under_way
from grassroots.desk.demo.measures import write_published, write_village_measures
from grassroots.desk.demo.officers import VillageStaff, add_nine_links
from grassroots.desk.demo.orders import write_village_orders
from grassroots.desk.demo.people import Home, PeopleWriter, doors
from grassroots.desk.demo.staff import write_staff
from grassroots.desk.demo.townships import COUNTY, HUAIKOU, TOWNSHIPS, Township
from grassroots.grid.models import Area, Office, Staff
from households.models import Survey, SurveyState
from quarantine.models import Policy, PolicyState
from quarantine.rules.origins import OriginKind
from quarantine.services.policies import policy_switch_on

FIRST_HOMES = 10
VILLAGE_PEOPLE = 868
STANDS_FOR = dt.date(2020, 1, 29)
POLICY_SINCE = dt.date(2020, 1, 1)
DEMO_POLICY = "home-14"
COMMAND_POST = f"{COUNTY[1]}新冠肺炎疫情防控指挥部"
Progress = Callable[[int, int], None]


class DemoRefused(Exception):
    """Demo data goes only into an empty database or over earlier demo data's office."""


def _present(on: dt.date) -> dt.datetime:
    """The demo's present moment: now on the present day, else ten in the morning."""
    if on == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(dt.datetime.combine(on, dt.time(10, 0)))


class TownshipBuilder:
    """Writes one township: its staff, its homes, its returnees."""

    def __init__(self, plan: StreetPlan, rng: random.Random, invent: Inventor, now: dt.datetime) -> None:
        self.plan, self.rng, self.invent, self.now = plan, rng, invent, now
        self.staff: dict[int, VillageStaff] = {}

    def write_staff(self, *, total: int | None, gap: bool, office_id: int | None) -> None:
        """Officers, volunteers up to `total`; the accounts as well with the area of the office."""
        self.invent.rng = self.rng
        self.staff = write_staff(self.plan, self.invent, total=total, gap=gap, office_id=office_id)

    def write_homes(self, people: int, knock: Choose, progress: Callable[[int], None]) -> list[Home]:
        """All doors with their people and the latest knock; returns homes to draw returnees from."""
        self.invent.rng = self.rng
        total = self.plan.households
        sizes = iter(spread(people, total, self.rng, evenness=0.3))
        writer = PeopleWriter(self.invent, self.now - dt.timedelta(days=10), self.plan.township.supports)
        homes: list[Home] = []
        kept_every = max(1, total // 4000)  # enough to draw returnees from, not the whole township in memory
        done = 0
        for village in self.plan.villages:
            for compound in village.compounds:
                for door in doors(compound):
                    result = knock(self.invent, self.now, self.staff[village.area_id])
                    home = writer.home(village.area_id, compound.area_id, door, next(sizes), result)
                    done += 1
                    if result.state == SurveyState.SIGNED and done % kept_every == 0:
                        homes.append(home)
                progress(compound.households)
        writer.close()
        return homes

    def write_followup(self, homes: Sequence[Home], kinds: Sequence[OriginKind], policy: Policy) -> None:
        """Returnees of those kinds with their observation so far; the second has a fever."""
        self.invent.rng = self.rng
        writer = FollowupWriter(self.invent, policy, self.now, self.plan.township.name)
        drawn = _draw(self.invent, homes, len(kinds))
        for number, (home, kind) in enumerate(zip(drawn, kinds, strict=True)):
            here = self.staff[home.village_id]
            trip = _trip(self.invent, home, kind, fever=number == 1)
            writer.write(trip, officer_id=here.surveyors[0], health_id=here.health[0], measured_share=0.5)
        writer.close()

    def write_measures(self) -> None:
        """What the township published of venues, banquets, publicity and people mobilised."""
        officers = {village: staff.surveyors[0] for village, staff in self.staff.items()}
        areas = Area.objects.within(Area.objects.get(pk=self.plan.area_id)).order_by().values("pk")
        at_doors = Survey.objects.filter(area__in=areas).aggregate(n=Sum("leaflets"))["n"] or 0
        write_published(self.plan, self.invent, self.now, officers, at_doors)


def _draw(invent: Inventor, homes: Sequence[Home], count: int) -> list[Home]:
    """Different homes: FIRST_HOMES of the first village, where the demo accounts work, the others spread over all."""
    by_village: dict[int, list[Home]] = {}
    for home in homes:
        by_village.setdefault(home.village_id, []).append(home)
    chosen: list[Home] = []
    villages = list(by_village.values())
    for index in range(count):
        first = 0 if index < FIRST_HOMES else index % len(villages)
        homes_here = next(found for found in (*villages[first:], *villages[:first]) if found)
        chosen.append(homes_here.pop(invent.rng.randrange(len(homes_here))))
    return chosen


def _trip(invent: Inventor, home: Home, kind: OriginKind, fever: bool) -> Return:
    adults = [member for member in home.members if 16 <= member.age <= 75] or list(home.members)
    left_on = invent.on - dt.timedelta(days=invent.rng.randint(4, 12))
    # Back before the knock on the door, where he said so.
    known_on = min(invent.on - dt.timedelta(days=3), home.visited_on or invent.on)
    arrived_on = min(left_on + dt.timedelta(days=invent.rng.randint(0, 1)), known_on)
    return Return(home, invent.rng.choice(adults), kind, left_on, arrived_on, fever)


def _office(name: str, area_id: int, issuer: str) -> Staff:
    Office.objects.create(
        pk=1, name=name, area=Area.objects.get(pk=area_id), phone="028-84900000", issuer=issuer, is_demo=True
    )
    return Staff.objects.get(username="admin")


def _policy(admin: Staff) -> Policy:
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code=DEMO_POLICY)
    return policy_switch_on(template=template, effective_from=POLICY_SINCE, by=admin)


def _refuse_unless_empty() -> None:
    if Office.objects.exists() or Staff.objects.exists() or Area.objects.exists():
        raise DemoRefused("数据库里已经有单位的数据，演示数据只能装进空库。")


def load(
    size: str, on: dt.date, *, seed: int = 20200129, progress: Progress = lambda done, total: None
) -> None:
    """Write a demo office into an empty database, whole or not at all. Raises DemoRefused where there is one."""
    if size == "towns":
        load_townships(TOWNSHIPS, on, seed=seed, progress=progress)
    elif size == "street":
        load_townships([HUAIKOU], on, seed=seed, progress=progress)
    else:
        _load_village(on, seed, progress)


def load_townships(
    townships: Sequence[Township], on: dt.date, *, seed: int = 20200129,
    progress: Progress = lambda done, total: None,
) -> None:  # fmt: skip
    """Write the townships whole or not at all: one is its own office, several belong to the county's command post.

    The accounts work in the first, which is the same whether others follow or not. Raises DemoRefused.
    """
    _refuse_unless_empty()
    invent, now = Inventor(seed, on), _present(on)
    rngs = [random.Random(seed if town.code == HUAIKOU.code else f"{seed}:{town.code}") for town in townships]
    plans = [plan_township(town, rng) for town, rng in zip(townships, rngs, strict=True)]
    bar = _Bar(progress, sum(town.households for town in townships))
    with transaction.atomic():
        county_id = write_areas(plans)
        is_county = len(plans) > 1
        if any(town.has_nine_links for town in townships):
            add_nine_links()
        policy: Policy | None = None
        for plan, rng in zip(plans, rngs, strict=True):
            builder, town = TownshipBuilder(plan, rng, invent, now), plan.township
            office_id = None if policy else county_id if is_county else plan.area_id
            builder.write_staff(total=town.staff, gap=False, office_id=office_id)
            if policy is None:
                name = COMMAND_POST if is_county else town.office
                issuer = f"{COUNTY[1]}疾病预防控制中心" if is_county else f"{town.name}社区卫生服务中心"
                policy = _policy(_office(name, county_id if is_county else plan.area_id, issuer))
            builder.rng = random.Random(f"{seed}:{town.code}:homes")  # the same homes whoever the staff are
            homes = builder.write_homes(town.people, signed if town.is_signed else under_way, bar.add)
            analyze()
            builder.write_followup(homes, kinds_of(town), policy)
            builder.invent.rng = random.Random(f"{seed}:{town.code}:measures")
            builder.write_measures()
        if not is_county:
            write_kept(on)


def _load_village(on: dt.date, seed: int, progress: Progress) -> None:
    _refuse_unless_empty()
    invent, plan = Inventor(seed, on), plan_one_village()
    bar = _Bar(progress, plan.households)
    with transaction.atomic():
        write_areas([plan])
        now = _present(on)
        builder = TownshipBuilder(plan, invent.rng, invent, now)
        builder.write_staff(total=None, gap=True, office_id=plan.area_id)
        policy = _policy(_office(HUAIKOU.office, plan.area_id, f"{HUAIKOU.name}社区卫生服务中心"))
        homes = builder.write_homes(VILLAGE_PEOPLE, lively, bar.add)
        analyze()
        mixture = [(OriginKind.WUHAN, 6), (OriginKind.HUBEI_OTHER, 4), (OriginKind.OTHER_PROVINCE, 4)]
        builder.write_followup(homes, [kind for kind, number in mixture for _ in range(number)], policy)
        write_daily(now)
        write_village_measures(now)
        write_village_care(now)
        write_village_orders(now)
        write_kept(on)
        write_village_checking(now)


def kinds_of(town: Township) -> list[OriginKind]:
    """The origins of a township's returnees, one each."""
    return (
        [OriginKind.WUHAN] * town.wuhan
        + [OriginKind.HUBEI_OTHER] * town.hubei_other
        + [OriginKind.OTHER_PROVINCE] * town.other_province
    )


def analyze() -> None:
    """Or the planner takes the new tables for empty ones."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class _Bar:
    """Adds up households for the progress bar."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def add(self, households: int) -> None:
        self.done += households
        self.progress(self.done, self.total)


__all__ = ["STANDS_FOR", "DemoRefused", "load", "load_townships"]
