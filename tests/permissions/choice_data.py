"""What the forms of test_choices.py are sent with."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Area, DutyKind, Staff
from households.models import HouseholdDuty
from quarantine.models import Observation, Visit, VisitState
from tests.permissions.world import Things, World

Data = dict[str, Any]


def colleague(things: Things) -> str:
    return str(things.colleague.uid)


def area(things: Things) -> int:
    return things.area.pk


def today(_world: World | None = None) -> str:
    return timezone.localdate().isoformat()


def with_staff(world: World) -> Data:
    """A new duty for 乙."""
    return {"kind": world.kind.pk, "staff": str(world.office.yi.uid), "valid_from": today()}


def new_duty(world: World) -> Data:
    return {"kind": world.kind.pk, "valid_from": today()}


def health_duty(world: World) -> Data:
    return {**new_duty(world), "kind": DutyKind.objects.get(code="health").pk}


def handing_over(world: World, leaver: Staff, successor: Staff) -> Data:
    previewed = f"{leaver.uid} {successor.uid} {today()}"
    return {"leaver": str(leaver.uid), "successor": str(successor.uid), "on": today(), "previewed": previewed}


def move_data(world: World) -> Data:
    return {"version": world.own.observation.version, "place": "HOME", "reason": "换个地方"}


def line_data(world: World) -> dict[str, Any]:
    """A box of the person's sheet: the first day's morning, which is over."""
    on = world.own.observation.day_one_on
    return {"on": str(on), "slot": "AM", "temperature": "366", "method": "FOREHEAD"}


def backfill_data(world: World) -> Data:
    visit = world.own.visit
    return {"temperature": "36.6", "method": "FOREHEAD", "on": visit.date.isoformat(), "slot": visit.slot}


def own_duty(world: World) -> int:
    """A duty of 乙 on the own household, so that the colleague may be its deputy."""
    rows = HouseholdDuty.objects.filter(household=world.own.household)
    return rows.create(household=world.own.household, staff=world.office.yi, kind=world.kind).pk


def destination(things: Things) -> Area:
    """Another place of the same village: its compound, or the village itself."""
    here = Area.objects.get(pk=things.area.pk)
    return Area.objects.get_children(here).first() or Area.objects.get_parent(here)


def event(observation: Observation, kind: str) -> str:
    return reverse("quarantine:observation_event", args=[observation.uid, kind])


def missed(world: World) -> Data:
    Visit.objects.update(state=VisitState.MISSED)
    return {"explanation": "大雪封路"}


def inspection_data(world: World) -> Data:
    found = {f"result_{number}": "GOOD" for number in range(4)}
    where = {
        "unit": "坝坝宴",
        "area": world.own.area.pk,
        "on": today(),
        "clock": "00:00",
        "is_announced": "0",
    }
    return {**found, **where, "second": str(world.own.colleague.uid)}


def order_data(_world: World) -> Data:
    """An order to areas that are ticked."""
    return {"to": "chosen", "urgency": "NORMAL", "title": "核查车辆", "text": "今晚清点", "asks_answer": "0"}


def incident_data(_world: World) -> Data:
    """Something that happened at midnight."""
    return {"severity": "NORMAL", "what": "争吵", "done": "已劝", "on": today(), "clock": "00:00"}
