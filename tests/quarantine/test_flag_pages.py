"""读数核实: counts by officer, the readings behind a hint, checking it; scope and rights."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AccessLog, Area, Role, Staff
from quarantine.models import FlagKind, ReadingFlag
from quarantine.services.readings import reading_correct, reading_record
from tests.factories import OfficeCast, aware, make_household, make_office, make_staff
from tests.households.door_pages import signed_in
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.texts import text_of

pytestmark = pytest.mark.django_db
ON = dt.date(2020, 1, 29)
URL = "/quarantine/flags/"


@pytest.fixture(autouse=True)
def late_morning() -> Iterator[None]:
    with time_machine.travel(aware("2020-01-29 11:30"), tick=False):
        yield


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def flag(
    office: OfficeCast, name: str, kind: str = FlagKind.REPEATED, by: Staff | None = None,
    area: Area | None = None, at: str = "2020-01-29 08:30",
) -> ReadingFlag:  # fmt: skip
    returnee = make_returnee(office, name, household=make_household(area or office.compound))
    observation = make_observation(office, returnee=returnee)
    visit = observation.visits.get(date=ON, slot="AM")
    by = by or office.health
    reading = reading_record(
        visit=visit, temperature=Decimal("36.5"), by=by, at=aware("2020-01-29 08:30")
    ).reading
    found = ReadingFlag.objects.create(
        kind=kind, officer=by, area=visit.area, count=1, temperature=Decimal("36.5"), from_at=aware(at),
        until_at=aware(at),
    )  # fmt: skip
    found.readings.add(reading)
    return found


def check(browser: Client, one: ReadingFlag, **values: str) -> HttpResponse:
    return browser.post(f"{URL}{one.uid}/", {"submission_id": str(uuid.uuid4()), **values})


def test_counts_stand_by_officer_and_kind_with_how_many_wait(office):
    done = flag(office, "张三")
    flag(office, "李四")
    flag(office, "王五", FlagKind.FUTURE, office.jia)
    browser = signed_in(office.ding)
    check(browser, done, conclusion="EXPLAINED", note="同一批人，重新测过")
    rows = browser.get(URL).context["officers"]
    assert [(row.officer, row.total.count, row.total.unchecked) for row in rows] == [
        (office.health, 2, 1), (office.jia, 1, 1),
    ]  # fmt: skip
    assert rows[0].cells[FlagKind.REPEATED].count == 2


def test_the_list_is_narrowed_by_officer_kind_state_and_period(office):
    flag(office, "张三")
    flag(office, "李四", FlagKind.FUTURE, office.jia)
    flag(office, "旧的", FlagKind.BURST, office.yi, at="2020-01-20 08:30")
    browser = signed_in(office.ding)

    def officers(**query: object) -> set[str]:
        return {one.officer.name for one in browser.get(URL, query).context["flags"]}

    assert officers() == {"卫某", "甲某"}
    assert officers(officer=office.jia.uid) == {"甲某"}
    assert officers(kind="REPEATED") == {"卫某"}
    assert officers(state="checked") == set()
    assert officers(since="2020-01-20", until="2020-01-20") == {"乙某"}


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [("2020-01-30", "2020-01-29", "晚于结束日期"), ("2019-01-01", "2020-01-29", "最多看92天"), ("x", "", "日期请写成")],
)  # fmt: skip
def test_a_period_that_cannot_be_says_why_and_stays(office, since, until, words):
    response = signed_in(office.ding).get(URL, {"since": since, "until": until})
    assert response.status_code == 422
    assert words in text_of(response)


def test_readings_behind_it_show_both_times_and_a_corrected_value_struck_through(office):
    one = flag(office, "张三")
    reading_correct(
        reading=one.readings.get(), temperature=Decimal("36.9"), reason="看错", by=office.health,
        at=aware("2020-01-29 09:00"),
    )  # fmt: skip
    page = text_of(signed_in(office.ding).get(f"{URL}{one.uid}/"))
    assert "<del>36.5 ℃</del>" in page
    assert "36.9 ℃" in page
    assert page.count("01-29 08:30:00") == 2
    assert "不代表有问题" in page


def test_a_check_is_kept_with_its_words_and_can_be_followed_by_another(office):
    one = flag(office, "张三")
    browser = signed_in(office.ding)
    assert check(browser, one, conclusion="FOLLOW_UP", note="明天一起上门").status_code == 302
    page = text_of(browser.get(f"{URL}{one.uid}/"))
    assert "明天一起上门" in page
    assert "再次核实" in page
    assert "需要继续跟进" in text_of(browser.get(URL))


def test_a_check_without_words_keeps_the_choice(office):
    one = flag(office, "张三")
    response = check(signed_in(office.ding), one, conclusion="EXPLAINED", note="")
    assert response.status_code == 422
    assert "请填写说明" in text_of(response)
    assert response.context["form"]["conclusion"].value() == "EXPLAINED"
    assert not one.checks.exists()


def test_hints_of_another_village_are_not_seen_and_inspectors_look_only(office):
    mine, other = flag(office, "张三"), flag(office, "李四", area=office.other_group)
    village = signed_in(make_staff("村主管", Role.SUPERVISOR, office.village))
    assert [one.pk for one in village.get(URL).context["flags"]] == [mine.pk]
    assert village.get(f"{URL}{other.uid}/").status_code == 404
    inspector = signed_in(office.inspector)
    assert "标为已核实" not in text_of(inspector.get(f"{URL}{mine.uid}/"))
    assert check(inspector, mine, conclusion="EXPLAINED", note="x").status_code == 403


def test_opening_one_goes_into_the_access_log(office):
    one = flag(office, "张三")
    signed_in(office.ding).get(f"{URL}{one.uid}/")
    assert AccessLog.objects.filter(subject_uid=str(one.uid), staff_id=office.ding.pk).count() == 1


def test_more_hints_and_officers_take_no_more_queries(office):
    browser = signed_in(office.ding)

    def cost(url: str) -> int:
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        return len(queries)

    one = flag(office, "张三")
    few, few_behind = cost(URL), cost(f"{URL}{one.uid}/")
    for number in range(3):
        other = flag(office, f"李四{number}", FlagKind.FUTURE, office.jia)
        one.readings.add(*other.readings.all())
    assert cost(URL) == few
    assert cost(f"{URL}{one.uid}/") == few_behind
