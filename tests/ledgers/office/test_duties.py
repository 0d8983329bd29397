"""The 责任表 as it goes out comes in unchanged; what differs ends the old duty and begins the new one."""

from __future__ import annotations

import datetime as dt
import io
import random

import pytest
from django.utils import timezone

from grassroots.grid.models import AreaDuty, DutyKind, Role, Staff
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.intake.services import ImportRefused, batch_plan, batch_start, batch_undo
from grassroots.ledgers.office_imports.duty_columns import duty_fields
from tests.factories import make_staff
from tests.ledgers.office.cases import AT, counts, give, imported, lines, planned, words, write
from tests.ledgers.sheets import make_sheet

pytestmark = pytest.mark.django_db
TODAY = AT.date()
YESTERDAY = TODAY - dt.timedelta(days=1)
HEADER = "片区,村(社区),组(网格),包片领导,电话,驻村干部,电话,组长(网格员),电话"


def take(office, *rows: str, area=None, by=None, header: str = HEADER):
    return imported("duties", area or office.street, by or office.admin, lines(header, *rows))


def held(code: str, on: dt.date = TODAY) -> list[tuple[str, str]]:
    """(area, officer) of a kind on a date."""
    rows = AreaDuty.objects.open(on).filter(kind__code=code).order_by("area__path", "pk")
    return list(rows.values_list("area__name", "staff__name"))


@pytest.fixture
def admin(office) -> Staff:
    return office.admin


# --- out and in -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_the_ledger_comes_back_unchanged(office, file_format):
    AreaDuty.objects.filter(kind__code="leader").update(section="东片")
    extra = make_staff("副组长", Role.OFFICER, office.group)
    AreaDuty.objects.create(
        kind=DutyKind.objects.get(code="group"), staff=extra, area=office.group, valid_from=TODAY
    )
    deputy = AreaDuty.objects.get(kind__code="health")
    deputy.deputy, deputy.standin_from = office.bing, timezone.localdate() - dt.timedelta(days=1)
    deputy.save()
    target = io.BytesIO()
    on = timezone.localdate()
    export_run(key="duties", area=office.street, staff=office.ding, on=on, target=target, file_format=file_format,
               unmasked=True, purpose="测试")  # fmt: skip
    before = list(AreaDuty.history.values_list("pk", flat=True))
    batch = planned_today(office, target.getvalue(), f"责任表.{file_format}")
    assert batch.kind == "duties" and (batch.created, batch.updated, batch.rejected) == (0, 0, 0), (
        batch.problem
    )
    assert batch.unchanged == batch.rows == 2
    assert list(AreaDuty.history.values_list("pk", flat=True)) == before


def planned_today(office, data: bytes, name: str):
    """The preview of a file whose kind is to be found out, on the day on which it went out."""
    batch = batch_start(area=office.street, staff=office.ding, name=name, chunks=[data])
    return batch_plan(batch=batch, by=office.ding)


# --- replacing ------------------------------------------------------------------------------------------------
def test_one_officer_for_another(office):
    new = make_staff("新组长", Role.OFFICER, office.group)
    batch = planned(
        "duties", office.street, office.admin, lines(HEADER, f",城厢社区,1组,,,,,新组长,{new.phone}")
    )
    assert "['组长(网格员)', '甲某', '新组长']" in str(batch.pages.get(part="updated").body)
    write(batch)
    old = AreaDuty.objects.get(staff=office.jia)
    assert (old.valid_to, held("group")) == (YESTERDAY, [("1组", "新组长")])
    assert held("group", YESTERDAY) == [("1组", "甲某")]
    told = take(office, f",城厢社区,1组,,,,,新组长,{new.phone}")
    assert counts(told) == (0, 0, 1, 0)


def test_section_and_deputy_stay_with_the_place(office):
    AreaDuty.objects.filter(kind__code="leader").update(section="东片", deputy=office.bing)
    take(office, f",城厢社区,1组,督某,{office.inspector.phone},,,,")
    duty = AreaDuty.objects.get(kind__code="leader", valid_to=None)
    assert (duty.area, duty.staff, duty.section, duty.deputy) == (
        office.village,
        office.inspector,
        "东片",
        office.bing,
    )


def test_whom_all_groups_name_answers_for_the_village(office):
    rows = [
        f",城厢社区,{group},周领导,13800000001,吴干部,13800000002,组长{group}," for group in ("1组", "2组")
    ]
    imported("grid", office.street, office.admin, lines("村(社区),组(网格),户数", "城厢社区,2组,9"))
    told = take(office, *rows)
    assert counts(told) == (2, 0, 0, 0), words(told)
    assert ("城厢社区", "周领导") in held("leader") and held("village") == [("城厢社区", "吴干部")]
    assert held("group") == [("1组", "组长1组"), ("2组", "组长2组")]
    assert counts(take(office, *rows)) == (0, 0, 2, 0)
    assert (
        AreaDuty.objects.get(staff=office.ding, kind__code="leader", area=office.village).valid_to
        == YESTERDAY
    )


