"""Kind `households`: the same facts out of whatever layout."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.utils import timezone

from grassroots.grid.models import Area, Level
from households.models import (
    CommitmentLetter,
    Household,
    HousingKind,
    Person,
    Relation,
    Residency,
    ResidencyKind,
    Survey,
    SurveyMember,
    SurveyState,
)
from tests.factories import OfficeCast
from tests.households.imports.sheets import (
    HOUSE,
    LI,
    LI_ID,
    LINE,
    WANG,
    WANG_ID,
    ZHAO_ID,
    Row,
    counts,
    head_of,
    lines,
    row,
    said,
    taken_in,
    workbook,
    written,
)

pytestmark = pytest.mark.django_db
FAMILY = (WANG, LI)


def facts() -> list[tuple[Any, ...]]:
    """Who lives behind which door, and how the knock went."""
    found = []
    for home in Residency.objects.open().select_related("household", "person").order_by("household", "order"):
        house, person = home.household, home.person
        assert house is not None
        found.append((
            house.display, house.housing_kind, house.survey_state, person.name, person.sex, person.id_number,
            person.phone, home.relation, home.kind,
        ))  # fmt: skip
    return found


EXPECTED = [
    (
        "3栋2单元502",
        "OWNED",
        "SIGNED",
        "王芳",
        "F",
        WANG_ID,
        "13812345678",
        "HEAD",
        "REGISTERED",
    ),
    ("3栋2单元502", "OWNED", "SIGNED", "李强", "M", LI_ID, "", "SPOUSE", "REGISTERED"),
]


def test_household_cells_merged_down_count_for_every_member(office: OfficeCast):
    merge = [name for name in HOUSE if name in head_of(FAMILY)]
    batch = written(taken_in(workbook(FAMILY, merge=merge), office.street, office.ding))
    assert counts(batch) == (2, 0, 0, 0)
    assert said(batch) == []
    assert facts() == EXPECTED


def test_household_cells_repeated_in_every_row(office: OfficeCast):
    written(taken_in(workbook(FAMILY), office.street, office.ding))
    assert facts() == EXPECTED
    assert Survey.objects.count() == CommitmentLetter.objects.count() == 1


def test_household_cells_left_blank_below_the_first_row(office: OfficeCast):
    bare = {key: value for key, value in LI.items() if key not in HOUSE}
    written(taken_in(workbook((WANG, bare)), office.street, office.ding))
    assert facts() == EXPECTED


@pytest.mark.parametrize("seed", range(4))
def test_columns_in_any_order(office: OfficeCast, seed: int):
    head = head_of(FAMILY)
    random.Random(seed).shuffle(head)
    written(taken_in(workbook(FAMILY, head), office.street, office.ding))
    assert sorted(facts()) == sorted(EXPECTED)


def test_captions_of_another_office(office: OfficeCast):
    captions = {
        "小区/院落": "小区名称", "楼栋": "幢", "房号": "房间号", "户主姓名": "户主", "房屋性质": "住房性质",
        "姓名": "家庭成员姓名",
        "与户主关系": "家庭关系", "身份证号": "公民身份号码", "联系电话": "手机号码", "居住情况": "人员类别",
        "是否签承诺书": "承诺书签订情况",
    }  # fmt: skip
    written(taken_in(workbook(FAMILY, captions=captions), office.street, office.ding))
    assert facts() == EXPECTED


@pytest.mark.parametrize("above", [(), (LINE,), ("金堂县", LINE, "请于18时前报送,零报告", "(盖章)")])
def test_the_header_at_any_height(office: OfficeCast, above: tuple[str, ...]):
    written(taken_in(workbook(FAMILY, above=above), office.street, office.ding))
    assert facts() == EXPECTED


def test_rows_of_a_household_far_apart_are_one_household(office: OfficeCast):
    others = [
        row(compound="翠柏苑", building="1栋", unit="1单元", door=f"{n}01", name=f"邻居{n}", relation="户主")
        for n in "2345"
    ]
    batch = written(taken_in(workbook((WANG, *others, LI)), office.street, office.ding))
    assert [line.row for line in lines(batch)] == list(range(4, 10))
    assert Household.objects.count() == 5
    assert [one for one in facts() if one[0] == "3栋2单元502"] == EXPECTED


def test_the_village_is_told_by_the_title_or_by_a_column(office: OfficeCast):
    by_column = {**row(village="龚家村", group="2组", door="15", name="赵六", relation="户主")}
    written(taken_in(workbook([by_column], title="入户登记", above=()), office.street, office.ding))
    assert Household.objects.get().area == office.other_group
    written(taken_in(workbook(FAMILY), office.street, office.ding))
    assert Household.objects.filter(area=office.compound).count() == 1


def test_a_new_compound_and_group_are_proposed_and_made(office: OfficeCast):
    home = {**WANG, "村(社区)": "城厢社区", "组": "7组", "小区/院落": "河滨苑"}
    batch = taken_in(workbook([home]), office.street, office.ding)
    assert lines(batch)[0].proposals == [
        "新建组(网格)“7组”(城厢社区)", "新建小区(院落)“河滨苑”(7组)", "新建户“3栋2单元502”",
    ]  # fmt: skip
    assert not Area.objects.filter(name="河滨苑").exists()
    written(batch)
    made = Area.objects.get(name="河滨苑")
    above = Area.objects.get(path=made.path[: -Area.steplen])
    assert (made.level, above.name, above.path[: -Area.steplen]) == (
        Level.COMPOUND,
        "7组",
        office.village.path,
    )
    assert Household.objects.get().area == made


def test_signed_absent_refused_vacant_and_told_by_phone(office: OfficeCast):
    def home(door: int, **cells: Any) -> Row:
        return row(compound="翠柏苑", building="1栋", unit="1单元", door=door, **cells)

    rows = [
        home(101, name="赵一", relation="户主", signed="√"),
        home(102, name="钱二", relation="户主", note="无人在家,已贴通知"),
        home(201, name="孙三", relation="户主", note="拒绝签字"), home(202, housing="空置"),
        home(301, name="周五", relation="户主", method="电话"), home(302, name="吴六", relation="户主"),
        home(401, name="郑七", relation="户主", state="无人", tries="第3次"),
        home(402, head="冯八", head_phone="13900001234", note="无人"),
    ]  # fmt: skip
    batch = written(taken_in(workbook(rows), office.street, office.ding))
    assert counts(batch) == (8, 0, 0, 0)
    states = {house.door: house.survey_state for house in Household.objects.all()}
    assert states == {
        "101": "SIGNED", "102": "ABSENT", "201": "REFUSED", "202": "VACANT", "301": "BY_PHONE", "302": "UNVISITED",
        "401": "ABSENT", "402": "ABSENT",
    }  # fmt: skip
    absent = Survey.objects.get(household__door="102")
    assert (absent.note, absent.slip_left, absent.absent_try) == ("无人在家,已贴通知", True, 1)
    assert Household.objects.get(door="401").absent_tries == 3
    assert Household.objects.get(door="202").housing_kind == HousingKind.VACANT
    head = Residency.objects.get(household__door="402")
    assert (head.person.name, head.person.phone, head.relation) == ("冯八", "13900001234", Relation.HEAD)


def test_what_was_seen_at_the_door_lies_on_its_day_and_is_recorded_now(office: OfficeCast):
    rows = [{**WANG, **row(visited="1月27日", surveyor="甲某", letter="CN-88")}, LI]
    written(taken_in(workbook(rows), office.street, office.ding))
    survey = Survey.objects.get()
    assert timezone.localdate(survey.visited_at) == dt.date(2020, 1, 27)
    assert timezone.localdate(survey.recorded_at) == dt.date(2020, 1, 29)
    assert (survey.staff, survey.recorded_by) == (office.jia, office.ding)
    assert CommitmentLetter.objects.get().number == "CN-88"
    answers = SurveyMember.objects.order_by("pk")
    assert [(one.person.name, str(one.temperature), one.at_home) for one in answers] == [
        ("王芳", "36.5", True), ("李强", "36.6", True),
    ]  # fmt: skip


def test_who_is_away_is_told_with_where(office: OfficeCast):
    rows = [
        {**WANG, **row(where="成都", registered=1)},
        {**LI, **row(living="外出", where="成都", registered=1)},
    ]
    written(taken_in(workbook(rows), office.street, office.ding))
    away = Residency.objects.get(person__name="李强")
    assert (away.is_away, away.away_where, away.kind) == (True, "成都", ResidencyKind.PERMANENT)


def test_a_second_family_behind_one_door_is_a_household_of_its_own(office: OfficeCast):
    tenants = row(
        compound="翠柏苑", building="3栋", unit="2单元", door=502, head="赵六", name="赵六", relation="户主",
        id=ZHAO_ID,
    )  # fmt: skip
    batch = written(taken_in(workbook((*FAMILY, tenants)), office.street, office.ding))
    assert [(house.door, house.share_no) for house in Household.objects.order_by("pk")] == [
        ("502", ""),
        ("502", "2"),
    ]
    assert ["同门第2户" in message for message in said(batch)] == [True]
    again = taken_in(workbook((*FAMILY, tenants)), office.street, office.ding)
    assert counts(again) == (0, 0, 3, 0)


@pytest.mark.parametrize("typed", ["502(2)", "502（2）"])
def test_a_door_with_its_number_of_share_in_brackets(office: OfficeCast, typed: str):
    written(taken_in(workbook([{**WANG, "房号": typed}]), office.street, office.ding))
    assert Household.objects.get().door_key == "3-2-502#2"


def test_without_a_door_somebody_is_registered_at_his_address(office: OfficeCast):
    rows = [
        row(village="城厢社区", address="翠柏苑门卫室旁", name="赵六", relation="户主", phone="13812340000")
    ]
    written(taken_in(workbook(rows), office.street, office.ding))
    home = Residency.objects.get()
    assert (home.household, home.area, home.address_text) == (None, office.compound, "门卫室旁")
    assert counts(taken_in(workbook(rows), office.street, office.ding)) == (0, 0, 1, 0)


def test_a_head_of_a_vacant_flat_is_its_owner_and_lives_elsewhere(office: OfficeCast):
    rows = [
        row(compound="翠柏苑", building="3栋", unit="1单元", door=101, head="房东甲", housing="空置"),
        WANG,
    ]
    written(taken_in(workbook(rows), office.street, office.ding))
    assert Household.objects.get(door="101").landlord == "房东甲"
    assert list(Person.objects.values_list("name", flat=True)) == ["王芳"]


def test_a_signed_household_of_a_form_without_numbers_gets_one(office: OfficeCast):
    written(taken_in(workbook(FAMILY), office.street, office.ding))
    survey = Survey.objects.get()
    assert CommitmentLetter.objects.get().number == f"510121006001001001-{survey.pk:06d}"
    assert Household.objects.get().survey_state == SurveyState.SIGNED
