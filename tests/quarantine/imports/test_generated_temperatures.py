"""Sheets of temperatures made at random: days merged over their slots or not, header at any height, cells by habit."""

from __future__ import annotations

import datetime as dt
import io
import random
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from quarantine.models import Observation, Reading
from tests.factories import OfficeCast, aware
from tests.ledgers.sheets import Style, habit
from tests.quarantine.cases import make_observation
from tests.quarantine.imports.conftest import counts, taken_in, written

pytestmark = pytest.mark.django_db
AT = aware("2020-02-03 18:30")
DAYS = [dt.date(2020, 1, 27) + dt.timedelta(days=n) for n in range(6)]
SLOTS = ("AM", "PM")
Truth = dict[tuple[int, dt.date, str], Decimal]


def caption(day: dt.date, rng: random.Random) -> object:
    return rng.choice(
        [f"{day.month}月{day.day}日", f"{day.year}年{day.month}月{day.day}日", f"{day.month}.{day.day}", day]
    )


def make(observations: list[Observation], rng: random.Random) -> tuple[bytes, Truth]:
    """A workbook with some days of these people in a random order, and what it holds."""
    book, truth = Workbook(), {}
    sheet: Any = book.active
    for _ in range(rng.choice([0, 1, 3])):
        sheet.append([])
    sheet.append(["居家医学观察人员体温监测表 2020年2月3日"])
    days = DAYS[rng.randint(0, 2) :]
    lead = rng.sample(["序号", "姓名", "身份证号", "住址"], 4)
    words = rng.choice([("上午", "下午"), ("早", "晚"), ("上午体温(℃)", "下午体温(℃)")])
    head = sheet.max_row + 1
    is_merged = rng.random() < 0.7
    for column, text in enumerate(lead, 1):
        sheet.cell(head, column, text)
        if is_merged:
            sheet.merge_cells(start_row=head, end_row=head + 1, start_column=column, end_column=column)
    for place, day in enumerate(days):
        column = len(lead) + 2 * place + 1
        named = caption(day, rng)
        sheet.cell(head, column, named)
        if is_merged:
            sheet.merge_cells(start_row=head, end_row=head, start_column=column, end_column=column + 1)
        else:
            sheet.cell(head, column + 1, named)
        sheet.cell(head + 1, column, words[0]), sheet.cell(head + 1, column + 1, words[1])
    people = rng.sample(observations, len(observations))
    for number, observation in enumerate(people, 1):
        person = observation.person
        known = {"序号": number, "姓名": person.name, "身份证号": person.id_number, "住址": "2组3号"}
        cells: list[object] = [known[text] for text in lead]
        for day in days:
            for slot in SLOTS:
                cells.append(_reading(observation, day, slot, rng, truth))
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), truth


def _reading(observation: Observation, day: dt.date, slot: str, rng: random.Random, truth: Truth) -> object:
    if rng.random() < 0.2:
        return rng.choice([None, "/", "未测", "-"])
    value = Decimal(rng.randint(360, 372)) / 10
    truth[observation.pk, day, slot] = value
    return habit(value, rng, Style())


@pytest.mark.parametrize("seed", range(10))
def test_every_reading_is_taken_and_nothing_else(office: OfficeCast, seed: int):
    rng = random.Random(seed)
    observations = [make_observation(office, f"人{number}") for number in range(rng.randint(2, 6))]
    data, truth = make(observations, rng)
    batch = written(taken_in(data, office.street, office.ding, name="体温.xlsx", at=AT), at=AT)
    assert batch.kind == "temperatures"
    assert (batch.rows, batch.rejected, batch.warnings) == (len(observations), 0, 0)
    rows = Reading.objects.select_related("visit")
    assert {
        (row.visit.observation_id, row.visit.date, row.visit.slot): row.temperature for row in rows
    } == truth
    again = taken_in(data, office.street, office.ding, name="体温.xlsx", at=AT)
    assert counts(again) == (0, 0, len(observations), 0)
