"""Demo offices: `village` (lively) and `street` (淮口 exactly)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from grassroots.desk.demo.followup import FollowupWriter, Return
from grassroots.desk.demo.grid import StreetPlan, VillagePlan, plan_one_village, plan_street, write_areas
from grassroots.desk.demo.invent import Inventor, spread
from grassroots.desk.demo.people import Home, Knock, PeopleWriter, doors
from grassroots.desk.demo.staff import STREET_STAFF, VillageStaff, write_staff
from grassroots.grid.models import Area, Office, Staff
from households.models import SurveyState
from quarantine.models import Policy, PolicyState
from quarantine.rules.origins import OriginKind
from quarantine.services.policies import policy_switch_on

STREET_PEOPLE = 125_587
STREET_WUHAN = 54
FIRST_HOMES = 10
VILLAGE_PEOPLE = 868
STANDS_FOR = dt.date(2020, 1, 29)
POLICY_SINCE = dt.date(2020, 1, 1)
DEMO_POLICY = "home-14"
Progress = Callable[[int, int], None]


class DemoRefused(Exception):
    """Demo data goes only into an empty database or over earlier demo data's office."""


def _present(on: dt.date) -> dt.datetime:
    """The demo's present moment: now on the present day, else ten in the morning."""
    if on == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(dt.datetime.combine(on, dt.time(10, 0)))


def _moment(invent: Inventor, now: dt.datetime, days_back: int) -> dt.datetime:
    """A time between 9 and 20 o'clock `days_back` days before the demo's day, never after `now`."""
    day = timezone.localdate(now) - dt.timedelta(days=days_back)
    minutes = invent.rng.randrange(11 * 60)
    at = timezone.make_aware(dt.datetime.combine(day, dt.time(9, 0))) + dt.timedelta(minutes=minutes)
    return min(at, now - dt.timedelta(minutes=5))


def _signed(invent: Inventor, now: dt.datetime, staff: VillageStaff) -> Knock:
    at = _moment(invent, now, invent.rng.randint(0, 4))
    return Knock(SurveyState.SIGNED, at, invent.rng.choice(staff.surveyors))


def _lively(invent: Inventor, now: dt.datetime, staff: VillageStaff) -> Knock:
    """A village in the middle of its round: most doors signed, some absent, refused, vacant, not yet visited."""
    chance = invent.rng.random()
    by = invent.rng.choice(staff.surveyors)
    shares = (
        (SurveyState.SIGNED, 0.70), (SurveyState.ABSENT, 0.10), (SurveyState.REFUSED, 0.02),
        (SurveyState.BY_PHONE, 0.04), (SurveyState.VACANT, 0.04),
    )  # fmt: skip
    for state, share in shares:
        if chance < share:
            tries = invent.rng.randint(1, 3) if state == SurveyState.ABSENT else 0
            return Knock(state, _moment(invent, now, invent.rng.randint(0, 3)), by, tries)
        chance -= share
    return Knock(SurveyState.UNVISITED, None, by)


