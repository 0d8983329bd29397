"""Queries whose SQL is built once: the rows are those of the query itself, whoever asks and on whatever day."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import Posting, Staff
from grassroots.grid.prepared import Prepared, PreparedModels, Remembered, keeps_plans
from tests.factories import OfficeCast

pytestmark = pytest.mark.django_db
DAYS = (dt.date(1900, 1, 1), dt.date(1900, 1, 2))


def postings(staff: int, on: dt.date) -> Any:
    rows = Posting.objects.filter(staff=Staff(pk=staff)).open(on)
    return rows.order_by("pk").values_list("staff_id", "area__name")


def test_every_person_and_day_gets_the_rows_of_the_query_itself(
    office: OfficeCast, django_assert_num_queries: Any
) -> None:
    Posting.objects.filter(staff=office.yi).update(valid_to=dt.date(2020, 2, 1))
    prepared = Prepared(postings, {"staff": (-1, -2), "on": DAYS})
    for staff in (office.jia, office.yi, office.bing):
        for on in (dt.date(2019, 12, 31), dt.date(2020, 2, 1), dt.date(2020, 2, 2)):
            with django_assert_num_queries(1):
                found = prepared.rows(staff=staff.pk, on=on)
            assert found == list(postings(staff.pk, on)), (staff.name, on)
    assert prepared.rows(staff=office.yi.pk, on=dt.date(2020, 2, 1)) == [(office.yi.pk, "1组")]
    assert prepared.rows(staff=office.yi.pk, on=dt.date(2020, 2, 2)) == []


def test_an_argument_that_is_no_parameter_is_refused(office: OfficeCast) -> None:
    many = Prepared(
        lambda staff: Posting.objects.filter(staff__in=staff).values_list("pk"), {"staff": ([1], [1, 2])}
    )
    unused = Prepared(lambda staff: Posting.objects.values_list("pk"), {"staff": (1, 2)})
    for prepared in (many, unused):
        with pytest.raises(ValueError, match="staff is more, or less"):
            prepared.rows(staff=office.jia.pk)


def staff_since(uid: uuid.UUID, since: dt.datetime) -> Any:
    rows = Posting.objects.filter(staff__uid=uid, staff__created_at__gte=since).annotate(one_more=F("pk") + 1)
    return rows.select_related("area", "staff").defer("area__name").order_by("pk")


SINCE = {
    "uid": (uuid.UUID(int=1), uuid.UUID(int=2)),
    "since": (dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(1900, 1, 2, tzinfo=dt.UTC)),
}


def test_instances_are_those_of_the_query_with_what_hangs_on_them(
    office: OfficeCast, django_assert_num_queries: Any
) -> None:
    Staff.objects.filter(pk=office.yi.pk).update(channels={"mail": "a@b"}, phone="13800001111")
    prepared: PreparedModels[Posting] = PreparedModels(staff_since, SINCE)
    began = office.yi.created_at
    for uid, since in ((office.yi.uid, began), (office.jia.uid, began), (office.yi.uid, timezone.now())):
        with django_assert_num_queries(1):
            found = prepared.instances(uid=uid, since=since)
            told = [(one, one.area.path, one.staff.channels, one.staff.phone, one.one_more) for one in found]
        wanted = staff_since(uid, since)
        assert told == [
            (one, one.area.path, one.staff.channels, one.staff.phone, one.one_more) for one in wanted
        ]
        assert [one.__dict__.keys() for one in found] == [one.__dict__.keys() for one in wanted]
        assert [one.staff.__dict__.keys() for one in found] == [one.staff.__dict__.keys() for one in wanted]
    assert prepared.first(uid=office.yi.uid, since=began) == office.yi.postings.get()
    assert prepared.first(uid=uuid.uuid4(), since=began) is None
    with django_assert_num_queries(1):  # what was left out is asked for when it is wanted, as ever
        assert prepared.instances(uid=office.yi.uid, since=timezone.now()) == []
    assert prepared.instances(uid=office.yi.uid, since=began)[0].area.name == "1组"


def test_a_query_is_remembered_by_its_key_and_asks_anew(office: OfficeCast) -> None:
    built: list[int] = []

    def build(staff: Staff) -> Any:
        built.append(staff.pk)
        return Posting.objects.filter(staff=staff).values_list("staff_id")

    remembered = Remembered()
    for staff in (office.jia, office.yi, office.jia):
        assert remembered.rows(staff.pk, lambda staff=staff: build(staff)) == [(staff.pk,)]
    assert built == [office.jia.pk, office.yi.pk]
    Posting.objects.filter(staff=office.jia).delete()
    assert remembered.rows(office.jia.pk, lambda: build(office.jia)) == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_session_plans_a_query_once_and_the_next_session_anew(office: OfficeCast) -> None:
    prepared = Prepared(postings, {"staff": (-1, -2), "on": DAYS})
    on = dt.date(2020, 2, 1)

    def kept() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%grid_posting%'"
            )
            return int(cursor.fetchone()[0])

    connection.close()
    for _ in range(2):
        assert prepared.rows(staff=office.jia.pk, on=on) == list(postings(office.jia.pk, on))
        assert kept() == 1
    connection.close()
    assert kept() == 0
    assert prepared.rows(staff=office.yi.pk, on=on) == list(postings(office.yi.pk, on))


@pytest.mark.postgres
def test_behind_a_pooler_nothing_is_kept_in_a_session(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    assert not keeps_plans(connection)
    prepared = Prepared(postings, {"staff": (-1, -2), "on": DAYS})
    with CaptureQueriesContext(connection) as seen:
        assert prepared.rows(staff=office.jia.pk, on=dt.date(2020, 2, 1))
    assert [query["sql"][:6] for query in seen] == ["SELECT"]
