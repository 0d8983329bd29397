"""Foreign ids in addresses, in queries, and in forms that write nothing: not found, and nothing told."""

from __future__ import annotations

import pytest
from django.urls import reverse

from grassroots.grid.models import Role
from tests.factories import make_person, make_staff
from tests.permissions.test_choices import by_role, post, today
from tests.permissions.test_table import client_of
from tests.permissions.world import World

pytestmark = pytest.mark.django_db


AREAS = [
    "households:household_list",
    "households:absent_list",
    "households:household_create",
    "ledgers:statistics",
]


@pytest.mark.parametrize("name", AREAS)
def test_a_foreign_area_is_not_found(world: World, name: str) -> None:
    client = client_of(make_staff("村干部", Role.OFFICER, world.office.village))
    answers = [
        client.get(reverse(name), {"area": things.area.pk}).status_code
        for things in (world.foreign, world.own)
    ]
    assert answers == [404, 200]


@pytest.mark.parametrize("field", ["branch", "open"])
def test_a_foreign_branch_of_the_tree_is_not_found(world: World, field: str) -> None:
    client = client_of(world.office.jia)
    url = reverse("grid:area_tree")
    answers = [client.get(url, {field: things.area.pk}).status_code for things in (world.foreign, world.own)]
    assert answers == [404, 200]


def test_a_foreign_area_is_neither_searched_nor_downloaded(world: World) -> None:
    client = client_of(world.office.jia)
    foreign_upload = post(client, reverse("ledgers:form_list"), {"area": world.foreign.area.pk})
    assert foreign_upload.status_code == 404
    assert post(client, reverse("ledgers:form_list"), {"area": world.own.area.pk}).status_code == 422
    for name, data in (
        ("households:door_find", {"q": "1-1-1"}),
        ("ledgers:download", {"key": "duties", "on": today(), "file_format": "csv"}),
    ):
        sent = [
            post(client, reverse(name), {**data, "area": things.area.pk})
            for things in (world.foreign, world.own)
        ]
        assert [answer.status_code for answer in sent] == [404, 200]


def test_a_ledger_of_a_foreign_observation_is_empty(world: World) -> None:
    client = client_of(world.office.jia)
    found = []
    for things in (world.foreign, world.own):
        data = {"key": "temperatures", "area": world.own.area.pk, "on": today(), "file_format": "csv",
                "observation": str(things.observation.uid)}  # fmt: skip
        answer = client.post(reverse("ledgers:download"), data)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        found.append(things.person.name in body.decode("utf-8-sig"))
    assert found == [False, True]


@pytest.mark.parametrize("name", ["grid:access_log", "grid:history"])
def test_the_auditor_of_a_village_learns_nothing_of_others(world: World, name: str) -> None:
    client = client_of(by_role(world, "auditor"))
    shown = [
        things.colleague.name in client.get(reverse(name), {"staff": things.colleague.uid}).content.decode()
        for things in (world.foreign, world.own)
    ]
    assert shown == [False, True]


def test_a_message_of_somebody_else_marks_nothing_as_read(world: World) -> None:
    client, url = client_of(world.office.jia), reverse("notices:inbox_read_all")
    for staff, unread in ((world.office.bing, 1), (world.office.jia, 0)):
        post(client, url, {"up_to": str(staff.messages.get().uid)})
        assert world.office.jia.messages.filter(read_at=None).count() == unread


# An own thing in the address, and a foreign one behind it.
MIXED = {
    "contact": lambda own, far: reverse("quarantine:contact_dial", args=[own.returnee.uid, far.contact.pk]),
    "residency": lambda own, far: reverse(
        "households:residency_end", args=[own.person.uid, far.residency.pk]
    ),
    "support": lambda own, far: reverse("households:support_end", args=[own.person.uid, far.support.pk]),
    "survey": lambda own, far: reverse(
        "quarantine:returnee_create", kwargs={"survey_uid": far.survey.uid, "person_uid": own.person.uid}
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_what_belongs_to_somebody_else_is_not_found_behind_ones_own(world: World, name: str) -> None:
    client = client_of(world.office.jia)
    assert post(client, MIXED[name](world.own, world.foreign), {}).status_code == 404
    assert post(client, MIXED[name](world.own, world.own), {}).status_code != 404


def test_who_holds_a_number_elsewhere_is_not_told(world: World) -> None:
    url, far = reverse("households:id_check"), make_person("远方人", world.foreign.household)
    near = make_person("近处人", world.own.household)
    client = client_of(world.office.jia)
    told = []
    for person in (far, near):
        data = {
            "prefix": "m0000000a",
            "m0000000a-id_kind": "RESIDENT_ID",
            "m0000000a-id_number": person.id_number,
        }
        told.append(person.name in post(client, url, data).content.decode())
    assert told == [False, True]
