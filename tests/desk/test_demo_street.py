"""The demo street: what was published of it comes back by counting."""

import datetime as dt

import pytest
from django.core.management import call_command

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import statistics

ON = dt.date(2020, 1, 29)
pytestmark = pytest.mark.django_db


@pytest.mark.postgres
def test_the_street_gives_the_published_figures_back_by_counting():
    call_command("load_demo", "street", on=ON.isoformat())  # and ANALYZE, or counting takes minutes
    totals = statistics(Area.objects.get(code="510121006000"), AsOf.day(ON))["totals"]
    published = {
        "compounds": 351,
        "households": 43_171,
        "residents": 125_587,
        "surveyed_households": 43_171,
        "signed_households": 43_171,
        "returnees_wuhan": 54,
        "returnees": 54,
        "under_observation": 54,
    }
    assert {key: totals[key] for key in published} == published
    assert Staff.objects.count() == 2_143
