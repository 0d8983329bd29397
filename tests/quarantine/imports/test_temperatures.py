"""Sheets of temperatures: days over slots in all their spellings, marks, corrections, fever, and the way back."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from grassroots.ledgers.exports import export_run
from grassroots.ledgers.intake.protocol import Record
from grassroots.ledgers.intake.services import UndoRefused, batch_undo
from grassroots.ledgers.models import ImportNote
from grassroots.ledgers.reading import Caption
from quarantine.imports.temperature_cells import cells_of, reading_columns
from quarantine.models import (
    Alert,
    AlertState,
    Observation,
    Reading,
    ReadingFlag,
    ReadingSource,
    Visit,
    VisitState,
)
from quarantine.services.alert_actions import alert_acknowledge, alert_close
from quarantine.services.readings import reading_record, visit_for
from quarantine.services.stays import stay_since
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.quarantine.cases import make_observation
from tests.quarantine.imports.conftest import counts, lines, taken_in, written

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 10:00")
TODAY = dt.date(2020, 1, 29)


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    """Opened on 25 January at 9:00; it is 10:00 on the 29th."""
    return make_observation(office, "朱兰兰")


def sheet(observation: Observation, *slots: str, **more: str) -> bytes:
    """A csv file of one person with readings of the 26th, 27th and 28th, morning and afternoon."""
    person = observation.person
    days = ["1月26日上午", "1月26日下午", "1月27日上午", "1月27日下午", "1月28日上午", "1月28日下午"][
        : len(slots)
    ]
    head = ["姓名", "身份证号", *days, "备注"]
    cells = [more.get("name", person.name), more.get("id_number", person.id_number), *slots, ""]
    return f"体温监测表(填表日期:2020年1月29日)\n{','.join(head)}\n{','.join(cells)}\n".encode()


def take_in(office: OfficeCast, data: bytes, **more: Any) -> Any:
    return taken_in(data, office.street, office.ding, at=AT, **more)


def temperatures(observation: Observation) -> dict[tuple[str, str], Decimal]:
    rows = Reading.objects.effective().filter(visit__observation=observation).select_related("visit")
    return {(f"{row.visit.date:%m-%d}", row.visit.slot): row.temperature for row in rows}


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        ([("1月28日", "上午"), ("1月28日", "下午")], ["2020-01-28:AM", "2020-01-28:PM"]),
        ([("1月28日上午体温(℃)",), ("1月28日下午体温(℃)",)], ["2020-01-28:AM", "2020-01-28:PM"]),
        ([("2020-01-28", "早"), ("2020-01-28", "晚")], ["2020-01-28:AM", "2020-01-28:PM"]),
        ([("1.28", "上午"), ("1.28", "下午")], ["2020-01-28:AM", "2020-01-28:PM"]),
        ([("体温", "2020年1月28日", "AM"), ("体温", "2020年1月28日", "PM")], ["2020-01-28:AM", "2020-01-28:PM"]),
        ([("28日", "上午"), ("29日", "上午")], ["2020-01-28:AM", "2020-01-29:AM"]),
        ([("12月31日", "上午"), ("1月1日", "上午")], ["2019-12-31:AM", "2020-01-01:AM"]),
        ([("1月28日",), ("1月29日",)], ["2020-01-28:AM", "2020-01-29:AM"]),
        ([("备注",), ("第3天",)], []),
    ],
)  # fmt: skip
def test_columns_are_slots_of_days(paths: list[tuple[str, ...]], wanted: list[str]):
    captions = [Caption(column, path) for column, path in enumerate(paths)]
    assert list(reading_columns(captions, TODAY).values()) == [f"reading:{one}" for one in wanted]


@pytest.mark.parametrize(
    ("value", "temperature", "mark"),
    [
        ("36。5", "36.5", None), ("36.5℃", "36.5", None), (36.5, "36.5", None), ("３６．５", "36.5", None),
        ("不在家", None, VisitState.AWAY), ("外出", None, VisitState.AWAY), ("拒测", None, VisitState.REFUSED),
        ("电话", None, VisitState.PHONE),
    ],
)  # fmt: skip
def test_a_cell_is_a_temperature_or_a_mark(
    office: OfficeCast, value: object, temperature: str | None, mark: VisitState | None
):
    record = Record(4, {"reading:2020-01-28:AM": value}, {})
    [cell] = cells_of(record, _context(office))
    assert (cell.temperature, cell.mark) == (Decimal(temperature) if temperature else None, mark)


@pytest.mark.parametrize("value", [None, "", "/", "-", "无", "未测"])
def test_an_empty_cell_is_nothing(office: OfficeCast, value: object):
    assert list(cells_of(Record(4, {"reading:2020-01-28:AM": value}, {}), _context(office))) == []


def _context(office: OfficeCast) -> Any:
    from grassroots.ledgers.intake.protocol import ImportContext

    return ImportContext(area=office.street, staff=office.ding, at=AT, reference=TODAY)


def test_readings_of_past_slots_are_added_as_imported(office: OfficeCast, observation: Observation):
    batch = written(take_in(office, sheet(observation, "36.5", "36.9", "36。1", "/", "", "36.4")), at=AT)
    assert (batch.kind, counts(batch)) == ("temperatures", (1, 0, 0, 0))
    assert temperatures(observation) == {
        ("01-26", "AM"): Decimal("36.5"), ("01-26", "PM"): Decimal("36.9"), ("01-27", "AM"): Decimal("36.1"),
        ("01-28", "PM"): Decimal("36.4"),
    }  # fmt: skip
    reading = Reading.objects.first()
    assert reading is not None
    assert (reading.source, reading.is_late, reading.measured_at) == (ReadingSource.IMPORT, True, None)


def test_the_same_sheet_again_changes_nothing(office: OfficeCast, observation: Observation):
    data = sheet(observation, "36.5", "不在家", "36.1", "天气冷")
    written(take_in(office, data), at=AT)
    before = list(Reading.objects.values_list("pk")), list(Visit.objects.values_list("pk", "explanation"))
    again = written(take_in(office, data), at=AT)
    assert counts(again) == (0, 0, 1, 0)
    assert before == (
        list(Reading.objects.values_list("pk")), list(Visit.objects.values_list("pk", "explanation"))
    )  # fmt: skip


def test_another_value_is_a_correction_and_the_old_one_is_kept(office: OfficeCast, observation: Observation):
    written(take_in(office, sheet(observation, "36.5")), at=AT)
    batch = take_in(office, sheet(observation, "36.8"))
    [line] = lines(batch)
    assert line.effect == "updated"
    assert [(one.label, one.old, one.new) for one in line.changes] == [("1月26日上午(更正)", "36.5", "36.8")]
    written(batch, at=AT)
    old, new = Reading.objects.order_by("sequence")
    assert (old.temperature, new.temperature, new.corrects) == (Decimal("36.5"), Decimal("36.8"), old)


def test_a_fever_raises_its_alert_and_says_so_before(office: OfficeCast, observation: Observation):
    batch = take_in(office, sheet(observation, "37.8"))
    assert "发热预警:1月26日上午 37.8℃" in lines(batch)[0].proposals
    written(batch, at=AT)
    assert Alert.objects.get().reading.temperature == Decimal("37.8")


def test_nobody_at_home_explains_a_miss(office: OfficeCast, observation: Observation):
    written(take_in(office, sheet(observation, "不在家")), at=AT)
    visit = Visit.objects.get(observation=observation, date=dt.date(2020, 1, 26), slot="AM")
    assert visit.explanation.startswith("不在家")
    assert not visit.readings.exists()


def test_a_word_where_nobody_was_due_is_kept_beside_the_person(office: OfficeCast, observation: Observation):
    Visit.objects.filter(observation=observation, date=dt.date(2020, 1, 26)).delete()
    batch = written(take_in(office, sheet(observation, "不在家")), at=AT)
    assert counts(batch) == (0, 1, 0, 0)
    [note] = ImportNote.objects.about(observation.person)
    assert (note.text, note.column) == ("不在家", "1月26日上午")


def test_a_reading_that_cannot_be_is_a_warning_with_its_text_kept(
    office: OfficeCast, observation: Observation
):
    batch = written(take_in(office, sheet(observation, "63.5", "36.5")), at=AT)
    [line] = lines(batch)
    assert [(one.column, one.value) for one in line.problems] == [("1月26日上午", "63.5")]
    assert temperatures(observation) == {("01-26", "PM"): Decimal("36.5")}


def test_without_an_observation_the_row_is_turned_down_by_name(office: OfficeCast):
    person = make_person("王五", make_household(office.compound))
    data = f"姓名,身份证号,1月28日上午,1月28日下午\n王五,{person.id_number},36.5,36.6\n无此人,,36.5,36.6\n"
    batch = take_in(office, data.encode())
    assert [(one.row, one.problems[0].value) for one in lines(batch) if one.is_rejected] == [
        (2, "王五"),
        (3, "无此人"),
    ]


def test_who_is_observed_outside_the_import_is_turned_down(office: OfficeCast, observation: Observation):
    batch = taken_in(sheet(observation, "36.5"), office.other_village, office.bing, at=AT)
    [line] = lines(batch)
    assert line.is_rejected
    assert "翠柏苑" not in str(line.packed())


def test_a_name_alone_is_enough_where_one_of_that_name_is_observed(
    office: OfficeCast, observation: Observation
):
    batch = written(take_in(office, sheet(observation, "36.5", id_number="")), at=AT)
    assert counts(batch) == (1, 0, 0, 0)
    assert [one.column for one in lines(batch)[0].problems] == ["姓名"]


def test_slots_to_come_and_days_outside_are_not_taken(office: OfficeCast, observation: Observation):
    data = "\n".join([
        "日期:2020年1月29日", "姓名,身份证号,1月10日上午,1月29日下午,1月30日上午",
        f"朱兰兰,{observation.person.id_number},36.5,36.6,36.7",
    ])  # fmt: skip
    [line] = lines(take_in(office, data.encode()))
    assert (line.effect, len(line.problems)) == ("unchanged", 3)


def test_days_after_the_term_count_until_the_release(office: OfficeCast, observation: Observation):
    data = f"日期:2020年2月6日\n姓名,身份证号,2月5日上午\n朱兰兰,{observation.person.id_number},36.5\n"
    batch = taken_in(data.encode(), office.street, office.ding, at=aware("2020-02-06 10:00"))
    written(batch, at=aware("2020-02-06 10:00"))
    assert observation.last_on < dt.date(2020, 2, 5)
    assert temperatures(observation) == {("02-05", "AM"): Decimal("36.5")}


def test_a_row_a_day_and_today_s_columns_are_read_too(office: OfficeCast, observation: Observation):
    person = observation.person
    data = "\n".join([
        "体温登记 2020年1月29日", "姓名,身份证号,日期,上午体温,下午体温",
        f"朱兰兰,{person.id_number},1月27日,36.5,36.6", f"朱兰兰,{person.id_number},1月28日,36.7,",
    ])  # fmt: skip
    written(take_in(office, data.encode()), at=AT)
    assert temperatures(observation) == {
        ("01-27", "AM"): Decimal("36.5"), ("01-27", "PM"): Decimal("36.6"), ("01-28", "AM"): Decimal("36.7"),
    }  # fmt: skip


def test_undo_takes_readings_back_and_restores_the_visits(office: OfficeCast, observation: Observation):
    first = written(take_in(office, sheet(observation, "36.5", "不在家")), at=AT)
    before = list(Visit.objects.order_by("pk").values_list("pk", "state", "explanation"))
    second = written(take_in(office, sheet(observation, "36.6", "36.7", "37.9")), at=AT)
    batch_undo(batch=second, by=office.ding, at=AT)
    assert temperatures(observation) == {("01-26", "AM"): Decimal("36.5")}
    assert list(Visit.objects.order_by("pk").values_list("pk", "state", "explanation")) == before
    assert Alert.objects.get().state == AlertState.CLOSED
    batch_undo(batch=first, by=office.ding, at=AT)
    assert temperatures(observation) == {}
    assert not Visit.objects.filter(observation=observation).exclude(explanation="").exists()


def test_undo_is_refused_where_somebody_has_measured_again(office: OfficeCast, observation: Observation):
    batch = written(take_in(office, sheet(observation, "36.5")), at=AT)
    visit = visit_for(observation=observation, on=dt.date(2020, 1, 26), slot="AM", at=AT)
    reading_record(visit=visit, temperature=Decimal("36.9"), by=office.health, source="PAPER", at=AT)
    with pytest.raises(UndoRefused) as refused:
        batch_undo(batch=batch, by=office.ding, at=AT)
    assert office.health.name in refused.value.reasons[0]


def test_undo_is_refused_once_the_fever_is_in_hand(office: OfficeCast, observation: Observation):
    batch = written(take_in(office, sheet(observation, "37.9")), at=AT)
    alert_acknowledge(alert=Alert.objects.get(), by=office.health, at=AT)
    with pytest.raises(UndoRefused):
        batch_undo(batch=batch, by=office.ding, at=AT)
    assert stay_since(observation) is not None


def test_planning_asks_as_much_for_many_rows_as_for_few(office: OfficeCast):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    people = [make_observation(office, f"人{number}").person for number in range(12)]

    def data(count: int) -> bytes:
        rows = [f"{one.name},{one.id_number},36.5,36.6" for one in people[:count]]
        return "\n".join(["姓名,身份证号,1月27日上午,1月27日下午", *rows]).encode()

    with CaptureQueriesContext(connection) as few:
        take_in(office, data(2))
    with CaptureQueriesContext(connection) as many:
        take_in(office, data(12))
    assert len(many) <= len(few)


def test_undo_lets_go_of_readings_that_hints_and_alerts_point_to(
    office: OfficeCast, observation: Observation
):
    """A fever of the 26th was closed; the sheet's further fever opens it again, and a hint names that reading."""
    visit = observation.visits.get(date=dt.date(2020, 1, 26), slot="AM")
    seen = reading_record(
        visit=visit, temperature=Decimal("38.0"), by=office.health, at=aware("2020-01-26 08:00")
    )
    assert seen.alert is not None
    alert_close(alert=seen.alert, result="已转送", by=office.health, at=aware("2020-01-26 09:00"))
    batch = written(take_in(office, sheet(observation, "38.4")), at=AT)
    later = Reading.objects.exclude(pk=seen.reading.pk).get()
    flag = ReadingFlag.objects.create(
        kind="IDENTICAL", officer=office.ding, observation=observation, area=visit.area, count=1, from_at=AT,
        until_at=AT,
    )  # fmt: skip
    flag.readings.add(later)
    assert seen.alert.actions.filter(kind="REOPENED", reading=later).exists()
    batch_undo(batch=batch, by=office.ding, at=AT + dt.timedelta(minutes=5))
    flag.refresh_from_db()
    seen.alert.refresh_from_db()
    assert (flag.count, flag.readings.count()) == (0, 0)
    assert seen.alert.actions.filter(kind="REOPENED", reading=None).exists()
    assert (seen.alert.state, seen.alert.escalate_at) == (AlertState.CLOSED, None)