def _write_homes(
    plan: StreetPlan,
    staff: dict[int, VillageStaff],
    invent: Inventor,
    now: dt.datetime,
    people: int,
    knock: Callable[[Inventor, dt.datetime, VillageStaff], Knock],
    progress: Progress,
) -> list[Home]:
    total = sum(compound.households for village in plan.villages for compound in village.compounds)
    sizes = iter(spread(people, total, invent.rng, evenness=0.3))
    writer = PeopleWriter(invent, now - dt.timedelta(days=10))
    homes: list[Home] = []
    kept_every = max(1, total // 4000)  # enough to draw returnees from, not the whole street in memory
    done = 0
    for village in plan.villages:
        for compound in village.compounds:
            for door in doors(compound):
                size = next(sizes)
                result = knock(invent, now, staff[village.area_id])
                home = writer.home(village.area_id, compound.area_id, door, size, result)
                done += 1
                if result.state == SurveyState.SIGNED and done % kept_every == 0:
                    homes.append(home)
            progress(done, total)
    writer.close()
    return homes


def _draw(invent: Inventor, homes: list[Home], count: int) -> list[Home]:
    """Different homes: FIRST_HOMES of the first village, where the demo accounts work, the others spread over all."""
    by_village: dict[int, list[Home]] = {}
    for home in homes:
        by_village.setdefault(home.village_id, []).append(home)
    chosen: list[Home] = []
    villages = list(by_village.values())
    for index in range(count):
        homes_here = villages[0 if index < FIRST_HOMES else index % len(villages)]
        chosen.append(homes_here.pop(invent.rng.randrange(len(homes_here))))
    return chosen


def _trip(invent: Inventor, home: Home, kind: OriginKind, on: dt.date, fever: bool) -> Return:
    adults = [member for member in home.members if 16 <= member.age <= 75] or list(home.members)
    left_on = on - dt.timedelta(days=invent.rng.randint(4, 12))
    # Back before the knock on the door, where he said so.
    known_on = min(on - dt.timedelta(days=3), home.visited_on or on)
    arrived_on = min(left_on + dt.timedelta(days=invent.rng.randint(0, 1)), known_on)
    return Return(home, invent.rng.choice(adults), kind, left_on, arrived_on, fever)


def _write_followup(
    invent: Inventor, homes: list[Home], kinds: list[OriginKind], now: dt.datetime, policy: Policy,
    staff: dict[int, VillageStaff],
) -> None:  # fmt: skip
    writer = FollowupWriter(invent, policy, now)
    for number, (home, kind) in enumerate(zip(_draw(invent, homes, len(kinds)), kinds, strict=True)):
        here = staff[home.village_id]
        trip = _trip(invent, home, kind, invent.on, fever=number == 1)
        writer.write(trip, officer_id=here.surveyors[0], health_id=here.health[0], measured_share=0.5)
    writer.close()


def _office(plan: StreetPlan) -> Staff:
    Office.objects.create(
        pk=1, name="淮口街道办事处", area=Area.objects.get(pk=plan.street_id), phone="028-84900000",
        issuer="淮口街道社区卫生服务中心", is_demo=True,
    )  # fmt: skip
    return Staff.objects.get(username="admin")


def _policy(admin: Staff) -> Policy:
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code=DEMO_POLICY)
    return policy_switch_on(template=template, effective_from=POLICY_SINCE, by=admin)


def load(
    size: str, on: dt.date, *, seed: int = 20200129, progress: Progress = lambda done, total: None
) -> StreetPlan:
    """Write a demo office into an empty database, whole or not at all. Raises DemoRefused where there is one."""
    if Office.objects.exists() or Staff.objects.exists() or Area.objects.exists():
        raise DemoRefused("数据库里已经有单位的数据,演示数据只能装进空库。")
    invent, now = Inventor(seed, on), _present(on)
    is_street = size == "street"
    plan = plan_street(invent.rng) if is_street else plan_one_village()
    with transaction.atomic():
        write_areas(plan)
        staff = write_staff(plan, invent, total=STREET_STAFF if is_street else None, gap=not is_street)
        policy = _policy(_office(plan))
        people, knock = (STREET_PEOPLE, _signed) if is_street else (VILLAGE_PEOPLE, _lively)
        homes = _write_homes(plan, staff, invent, now, people, knock, progress)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the planner takes the new tables for empty ones
        _write_followup(invent, homes, _kinds(is_street), now, policy, staff)
    return plan


def _kinds(is_street: bool) -> list[OriginKind]:
    """淮口 published 54 from Wuhan and nobody else; the village has a mixture."""
    if is_street:
        return [OriginKind.WUHAN] * STREET_WUHAN
    return [OriginKind.WUHAN] * 6 + [OriginKind.HUBEI_OTHER] * 4 + [OriginKind.OTHER_PROVINCE] * 4


__all__ = ["STANDS_FOR", "DemoRefused", "VillagePlan", "load"]
