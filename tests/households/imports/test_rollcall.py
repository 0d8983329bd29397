"""Roll calls: three habits of writing with chatter between; what an answer records, and what it never changes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grassroots.grid.models import Area, Level
from grassroots.ledgers.intake.preview import Line, all_lines
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_undo, batch_write
from grassroots.ledgers.models import ImportBatch
from households.imports.chat import chat_records, place_in, read_entry
from households.models import Household, Person, Survey, SurveyMember
from tests.factories import OfficeCast, aware, make_area, make_household, make_office, make_person
from tests.texts import typed_wide

AT = aware("2020-01-29 19:30")
CALL = """#接龙
翠柏苑3栋今日健康接龙

1、陈磊梅 2单元201,5口人,均正常
2.周玉 17751494733 3单元301 2人 无外出
收到收到🌹
3. 1单元401 冯志 4人 体温36.2 无异常
"""


def entries(text: str) -> list[tuple[int, Any, Any, Any]]:
    return [
        (one.row, one.values["name"], one.values["people"], one.values["room"]) for one in chat_records(text)
    ]


@pytest.mark.parametrize("call", [CALL, typed_wide(CALL)])
def test_three_habits_are_read_and_chatter_is_not(call: str):
    assert entries(call) == [
        (4, "陈磊梅", "5", "2单元201"), (5, "周玉", "2", "3单元301"), (7, "冯志", "4", "1单元401"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "name", "people", "room"),
    [
        ("3-2-501 张三 3人", "张三", "3", "3-2-501"),
        ("王小二 501 一家四口 都好", "王小二", "4", "501"),
        ("2栋301 李四,全家3人,体温36.5,无发热咳嗽", "李四", "3", "2栋301"),
        ("龙江 2组34号 两口人 有咳嗽", "龙江", "2", "2组34号"),
        ("欧阳明月 1-1-1202 6口 体温36.8℃", "欧阳明月", "6", "1-1-1202"),
        ("1201 周杰 13812345678 3人", "周杰", "3", "1201"),
        ("3号楼2单元1801 阿迪力·买买提 2人", "阿迪力·买买提", "2", "3号楼2单元1801"),
        ("户主:王𬱖,2单元5楼501,五个人", "王𬱖", "5", "2单元5楼501"),
        ("赵六(13812345678)3单元 602 室 3 人", "赵六", "3", "3单元602室"),
    ],
)
def test_pieces_stand_in_any_order(line: str, name: str, people: str, room: str):
    for typed in (line, typed_wide(line)):
        entry = read_entry(typed)
        assert (entry.name, entry.people, entry.room) == (name, people, room)


@pytest.mark.parametrize(
    ("line", "symptoms", "temperature"),
    [
        ("张三 501 3人 有咳嗽 体温37.5", "咳嗽", "37.5"),
        ("张三 501 3人 无发热、咳嗽", "", ""),
        ("张三 501 3人 没有发热", "", ""),
        ("张三 501 3人 36.4℃", "", "36.4"),
    ],
)
def test_how_they_feel_is_read_and_a_denial_is_none(line: str, symptoms: str, temperature: str):
    entry = read_entry(line)
    assert (entry.symptoms.replace("、咳嗽", ""), entry.temperature) == (symptoms, temperature)


@pytest.mark.parametrize(
    "line",
    [
        "收到收到🌹",
        "8. 收到",
        "1.请大家按格式接龙",
        "例 张三 1单元101 3人",
        "大家晚上好,3栋的抓紧接龙",
        "谢谢",
    ],
)
def test_chatter_is_no_entry(line: str):
    assert entries(line) == []


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("翠柏苑3栋今日健康接龙", "翠柏苑3栋"), ("城厢社区2组居民接龙", "城厢社区2组"),
        ("【金色家园】每日健康打卡", "金色家园"),
        ("1月29日 翠柏苑接龙", "翠柏苑"), ("各位邻居好,请接龙", ""), ("#接龙", ""),
    ],
)  # fmt: skip
def test_the_heading_says_where(line: str, place: str):
    assert place_in(line) == place


# -- into the register


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


@pytest.fixture(autouse=True)
def _import_root(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOT = tmp_path / "imports"


def taken_in(
    office: OfficeCast, text: str = CALL, area: Area | None = None, staff: Any = None
) -> ImportBatch:
    staff = staff or office.ding
    batch = batch_start(
        area=area or office.village, staff=staff, name="", chunks=[text.encode()], is_text=True, at=AT
    )
    return batch_plan(batch=batch, by=staff, at=AT)


def written(batch: ImportBatch) -> ImportBatch:
    batch_confirm(batch=batch, by=batch.staff, digest=batch.plan_digest)
    batch_write(batch, staff=batch.staff, at=AT)
    return batch


def lines(batch: ImportBatch) -> list[Line]:
    return sorted(all_lines(batch), key=lambda line: line.index)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.created, batch.updated, batch.unchanged, batch.rejected


@pytest.mark.django_db
def test_unknown_doors_are_proposed_with_whoever_answered_as_head(office: OfficeCast):
    batch = taken_in(office)
    assert (batch.kind, batch.rows, counts(batch)) == ("rollcall", 3, (3, 0, 0, 0))
    assert lines(batch)[0].proposals[:2] == ["新建住户 翠柏苑3栋2单元201", "登记户主 陈磊梅"]
    written(batch)
    home = Household.objects.get(door_key="3-2-201")
    assert (home.area, home.survey_state) == (office.compound, "BY_PHONE")
    head = home.residencies.get(relation="HEAD").person
    assert (head.name, head.phone) == ("陈磊梅", "")
    assert Person.objects.get(name="周玉").phone == "17751494733"
    survey = Survey.objects.get(household=home)
    assert (survey.method, survey.outcome, survey.respondent) == ("SELF", "BY_PHONE", "陈磊梅")
    assert not hasattr(survey, "letter")
    assert SurveyMember.objects.get(person__name="冯志").temperature == Decimal("36.2")


@pytest.mark.django_db
def test_a_known_door_gets_a_survey_and_keeps_its_people(office: OfficeCast):
    home = make_household(office.compound, "201", building="3", unit="2")
    make_person("陈磊梅", home), make_person("陈小宝", home)
    batch = written(taken_in(office))
    assert Survey.objects.filter(household=home).count() == 1
    assert home.residencies.count() == 2
    assert [one.message for one in lines(batch)[0].problems] == ["登记现住2人，接龙报5人，请核对。"]


@pytest.mark.django_db
def test_a_signed_household_stays_signed(office: OfficeCast):
    home = make_household(office.compound, "201", building="3", unit="2", survey_state="SIGNED", signed_at=AT)
    make_person("陈磊梅", home)
    written(taken_in(office))
    home.refresh_from_db()
    assert home.survey_state == "SIGNED"


@pytest.mark.django_db
def test_another_name_at_a_door_is_a_warning_and_nobody_is_added(office: OfficeCast):
    home = make_household(office.compound, "201", building="3", unit="2")
    make_person("李四", home)
    batch = written(taken_in(office))
    assert [one.column for one in lines(batch)[0].problems] == ["姓名", "人数"]
    assert not Person.objects.filter(name="陈磊梅").exists()
    assert Survey.objects.get(household=home).respondent == "陈磊梅"


@pytest.mark.django_db
def test_the_same_text_again_changes_nothing(office: OfficeCast):
    written(taken_in(office))
    assert counts(written(taken_in(office))) == (0, 0, 3, 0)
    assert Survey.objects.count() == 3


@pytest.mark.django_db
def test_another_answer_of_the_day_is_a_further_survey(office: OfficeCast):
    written(taken_in(office))
    batch = written(taken_in(office, CALL.replace("5口人,均正常", "5口人,一人咳嗽")))
    assert counts(batch) == (0, 1, 2, 0)
    assert Survey.objects.filter(household__door_key="3-2-201").count() == 2


@pytest.mark.django_db
def test_no_phone_stands_in_the_note_of_a_survey(office: OfficeCast):
    written(taken_in(office))
    assert all("17751494733" not in survey.note for survey in Survey.objects.all())


@pytest.mark.django_db
def test_a_day_in_the_heading_is_the_day_of_the_survey(office: OfficeCast):
    written(taken_in(office, CALL.replace("翠柏苑3栋今日", "1月27日翠柏苑3栋")))
    assert {f"{one.visited_at:%m-%d}" for one in Survey.objects.all()} == {"01-27"}


@pytest.mark.django_db
def test_a_compound_that_the_village_does_not_have_is_proposed(office: OfficeCast):
    batch = taken_in(office, CALL.replace("翠柏苑", "金色家园"))
    assert lines(batch)[0].proposals[0] == "新建小区(院落)“金色家园”(城厢社区)"
    written(batch)
    assert Area.objects.get(name="金色家园").level == Level.COMPOUND


@pytest.mark.django_db
def test_for_a_street_the_compound_tells_the_village_when_only_one_has_it(office: OfficeCast):
    assert counts(taken_in(office, area=office.street)) == (3, 0, 0, 0)
    make_area(office.other_group, Level.COMPOUND, "翠柏苑")
    assert counts(taken_in(office, area=office.street)) == (0, 0, 0, 3)


@pytest.mark.django_db
def test_a_line_without_a_room_is_turned_down(office: OfficeCast):
    batch = taken_in(office, CALL + "4、马龙 2人\n")
    assert counts(batch) == (3, 0, 0, 1)
    [line] = [one for one in lines(batch) if one.is_rejected]
    assert (line.row, line.problems[0].column) == (8, "房号")


@pytest.mark.django_db
def test_a_door_that_answers_twice_counts_once(office: OfficeCast):
    batch = written(taken_in(office, CALL + "4、陈磊 2单元201 5人\n"))
    assert counts(batch) == (3, 0, 1, 0)
    assert Survey.objects.count() == 3


@pytest.mark.django_db
def test_who_lives_elsewhere_is_not_moved_by_a_chat(office: OfficeCast):
    person = make_person("周玉", make_household(office.other_group, "9"), phone="17751494733")
    from grassroots.grid.crypto import digest

    Person.objects.filter(pk=person.pk).update(phone_digest=digest("17751494733", "phone"))
    batch = written(taken_in(office))
    assert any("龚家村" in one.message for one in lines(batch)[1].problems)
    assert person.residencies.get(ended_on=None).area == office.other_group


@pytest.mark.django_db
def test_undo_takes_surveys_back_and_restores_the_doors(office: OfficeCast):
    home = make_household(office.compound, "201", building="3", unit="2")
    make_person("陈磊梅", home)
    batch = written(taken_in(office, "\n".join(CALL.splitlines()[:4])))
    batch_undo(batch=batch, by=office.ding, at=AT)
    home.refresh_from_db()
    assert (home.survey_state, home.surveyed_at) == ("UNVISITED", None)
    assert not Survey.objects.exists()


@pytest.mark.django_db
def test_cells_copied_from_a_sheet_are_read_as_a_table(office: OfficeCast):
    text = "小区\t楼栋\t房号\t姓名\t人数\t体温\n翠柏苑\t3栋\t2单元201\t陈磊梅\t5\t36.5\n"
    batch = written(taken_in(office, text))
    assert (batch.kind, counts(batch)) == ("rollcall", (1, 0, 0, 0))
    assert Household.objects.get().door_key == "3-2-201"
