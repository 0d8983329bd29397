"""Kind `households` at size: queries, memory, cut off in the middle, and tables that are filled for the first time."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.first_fill import first_fill
from grassroots.ledgers.intake import applying, planning
from grassroots.ledgers.intake.protocol import ImportContext, Record
from grassroots.ledgers.intake.services import batch_confirm, batch_write
from grassroots.ledgers.models import BatchState, ImportBatch
from households.imports import households
from households.imports.base import planner
from households.models import CommitmentLetter, Household, Person, Residency, Survey, SurveyMember
from households.rules.identity import make_resident_id
from tests.factories import OfficeCast
from tests.households.imports.sheets import AT, Row, counts, row, said, taken_in, workbook, written

pytestmark = pytest.mark.django_db
BORN = dt.date(1960, 1, 1)
TABLES = (Household, Person, Residency, Survey, SurveyMember, CommitmentLetter)


def street(homes: int, people: int = 3) -> list[Row]:
    """Households of `people` each, all different."""
    rows = []
    for home in range(homes):
        for one in range(people):
            number = home * people + one
            birth = BORN + dt.timedelta(days=number % 9000)
            rows.append(row(
                compound="翠柏苑", building=f"{home // 100 + 1}栋", unit="1单元", door=f"{home % 100 + 101}",
                head=f"王{home}", name=f"王{home}" if one == 0 else f"王{home}之{one}",
                relation="户主" if one == 0 else "子女",
                id=make_resident_id("510121", birth, number // 9000 * 10 + one), phone=f"139{number:08d}",
                living="户籍",                signed="√", temperature=36.5, contact="否", letter=f"CN{home:06d}",
            ))  # fmt: skip
    return rows


def planned(office: OfficeCast, rows: list[Row]) -> int:
    """How many queries a plan of these rows takes, over an import that stands there already."""
    keys = {"小区/院落": "compound", "楼栋": "building", "单元": "unit", "房号": "door", "户主姓名": "head",
            "姓名": "name",
            "与户主关系": "relation", "身份证号": "id_number", "联系电话": "phone", "居住情况": "residency",
            "是否签承诺书": "signed",
            "体温(℃)": "temperature", "武汉(湖北)旅居或接触史": "hubei_contact", "承诺书编号": "letter"}  # fmt: skip
    records = [
        Record(number, {"village": "城厢社区", **{keys[name]: value for name, value in one.items()}}, {})
        for number, one in enumerate(rows, 4)
    ]
    context = ImportContext(office.street, office.ding, AT, AT.date())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(list(planner.plan(context, records))) == len(rows)
    return len(queries)


def test_a_plan_asks_the_same_number_of_questions_a_chunk(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    rows = street(40)
    written(taken_in(workbook(rows), office.street, office.ding))
    monkeypatch.setattr(planner, "PLAN_ROWS", 30)
    once, twice, four = (planned(office, rows[: 3 * homes]) for homes in (10, 20, 40))
    assert (twice - once, four - twice) == (7, 14)
    assert once <= 7 + 5  # the tree, the scope, whether anything is registered at all
    monkeypatch.setattr(planner, "PLAN_ROWS", 1000)
    assert planned(office, rows) == once


def test_a_plan_into_an_empty_register_asks_once(office: OfficeCast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(planner, "PLAN_ROWS", 30)
    planned(office, street(10))  # after which the importer's scope is known
    assert planned(office, street(40)) == planned(office, street(10))


def test_writing_takes_as_many_statements_for_ten_homes_as_for_fifty(office: OfficeCast):
    def statements(homes: int, start: int) -> int:
        batch = taken_in(workbook(street(start + homes)[3 * start :]), office.street, office.ding)
        batch_confirm(batch=batch, by=office.ding, digest=batch.plan_digest)
        with CaptureQueriesContext(connection) as queries:
            batch_write(batch, staff=office.ding, at=AT)
        assert batch.created == 3 * homes
        return len(queries)

    statements(5, 0)
    assert statements(10, 5) == statements(50, 15)


def test_what_a_row_costs_of_memory_is_bounded(office: OfficeCast):
    rows = street(1000)
    batch = taken_in(workbook(rows), office.street, office.ding)
    held = planning.Held()
    tracemalloc.start()
    try:
        batch.state = BatchState.READ
        planning.batch_replan(batch, staff=office.ding, at=AT, held=held)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held.planned is not None
    assert peak / len(rows) < 6_000  # bytes: a street's 125,587 rows are under 0.75 GB


@contextmanager
def killed_after(steps: int) -> Iterator[None]:
    """The process is gone after so many steps of writing."""
    write_step, done = applying.Run._write_step, 0

    def until(self: Any, *args: Any) -> None:
        nonlocal done
        if done == steps:
            raise KeyboardInterrupt
        done += 1
        write_step(self, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying.Run, "_write_step", until)
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="written whole there")
def test_cut_off_in_the_middle_it_goes_on_and_doubles_nothing(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    steps = applying._steps
    monkeypatch.setattr(applying, "_steps", lambda rows, start, _size: steps(rows, start, 10))
    rows = street(20)
    batch = taken_in(workbook(rows), office.street, office.ding)
    batch_confirm(batch=batch, by=office.ding, digest=batch.plan_digest)
    with killed_after(2), pytest.raises(KeyboardInterrupt):
        batch_write(batch, staff=office.ding, at=AT)
    assert 0 < Person.objects.count() < 60
    batch = ImportBatch.objects.get(pk=batch.pk)
    assert batch.state == BatchState.APPLYING
    batch_write(batch, staff=office.ding, at=AT)
    assert counts(batch) == (60, 0, 0, 0)
    assert [model._default_manager.count() for model in TABLES] == [20, 60, 60, 20, 60, 20]
    assert all(house.residencies.count() == 3 for house in Household.objects.all())
    assert counts(taken_in(workbook(rows), office.street, office.ding)) == (0, 0, 60, 0)


def schema() -> tuple[Any, ...]:
    """All indexes and constraints of the register's tables."""
    names = [model._meta.db_table for model in TABLES]
    names += [model.history.model._meta.db_table for model in TABLES if hasattr(model, "history")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY (%s) ORDER BY 1, 2",
            [names],
        )
        indexes = cursor.fetchall()
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
            " WHERE conrelid::regclass::text = ANY (%s) ORDER BY 1, 2", [names],
        )  # fmt: skip
        return (indexes, cursor.fetchall())


