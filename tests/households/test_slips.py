"""温馨提示: numbers, what they bear, printing twice, where their code leads."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse

from grassroots.grid.models import AccessAction, AccessLog
from households.models import DoorSlip, Household, SurveyState
from households.services.slips import slips_issue
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.households.absent_cases import absent_door, page_of
from tests.households.door_pages import send, signed_in
from tests.texts import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 12:00"), tick=False):
        yield


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


@pytest.fixture
def door(office: OfficeCast) -> Household:
    return absent_door(office)


def test_slips_are_numbered_without_gaps_in_their_village_and_bear_nothing_of_the_household(office, door):
    other = make_household(office.other_group, "34", survey_state=SurveyState.ABSENT)
    second = make_household(office.compound, "502", survey_state=SurveyState.VACANT)
    first = slips_issue(households=[door, second], by=office.ding)
    more = slips_issue(households=[second, other], by=office.ding)
    assert [slip.number for slip in (*first, *more)] == [1, 2, 3, 1]
    assert first[0].serial == f"{office.village.name}提示〔2020〕0001号"
    client = signed_in(office.jia)
    page = text_of(send(client, "/households/absent/slips/", households=str(door.uid)))
    slip = DoorSlip.objects.latest("pk")
    own = page[page.index('<article class="slip">') : page.index("</article>")]
    assert slip.serial in own and slip.spaced_code in own and "<svg" in own
    assert "张建国" not in page
    phone = door.residencies.get().person.phone
    assert door.display not in own and phone not in own and f"{phone[:3]}****" not in own
    assert door.display in page[page.index("温馨提示发放清单") :]
    assert AccessLog.objects.filter(action=AccessAction.PRINT, staff=office.jia).count() == 1


def test_printing_sent_twice_shows_the_same_slips(office, door):
    client, submission = signed_in(office.jia), uuid.uuid4()
    pages = [
        text_of(send(client, "/households/absent/slips/", submission=submission, households=str(door.uid)))
        for _ in range(2)
    ]
    assert DoorSlip.objects.count() == 1
    assert DoorSlip.objects.get().serial in pages[1]


def test_the_code_of_a_slip_leads_whoever_sees_the_household_to_its_page(office, door):
    slip = slips_issue(households=[door], by=office.jia)[0]
    url = reverse("households:slip_open", args=[slip.code])
    assert signed_in(office.yi).get(url).url == page_of(door)
    assert signed_in(office.bing).get(url).status_code == 404


def test_a_foreign_household_among_the_ticked_ones_prints_nothing(office, door):
    foreign = make_household(office.other_group, "34", survey_state=SurveyState.ABSENT)
    client = signed_in(office.jia)
    data = {"households": [str(door.uid), str(foreign.uid)], "submission_id": str(uuid.uuid4())}
    assert client.post("/households/absent/slips/", data).status_code == 404
    assert not DoorSlip.objects.exists()


def test_nothing_ticked_is_said_and_a_signed_one_is_named(office, door):
    client = signed_in(office.jia)
    assert "请勾选要打印" in text_of(client.get(send(client, "/households/absent/slips/").url))
    signed = make_household(office.compound, "701", survey_state=SurveyState.SIGNED)
    answer = send(client, "/households/absent/slips/", households=str(signed.uid))
    assert f"{signed.display}已不在无人户名单" in text_of(client.get(answer.url))
