"""What a ledger costs does not grow with how much is in it, but for what is read in chunks."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.bulk import BulkWriter
from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.rollups import refresh_rollups
from households.ledgers import reading
from households.models import Household, Person, Residency
from quarantine.models import Observation, Policy, Returnee
from tests.factories import OfficeCast, aware

pytestmark = pytest.mark.django_db
SINCE = aware("2020-01-25 09:00")


def fill(office: OfficeCast, number: int, *, observed: bool = True, area: Area | None = None) -> None:
    """So many returnees, each in a household of his own, under observation."""
    policy = Policy.objects.get(code="home-14", state="IN_FORCE")
    models = (Household, Person, Residency, Returnee, Observation)
    homes, people, stays, files, watched = writers = [BulkWriter(model) for model in models]
    day, place = dt.date(2020, 1, 25), area or office.compound
    for index in range(number):
        door = uuid.uuid4().hex[:12]
        home = homes.add(
            area_id=place.pk, door=door, display=door, door_key=door, walk_key=door, opened_on=day,
            recorded_at=SINCE,
        )  # fmt: skip
        person = people.add(name=f"张{index}", id_number="", phone="", recorded_at=SINCE)
        common = {
            "person_id": person,
            "household_id": home,
            "area_id": place.pk,
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


def test_base_reads_the_doors_of_one_area_a_portion_at_a_time(office: OfficeCast, monkeypatch: Any) -> None:
    """Five queries a portion, and nothing a door."""
    monkeypatch.setattr(reading, "PORTION", 20)
    fill(office, 10, observed=False)
    few = queries_of("base", office)
    fill(office, 9, observed=False)
    assert queries_of("base", office) == few <= 16
    fill(office, 20, observed=False)
    assert queries_of("base", office) == few + 5


def test_base_reads_neighbouring_areas_together(office: OfficeCast, monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "PORTION", 15)
    fill(office, 5, observed=False)
    one = queries_of("base", office)
    fill(office, 5, observed=False, area=office.other_group)
    fill(office, 5, observed=False, area=office.other_village)
    assert queries_of("base", office) == one
    fill(office, 1, observed=False)
    assert queries_of("base", office) == one + 5


def test_a_preview_reads_few_doors_at_first_and_twice_as_many_each_time(office: OfficeCast) -> None:
    """So that a filter that hardly any door passes does not ask the database for ever."""
    fill(office, 33, observed=False)
    doors = Household.objects.all()
    sizes = [
        len(portion.doors) for portion in reading.portions(doors, AsOf.day(timezone.localdate()), first=5)
    ]
    assert sizes == [5, 10, 18]


def base_peak(office: OfficeCast, path: Path) -> tuple[int, int]:
    """Rows of a base ledger, and the most memory that its export held (bytes)."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # or PostgreSQL may take the rows of this very transaction for none
    staff = Staff.objects.get(pk=office.ding.pk)
    tracemalloc.start()
    try:
        result = export_run(
            key="base", area=office.street, staff=staff, on=timezone.localdate(), target=str(path)
        )
        return result.rows, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_base_in_memory_that_does_not_grow_with_the_rows(
    office: OfficeCast, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reading, "PORTION", 250)
    fill(office, 500, observed=False)
    base_peak(office, tmp_path / "warm.xlsx")  # what is made once is there already
    few, small = base_peak(office, tmp_path / "few.xlsx")
    fill(office, 4500, observed=False)
    many, large = base_peak(office, tmp_path / "many.xlsx")
    assert many == 10 * few == 5000
    assert large < small + 2_000_000


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
    assert village == street <= 178
