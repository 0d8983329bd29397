"""无人户跟进台账: which households, what was done about each, as of which day, masked, at what cost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from households.models import Household
from households.services import survey_record
from households.services.absent import absence_open, call_record, contact_add, next_set
from households.services.data import SurveyData
from households.services.slips import slips_issue
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.conftest import body, captions, export

pytestmark = pytest.mark.django_db
DAY, NEXT = dt.date(2020, 1, 28), dt.date(2020, 1, 29)


def door(office: OfficeCast, number: str, *knocks: tuple[str, str], **fields: Any) -> Household:
    """A household entered on 20 January with these knocks (outcome, time)."""
    home = make_household(
        office.compound,
        number,
        opened_on=dt.date(2020, 1, 20),
        recorded_at=aware("2020-01-20 08:00"),
        **fields,
    )
    for outcome, at in knocks:
        home.refresh_from_db()
        with time_machine.travel(aware(at), tick=False):
            data = SurveyData(
                outcome=outcome, visited_at=aware(at), slip_left=outcome == "ABSENT", note=f"{number}记"
            )
            survey_record(household=home, version=home.version, data=data, by=office.jia)
    return Household.objects.select_related("area").get(pk=home.pk)


@pytest.fixture
def doors(office: OfficeCast) -> dict[str, Household]:
    """Of each kind one, and two that the ledger must not show."""
    found = {
        "absent": door(office, "101", ("ABSENT", "2020-01-27 10:00"), ("ABSENT", "2020-01-28 19:30")),
        "away": door(office, "102", ("ABSENT", "2020-01-27 10:00")),
        "empty": door(office, "103", ("VACANT", "2020-01-27 10:00")),
        "signed": door(office, "104", ("ABSENT", "2020-01-27 10:00"), ("SIGNED", "2020-01-28 10:00")),
        "met": door(office, "105", ("ABSENT", "2020-01-27 10:00"), ("REFUSED", "2020-01-28 10:00")),
    }
    with time_machine.travel(aware("2020-01-28 20:00"), tick=False):
        make_person("张建国", found["absent"])
        contact = contact_add(
            household=found["absent"], relation="NEIGHBOUR", name="王姨", phone="13800112233", by=office.jia
        )
        call_record(
            household=found["absent"], result="REACHED", contact=contact, note="后天回", by=office.jia
        )
        slips_issue(households=[found["absent"]], by=office.jia)
        next_set(household=found["absent"], on=DAY, by=office.jia)
        absence_open(household=found["away"], where="广东东莞", back_on=dt.date(2020, 2, 20), by=office.jia)
    return found


def rows_on(office: OfficeCast, on: dt.date, **options: Any) -> dict[Any, dict[str, Any]]:
    """The ledger's rows of a day by door."""
    with time_machine.travel(aware("2020-01-29 12:00"), tick=False):
        book = export("absent", office.street, office.ding, on=on, **options)
    return {row["房号"]: row for row in body(book)}


def test_it_holds_who_was_not_met_and_never_a_household_with_a_letter(office, doors):
    found = rows_on(office, NEXT)
    assert {number: row["情况"] for number, row in found.items()} == {
        "101": "无人",
        "102": "长期外出",
        "103": "空置",
    }


def test_a_row_says_what_was_tried_and_what_is_known(office, doors):
    row = rows_on(office, NEXT)["101"]
    assert (row["白天"], row["晚间"], row["次数"], row["温馨提示"], row["提示单(张)"]) == (1, 1, 2, "已贴", 1)
    assert (row["户主姓名"], row["上门人"], row["最近结果"], row["说了什么"]) == (
        "张建国",
        office.jia.name,
        "接通",
        "后天回",
    )
    assert (row["邻居(亲属)"], row["是否到期"], row["备注"]) == ("邻居 王姨", "过期", "101记")
    away = rows_on(office, NEXT)["102"]
    assert (away["去向"], away["是否到期"]) == ("广东东莞", "以后")
    assert away["预计返回"] == dt.datetime(2020, 2, 20)


def test_phones_of_residents_and_of_neighbours_are_masked(office, doors):
    with time_machine.travel(aware("2020-01-29 12:00"), tick=False):
        book = export("absent", office.street, office.ding, on=NEXT)
    text = "\n".join(
        str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row
    )
    assert "138****2233" in text
    assert "13800112233" not in text and doors["absent"].residencies.get().person.phone not in text
    assert captions(book)[-1] == "备注"


def test_an_earlier_day_shows_what_was_known_then(office, doors):
    before = rows_on(office, dt.date(2020, 1, 27))
    assert set(before) == {"101", "102", "103", "104", "105"}
    assert (before["101"]["次数"], before["101"]["最近结果"], before["102"]["情况"]) == (1, None, "无人")


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [({"kind": "AWAY"}, {"102"}), ({"kind": ["ABSENT", "VACANT"]}, {"101", "103"}), ({"due": "OVERDUE"}, {"101"}),
     ({"due": "NONE"}, {"103"})],
)  # fmt: skip
def test_filters_keep_a_kind_and_what_is_due(office, doors, filters, numbers):
    assert set(rows_on(office, NEXT, filters=filters)) == numbers


def test_a_colleague_elsewhere_gets_none_of_these(office, doors):
    with time_machine.travel(aware("2020-01-29 12:00"), tick=False):
        assert body(export("absent", office.other_village, office.bing, on=NEXT)) == []


def test_twenty_households_take_as_many_queries_as_three(office, doors):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            rows_on(office, NEXT)
        return len(queries)

    cost()
    few = cost()
    for number in range(17):
        door(office, str(201 + number), ("ABSENT", "2020-01-28 10:00"))
    assert cost() == few