def test_where_groups_differ_each_has_its_own(office):
    imported("grid", office.street, office.admin, lines("村(社区),组(网格),户数", "城厢社区,2组,9"))
    take(office, f",城厢社区,1组,丁某,{office.ding.phone},,,,", ",城厢社区,2组,周领导,13800000001,,,,")
    assert held("leader") == [("城厢社区", "丁某"), ("2组", "周领导")]


def test_officers_in_one_cell_with_their_phones(office):
    header = "村(社区),组(网格),网格员姓名及电话,民警/电话"
    told = take(
        office, '城厢社区,1组,"张三 13800000001、李四(13800000002)",王警 138-0000-0003', header=header
    )
    assert counts(told) == (1, 0, 0, 0), words(told)
    assert held("group") == [("1组", "张三"), ("1组", "李四")] and ("城厢社区", "王警") in held("police")
    phones = dict(Staff.objects.filter(name__in=["张三", "李四", "王警"]).values_list("name", "phone"))
    assert phones == {"张三": "13800000001", "李四": "13800000002", "王警": "13800000003"}


def test_names_and_phones_side_by_side_in_the_same_order(office):
    take(office, ',城厢社区,1组,,,,,"张三、李四","13800000001、13800000002"')
    assert dict(Staff.objects.filter(name__in=["张三", "李四"]).values_list("name", "phone")) == {
        "张三": "13800000001", "李四": "13800000002",
    }  # fmt: skip
    told = take(office, ',城厢社区,1组,,,,,"张三、李四","13800000001、13800000002、13800000003"')
    assert "对不上" in words(told, "warnings")


@pytest.mark.parametrize("cell", ["空岗", "", "无", "/", "暂缺"])
def test_a_gap_ends_nothing(office, cell):
    told = take(office, f",城厢社区,1组,,,,,{cell},")
    assert counts(told) == (0, 0, 1, 0) and held("group") == [("1组", "甲某")]


def test_who_began_today_is_replaced_as_if_he_had_never_held_it(office):
    take(office, ",城厢社区,1组,,,,,张三,13800000001")
    take(office, ",城厢社区,1组,,,,,李四,13800000002")
    assert held("group") == [("1组", "李四")] and held("group", YESTERDAY) == [("1组", "甲某")]
    assert AreaDuty.objects.filter(kind__code="group").count() == 2


def test_from_the_day_that_the_sheet_says(office):
    header = "村(社区),组(网格),组长,开始日期"
    take(office, "城厢社区,1组,张三,2020年2月10日", header=header)
    assert held("group") == [("1组", "甲某")] and held("group", dt.date(2020, 2, 10)) == [("1组", "张三")]


def test_a_section_is_noted_and_shown(office):
    told = take(office, "东片,城厢社区,1组,,,,,,")
    assert counts(told) == (0, 1, 0, 0)
    assert AreaDuty.objects.get(kind__code="leader").section == "东片"
    assert counts(take(office, "东片,城厢社区,1组,,,,,,")) == (0, 0, 1, 0)


def test_rows_that_contradict_each_other_are_told(office):
    told = take(office, ",城厢社区,1组,,,,,张三,13800000001", ",城厢社区,1组,,,,,李四,13800000002")
    assert counts(told) == (1, 0, 1, 0) and "不一致" in words(told, "warnings")
    assert held("group") == [("1组", "张三")]


# --- who it is ------------------------------------------------------------------------------------------------
def test_a_new_officer_is_one_however_often_he_is_named(office):
    imported("grid", office.street, office.admin, lines("村(社区),组(网格),户数", "城厢社区,2组,9"))
    batch = planned("duties", office.street, office.admin,
                    lines(HEADER, ",城厢社区,1组,,,,,张三,13800000001", ",城厢社区,2组,,,,,张三,"))  # fmt: skip
    assert "新增人员“张三”(不登录系统)" in str(batch.pages.get(part="created").body)
    write(batch)
    staff = Staff.objects.get(name="张三")
    assert not staff.has_account and staff.phone == "13800000001"
    assert held("group") == [("1组", "张三"), ("2组", "张三")]


def test_a_changed_number_is_shown_and_taken_over(office):
    told = take(office, ",城厢社区,1组,,,,,甲某,13800000009")
    assert counts(told) == (0, 1, 0, 0)
    office.jia.refresh_from_db()
    assert office.jia.phone == "13800000009"


def test_the_supervisor_may_hand_duties_over_but_not_enter_people(office):
    told = take(office, f",城厢社区,1组,,,乙某,{office.yi.phone},张三,13800000001", by=office.ding)
    assert counts(told) == (1, 0, 0, 0)  # nobody was 驻村干部 before
    assert "登记里没有“张三”" in words(told, "warnings")
    assert held("group") == [("1组", "甲某")] and held("village") == [("城厢社区", "乙某")]
    assert not Staff.objects.filter(name="张三").exists()