@pytest.mark.parametrize("unmasked", [True, False])
def test_the_sheets_that_are_handed_out_are_read_back(
    office: OfficeCast, observation: Observation, *, unmasked: bool
):
    """One sheet a person, who stands above the table."""
    other = make_observation(office, "冯二")
    written(take_in(office, sheet(observation, "36.5", "不在家", "36.1", "36.2")), at=AT)
    written(take_in(office, sheet(other, "36.6")), at=AT)
    file = io.BytesIO()
    export_run(
        key="temperatures", area=office.street, staff=office.ding, on=TODAY, target=file, unmasked=unmasked,
        purpose="核对" if unmasked else "",
    )  # fmt: skip
    batch = take_in(office, file.getvalue(), name="体温.xlsx")
    assert (batch.kind, batch.warnings) == ("temperatures", 0)
    assert counts(batch) == (0, 0, batch.rows, 0)
    assert {line.title for line in lines(batch)} == {"朱兰兰", "冯二"}
    book = load_workbook(file)
    row = next(row for row in book["冯二"].iter_rows() if row[3].value == 36.6)
    row[3].value, row[8].value = 36.8, 36.9
    changed = io.BytesIO()
    book.save(changed)
    written(take_in(office, changed.getvalue(), name="体温.xlsx"), at=AT)
    assert temperatures(other) == {("01-26", "AM"): Decimal("36.8"), ("01-26", "PM"): Decimal("36.9")}
