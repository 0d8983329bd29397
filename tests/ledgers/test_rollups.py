"""Figures of areas: computed as a day begins, swept when they are old, and cheap while nothing changes."""

from __future__ import annotations

import datetime as dt

import pytest

from grassroots.grid.models import Area
from grassroots.ledgers.models import AreaRollup
from grassroots.ledgers.rollups import KEEP_DAYS, refresh_rollups
from tests.factories import OfficeCast, aware

pytestmark = pytest.mark.django_db
MORNING = aware("2020-01-29 06:01")


def test_as_a_day_begins_every_area_is_counted_and_old_days_are_swept(office: OfficeCast) -> None:
    today = dt.date(2020, 1, 29)
    for days in (1, KEEP_DAYS, KEEP_DAYS + 1):
        AreaRollup.objects.create(area=office.street, on=today - dt.timedelta(days=days))
    done = refresh_rollups(MORNING)
    assert done == {"areas": Area.objects.count(), "swept": 1}
    days_kept = AreaRollup.objects.filter(area=office.street).values_list("on", flat=True)
    assert sorted(today - on for on in days_kept) == [dt.timedelta(days=n) for n in (0, 1, KEEP_DAYS)]


def test_a_minute_in_which_nothing_has_changed_reads_no_table_of_figures_whole(
    office: OfficeCast, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    refresh_rollups(MORNING)
    AreaRollup.objects.create(area=office.street, on=dt.date(2020, 1, 1))
    with django_assert_num_queries(8) as counted:  # type: ignore[operator]
        assert refresh_rollups(MORNING + dt.timedelta(minutes=1)) == {"areas": 0, "swept": 0}
    assert not any(query["sql"].startswith("DELETE") for query in counted.captured_queries)
