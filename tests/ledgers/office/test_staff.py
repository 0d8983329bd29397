"""Staff from a sheet: with and without accounts, posted and in roles, never more than the importer may give."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from grassroots.grid.crypto import digest
from grassroots.grid.models import AccessAction, AccessLog, Role, Staff
from grassroots.ledgers.intake.services import ImportRefused, batch_undo
from grassroots.ledgers.office_imports.people import roles_grantable_by, username_for
from grassroots.ledgers.office_imports.staff import FIELDS
from tests.factories import make_staff
from tests.ledgers.office.cases import AT, counts, give, imported, lines, planned, words, write
from tests.ledgers.sheets import make_sheet

pytestmark = pytest.mark.django_db
HEADER = "姓名,职务,单位,联系电话,账号,是否开通账号,角色,村(社区),组(网格)"
PHONE = "13800138000"


def take(office, *rows: str, area=None, by=None, header: str = HEADER):
    return imported("staff", area or office.street, by or office.admin, lines(header, *rows))


def one(name: str) -> Staff:
    return Staff.objects.get(name=name)


def roles(staff: Staff) -> set[str]:
    return set(staff.groups.values_list("name", flat=True))


def test_an_officer_without_an_account(office):
    told = take(office, f"王 强,驻村干部,淮口街道办,{PHONE},,,,城厢社区,")
    assert counts(told) == (1, 0, 0, 0), words(told)
    staff = one("王强")
    assert (staff.post, staff.organisation, staff.phone, staff.phone_digest) == (
        "驻村干部", "淮口街道办", PHONE, digest(PHONE, "phone"),
    )  # fmt: skip
    assert not staff.has_account and not staff.has_usable_password() and roles(staff) == set()
    posting = staff.postings.get()
    assert (posting.area, posting.valid_from) == (office.village, AT.date())


def test_an_account_gets_a_name_from_the_pinyin_and_no_password(office):
    batch = planned(
        "staff", office.street, office.admin, lines(HEADER, "欧阳明,组长,,,,是,网格员,城厢社区,1组")
    )
    assert "开通账号 ouyangming，首次密码请在“人员”里重置" in str(batch.pages.get(part="created").body)
    write(batch)
    staff = one("欧阳明")
    assert (staff.username, staff.has_account, staff.has_usable_password()) == ("ouyangming", True, False)
    assert roles(staff) == {Role.OFFICER} and staff.must_change_password
    granted = AccessLog.objects.filter(action=AccessAction.GRANT, subject_uid=str(staff.uid))
    assert {"包保人员"} in [set(entry.detail.get("added", ())) for entry in granted]


def test_names_of_accounts_are_taken_once(office):
    make_staff("张小明", Role.OFFICER, office.group, "zhangxiaoming")
    told = take(
        office,
        "张晓明,,,,,是,包保人员,城厢社区,",
        "章晓明,,,,,是,包保人员,城厢社区,",
        "李四,,,,lisi,是,包保人员,城厢社区,",
        "李思,,,,LISI,是,包保人员,城厢社区,",
    )
    assert counts(told) == (3, 0, 0, 1) and "已被使用" in words(told)
    assert {one("张晓明").username, one("章晓明").username} == {"zhangxiaoming2", "zhangxiaoming3"}


@pytest.mark.parametrize(
    "name, username",
    [("张小明", "zhangxiaoming"), ("John Smith", "johnsmith"), ("ア", "user"), ("李", "userli")],
)
def test_account_names(name, username):
    assert username_for(name) == username


def test_the_same_sheet_again_changes_nothing(office):
    rows = (
        f"王强,驻村干部,街道办,{PHONE},,,,城厢社区,",
        "欧阳明,组长,,,ouyang,是,包保人员 医护人员,城厢社区,1组",
        "李芳,,,13900139000,,,,,",
    )
    assert counts(take(office, *rows)) == (3, 0, 0, 0)
    before = list(Staff.history.values_list("pk", flat=True))
    told = take(office, *rows)
    assert counts(told) == (0, 0, 3, 0), words(told, "warnings")
    assert list(Staff.history.values_list("pk", flat=True)) == before


# --- who it is ------------------------------------------------------------------------------------------------
def test_by_account_then_phone_and_name_then_name_inside_the_area(office):
    told = take(
        office,
        "甲某某,新职务,,,jia,,,,",
        f"乙某,新职务,,{office.yi.phone},,,,,",
        "卫某,新职务,,13811112222,,,,,",
    )
    assert counts(told) == (0, 3, 0, 0), words(told)
    assert "登记的姓名是“甲某”" in words(told, "warnings")
    for staff, name in ((office.jia, "甲某某"), (office.yi, "乙某"), (office.health, "卫某")):
        staff.refresh_from_db()
        assert (staff.name, staff.post) == (name, "新职务")
    assert office.health.phone == "13811112222"
    assert not Staff.objects.filter(name="甲某").exists()


def test_two_of_one_name_must_be_told_apart(office):
    make_staff("甲某", Role.OFFICER, office.village)
    told = take(office, "甲某,新职务,,,,,,,")
    assert counts(told)[3] == 1 and "请填写电话或账号" in words(told)


def test_the_phone_of_somebody_else_is_warned_about(office):
    told = take(office, f"新人,,,{office.jia.phone},,,,城厢社区,")
    assert counts(told) == (1, 0, 0, 0) and "甲某" in words(told, "warnings")


def test_somebody_twice_on_the_sheet_is_one(office):
    told = take(office, f"王强,A,,{PHONE},,,,城厢社区,", f"王强,B,,{PHONE},,,,城厢社区,")
    assert counts(told) == (1, 0, 1, 0) and "第2行" in words(told, "warnings")
    assert one("王强").post == "A"


def test_a_new_place_of_work_is_added_and_shown_beside_the_old(office):
    batch = planned("staff", office.street, office.admin, lines(HEADER, "甲某,,,,jia,,,龚家村,"))
    assert "['任职区域', '1组', '龚家村']" in str(batch.pages.get(part="updated").body)
    write(batch)
    assert [posting.area.name for posting in office.jia.postings.order_by("pk")] == ["1组", "龚家村"]


def test_an_officer_gets_an_account_afterwards(office):
    take(office, f"王强,,,{PHONE},,,,城厢社区,")
    told = take(office, f"王强,,,{PHONE},,是,包保人员,城厢社区,")
    assert counts(told) == (0, 1, 0, 0)
    assert one("王强").username == "wangqiang" and roles(one("王强")) == {Role.OFFICER}


def test_dates_of_a_posting(office):
    header = "姓名,职务,村(社区),任职开始日期,任职结束日期"
    take(
        office,
        "王强,干部,城厢社区,2020.2.1,2020年3月1日",
        "李芳,干部,城厢社区,2020-02-01,2020-01-01",
        header=header,
    )
    posting = one("王强").postings.get()
    assert (posting.valid_from, posting.valid_to) == (dt.date(2020, 2, 1), dt.date(2020, 3, 1))
    assert one("李芳").postings.get().valid_to is None


# --- rights ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["ding", "jia", "health", "inspector", "auditor"])
def test_who_may_not_manage_staff_may_not_import_them(office, who):
    area = office.group if who == "jia" else office.village
    with pytest.raises(ImportRefused):
        planned("staff", area, getattr(office, who), lines(HEADER, "王强,,,,,,,,"))
    assert not Staff.objects.filter(name="王强").exists()


def test_nobody_gives_a_role_that_he_may_not_give(office):
    clerk = make_staff("人事", Role.SUPERVISOR, office.street)
    give(clerk, "add_staff", "change_staff", "add_posting")
    rows = [
        "王强,,,,,是,系统管理员,城厢社区,",
        "李芳,,,,,是,审计,城厢社区,",
        "赵四,,,,,是,包保人员,城厢社区,",
    ]
    told = take(office, *rows, by=clerk)
    assert counts(told) == (1, 0, 0, 2) and "不能授予角色" in words(told)
    assert roles(one("赵四")) == {Role.OFFICER}
    assert roles_grantable_by(office.jia) == frozenset()
    assert roles_grantable_by(office.admin) == frozenset(Role.values)


def test_roles_that_must_not_meet_do_not(office):
    told = take(office, "王强,,,,,是,系统管理员、审计员,城厢社区,", "督某,,,,inspector,,没有的角色,,")
    assert counts(told) == (0, 0, 1, 1)
    assert "同一个人" in words(told) and "没有的角色" in words(told, "warnings")


def test_nobody_changes_his_own_roles(office):
    told = take(office, "管某,,,,admin,,街道主管,,")
    assert counts(told) == (0, 0, 1, 0) and "自己的角色" in words(told, "warnings")
    assert roles(office.admin) == {Role.ADMINISTRATOR}


def test_who_works_elsewhere_as_well_is_not_changed(office):
    admin = make_staff("村管", Role.ADMINISTRATOR, office.village)
    told = take(
        office,
        "丙某,新职务,,,bing,,,城厢社区,",
        f"丁某,新职务,,{office.ding.phone},,,,,",
        area=office.village,
        by=admin,
    )
    assert counts(told)[3] == 2
    office.bing.refresh_from_db(), office.ding.refresh_from_db()
    assert office.bing.post == office.ding.post == ""


def test_nobody_is_posted_outside_the_importers_area(office):
    admin = make_staff("村管", Role.ADMINISTRATOR, office.village)
    told = take(
        office,
        "王强,,,,,,,龚家村,",
        "李芳,,,,,,,,3组",
        "赵四,,,,,,,城厢社区,1组",
        area=office.village,
        by=admin,
    )
    assert counts(told) == (1, 0, 0, 2) and "龚家村" in words(told)


# --- flawed cells, taking back --------------------------------------------------------------------------------
def test_a_flawed_cell_costs_its_row_nothing(office):
    told = take(office, "王强,干部,,1381234567,,也许,,城厢社区,", ",主任,,,,,,,", "李芳,,,,9bad,,包保人员,,")
    assert counts(told) == (1, 0, 0, 2)
    assert "2:" in words(told, "warnings") and one("王强").phone == ""


def test_it_can_be_taken_back_until_somebody_has_signed_in(office):
    count = Staff.objects.count()
    batch = write(
        planned(
            "staff",
            office.street,
            office.admin,
            lines(HEADER, "王强,,,,,是,包保人员,城厢社区,", "甲某,新职务,,,jia,,医护人员,龚家村,"),
        )
    )
    batch_undo(batch=batch, by=office.admin)
    office.jia.refresh_from_db()
    assert Staff.objects.count() == count and office.jia.post == "" and roles(office.jia) == {Role.OFFICER}
    assert office.jia.postings.count() == 1
    batch = write(
        planned("staff", office.street, office.admin, lines(HEADER, "王强,,,,,是,包保人员,城厢社区,"))
    )
    Staff.objects.filter(name="王强").update(last_login=AT)
    with pytest.raises(Exception) as refused:
        batch_undo(batch=batch, by=office.admin)
    assert "登录" in refused.value.reasons[0]


# --- other people's sheets ------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_sheets_of_every_shape(office, seed):
    rng = random.Random(seed)
    records = [
        {"name": f"新人{'甲乙丙丁戊'[at]}", "post": "干部", "organisation": "街道办", "phone": f"1380013800{at}",
         "username": f"new{seed}{at}", "roles": "包保人员", "village": "城厢社区"}
        for at in range(5)
    ]  # fmt: skip
    fields = [one for one in FIELDS if one.key in records[0]]
    content, truth = make_sheet(fields, records, rng)
    told = imported("staff", office.street, office.admin, content, truth.name)
    assert counts(told) == (5, 0, 0, 0), words(told)
    rows = Staff.objects.filter(username__startswith=f"new{seed}").order_by("username")
    assert [(row.name, row.phone, row.post) for row in rows] == [
        (record["name"], record["phone"], "干部") for record in records
    ]
    assert counts(imported("staff", office.street, office.admin, content, truth.name)) == (0, 0, 5, 0)


def test_a_plan_asks_as_often_for_three_rows_as_for_many(office, django_assert_max_num_queries):
    def sheet(count):
        return lines(
            HEADER, *(f"新人{at},干部,,1380013{at:04d},,是,包保人员,城厢社区," for at in range(count))
        )

    planned("staff", office.street, office.admin, sheet(2))
    with django_assert_max_num_queries(45) as few:
        planned("staff", office.street, office.admin, sheet(2))
    with django_assert_max_num_queries(45) as many:
        planned("staff", office.street, office.admin, sheet(40))
    assert len(few) == len(many)
