"""What tests of returnees and observations build from."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import Staff
from quarantine.models import KeyReason, Observation, Policy, Returnee
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.policies import policy_switch_on
from tests.factories import OfficeCast, aware, make_household, make_person

OPENED = "2020-01-25 09:00"
LEFT, ARRIVED = dt.date(2020, 1, 20), dt.date(2020, 1, 21)


def switch_on(by: Staff, code: str = "home-14", since: dt.date = dt.date(2020, 1, 1)) -> Policy:
    """The historical policy in force from `since`."""
    template = Policy.objects.get(code=code, state="TEMPLATE")
    return policy_switch_on(template=template, effective_from=since, by=by)


def make_returnee(office: OfficeCast, name: str = "", **fields: object) -> Returnee:
    """Somebody of the compound who left Wuhan on 20 January and came back on the 21st."""
    household = fields.pop("household", None) or make_household(office.compound)
    person = make_person(name, household)
    values = {
        "origin": "武汉市江夏区",
        "origin_kind": "WUHAN",
        "reasons": [KeyReason.WUHAN],
        "left_on": LEFT,
        "arrived_on": ARRIVED,
        "found_at": aware(OPENED),
        "recorded_by": office.jia,
    }
    return Returnee.objects.create(
        person=person, household=household, area=household.area, **{**values, **fields}
    )


def make_observation(
    office: OfficeCast, name: str = "", at: str = OPENED, returnee: Returnee | None = None
) -> Observation:
    """An observation of that returnee, opened at `at` under the policy in force, known from then."""
    returnee = returnee or make_returnee(office, name)
    return observation_open(
        person=returnee.person,
        area=returnee.area,
        household=returnee.household,
        returnee=returnee,
        dates=StartDates.of(returnee),
        by=office.jia,
        at=aware(at),
        known_at=aware(at),
    )


def signed_in(staff: Staff) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(staff)
    return client


def sent(**values: Any) -> dict[str, Any]:
    """What a form sends, with a submission id of its own."""
    return {"submission_id": str(uuid.uuid4()), **values}


def queries_of(client: Client, url: str) -> int:
    """How many queries a page needs."""
    client.get(url)  # what is read once a process
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def recent(office: OfficeCast, days: int = 3) -> Returnee:
    """Somebody who came back from Wuhan a few days ago."""
    on = timezone.localdate() - dt.timedelta(days=days)
    return make_returnee(office, left_on=on, arrived_on=on)


def running(office: OfficeCast, days: int = 3) -> Observation:
    """Under observation now, since a few days ago."""
    returnee = recent(office, days)
    at = timezone.now() - dt.timedelta(days=days)
    return observation_open(
        person=returnee.person, area=returnee.area, household=returnee.household, returnee=returnee,
        dates=StartDates.of(returnee), by=office.jia, at=at, known_at=at,
    )  # fmt: skip
