"""Who moves under observation can be seen, and called, where he now is."""

import pytest
from django.utils import timezone

from households.models import Person
from quarantine.services.corrections import event_annul, latest_event
from quarantine.services.observations import observation_move
from tests.factories import make_household
from tests.permissions.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def move(world: World):
    new_home = make_household(world.office.other_group)
    observation = world.own.observation
    moved = observation_move(
        observation=observation, version=observation.version, area=new_home.area, household=new_home,
        reason="住到亲戚家", by=world.office.ding,
    )  # fmt: skip
    return moved, new_home


def test_the_receiving_village_sees_the_person_and_the_old_one_no_longer(world: World):
    person = world.own.person
    assert not Person.objects.visible_to(world.office.bing).filter(pk=person.pk).exists()
    move(world)
    assert Person.objects.visible_to(world.office.bing).filter(pk=person.pk).exists()
    assert person.residencies.actual().get().area == world.office.other_group


def test_an_annulled_move_brings_him_home_in_the_register_too(world: World):
    moved, _home = move(world)
    event = latest_event(moved, timezone.now())
    event_annul(event=event, version=moved.version, reason="录错人", by=world.office.ding)
    assert world.own.person.residencies.actual().get().household == world.own.household
