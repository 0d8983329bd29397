"""统计截止时间: on the page, in the ledger, on the command line; what a period up to a cut-off holds."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.ledgers.asof import AsOf, Ratio, indicators, table_columns
from grassroots.ledgers.engine import clock_words
from grassroots.ledgers.exports import ExportRefused
from grassroots.ledgers.statistics import count_all, reconcile
from grassroots.ledgers.wanted import Wanted
from households.services.survey import Survey
from quarantine.models import CloseContact
from quarantine.services.observations import StartDates, observation_open, observation_transfer
from quarantine.services.readings import reading_record
from quarantine.services.returnees import ContactData, ReturneeData, returnee_save
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.conftest import captions, export, grid
from tests.quarantine.cases import make_observation, make_returnee, signed_in

pytestmark = pytest.mark.django_db
STATISTICS = "/ledgers/statistics/"
DAY, FIVE = dt.date(2020, 1, 26), dt.time(17)
DOMAIN_COLUMNS = {  # DOMAIN.md §2
    "": "组数",
    "入户排查": "总户数,今日,累计,已签承诺书,无人户,空置户,完成率",
    "返乡": "今日新增,累计,武汉,湖北其他,省外其他,市外省内",
    "居家观察": "今日新增,累计,现在管,今日解除,累计解除,今日转送,累计转送",
    "测温": "应测,实测,漏测,体温异常,有症状",
    "密接": "今日新增,累计,在管,解除",
}


def figures(office: OfficeCast, day: dt.date = DAY, cutoff: dt.time | None = FIVE) -> dict[str, int]:
    return count_all(office.street, AsOf.day(day, cutoff=cutoff)).total(office.street.path)


def test_a_period_runs_from_yesterdays_cut_off_to_todays() -> None:
    asof = AsOf.day(DAY, cutoff=FIVE)
    assert (asof.start, asof.end) == (aware("2020-01-25 17:00"), aware("2020-01-26 17:00"))
    assert asof.on == DAY and asof.before().end == asof.start
    whole = AsOf.day(DAY)
    assert timezone.localtime(whole.end).time() == dt.time.max and whole.before().end == whole.start
    assert [clock_words(value) for value in (FIVE, dt.time(17, 30), None)] == ["17时", "17时30分", "24时"]


@pytest.mark.parametrize(("at", "day"), [("17:00", DAY), ("17:01", DAY + dt.timedelta(days=1))])
def test_what_happens_at_the_cut_off_sharp_is_of_the_period_that_ends(
    office: OfficeCast, at: str, day: dt.date
) -> None:
    make_observation(office, at=f"2020-01-26 {at}")
    other = ({DAY, DAY + dt.timedelta(days=1)} - {day}).pop()
    assert (figures(office, day)["opened"], figures(office, other)["opened"]) == (1, 0)
    assert all(reconcile(office.street, AsOf.day(each, cutoff=FIVE)).explain() == "" for each in (day, other))


def test_a_slot_is_of_the_period_in_which_it_closes(office: OfficeCast) -> None:
    """Up to 17:00 of the 26th: the afternoon of the 25th and the morning of the 26th, each measured or missed."""
    observation = make_observation(office, at="2020-01-25 09:00")
    afternoon = observation.visits.get(date=dt.date(2020, 1, 25), slot="PM")
    reading_record(
        visit=afternoon, temperature=Decimal("36.6"), by=office.health, measured_at=aware("2020-01-25 20:00"),
        at=aware("2020-01-25 20:00"),
    )  # fmt: skip
    found = figures(office)
    assert [found[f"readings_{key}"] for key in ("due", "taken", "missed")] == [2, 1, 1]
    whole = figures(office, cutoff=None)
    assert [whole[f"readings_{key}"] for key in ("due", "taken", "missed")] == [2, 0, 2]


def test_a_door_entered_after_the_cut_off_is_of_the_next_period(office: OfficeCast) -> None:
    """A door has a date and no time: what is recorded by the cut-off counts."""
    for door, at in (("101", "16:00"), ("102", "18:00")):
        make_household(office.compound, door, opened_on=DAY, recorded_at=aware(f"2020-01-26 {at}"))
    later = DAY + dt.timedelta(days=1)
    assert [figures(office, day)["households"] for day in (DAY, later)] == [1, 2]
    assert figures(office, cutoff=None)["households"] == 2


def test_a_knock_counts_by_its_minute(office: OfficeCast) -> None:
    home = make_household(
        office.compound, opened_on=dt.date(2020, 1, 20), recorded_at=aware("2020-01-20 08:00")
    )
    Survey.objects.create(
        household=home, area=home.area, staff=office.jia, recorded_by=office.jia, outcome="ABSENT",
        visited_at=aware("2020-01-25 18:00"), recorded_at=aware("2020-01-25 18:01"),
    )  # fmt: skip
    assert [figures(office, cutoff=cutoff)["surveyed_today"] for cutoff in (FIVE, None)] == [1, 0]


def test_the_page_has_a_chooser_and_says_what_today_means(office: OfficeCast) -> None:
    make_observation(office, at="2020-01-25 18:00")
    asked = {"area": office.street.pk, "on": "2020-01-26", "cutoff": "17:00"}
    response = signed_in(office.ding).get(STATISTICS, asked)
    page = response.content.decode()
    assert 'name="cutoff" value="17:00"' in page and "昨日17时至今日17时" in page and "核对一致" in page
    assert response.context["table"].figures["opened"] == 1
    assert f"cutoff=17%3A00&amp;area={office.village.pk}" in page or (
        f"area={office.village.pk}" in page and page.count("cutoff=17%3A00") >= 2
    )


@pytest.mark.parametrize(("cutoff", "words"), [("0:00", "前一天的24时"), ("17时", "看不懂")])
def test_a_cut_off_that_makes_no_sense_is_told(office: OfficeCast, cutoff: str, words: str) -> None:
    asked = {"area": office.street.pk, "on": "2020-01-26", "cutoff": cutoff}
    page = signed_in(office.ding).get(STATISTICS, asked).content.decode()
    assert words in page and f'value="{cutoff}"' in page


def test_the_ledger_says_the_cut_off_in_its_head_and_counts_up_to_it(office: OfficeCast) -> None:
    make_observation(office, at="2020-01-26 18:00")
    for cutoff, words, opened in (("17:00", "2020年1月26日17时", 0), ("18:00", "2020年1月26日18时", 1)):
        book = export("statistics", office.street, office.ding, on=DAY, filters={"cutoff": cutoff})
        rows, names = grid(book), captions(book)
        assert f"统计截止时间:{words}" in [cell for row in rows for cell in row if isinstance(cell, str)]
        total = next(row for row in rows if row[0] == "合计")
        assert total[names.index("现在管")] == opened
        assert not any("只列" in str(cell) or "筛选" in str(cell) for row in rows for cell in row)


@pytest.mark.parametrize(("cutoff", "words"), [("17点", "17:00 这样"), ("00:00", "前一天的24时")])
def test_the_ledger_refuses_other_cut_offs_in_words(office: OfficeCast, cutoff: str, words: str) -> None:
    with pytest.raises(ExportRefused, match=words):
        export("statistics", office.street, office.ding, on=DAY, filters={"cutoff": cutoff})


def test_the_download_form_takes_the_cut_off_along(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    form = client.get(
        "/ledgers/", {"key": "statistics", "area": office.street.pk, "cutoff": "17:00"}
    ).context["form"]
    assert form["cutoff"].value() == "17:00"
    sent = {
        "key": "statistics",
        "area": office.street.pk,
        "on": "2020-01-26",
        "file_format": "csv",
        "cutoff": "25:00",
    }
    made = client.post("/ledgers/download/", {**sent, "cutoff": "17:00", "file_format": "xlsx"})
    book = load_workbook(io.BytesIO(b"".join(made.streaming_content)))  # type: ignore[attr-defined]
    assert "统计截止时间:2020年1月26日17时" in [cell for row in grid(book) for cell in row]
    wanted = Wanted("statistics", office.street, DAY, filters={"cutoff": ["17:00"]})
    assert wanted.words() == ["2020-01-26", "Excel", "脱敏", "统计截止时间:17:00"]
    refused = client.post("/ledgers/download/", sent)
    assert refused.status_code == 422 and "截止时间看不懂" in refused.content.decode()


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("statistics", area="510121006000", stdout=out, **options)
    return out.getvalue()


def test_the_command_counts_up_to_a_cut_off(office: OfficeCast) -> None:
    make_observation(office, at="2020-01-26 18:00")
    data = json.loads(run(on="2020-01-26", cutoff="17:00", format="json"))
    assert data["cutoff"] == "17:00" and data["totals"]["under_observation"] == 0
    whole = json.loads(run(on="2020-01-26", cutoff="24:00", format="json"))
    assert "cutoff" not in whole and whole["totals"]["under_observation"] == 1
    assert "统计截止时间17时" in run(on="2020-01-26", cutoff="17:00")


@pytest.mark.parametrize(
    ("cutoff", "words"), [("0:00", "看不懂"), ("00:00", "前一天的24时"), ("17点", "看不懂")]
)
def test_the_command_refuses_other_cut_offs_in_words(office: OfficeCast, cutoff: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(cutoff=cutoff)


def test_the_table_has_every_column_that_has_rows_in_the_model(office: OfficeCast) -> None:
    shown = [f"{item.group}{item.caption}" for item in table_columns()]
    wanted = [f"{group}{caption}" for group, names in DOMAIN_COLUMNS.items() for caption in names.split(",")]
    assert [name for name in shown if name in wanted] == wanted
    # Without these two it does not reconcile.
    others = {
        name for name in set(shown) - set(wanted) if not name.startswith(("场所", "消杀", "宣传", "走访关爱"))
    }
    assert others == {"居家观察今日转入", "居家观察今日转出"}
    assert not {item.key for item in indicators()} & {
        item.key for item in table_columns() if isinstance(item, Ratio)
    }


def test_a_contact_who_is_registered_is_followed_under_whoever_named_him(office: OfficeCast) -> None:
    person = make_person("孙六", make_household(office.other_group))
    returnee = make_returnee(
        office, found_at=aware("2020-01-25 09:00"), recorded_at=aware("2020-01-25 09:00")
    )
    named = [ContactData("孙六", phone=person.phone), ContactData("周七", phone="13900001111")]
    returnee_save(
        returnee=returnee, data=ReturneeData(origin="武汉", contacts=named), by=office.jia, at=aware("2020-01-25 10:00")
    )  # fmt: skip
    assert CloseContact.objects.get(name="孙六").person == person
    observation = observation_open(
        person=person, area=office.other_group, household=person.residencies.get().household, by=office.bing,
        dates=StartDates(last_contact_on=dt.date(2020, 1, 22)), at=aware("2020-01-26 09:00"),
        known_at=aware("2020-01-26 09:00"),
    )  # fmt: skip
    village = count_all(office.village, AsOf.day(DAY)).total(office.village.path)
    assert [village[key] for key in ("contacts", "contacts_observed", "contacts_released")] == [2, 1, 0]
    observation_transfer(
        observation=observation, version=1, destination="县医院", reason="发热", by=office.health,
        at=aware("2020-01-26 15:00"), known_at=aware("2020-01-26 15:00"),
    )  # fmt: skip
    assert figures(office)["contacts_observed"] == 0
