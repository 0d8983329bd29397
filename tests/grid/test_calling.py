"""拨打 in a chain of responsibility: whomever a page shows may be called by whoever sees it, and nobody else."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import time_machine
from django.core.signing import dumps
from django.test import Client
from django.utils import timezone

from grassroots.grid.calling import TICKET_SECONDS, dial_ticket, may_dial
from grassroots.grid.models import AccessAction, AccessLog, DutyKind, Role, Staff
from households.models import Household, HouseholdDuty, PersonDuty
from tests.factories import OfficeCast, make_household, make_person, make_staff
from tests.households.door_pages import send, signed_in
from tests.texts import source_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind(db: None) -> DutyKind:
    return DutyKind.objects.get(code="health")


@pytest.fixture
def home(office: OfficeCast) -> Household:
    return make_household(office.group)


def ticket_for(page: str, officer: Staff) -> str:
    """What the page's 拨打 button of that officer sends back."""
    form = re.search(rf'action="/grid/staff/{officer.uid}/dial/".*?</form>', page, re.S)
    assert form, f"no button calls {officer}"
    found = re.search(r'name="ticket" value="([^"]+)"', form[0])
    assert found
    return found[1]


def dial(client: Client, officer: Staff, ticket: str = "") -> int:
    return send(client, f"/grid/staff/{officer.uid}/dial/", ticket=ticket).status_code


def test_an_officer_from_elsewhere_who_answers_for_my_household_can_be_called(office, home, kind):
    HouseholdDuty.objects.create(household=home, staff=office.bing, kind=kind)
    client = signed_in(office.jia)
    page = source_of(client.get(f"/households/{home.uid}/"))
    assert dial(client, office.bing, ticket_for(page, office.bing)) == 200
    assert AccessLog.objects.filter(action=AccessAction.DIAL, subject_uid=str(office.bing.uid)).count() == 1


def test_an_officer_from_elsewhere_who_answers_for_one_person_can_be_called(office, home, kind):
    person = make_person("", home)
    PersonDuty.objects.create(person=person, staff=office.bing, kind=kind)
    client = signed_in(office.jia)
    page = source_of(client.get(f"/households/people/{person.uid}/"))
    assert dial(client, office.bing, ticket_for(page, office.bing)) == 200


def test_whoever_answers_for_one_household_alone_can_call_the_officers_above_it(office, home, kind):
    alone = make_staff("独某", Role.OFFICER, None)
    HouseholdDuty.objects.create(household=home, staff=alone, kind=kind)
    client = signed_in(alone)
    page = source_of(client.get(f"/households/{home.uid}/"))
    for officer in (office.jia, office.ding):
        assert dial(client, officer, ticket_for(page, officer)) == 200


def test_nobody_is_called_without_a_page_that_shows_him(office, home, kind):
    HouseholdDuty.objects.create(household=home, staff=office.bing, kind=kind)
    client = signed_in(office.jia)
    assert dial(client, office.bing) == 404
    assert dial(client, office.bing, "nonsense") == 404
    assert not AccessLog.objects.filter(action=AccessAction.DIAL).exists()


def test_a_ticket_holds_for_its_viewer_and_its_officer_only(office):
    mine = dial_ticket(office.jia, office.bing)
    assert may_dial(office.jia, office.bing, mine)
    other = make_staff("远某", Role.OFFICER, office.other_village)
    assert not may_dial(office.jia, other, mine)
    assert not may_dial(office.yi, office.bing, mine)
    assert not may_dial(office.jia, office.bing, dumps([office.jia.pk, office.bing.pk]))


def test_a_ticket_ends_with_the_day(office):
    ticket = dial_ticket(office.jia, office.bing)
    later = timezone.now() + dt.timedelta(seconds=TICKET_SECONDS + 60)
    with time_machine.travel(later):
        assert not may_dial(office.jia, office.bing, ticket)


def test_a_browser_that_fetches_ahead_dials_nobody(office):
    assert signed_in(office.jia).get(f"/grid/staff/{office.yi.uid}/dial/").status_code == 405


def test_two_taps_are_one_call(office):
    client, once = signed_in(office.jia), uuid.uuid4()
    for _tap in range(2):
        assert send(client, f"/grid/staff/{office.yi.uid}/dial/", submission=once).status_code == 200
    assert AccessLog.objects.filter(action=AccessAction.DIAL).count() == 1
