"""Leave: who stands in, what goes along with it, and that all is as before afterwards."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from grassroots.grid.models import AreaDuty, DutyKind, Posting, Staff
from grassroots.grid.scope import scope_of
from grassroots.notices.leaves import end_leaves, leave_end, leave_enter
from grassroots.notices.models import Leave, Message
from households.models import HouseholdDuty
from tests.factories import OfficeCast, aware, make_household, make_office
from tests.households.door_pages import signed_in
from tests.texts import text_of

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 08:00")
FROM, TO = dt.date(2020, 1, 30), dt.date(2020, 2, 2)


@pytest.fixture
def office() -> OfficeCast:
    with time_machine.travel(AT, tick=False):
        return make_office()


def enter(office: OfficeCast, **more: Any) -> Leave:
    facts = {
        "staff": office.jia,
        "deputy": office.yi,
        "from_on": FROM,
        "to_on": TO,
        "by": office.ding,
        "at": AT,
    }
    return leave_enter(**{**facts, **more})


def own(office: OfficeCast) -> AreaDuty:
    return AreaDuty.objects.get(staff=office.jia)


def test_the_deputy_stands_in_for_every_duty_of_those_days_and_is_told(office):
    household = HouseholdDuty.objects.create(
        household=make_household(office.compound), kind=DutyKind.objects.get(code="group"), staff=office.jia,
        valid_from=dt.date(2020, 1, 1),
    )  # fmt: skip
    leave = enter(office)
    household.refresh_from_db()
    for duty in (own(office), household):
        assert duty.acting(FROM) == duty.acting(TO) == office.yi
        assert (
            duty.acting(FROM - dt.timedelta(days=1)) == duty.acting(TO + dt.timedelta(days=1)) == office.jia
        )
    assert len(leave.before) == 2
    message = Message.objects.get(recipient=office.yi)
    assert message.title == "请您代岗：01月30日至02月02日" and message.needs_answer


def test_the_deputy_sees_what_he_answers_for_while_he_stands_in(office):
    Posting.objects.filter(staff=office.yi).delete()
    enter(office)
    yi = Staff.objects.get(pk=office.yi.pk)
    assert scope_of(yi, FROM).holds(office.group)
    assert not scope_of(Staff.objects.get(pk=office.yi.pk), FROM - dt.timedelta(days=1)).holds(office.group)


def test_afterwards_the_former_deputy_is_there_again(office):
    AreaDuty.objects.filter(staff=office.jia).update(deputy=office.ding)
    enter(office)
    assert end_leaves(aware("2020-02-02 23:59")) == {"ended": 0}
    assert end_leaves(aware("2020-02-03 00:00")) == {"ended": 1}
    duty = own(office)
    assert (duty.deputy, duty.standin_from, duty.standin_to) == (office.ding, None, None)
    assert end_leaves(aware("2020-02-03 00:01")) == {"ended": 0}


def test_a_duty_that_somebody_has_changed_meanwhile_is_left_as_it_is(office):
    leave = enter(office)
    AreaDuty.objects.filter(staff=office.jia).update(deputy=office.health)
    assert leave_end(leave=leave, at=AT)
    assert own(office).deputy == office.health
    assert not leave_end(leave=leave, at=AT)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to_on": FROM - dt.timedelta(days=1)}, "to_on"),
        ({"from_on": dt.date(2020, 1, 1), "to_on": dt.date(2020, 1, 2)}, "to_on"),
        ({"deputy": "jia"}, "deputy"),
        ({"deputy": "gone"}, "deputy"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(office, changes, field):
    Staff.objects.filter(pk=office.bing.pk).update(is_active=False)
    people = {"jia": office.jia, "gone": Staff.objects.get(pk=office.bing.pk)}
    changes = {key: people.get(value, value) for key, value in changes.items()}
    with pytest.raises(ValidationError) as refused:
        enter(office, **changes)
    assert field in refused.value.message_dict
    assert own(office).deputy is None


def test_twice_the_same_days_and_a_deputy_who_is_away_himself_are_refused(office):
    enter(office)
    with pytest.raises(ValidationError, match="已经登记过请假"):
        enter(office, from_on=TO, to_on=TO)
    with pytest.raises(ValidationError, match="也请假"):
        enter(office, staff=office.health, deputy=office.jia)


# --- the pages --------------------------------------------------------------------------------------------
def typed(office: OfficeCast, **more: Any) -> dict[str, Any]:
    facts = {
        "staff": str(office.jia.uid),
        "deputy": str(office.yi.uid),
        "from_on": "2020-01-30",
        "to_on": "2020-02-02",
    }
    return {"submission_id": str(uuid.uuid4()), **facts, **more}


@time_machine.travel(AT, tick=False)
def test_an_officer_enters_his_own_leave_and_a_superior_that_of_his_people(office):
    client = signed_in(office.jia)
    assert client.post("/notices/leaves/new/", typed(office)).status_code == 302
    assert "甲某" in text_of(client.get("/notices/leaves/"))
    refused = client.post("/notices/leaves/new/", typed(office, staff=str(office.health.uid)))
    assert refused.status_code == 422
    other = typed(office, staff=str(office.health.uid))
    assert signed_in(office.ding).post("/notices/leaves/new/", other).status_code == 302
    assert Leave.objects.count() == 2


@time_machine.travel(AT, tick=False)
def test_it_is_called_off_by_those_who_may_enter_it(office):
    leave = enter(office)
    url = f"/notices/leaves/{leave.uid}/end/"
    assert signed_in(office.yi).post(url, {"submission_id": str(uuid.uuid4())}).status_code == 404
    assert "代岗人" in text_of(signed_in(office.yi).get("/notices/leaves/"))
    assert signed_in(office.jia).post(url, {"submission_id": str(uuid.uuid4())}).status_code == 302
    assert not Leave.objects.open().exists()
    assert own(office).deputy is None