@pytest.mark.postgres
def test_tables_that_are_filled_for_the_first_time_come_out_as_they_were(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    before, aside = schema(), []
    monkeypatch.setattr(households, "FIRST_FILL_ROWS", 10)

    @contextmanager
    def watched(tables: Any) -> Iterator[bool]:
        with first_fill(tables) as was_set_aside:
            aside.append((was_set_aside is not None, len(schema()[0])))
            yield was_set_aside

    monkeypatch.setattr(households, "first_fill", watched)
    rows = street(20)
    written(taken_in(workbook(rows), office.street, office.ding))
    more = [{**one, "小区/院落": "河滨苑", "承诺书编号": None} for one in street(25)[60:]]
    written(taken_in(workbook(more), office.street, office.ding))
    assert [was_set_aside for was_set_aside, _count in aside] == [True, False]
    assert aside[0][1] < len(before[0]) == aside[1][1]
    assert schema() == before
    assert Household.objects.count() == 25


@pytest.mark.postgres
def test_rows_that_indexes_do_not_bear_undo_the_first_fill(office: OfficeCast):
    before = schema()
    from django.db import IntegrityError, transaction

    from tests.factories import make_household, make_person

    with pytest.raises(IntegrityError), transaction.atomic(), first_fill(TABLES) as was_set_aside:
        assert was_set_aside
        person = make_person("王芳", make_household(office.compound, "1"))
        Person.objects.create(name="王芳", id_kind=person.id_kind, id_digest=person.id_digest)
    assert schema() == before
    assert Person.objects.count() == 0


def test_the_report_of_a_long_import_stays_short(office: OfficeCast):
    rows = [{**one, "入户人员": "谁也不是"} for one in street(5)]
    batch = written(taken_in(workbook(rows), office.street, office.ding))
    assert len(said(batch)) == 1  # the same name is not told of in every row
    assert set(Survey.objects.values_list("note", flat=True)) == {"入户人员:谁也不是"}
