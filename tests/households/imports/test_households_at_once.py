"""Kind `households` without anybody looking first: rows are written while others are planned, with the same result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from grassroots.ledgers.intake import at_once, protocol
from grassroots.ledgers.intake.preview import all_lines
from grassroots.ledgers.intake.services import batch_import, batch_start, batch_undo
from grassroots.ledgers.models import BatchState, ImportBatch
from households.imports import households
from households.models import CommitmentLetter, Household, Person, Residency, Survey, SurveyMember
from tests.factories import OfficeCast
from tests.households.imports.sheets import AT, Row, row, workbook
from tests.households.imports.test_households_scale import schema, street

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TABLES = (Household, Person, Residency, Survey, SurveyMember, CommitmentLetter)
#: What differs from run to run, and what points to it.
OWN = ("id", "uid", "recorded_at", "history_id", "history_date")


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(households, "FIRST_FILL_ROWS", 10)
    monkeypatch.setitem(
        protocol._kinds, "households", replace(protocol.import_kind("households"), whole_step_rows=7)
    )
    monkeypatch.setattr("households.imports.base.planner.PLAN_ROWS", 10)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})


def brought_in(office: OfficeCast, rows: list[Row]) -> ImportBatch:
    batch = batch_start(
        area=office.street, staff=office.ding, name="入户.xlsx", chunks=[workbook(rows)], at=AT
    )
    return batch_import(batch=batch, by=office.ding, at=AT)


def stands() -> list[Any]:
    """All that stands in the register with its history, without keys."""
    found = []
    for model in TABLES:
        for one in [model, model.history.model] if hasattr(model, "history") else [model]:
            names = [
                field.attname for field in one._meta.concrete_fields
                if field.attname not in OWN and not field.attname.endswith("_id")
            ]  # fmt: skip
            found.append(sorted(map(repr, one._default_manager.values_list(*names))))
    places = Residency.objects.values_list("person__name", "household__display", "area__name")
    return [*found, sorted(map(repr, places))]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each import was brought in at once."""
    answers = []
    bring_in = at_once.batch_bring_in

    def watching(*args: Any, **more: Any) -> bool:
        answers.append(bring_in(*args, **more))
        return answers[-1]

    monkeypatch.setattr("grassroots.ledgers.intake.services.batch_bring_in", watching)
    return answers


def undone(office: OfficeCast, batch: ImportBatch) -> None:
    batch_undo(batch=batch, by=office.ding, at=AT)
    assert not Residency.objects.open().exists()
    # Undoing voids and closes; an empty register is what the next way begins with.
    with connection.cursor() as cursor:
        names = [model._meta.db_table for model in TABLES]
        names += [model.history.model._meta.db_table for model in TABLES if hasattr(model, "history")]
        cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")


def test_it_comes_to_the_same_as_the_usual_way(office: OfficeCast, monkeypatch: pytest.MonkeyPatch):
    rows = street(9)
    rows[4] = {**rows[4], "身份证号": rows[0]["身份证号"], "联系电话": "1381234567"}
    rows[10] = {**rows[10], "体温(℃)": 38.2}
    before = schema()
    batch = brought_in(office, rows)
    assert (batch.state, batch.rows, batch.applied_rows) == (BatchState.APPLIED, 27, 27)
    assert schema() == before
    at_once_stands, said = stands(), [line.packed() for line in all_lines(batch)]
    effects = sum(one.last_pk - one.first_pk + 1 for one in batch.effects.exclude(model="grid.area"))
    undone(office, batch)
    monkeypatch.setattr("grassroots.ledgers.intake.services.batch_bring_in", lambda *_a, **_k: False)
    usual = brought_in(office, rows)
    assert stands() == at_once_stands
    # Only that the compound is there already does not come again.
    plain = [line.packed() for line in all_lines(usual)]
    assert [line[:5] for line in plain] == [line[:5] for line in said]
    assert sum(one.last_pk - one.first_pk + 1 for one in usual.effects.exclude(model="grid.area")) == effects
    assert (usual.created, usual.warnings) == (batch.created, batch.warnings)


def test_a_household_that_is_met_again_further_down_goes_the_usual_way(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    """Its first rows say nothing of a knock, and are written by the time that others do."""
    answers = watched(monkeypatch)
    first = row(compound="翠柏苑", building="9栋", unit="1单元", door="101", name="冯一", phone="13700000001")
    again = {**first, "姓名": "冯二", "户编号": "F-2", "联系电话": "13700000002", "是否签承诺书": "√"}
    batch = brought_in(office, [first, *street(9), again])
    assert answers == [False]
    assert batch.state == BatchState.APPLIED
    house = Household.objects.get(building="9")
    assert (house.survey_state, house.residencies.count()) == ("SIGNED", 2)


def test_a_process_that_ends_before_its_time_costs_time_only(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """The one that encrypts beside: nothing of that attempt stays, and the rows come in the usual way."""
    script = tmp_path / "ends.py"
    script.write_text("")
    monkeypatch.setattr("grassroots.grid.packing.SCRIPT", script)
    answers, before = watched(monkeypatch), schema()
    rows = street(9)
    batch = brought_in(office, rows)
    assert (batch.state, batch.created) == (BatchState.APPLIED, 27)
    assert answers == [False]
    assert schema() == before
    numbers = {person.id_number for person in Person.objects.all()}
    assert numbers >= {str(one["身份证号"]) for one in rows if one["身份证号"]}


def test_rows_that_the_database_does_not_take_leave_nothing(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    batch = batch_start(
        area=office.street, staff=office.ding, name="入户.xlsx", chunks=[workbook(street(9))], at=AT
    )

    def broken(*_args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(at_once.AtOnce, "finish", broken)
    with pytest.raises(KeyboardInterrupt):
        batch_import(batch=batch, by=office.ding, at=AT)
    batch.refresh_from_db()
    assert batch.state == BatchState.READ
    assert not Person.objects.exists()
    assert not batch.pages.exists()
