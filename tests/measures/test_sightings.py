"""Somebody stopped at a checkpoint becomes a task of his area's officer; the checkpoint learns nothing of him."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from grassroots.grid.models import AccessLog, Area, AreaDuty, DutyKind, Level
from grassroots.ledgers.asof import AsOf
from grassroots.notices.models import Message
from grassroots.notices.tick import tick
from households.models import Person
from quarantine.models import CameBy, PushedCode, PushedPerson
from quarantine.pushed_figures import _received
from quarantine.services.pushed import pushed_answer
from quarantine.services.sightings import Passed, Sighting, sighting_pass_on
from tests.factories import OfficeCast, aware, make_area, make_household, make_office, make_person
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import switch_on
from tests.quarantine.pushed_cases import UNKNOWN_ID
from tests.texts import text_of

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 10:00")


@pytest.fixture
def office(db: None) -> OfficeCast:
    """丙 answers for the other village, 丁 leads the street; a policy looks at who comes from Hubei."""
    office = make_office()
    switch_on(office.admin)
    kind = DutyKind.objects.get(code="village")
    since = dt.date(2020, 1, 1)
    AreaDuty.objects.create(area=office.other_village, staff=office.bing, kind=kind, valid_from=since)
    return office


@pytest.fixture
def neighbour(office: OfficeCast) -> Person:
    """Registered in 丙's village, which 甲 may not see."""
    return make_person("邻村人", make_household(office.other_group, "77"))


def seen(office: OfficeCast, **said: Any) -> Passed:
    """甲's checkpoint stops somebody."""
    given = {"name": "黄华", "id_number": UNKNOWN_ID, "area": office.group, "place": "村口", **said}
    return sighting_pass_on(seen=Sighting(**given), by=office.jia, at=AT)


def test_whom_the_register_knows_becomes_a_task_where_he_lives(office, neighbour):
    passed = seen(office, name=neighbour.name, id_number=neighbour.id_number)
    row = passed.row
    assert (row.area, row.assigned_to, row.person) == (office.other_group, office.bing, neighbour)
    assert (row.noticed_by, row.list.came_by) == (office.jia, CameBy.CHECKPOINT)
    assert passed.words == "已转交龚家村网格员。"
    assert "在“村口”见到本人" in row.reason and row.is_open
    tick(at=AT)
    assert Message.objects.get(recipient=office.bing).title == "劝导点移交1人待您核查"


def test_by_name_and_phone_as_well(office, neighbour):
    assert seen(office, name=neighbour.name, id_number="", phone=neighbour.phone).row.person == neighbour
    assert seen(office, name="别人", id_number="", phone=neighbour.phone).row is None


def test_a_stranger_is_a_task_only_from_where_a_policy_looks(office):
    assert seen(office, origin="成都").row is None
    assert seen(office).row is None
    row = seen(office, origin="湖北省孝感市", going_to=office.other_village).row
    assert (row.area, row.assigned_to, row.proposed) == (
        office.other_village,
        office.bing,
        PushedCode.OMITTED,
    )
    assert row.arrived_on is not None and row.id_number == UNKNOWN_ID


def test_without_an_address_the_township_has_him(office):
    passed = seen(office, origin="武汉")
    assert (passed.row.area, passed.row.assigned_to) == (office.street, office.ding)
    assert passed.words == "已转交淮口街道（住址不清）。"


def test_stopped_twice_is_one_task_until_it_is_answered(office, neighbour):
    known = {"name": neighbour.name, "id_number": neighbour.id_number}
    first, again = seen(office, **known), seen(office, **{**known, "place": "桥头"})
    assert again.row == first.row and not again.is_new and "已转交过龚家村网格员" in again.words
    pushed_answer(row=first.row, code=PushedCode.KNOWN, by=office.bing, at=AT)
    later = seen(office, **known)
    assert later.is_new and later.row.number == 2 and later.row.list == first.row.list


def test_the_figures_of_lists_from_above_leave_checkpoints_out(office, neighbour):
    seen(office, name=neighbour.name, id_number=neighbour.id_number)
    asof = AsOf.day(AT.date(), known_at=aware("2020-01-29 23:00"))
    assert PushedPerson.objects.exists() and not _received(Area.objects.all(), asof).exists()
    assert not PushedPerson.objects.confirmable().exists()


@pytest.mark.parametrize(
    "said, field",
    [({"id_number": ""}, "id_number"), ({"id_number": "51012119900230123"}, "id_number"), ({"name": " "}, "name"),
     ({"phone": "123"}, "phone")],
)  # fmt: skip
def test_what_cannot_find_anybody_is_said_beside_its_field(office, said, field):
    with pytest.raises(ValidationError) as refused:
        seen(office, origin="武汉", **said)
    assert set(refused.value.message_dict) == {field} and not PushedPerson.objects.exists()


def test_the_page_tells_the_village_and_nothing_else(office, neighbour):
    client, url = client_of(office.jia), reverse("measures:sighting_create")
    typed = {"name": "错名", "id_number": neighbour.id_number, "area": office.group.pk, "place": "村口"}
    response = post(client, url, {**typed, "note": f"电话{neighbour.phone}"})
    assert response.status_code == 422 and "不加密" in text_of(response)
    page = text_of(client.get(post(client, url, typed)["Location"]))
    assert "已转交龚家村网格员" in page
    assert neighbour.name not in page and neighbour.phone not in page
    row = PushedPerson.objects.get()
    assert client.get(reverse("quarantine:pushed_row", args=[row.uid])).status_code == 404
    theirs = text_of(client_of(office.bing).get(reverse("quarantine:pushed_row", args=[row.uid])))
    assert "劝导点登记" in theirs and "甲某" in theirs and "姓名与登记的不同" in theirs
    assert AccessLog.objects.filter(action="SEARCH", staff=office.jia, subject_uid=str(row.uid)).exists()


def test_villages_of_the_own_township_may_be_named(office):
    client, url = client_of(office.jia), reverse("measures:sighting_create")
    far = make_area(make_area(office.county, Level.STREET, "官仓街道"), Level.VILLAGE, "红岩村")
    typed = {
        "name": "黄华",
        "id_number": UNKNOWN_ID,
        "origin": "武汉",
        "area": office.group.pk,
        "place": "村口",
    }
    assert post(client, url, {**typed, "going_to": far.pk}).status_code == 422
    assert post(client, url, {**typed, "going_to": office.other_village.pk}).status_code == 302
    assert PushedPerson.objects.get().area == office.other_village
