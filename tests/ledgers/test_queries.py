"""What a ledger costs does not grow with how much is in it, but for what is read in chunks."""

from __future__ import annotations

import datetime as dt
import io
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.bulk import BulkWriter
from grassroots.grid.models import Area, Staff
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.rollups import refresh_rollups
from households.models import Household, Person, Residency
from quarantine.models import Observation, Policy, Returnee
from tests.factories import OfficeCast, aware

pytestmark = pytest.mark.django_db
SINCE = aware("2020-01-25 09:00")


def fill(office: OfficeCast, number: int, *, observed: bool = True) -> None:
    """So many returnees, each in a household of his own, under observation."""
    policy = Policy.objects.get(code="home-14", state="IN_FORCE")
    models = (Household, Person, Residency, Returnee, Observation)
    homes, people, stays, files, watched = writers = [BulkWriter(model) for model in models]
    day = dt.date(2020, 1, 25)
    for index in range(number):
        door = uuid.uuid4().hex[:12]
        home = homes.add(
            area_id=office.compound.pk, door=door, display=door, door_key=door, walk_key=door, opened_on=day,
            recorded_at=SINCE,
        )  # fmt: skip
        person = people.add(name=f"张{index}", id_number="", phone="", recorded_at=SINCE)
        common = {
            "person_id": person,
            "household_id": home,
            "area_id": office.compound.pk,
            "recorded_at": SINCE,
        }
        stays.add(started_on=day, **common)
        returnee = files.add(
            **common, origin="武汉市江夏区", origin_kind="WUHAN", reasons=["WUHAN"], found_at=SINCE,
            recorded_by_id=office.jia.pk,
        )  # fmt: skip
        if observed:
            watched.add(
                **common, returnee_id=returnee, policy_id=policy.pk, start_basis="ARRIVED", basis_on=day,
                day_one_on=day, last_on=day + dt.timedelta(days=13), opened_at=SINCE,
            )  # fmt: skip
    for writer in writers:
        writer.close(by_id=office.admin.pk)


def queries_of(key: str, office: OfficeCast) -> int:
    staff = Staff.objects.get(pk=office.ding.pk)  # nothing is known yet of his scope and rights
    with CaptureQueriesContext(
        connection,
    ) as counted:
        export_run(key=key, area=office.street, staff=staff, on=timezone.localdate(), target=io.BytesIO())
    return len(counted)


@pytest.mark.parametrize("key", ["key-persons", "returnees"])
def test_it_needs_as_many_queries_for_5000_people_as_for_54(office: OfficeCast, key: str) -> None:
    fill(office, 54)
    few = queries_of(key, office)
    fill(office, 4946)
    assert Returnee.objects.count() == 5000
    assert (few, queries_of(key, office)) == (few, few)
    assert few <= 30


def test_temperatures_need_as_many_queries_for_60_people_as_for_5(office: OfficeCast) -> None:
    fill(office, 5)
    few = queries_of("temperatures", office)
    fill(office, 55)
    assert queries_of("temperatures", office) == few <= 30


def test_base_reads_households_in_chunks(office: OfficeCast) -> None:
    """Four queries a chunk of 2,000 doors, and nothing a door."""
    fill(office, 10, observed=False)
    few = queries_of("base", office)
    fill(office, 1980, observed=False)
    assert queries_of("base", office) == few
    fill(office, 100, observed=False)
    assert queries_of("base", office) == few + 4


def page_queries(client: Client, area: Area, **asked: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        response = client.get("/ledgers/statistics/", {"area": area.pk, **asked})
    assert response.status_code == 200
    return len(counted)


def test_the_page_of_figures_costs_the_same_for_a_village_and_a_street(office: OfficeCast) -> None:
    client = Client()
    client.force_login(office.ding)
    refresh_rollups(timezone.now())
    page_queries(client, office.village)  # the first page of a session writes the session
    village, street = page_queries(client, office.village), page_queries(client, office.street)
    assert village == street <= 15


def test_the_page_of_an_earlier_day_costs_the_same_for_a_village_and_a_street(office: OfficeCast) -> None:
    client = Client()
    client.force_login(office.ding)
    earlier = (timezone.localdate() - dt.timedelta(days=2)).isoformat()
    page_queries(client, office.village, on=earlier)
    village, street = (
        page_queries(client, office.village, on=earlier),
        page_queries(client, office.street, on=earlier),
    )
    assert village == street <= 125
