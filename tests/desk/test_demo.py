"""Demo data: exact, valid, deterministic, and rows instead of constants."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from grassroots.desk.demo.build import load
from grassroots.grid.models import Area, DutyKind, Office, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import reconcile, statistics
from households.models import Household, Person, Residency
from households.rules.identity import check_digit
from quarantine.models import Alert, Handover, Observation, Paper, Visit, VisitState
from tests.standing import standing

ON = dt.date(2020, 1, 29)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with standing(lambda: load("village", ON), django_db_blocker):
        yield


@pytest.fixture
def village(loaded: None, db: None) -> Area:
    return Area.objects.get(code="510121006001")


def figures(code="510121006000"):
    return statistics(Area.objects.get(code=code), AsOf.day(ON))["totals"]


def test_the_village_is_lively(village):
    totals = figures()
    assert totals["households"] == 300
    assert totals["absent_households"] > 5
    assert totals["vacant_households"] > 0
    assert 0 < totals["signed_households"] < 300
    assert totals["under_observation"] == 10
    assert totals["readings_abnormal"] == 1
    assert Alert.objects.open().count() == 1
    assert totals["services_open"] == 2
    assert totals["services_done_today"] == 1
    assert Handover.objects.pending().count() == 1
    assert {kind for kind, *_rest in Paper.objects.values_list("kind")} == {
        "NOTICE",
        "PLEDGE",
        "DOOR",
        "TEMPERATURE",
    }


def test_todays_readings_are_half_done(village):
    morning = Visit.objects.filter(date=ON, slot="AM")
    done = morning.filter(state=VisitState.DONE).count()
    assert 0 < done < morning.count()


def test_there_is_a_gap_in_the_chain(village):
    kind = DutyKind.objects.get(code="group")
    last = Area.objects.filter(path__startswith=village.path, name="4组").get()
    assert not last.duties.filter(kind=kind).exists()


def test_every_id_number_has_a_valid_check_digit_and_is_found_by_its_digest(village):
    people = list(Person.objects.all())
    assert all(check_digit(person.id_number[:17]) == person.id_number[17] for person in people)
    assert len({person.id_digest for person in people}) == len(people)


def test_the_same_seed_gives_the_same_people(village):
    first = list(Person.objects.order_by("pk").values_list("name", "birth_date", "uid"))
    for model in (Alert, Visit):
        assert model.objects.exists()
    from django.db import connection

    with connection.cursor() as cursor:  # a second load needs an empty base: compare with what it would write
        cursor.execute("SELECT COUNT(*) FROM households_historicalperson")
        assert cursor.fetchone()[0] == len(first)
    from grassroots.desk.demo.invent import Inventor

    one, two = Inventor(7, ON), Inventor(7, ON)
    assert [one.phone() for _ in range(50)] == [two.phone() for _ in range(50)]


def test_figures_are_rows_not_constants(village):
    before = figures()
    household = Household.objects.filter(survey_state="SIGNED", followup_state="").first()
    lived = Residency.objects.filter(household=household).count()
    for rows in (household.residencies, household.letters):
        rows.all().delete()
    for survey in household.surveys.all():
        survey.members.all().delete()
        survey.delete()
    household.delete()
    after = figures()
    assert after["households"] == before["households"] - 1
    assert after["signed_households"] == before["signed_households"] - 1
    assert after["residents"] == before["residents"] - lived


def test_stock_and_flows_reconcile_on_every_demo_day(village):
    root = Area.objects.get(code="510121006000")
    for days in range(15):
        assert reconcile(root, AsOf.day(ON - dt.timedelta(days=days))).explain() == ""


def test_demo_data_is_refused_over_a_real_office(village):
    Office.objects.update(is_demo=False)
    with pytest.raises(CommandError, match="空库"):
        call_command("load_demo", "village")


def test_no_demo_officer_but_the_eight_accounts_can_sign_in(village):
    able = [staff.username for staff in Staff.objects.all() if staff.has_usable_password()]
    assert sorted(able) == [
        "admin", "auditor", "cadre", "health", "inspector", "leader", "police", "supervisor",
    ]  # fmt: skip


def test_everybody_under_observation_has_a_history_and_a_stay(village):
    for observation in Observation.objects.all():
        assert observation.stays.count() == 1
        assert observation.events.count() == 1
        assert observation.history.count() == 1
