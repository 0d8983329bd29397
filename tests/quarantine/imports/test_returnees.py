"""Lists of returnees: what a row becomes, what a second one changes, what is turned down, and the way back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from grassroots.grid.models import Area
from grassroots.ledgers.intake.services import UndoRefused, batch_undo
from grassroots.ledgers.models import ImportNote
from households.imports.matching import ELSEWHERE
from households.models import Person, Residency
from quarantine.models import Observation, Outcome, Returnee, Transport
from quarantine.services.observations import observation_extend
from tests.factories import OfficeCast, make_household, make_person
from tests.quarantine.imports.conftest import AT, WANG, counts, csv_of, lines, taken_in, written

pytestmark = pytest.mark.django_db


def test_a_row_becomes_a_person_a_home_a_file_and_an_observation(office: OfficeCast):
    batch = written(taken_in(csv_of(WANG), office.street, office.ding))
    assert (batch.kind, counts(batch)) == ("returnees", (1, 0, 0, 0))
    person = Person.objects.get(name="王𬱖")
    assert (person.id_number, person.phone, person.sex) == ("510121201111038246", "13812345678", "F")
    home = person.residencies.get()
    assert (home.area, home.address_text, home.kind) == (office.group, "城厢社区1组12号", "TEMPORARY")
    file = person.returns.get()
    assert (file.area, file.origin, file.origin_kind) == (office.group, "武汉市江夏区", "WUHAN")
    assert (file.left_on, file.arrived_on) == (dt.date(2020, 1, 20), dt.date(2020, 1, 21))
    assert file.arrival_temperature == Decimal("36.5")
    observation = file.observations.get()
    assert (observation.day_one_on, observation.last_on) == (dt.date(2020, 1, 21), dt.date(2020, 2, 3))
    assert observation.visits.exists()


def test_the_preview_proposes_and_writes_nothing(office: OfficeCast):
    [line] = lines(taken_in(csv_of({**WANG, "现住址": "城厢社区9组1号"}), office.street, office.ding))
    assert line.proposals[0] == "新建组(网格)“9组”(城厢社区)"
    assert "离鄂 2020年1月20日,次日为第1天,14天 → 2020年2月3日24时期满" in line.proposals[1]
    assert not Person.objects.filter(name="王𬱖").exists()
    assert not Area.objects.filter(name="9组").exists()


def test_the_same_file_again_changes_nothing(office: OfficeCast):
    data = csv_of(
        WANG, {**WANG, "姓名": "李四", "身份证号": "", "手机号": "13812345679", "离开日期": "2020-02-30"}
    )
    written(taken_in(data, office.street, office.ding))
    before = list(Person.history.values_list("history_id")), list(Returnee.history.values_list("history_id"))
    again = written(taken_in(data, office.street, office.ding))
    assert counts(again) == (0, 0, 2, 0)
    assert before == (
        list(Person.history.values_list("history_id")), list(Returnee.history.values_list("history_id"))
    )  # fmt: skip


def test_what_differs_is_shown_old_and_new_and_then_written(office: OfficeCast):
    written(taken_in(csv_of(WANG), office.street, office.ding))
    batch = taken_in(csv_of({**WANG, "手机号": "13900001111", "备注": "独居"}), office.street, office.ding)
    [line] = lines(batch)
    assert [(one.label, one.old, one.new) for one in line.changes] == [
        ("联系电话", "138****5678", "139****1111"), ("备注", "", "独居"),
    ]  # fmt: skip
    written(batch)
    assert Person.objects.get(name="王𬱖").phone == "13900001111"
    assert Returnee.objects.get().note == "独居"


def test_an_empty_cell_takes_nothing_away(office: OfficeCast):
    written(taken_in(csv_of(WANG), office.street, office.ding))
    bare = {key: WANG[key] for key in ("村(社区)", "姓名", "身份证号", "从何地返回", "返回日期")}
    assert counts(taken_in(csv_of(bare), office.street, office.ding)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("cell", "value", "field"),
    [
        ("离开日期", "2020-02-30", "left_on"),
        ("返回日期", "下周", "arrived_on"),
        ("体温", "63.5", "arrival_temperature"),
    ],
)
def test_a_flawed_cell_costs_a_warning_and_its_text_is_kept(
    office: OfficeCast, cell: str, value: str, field: str
):
    batch = written(taken_in(csv_of({**WANG, cell: value}), office.street, office.ding))
    [line] = lines(batch)
    assert (line.effect, [(one.column, one.value) for one in line.problems]) == ("created", [(cell, value)])
    file = Returnee.objects.get()
    assert (getattr(file, field), file.unread) == (None, {field: value})


@pytest.mark.parametrize(
    ("cell", "value"), [("身份证号", "5.10121E+17"), ("手机号", "1381234567"), ("身份证号", "5101211")]
)
def test_a_flawed_number_is_kept_sealed_beside_the_person(office: OfficeCast, cell: str, value: str):
    written(taken_in(csv_of({**WANG, cell: value}), office.street, office.ding))
    person = Person.objects.get(name="王𬱖")
    [note] = ImportNote.objects.about(person)
    assert (note.column, note.text, note.row) == (cell, value, 2)
    assert Returnee.objects.get().unread == {}
    key = {"身份证号": "id_number", "手机号": "phone"}[cell]
    assert getattr(person, key) == ""


def test_dates_in_the_wrong_order_are_a_flaw_of_the_cell(office: OfficeCast):
    written(taken_in(csv_of({**WANG, "离开日期": "2020-01-25"}), office.street, office.ding))
    file = Returnee.objects.get()
    assert (file.left_on, file.arrived_on) == (dt.date(2020, 1, 25), None)
    assert file.unread == {"arrived_on": "2020-01-21"}


def test_a_person_typed_twice_is_one_with_a_warning(office: OfficeCast):
    batch = written(taken_in(csv_of(WANG, {**WANG, "返回日期": "2020-01-22"}), office.street, office.ding))
    first, second = lines(batch)
    assert (first.effect, second.effect) == ("created", "unchanged")
    assert [one.column for one in second.problems] == ["姓名", "返回日期"]
    assert Returnee.objects.get().arrived_on == dt.date(2020, 1, 21)


def test_who_lives_behind_the_door_is_used_and_his_door_marked(office: OfficeCast):
    home = make_household(office.compound, "501", building="3", unit="2")
    person = make_person("王五", home)
    row = {**WANG, "姓名": "王五", "身份证号": "", "手机号": "", "现住址": "翠柏苑3栋2单元501"}
    batch = written(taken_in(csv_of(row), office.street, office.ding))
    assert counts(batch) == (1, 0, 0, 0)
    file = Returnee.objects.get()
    assert (file.person, file.household, file.area) == (person, home, office.compound)
    home.refresh_from_db()
    assert home.followup_state == "OBSERVED"
    assert Person.objects.count() == 1


def test_who_was_away_is_back(office: OfficeCast):
    person = make_person("王五", make_household(office.group, "12", building="", unit=""))
    person.residencies.update(is_away=True, away_where="武汉")
    row = {**WANG, "姓名": "王五", "身份证号": person.id_number}
    batch = written(taken_in(csv_of(row), office.street, office.ding))
    assert "外出人员返回，登记为在家" in lines(batch)[0].proposals
    assert person.residencies.get().is_away is False
    batch_undo(batch=batch, by=office.ding, at=AT)
    assert person.residencies.get().away_where == "武汉"


def test_who_is_registered_elsewhere_in_one_s_scope_is_shown_and_not_doubled(office: OfficeCast):
    person = make_person("王五", make_household(office.other_group, "7"))
    row = {**WANG, "姓名": "王五", "身份证号": person.id_number}
    batch = taken_in(csv_of(row), office.street, office.ding)
    assert any("龚家村" in words for words in lines(batch)[0].proposals)
    written(batch)
    assert Person.objects.filter(name="王五").count() == 1
    lives = Residency.objects.actual().get(person=person)
    assert lives.area == office.group


def test_who_is_registered_outside_one_s_scope_is_turned_down(office: OfficeCast):
    person = make_person("王五", make_household(office.other_group, "7"))
    row = {**WANG, "姓名": "王五", "身份证号": person.id_number}
    batch = taken_in(csv_of(row), office.group, office.jia)
    [line] = lines(batch)
    assert (line.effect, line.problems[0].message) == ("rejected", ELSEWHERE)
    assert "龚家村" not in str(line.packed())


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"村(社区)": "无此村"}, "村(社区)"), ({"姓名": ""}, "姓名"),
        ({"村(社区)": "龚家村", "现住址": "龚家村2组1号"}, "村(社区)"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_stand_is_turned_down_and_the_others_are_not(
    office: OfficeCast, change: dict[str, str], column: str
):
    other = {**WANG, "姓名": "李四", "身份证号": "", "手机号": "13812345679"}
    batch = written(taken_in(csv_of({**WANG, **change}, other), office.village, office.ding))
    assert counts(batch) == (1, 0, 0, 1)
    line = next(one for one in lines(batch) if one.is_rejected)
    assert (line.row, line.problems[0].column) == (2, column)


def test_without_a_place_of_origin_the_row_stands_with_a_warning(office: OfficeCast):
    batch = written(taken_in(csv_of({**WANG, "从何地返回": ""}), office.street, office.ding))
    assert [one.column for one in lines(batch)[0].problems] == ["从何地返回"]
    assert Returnee.objects.get().origin == "不详"


def test_an_arrival_that_no_policy_takes_in_is_filed_and_not_observed(office: OfficeCast):
    written(taken_in(csv_of({**WANG, "从何地返回": "成都市锦江区"}), office.street, office.ding))
    assert Returnee.objects.get().origin_kind == "IN_CITY"
    assert not Observation.objects.exists()


def test_a_second_return_is_a_second_file_and_no_second_observation(office: OfficeCast):
    written(taken_in(csv_of(WANG), office.street, office.ding))
    batch = written(
        taken_in(csv_of({**WANG, "返回日期": "2020-01-27", "离开日期": ""}), office.street, office.ding)
    )
    assert counts(batch) == (1, 0, 0, 0)
    assert (Returnee.objects.count(), Observation.objects.count()) == (2, 1)


def test_health_workers_do_not_register_new_people(office: OfficeCast):
    person = make_person("王五", make_household(office.group, "12", building="", unit=""))
    known = {**WANG, "姓名": "王五", "身份证号": person.id_number}
    batch = taken_in(csv_of(known, WANG), office.village, office.health)
    assert counts(batch) == (1, 0, 0, 1)


def test_a_train_a_car_and_a_plane_are_told_apart(office: OfficeCast):
    head = ("村(社区)", "姓名", "手机号", "从何地返回", "返回日期", "车次/航班/汽车/自驾*")
    said = {"K351次": "TRAIN", "鄂A7B3C9 自驾": "CAR", "CA8203": "PLANE", "大巴": "COACH"}
    rows = [
        {**WANG, "姓名": f"人{kind}", "手机号": f"1380000{n:04d}", "车次/航班/汽车/自驾*": words}
        for n, (words, kind) in enumerate(said.items())
    ]
    written(taken_in(csv_of(*rows, head=head), office.street, office.ding))
    found = {row.transport_no: row.transport for row in Returnee.objects.all()}
    assert found == {words: Transport(kind) for words, kind in said.items()}


def test_undo_leaves_nobody_and_says_so_in_the_history(office: OfficeCast):
    batch = written(taken_in(csv_of({**WANG, "现住址": "城厢社区9组1号"}), office.street, office.ding))
    batch_undo(batch=batch, by=office.ding, at=AT)
    assert not Person.objects.active().exists()
    assert not Returnee.objects.active().exists()
    assert not Residency.objects.open().exists()
    assert Observation.objects.get().outcome == Outcome.VOIDED
    assert not Area.objects.open().filter(name="9组").exists()
    assert Person.history.latest("history_id").history_change_reason == "撤销导入"
    again = written(taken_in(csv_of(WANG), office.street, office.ding))
    assert counts(again) == (1, 0, 0, 0)


def test_undo_is_refused_once_somebody_has_worked_with_the_observation(office: OfficeCast):
    batch = written(taken_in(csv_of(WANG), office.street, office.ding))
    observation = Observation.objects.get()
    observation_extend(
        observation=observation, version=observation.version, days=1, reason="复查", by=office.health, at=AT,
        known_at=AT,
    )  # fmt: skip
    with pytest.raises(UndoRefused) as refused:
        batch_undo(batch=batch, by=office.ding, at=AT)
    assert any(office.health.name in words for words in refused.value.reasons)
    assert Person.objects.active().exists()


def test_planning_asks_as_much_of_the_database_for_many_rows_as_for_few(
    office: OfficeCast, django_assert_max_num_queries: Any
):
    def rows(count: int) -> bytes:
        return csv_of(
            *({**WANG, "姓名": f"人{n}", "身份证号": "", "手机号": f"1380000{n:04d}"} for n in range(count))
        )

    written(taken_in(rows(60), office.street, office.ding))
    few, many = rows(3), rows(60)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as first:
        taken_in(few, office.street, office.ding)
    with CaptureQueriesContext(connection) as second:
        taken_in(many, office.street, office.ding)
    assert len(second) <= len(first) + 2  # one more page of the preview