def test_an_officer_of_another_area_is_not_taken(office):
    supervisor = make_staff("村主管", Role.SUPERVISOR, office.village)
    told = take(office, f",,1组,,,,,丙某,{office.bing.phone}", area=office.village, by=supervisor)
    assert "辖区以外" in words(told, "warnings") and held("group") == [("1组", "甲某")]


# --- scope and rights -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["jia", "health", "inspector", "auditor", "police"])
def test_who_may_not_give_duties_may_not_import_them(office, who):
    area = office.group if who == "jia" else office.village if who == "health" else office.street
    with pytest.raises(ImportRefused):
        planned("duties", area, getattr(office, who), lines(HEADER, ",城厢社区,1组,,,,,张三,"))


def test_rows_of_other_areas_are_rejected_and_named(office):
    supervisor = make_staff("村主管", Role.SUPERVISOR, office.village)
    told = take(
        office,
        f",龚家村,2组,,,,,乙某,{office.yi.phone}",
        ",城厢社区,9组,,,,,乙某,",
        area=office.village,
        by=supervisor,
    )
    assert counts(told) == (0, 0, 0, 2) and "龚家村" in words(told) and "9组" in words(told)


def test_an_import_of_a_village_touches_nothing_above_it(office):
    AreaDuty.objects.filter(kind__code="leader").delete()
    kind = DutyKind.objects.get(code="leader")
    above = AreaDuty.objects.create(
        kind=kind, staff=office.ding, area=office.street, valid_from=dt.date(2020, 1, 1)
    )
    supervisor = make_staff("村主管", Role.SUPERVISOR, office.village)
    give(supervisor, "add_staff")
    take(office, "西片,,1组,新领导,13800000001,,,,", area=office.village, by=supervisor)
    above.refresh_from_db()
    assert above.valid_to is None and above.section == ""
    assert held("leader") == [("淮口街道", "丁某"), ("城厢社区", "新领导")]


# --- taking back ----------------------------------------------------------------------------------------------
def test_it_can_be_taken_back(office):
    before = sorted(
        AreaDuty.objects.values_list("staff__name", "area__name", "kind__code", "valid_to", "section"),
        key=str,
    )
    staff = Staff.objects.count()
    batch = write(
        planned(
            "duties",
            office.street,
            office.admin,
            lines(HEADER, "东片,城厢社区,1组,周领导,13800000001,,,张三,13800000002"),
        )
    )
    batch_undo(batch=batch, by=office.admin)
    after = sorted(
        AreaDuty.objects.values_list("staff__name", "area__name", "kind__code", "valid_to", "section"),
        key=str,
    )
    assert after == before and Staff.objects.count() == staff


# --- other people's sheets ------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_sheets_of_every_shape(office, seed):
    rng = random.Random(seed)
    imported(
        "grid",
        office.street,
        office.admin,
        lines("村(社区),组(网格),户数", "城厢社区,2组,9", "城厢社区,3组,9"),
    )
    records = [
        {"village": "城厢社区", "group": f"{at}组", "duty:group": f"组长{at}", "phone:group": f"1380000{seed}{at:03d}",
         "duty:leader": "周领导", "phone:leader": "13811110000", "households": 30 + at}
        for at in (1, 2, 3)
    ]  # fmt: skip
    fields = [one for one in duty_fields() if one.key in records[0]]
    content, truth = make_sheet(fields, records, rng)
    told = imported("duties", office.street, office.admin, content, truth.name)
    assert counts(told) == (3, 0, 0, 0), (words(told), words(told, "warnings"), truth.captions)
    assert held("group") == [("1组", "组长1"), ("2组", "组长2"), ("3组", "组长3")]
    assert ("城厢社区", "周领导") in held("leader")
    assert counts(imported("duties", office.street, office.admin, content, truth.name)) == (0, 0, 3, 0)


def test_a_plan_asks_as_often_for_two_rows_as_for_many(office, django_assert_max_num_queries):
    def sheet(count):
        return lines(
            HEADER,
            *(
                f",城厢社区,{at}组,周领导,13811110000,,,组长{at},1380000{at:04d}"
                for at in range(1, count + 1)
            ),
        )

    names = lines("村(社区),组(网格),户数", *(f"城厢社区,{at}组,9" for at in range(2, 31)))
    imported("grid", office.street, office.admin, names)
    planned("duties", office.street, office.admin, sheet(2))
    with django_assert_max_num_queries(50) as few:
        planned("duties", office.street, office.admin, sheet(2))
    with django_assert_max_num_queries(50) as many:
        planned("duties", office.street, office.admin, sheet(30))
    assert len(few) == len(many)
