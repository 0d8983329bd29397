"""Kind `households` against what is registered: whom rows mean, what they change, what they leave alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from grassroots.grid.models import Area, Level
from grassroots.ledgers.intake.services import UndoRefused, batch_undo
from grassroots.ledgers.models import DirtyArea, ImportNote
from households.models import CommitmentLetter, Household, Person, Relation, Residency, Survey, SurveyMember
from households.rules.identity import make_resident_id
from tests.factories import OfficeCast, aware, make_area, make_household, make_person
from tests.households.imports.sheets import (
    AT,
    LI,
    LI_ID,
    WANG,
    WANG_ID,
    ZHAO_ID,
    Row,
    counts,
    lines,
    row,
    said,
    taken_in,
    workbook,
    written,
)

pytestmark = pytest.mark.django_db
LATER = aware("2020-01-30 20:00")


def changes(batch: Any) -> list[tuple[str, str, str]]:
    return [(one.label, one.old, one.new) for line in lines(batch) for one in line.changes]


@pytest.fixture
def home(office: OfficeCast) -> Household:
    """WANG and LI, signed, as an import has left them."""
    written(taken_in(workbook((WANG, LI)), office.street, office.ding))
    return Household.objects.get()


def again(office: OfficeCast, *rows: Row) -> Any:
    return taken_in(workbook(rows), office.street, office.ding, at=LATER)


def test_the_same_file_twice_changes_nothing(office: OfficeCast, home: Household):
    batch = written(again(office, WANG, LI), at=LATER)
    assert counts(batch) == (0, 0, 2, 0)
    home.refresh_from_db()
    assert home.version == 1
    assert [model.history.count() for model in (Household, Person, Residency)] == [1, 2, 2]


def test_exactly_the_cells_that_differ_are_changed(office: OfficeCast, home: Household):
    Household.objects.update(followup_state="RETURNEE")
    changed = {**LI, "与户主关系": "其他亲属", "联系电话": "13900007777", "体温(℃)": 36.9}
    batch = again(office, {**WANG, "房屋性质": "出租"}, changed)
    assert counts(batch) == (0, 2, 0, 0)
    assert changes(batch) == [
        ("房屋性质", "自住", "出租"), ("联系电话", "", "139****7777"),
        ("与户主关系", "配偶", "其他亲属"), ("体温", "36.6", "36.9"),
    ]  # fmt: skip
    DirtyArea.objects.all().delete()
    written(batch, at=LATER)
    home.refresh_from_db()
    person = Person.objects.get(name="李强")
    assert (home.housing_kind, home.version, home.followup_state) == ("RENTED", 2, "RETURNEE")
    assert (person.phone, person.id_number) == ("13900007777", LI_ID)
    assert Person.objects.filter(phone_digest=person.phone_digest, phone_last4_digest__gt="").count() == 1
    assert Residency.objects.get(person=person).relation == Relation.OTHER_KIN
    assert str(SurveyMember.objects.get(person=person).temperature) == "36.9"
    lines_of_history = person.history.order_by("history_id")
    assert [(one.history_type, one.history_user) for one in lines_of_history] == [
        ("+", office.ding),
        ("~", office.ding),
    ]
    assert DirtyArea.objects.filter(area=home.area).exists()


def test_an_old_phone_is_shown_masked(office: OfficeCast, home: Household):
    batch = again(office, {**WANG, "联系电话": "13900007777"}, LI)
    assert changes(batch) == [("联系电话", "138****5678", "139****7777")]


def test_blank_cells_erase_nothing_and_nobody_is_missed(office: OfficeCast, home: Household):
    bare = row(compound="翠柏苑", building="3栋", unit="2单元", door=502, name="王芳", id=WANG_ID)
    batch = written(again(office, bare), at=LATER)
    assert counts(batch) == (0, 0, 1, 0)
    assert Residency.objects.open().count() == 2
    assert Person.objects.get(name="王芳").phone == "13812345678"


def test_a_new_member_joins_and_raises_the_version_once(office: OfficeCast, home: Household):
    child = row(
        compound="翠柏苑",
        building="3栋",
        unit="2单元",
        door=502,
        head="王芳",
        name="李小",
        relation="子",
        age=8,
        sex="男",
    )
    batch = written(again(office, WANG, LI, child), at=LATER)
    assert counts(batch) == (1, 0, 2, 0)
    home.refresh_from_db()
    assert home.version == 2
    joined = Residency.objects.get(person__name="李小")
    assert (joined.relation, joined.order, joined.person.stated_age) == (Relation.CHILD, 2, 8)
    assert counts(again(office, WANG, LI, child)) == (0, 0, 3, 0)


def test_another_head_takes_the_place_of_the_registered_one(office: OfficeCast, home: Household):
    rows = (
        {**WANG, "户主姓名": "李强", "与户主关系": "配偶"},
        {**LI, "户主姓名": "李强", "与户主关系": "户主"},
    )
    written(again(office, *rows), at=LATER)
    relations = dict(Residency.objects.open().values_list("person__name", "relation"))
    assert relations == {"王芳": "SPOUSE", "李强": "HEAD"}


def test_a_head_who_is_not_in_the_sheet_gives_way_and_stays(office: OfficeCast, home: Household):
    written(again(office, {**LI, "户主姓名": "李强", "与户主关系": "户主"}), at=LATER)
    relations = dict(Residency.objects.open().values_list("person__name", "relation"))
    assert relations == {"王芳": "OTHER", "李强": "HEAD"}


def test_a_later_knock_is_another_survey(office: OfficeCast, home: Household):
    batch = written(
        again(office, {**WANG, "是否签承诺书": "√", "排查时间": dt.date(2020, 1, 30)}, LI), at=LATER
    )
    assert counts(batch) == (0, 2, 0, 0)
    assert Survey.objects.count() == 2
    home.refresh_from_db()
    assert home.surveyed_at == Survey.objects.latest("visited_at").visited_at
    assert CommitmentLetter.objects.count() == 1  # who has signed keeps his letter


def test_an_unsigned_door_that_signs_is_signed(office: OfficeCast):
    absent = {**WANG, "是否签承诺书": None, "备注": "无人在家"}
    written(taken_in(workbook([absent]), office.street, office.ding))
    batch = written(again(office, WANG), at=LATER)
    assert ("排查状态", "无人", "已签承诺书") in changes(batch)
    assert Household.objects.get().survey_state == "SIGNED"


def test_who_lives_elsewhere_is_shown_and_not_doubled(office: OfficeCast):
    there = make_household(office.other_group, "9", building="", unit="")
    person = make_person("王芳", there, id_number=WANG_ID)
    Person.objects.filter(pk=person.pk).update(id_digest=_digest(WANG_ID))
    batch = written(taken_in(workbook([WANG]), office.street, office.ding))
    assert any("现登记在龚家村2组 " in message for message in said(batch))
    assert Person.objects.count() == 1
    assert Residency.objects.get().household == there
    assert Person.objects.get().phone == "13812345678"  # what the sheet says of him counts all the same


def test_who_lives_outside_the_importers_area_is_not_his_to_import(office: OfficeCast):
    there = make_household(office.other_group, "9", building="", unit="")
    person = make_person("王芳", there)
    Person.objects.filter(pk=person.pk).update(id_digest=_digest(WANG_ID))
    batch = written(taken_in(workbook((WANG, LI)), office.group, office.jia))
    assert counts(batch) == (1, 0, 0, 1)
    assert "龚家村" not in " ".join(said(batch))
    assert list(Residency.objects.values_list("person__name", flat=True)) == ["王芳", "李强"]


def test_who_is_away_from_home_may_live_here(office: OfficeCast):
    there = make_household(office.other_group, "9", building="", unit="")
    person = make_person("王芳", there)
    Person.objects.filter(pk=person.pk).update(id_digest=_digest(WANG_ID))
    Residency.objects.update(is_away=True)
    written(taken_in(workbook([WANG]), office.street, office.ding))
    assert sorted(Residency.objects.values_list("household__door", "is_away")) == [
        ("502", False),
        ("9", True),
    ]


def test_one_person_in_two_rows_is_one_person(office: OfficeCast):
    other = {**WANG, "房号": 503, "户主姓名": "王芳"}
    batch = written(taken_in(workbook((WANG, WANG, other)), office.street, office.ding))
    assert Person.objects.count() == Residency.objects.count() == 1
    assert [message[:9] for message in said(batch)] == ["与第4行是同一人，", "与第4行是同一人，"]


def test_away_from_one_household_and_living_in_another_is_two_residencies(office: OfficeCast):
    away = {**WANG, "房号": 601, "居住情况": "外出"}
    batch = written(taken_in(workbook((away, WANG)), office.street, office.ding))
    assert counts(batch) == (2, 0, 0, 0)
    assert Person.objects.count() == 1
    assert sorted(Residency.objects.values_list("household__door", "is_away")) == [
        ("502", False),
        ("601", True),
    ]


def test_two_names_under_one_number_are_two_people(office: OfficeCast):
    wrong = {**LI, "身份证号": WANG_ID}
    batch = written(taken_in(workbook((WANG, wrong)), office.street, office.ding))
    assert counts(batch) == (2, 0, 0, 0)
    assert Person.objects.get(name="李强").id_number == ""
    note = ImportNote.objects.get(object_pk=Person.objects.get(name="李强").pk)
    assert (note.field, note.text) == ("id_number", WANG_ID)
    assert counts(again(office, WANG, wrong)) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("510121198001010000", ""),
        (5.10121198001011e17, ""),
        ("51012119800230102X", ""),
        ("5101211980010110221", ""),
    ],
)
def test_a_number_that_cannot_be_costs_its_row_nothing_else(office: OfficeCast, cell: object, kept: str):
    batch = written(taken_in(workbook([{**WANG, "身份证号": cell}]), office.street, office.ding))
    assert (counts(batch), batch.warnings) == ((1, 0, 0, 0), 1)
    person = Person.objects.get()
    assert (person.id_number, person.phone) == (kept, "13812345678")
    assert ImportNote.objects.about(person).count() == 1


def test_a_check_digit_that_does_not_fit_is_taken_and_told(office: OfficeCast):
    wrong = WANG_ID[:-1] + ("1" if WANG_ID[-1] != "1" else "2")
    written(taken_in(workbook([{**WANG, "身份证号": wrong}]), office.street, office.ding))
    person = Person.objects.get()
    assert (person.id_number, person.id_check_reason) == (wrong, "导入：表中号码校验不符，待核对")


def test_without_a_number_name_and_phone_tell_and_a_number_is_added(office: OfficeCast):
    written(taken_in(workbook([{**WANG, "身份证号": None}]), office.street, office.ding))
    batch = written(again(office, WANG), at=LATER)
    assert counts(batch) == (0, 1, 0, 0)
    assert Person.objects.get().id_number == WANG_ID
    assert str(Person.objects.get().birth_date) == "1980-01-01"


def test_a_sex_and_a_birth_date_of_cells_of_their_own_are_changed_old_beside_new(
    office: OfficeCast, home: Household
):
    batch = again(office, {**WANG, "性别": "男", "出生日期": "1980-01-10"})
    assert changes(batch) == [("性别", "女", "男"), ("出生日期", "1980-01-01", "1980-01-10")]
    written(batch, at=LATER)
    wang = Person.objects.get(name="王芳")
    assert (wang.sex, str(wang.birth_date)) == ("M", "1980-01-10")
    # What the number tells is no reason to change what was stated.
    assert counts(again(office, {**WANG, "性别": None})) == (0, 0, 1, 0)


def test_without_number_and_phone_the_door_tells(office: OfficeCast):
    bare = {**WANG, "身份证号": None, "联系电话": None}
    written(taken_in(workbook([bare]), office.street, office.ding))
    assert counts(again(office, bare)) == (0, 0, 1, 0)


def test_nobody_and_no_door_is_turned_down(office: OfficeCast):
    batch = taken_in(workbook([WANG, row(compound="翠柏苑", note="待核实")]), office.street, office.ding)
    assert counts(batch) == (1, 0, 0, 1)
    assert lines(batch)[1].problems[0].message.startswith("既没有姓名，也没有门牌")


@pytest.mark.parametrize("village", ["红旗村", "龚家村"])
def test_what_lies_outside_the_import_is_turned_down_and_named(office: OfficeCast, village: str):
    there = {**LI, "村(社区)": village}
    batch = taken_in(workbook([{**WANG, "村(社区)": "城厢社区"}, there]), office.village, office.ding)
    assert counts(batch) == (1, 0, 0, 1)
    assert village in lines(batch)[1].problems[0].message


def test_a_title_of_another_village_turns_everything_down(office: OfficeCast):
    batch = taken_in(workbook((WANG, LI)), office.other_village, office.ding)
    assert counts(batch) == (0, 0, 0, 2)
    assert all("表头写的是“城厢社区" in message for message in said(batch))


def test_a_closed_door_is_proposed_as_new(office: OfficeCast, home: Household):
    Residency.objects.update(ended_on=dt.date(2020, 1, 29))
    Household.objects.update(closed_on=dt.date(2020, 1, 29))
    batch = written(again(office, WANG), at=LATER)
    assert lines(batch)[0].proposals == ["新建户“3栋2单元502”"]
    assert Household.objects.open().count() == 1
    assert Person.objects.count() == 2


def test_a_letters_number_is_used_once(office: OfficeCast, home: Household):
    CommitmentLetter.objects.update(number="CN-1")
    zhao = row(
        compound="翠柏苑", building="1栋", unit="1单元", door=101, head="赵六", name="赵六", relation="户主",
        id=ZHAO_ID, letter="CN-1",
    )  # fmt: skip
    batch = written(again(office, zhao), at=LATER)
    assert any("已用于另一户" in message for message in said(batch))
    assert sorted(CommitmentLetter.objects.values_list("number", flat=True)) == ["", "CN-1"]


def test_whoever_was_faster_makes_it_plan_anew(office: OfficeCast, home: Household):
    from grassroots.ledgers.intake.services import PlanChanged

    batch = again(office, {**WANG, "房屋性质": "出租"}, LI)
    Household.objects.update(version=2, housing_kind="OTHER")
    with pytest.raises(PlanChanged):
        written(batch, at=LATER)
    assert Household.objects.get().housing_kind == "OTHER"
    batch.refresh_from_db()
    assert changes(batch) == [("房屋性质", "其他", "出租")]


def test_an_import_is_taken_back(office: OfficeCast):
    there = make_household(make_area(office.village, Level.COMPOUND, "河滨苑"), "1")
    make_person("老王", there)
    new = {**WANG, "小区/院落": "新桥院"}
    batch = written(taken_in(workbook((new, {**LI, "小区/院落": "新桥院"})), office.street, office.ding))
    batch_undo(batch=batch, by=office.ding, at=LATER)
    assert Household.objects.open().get() == there
    assert list(Person.objects.active().values_list("name", flat=True)) == ["老王"]
    assert not Area.objects.open().filter(name="新桥院").exists()
    assert Survey.objects.count() == CommitmentLetter.objects.count() == 0
    assert counts(again(office, new)) == (1, 0, 0, 0)


def test_changes_are_taken_back_as_they_were(office: OfficeCast, home: Household):
    batch = written(again(office, {**WANG, "房屋性质": "出租", "联系电话": "13900007777"}, LI), at=LATER)
    batch_undo(batch=batch, by=office.ding, at=LATER)
    home.refresh_from_db()
    assert (home.housing_kind, home.version) == ("OWNED", 3)
    assert Person.objects.get(name="王芳").phone == "13812345678"


def test_what_somebody_has_changed_since_is_not_taken_back(office: OfficeCast, home: Household):
    batch = written(again(office, {**WANG, "房屋性质": "出租"}, LI), at=LATER)
    changed = Household.objects.get()
    changed.note = "已核实"
    changed.save()
    with pytest.raises(UndoRefused):
        batch_undo(batch=batch, by=office.ding, at=LATER)


def _digest(number: str) -> str:
    from grassroots.grid.crypto import digest

    return digest(number, "id")


def test_numbers_of_the_tests_are_sound() -> None:
    assert len({WANG_ID, LI_ID, ZHAO_ID, make_resident_id("510121", dt.date(1980, 1, 1), 102)}) == 3
    assert AT < LATER
