"""The tree of areas from a sheet: set up, extended, changed; never doubled, never beyond the importer's area."""

from __future__ import annotations

import random

import pytest

from grassroots.grid.areas import area_add
from grassroots.grid.models import Area, Level, Posting, Role
from grassroots.ledgers.intake.services import ImportRefused, batch_undo
from grassroots.ledgers.office_imports.grid import FIELDS
from tests.factories import make_staff
from tests.ledgers.office.cases import counts, imported, lines, planned, words, write
from tests.ledgers.sheets import make_sheet

pytestmark = pytest.mark.django_db
HEADER = "村(社区),组(网格),小区/院落,区划代码,类型,应有户数"


def tree(root: Area) -> list[tuple[int, str]]:
    return [(area.level, area.name) for area in Area.objects.open().within(root).order_by("path")[1:]]


def test_a_sheet_sets_the_tree_up(office):
    data = lines(
        HEADER,
        "红旗社区,,,510121006003,社区,420",
        "红旗社区,1组,,,,130",
        ",2组,,,,",
        ",2组,阳光花园,,小区,90",
        "莲花村,,,,行政村,",
    )
    told = imported("grid", office.street, office.admin, data)
    assert counts(told) == (5, 0, 0, 0), words(told)
    village = Area.objects.get(name="红旗社区")
    assert (village.level, village.code, village.kind, village.expected_households) == (
        3,
        "510121006003",
        "社区",
        420,
    )
    assert tree(village) == [(4, "1组"), (4, "2组"), (5, "阳光花园")]
    assert Area.objects.get(name="阳光花园").expected_households == 90
    again = imported("grid", office.street, office.admin, data)
    assert counts(again) == (0, 0, 5, 0)


def test_areas_above_that_are_missing_are_made_and_said(office):
    batch = planned("grid", office.street, office.admin, lines(HEADER, "红旗社区,三组,阳光花园,,,"))
    (page,) = batch.pages.filter(part="created")
    assert "新建村(社区)“红旗社区”" in str(page.body) and "新建组(网格)“三组”" in str(page.body)
    write(batch)
    assert tree(Area.objects.get(name="红旗社区")) == [(4, "三组"), (5, "阳光花园")]


@pytest.mark.parametrize("written", ["第1组", "一组", "１组", "01村民小组", "1社"])
def test_a_group_is_found_however_it_is_written(office, written):
    told = imported("grid", office.street, office.admin, lines(HEADER, f"城厢社区居委会,{written},,,,77"))
    assert counts(told) == (0, 1, 0, 0)
    office.group.refresh_from_db()
    assert (office.group.name, office.group.expected_households) == ("1组", 77)


def test_names_almost_alike_are_warned_about_and_not_doubled(office):
    told = imported(
        "grid", office.street, office.admin, lines(HEADER, "城厢社区,1组,翠白苑,,,", "城厢,1组,翠柏苑小区,,,")
    )
    assert counts(told) == (0, 0, 2, 0)
    assert "翠柏苑" in words(told, "warnings")
    assert Area.objects.filter(level=Level.COMPOUND).count() == 1


def test_two_codes_are_two_places_however_alike_their_names(office):
    told = imported(
        "grid", office.street, office.admin, lines(HEADER, "城厢社区,1组,翠白苑,510121006001001009,,")
    )
    assert counts(told) == (1, 0, 0, 0)


def test_a_code_finds_an_area_whose_name_has_changed(office):
    told = imported(
        "grid", office.street, office.admin, lines(HEADER, "城厢社区,1组,翠柏花苑,510121006001001001,,")
    )
    assert counts(told) == (0, 1, 0, 0)
    office.compound.refresh_from_db()
    assert office.compound.name == "翠柏花苑"


def test_old_and_new_stand_side_by_side(office):
    Area.objects.filter(pk=office.group.pk).update(expected_households=10)
    batch = planned("grid", office.street, office.admin, lines(HEADER, "城厢社区,1组,,,,12"))
    assert "应有户数" in str(batch.pages.get(part="updated").body) and "['应有户数', '10', '12']" in str(
        batch.pages.get(part="updated").body
    )


def test_a_compound_entered_under_another_group_is_not_made_again(office):
    told = imported(
        "grid", office.street, office.admin, lines(HEADER, "城厢社区,2组,,,,", "城厢社区,2组,翠柏苑,,,")
    )
    assert counts(told) == (1, 0, 1, 0)
    assert "登记在" in words(told, "warnings")
    assert Area.objects.filter(name="翠柏苑").count() == 1


def test_a_row_about_an_area_that_an_earlier_row_makes(office):
    data = lines(HEADER, "红旗社区,1组,阳光花园,,,", "红旗社区,1组,,,,35")
    told = imported("grid", office.street, office.admin, data)
    assert counts(told) == (1, 1, 0, 0)
    assert Area.objects.get(name="1组", expected_households=35)
    assert counts(imported("grid", office.street, office.admin, data)) == (0, 0, 2, 0)


def test_a_row_typed_twice_is_one(office):
    told = imported("grid", office.street, office.admin, lines(HEADER, "红旗社区,,,,,5", "红旗社区,,,,,6"))
    assert counts(told) == (1, 0, 1, 0) and "第2行" in words(told, "warnings")
    assert Area.objects.get(name="红旗社区").expected_households == 5


@pytest.mark.parametrize(
    "row, reason",
    [
        (",,,,,5", "没有写明"),
        (",3组,,,,5", "没有写明村"),
        ("红旗社区,,," + "1" * 33 + ",,", ""),
        ("城厢社区,,,,,很多", ""),
    ],
)
def test_flawed_rows_and_flawed_cells(office, row, reason):
    told = imported(
        "grid",
        office.street,
        office.admin,
        lines(HEADER, "莲花村,,,,,1", "", row) if reason == "" else lines(HEADER, row),
    )
    if reason:
        assert counts(told)[3] == 1 and reason in words(told)
    else:
        assert counts(told)[3] == 0 and "4:" in words(told, "warnings")


def test_what_a_rejected_row_would_have_made_is_not_made(office):
    long = "长" * 61
    told = imported(
        "grid", office.street, office.admin, lines(HEADER, f"红旗社区,1组,{long},,,", "红旗社区,1组,,,,")
    )
    assert counts(told) == (1, 0, 0, 1)
    assert tree(Area.objects.get(name="红旗社区")) == [(4, "1组")]


# --- levels ---------------------------------------------------------------------------------------------------
def test_a_sheet_with_a_column_for_the_level(office):
    data = lines(
        "区域名称,级别,上级区域,代码",
        "红旗社区,社区,淮口街道,",
        "5组,组,红旗社区,",
        "河畔院落,小区,5组,",
        "某县,县,淮口街道,",
        "1组,什么,红旗社区,",
        "6组,组,不存在,",
    )
    told = imported("grid", office.street, office.admin, data)
    assert counts(told) == (3, 0, 0, 3), words(told)
    assert tree(Area.objects.get(name="红旗社区")) == [(4, "5组"), (5, "河畔院落")]


def test_a_village_extends_itself_without_naming_itself(office):
    admin = make_staff("村管", Role.ADMINISTRATOR, office.village)
    told = imported("grid", office.village, admin, lines("组,户数", "2组,30", "3,31"))
    assert counts(told) == (2, 0, 0, 0)
    assert tree(office.village) == [(4, "1组"), (5, "翠柏苑"), (4, "2组"), (4, "3组")]


# --- scope and rights -----------------------------------------------------------------------------------------
def test_nothing_outside_the_importers_area(office):
    admin = make_staff("村管", Role.ADMINISTRATOR, office.village)
    data = lines(HEADER, "龚家村,5组,,,,", "城厢社区,5组,,,,", "城厢社区,6组,,510121006002002,,")
    told = imported("grid", office.village, admin, data)
    assert counts(told) == (1, 0, 0, 2)
    assert "龚家村" in words(told) and "510121006002002" in words(told)
    assert Area.objects.within(office.other_village).count() == 2


@pytest.mark.parametrize("who", ["ding", "jia", "health", "inspector", "auditor"])
def test_who_may_not_change_areas_may_not_import_them(office, who):
    staff = getattr(office, who)
    Posting.objects.get_or_create(staff=staff, area=office.street)
    with pytest.raises(ImportRefused):
        planned("grid", office.street, staff, lines(HEADER, "红旗社区,,,,,"))


# --- taking back ----------------------------------------------------------------------------------------------
def test_it_can_be_taken_back(office):
    Area.objects.filter(pk=office.group.pk).update(expected_households=10)
    before = tree(office.street)
    batch = write(
        planned(
            "grid",
            office.street,
            office.admin,
            lines(HEADER, "红旗社区,1组,阳光花园,,,", "城厢社区,1组,,,,12"),
        )
    )
    batch_undo(batch=batch, by=office.admin)
    assert tree(office.street) == before
    assert Area.objects.get(pk=office.street.pk).numchild == 2
    assert Area.objects.get(pk=office.group.pk).expected_households == 10
    write(planned("grid", office.street, office.admin, lines(HEADER, "红旗社区,1组,阳光花园,,,")))


def test_an_area_added_below_since_stands_in_the_way(office):
    batch = write(planned("grid", office.street, office.admin, lines(HEADER, "红旗社区,,,,,")))
    area_add(parent=Area.objects.get(name="红旗社区"), level=Level.GROUP, name="9组")
    with pytest.raises(Exception) as refused:
        batch_undo(batch=batch, by=office.admin)
    assert refused.value.reasons == ["“9组”是后来在这里增加的。"]
    assert Area.objects.filter(name="红旗社区").exists()


# --- other people's sheets ------------------------------------------------------------------------------------
PLACES = [
    ("红旗社区", "", ""),
    ("红旗社区", "第1组", ""),
    ("红旗社区", "1组", "阳光花园"),
    ("莲花村", "二组", ""),
    ("双新村", "3", ""),
]
NAMES = ["红旗社区", "第1组", "阳光花园", "二组", "3组"]
SHAPES = ("street", "village", "group", "compound", "code", "kind", "expected_households")


@pytest.mark.parametrize("seed", range(8))
def test_sheets_of_every_shape(office, seed):
    """Shuffled columns, other captions, headers at other heights, csv and workbooks: the same tree."""
    rng = random.Random(seed)
    records = [
        {"street": "淮口街道", "village": village, "group": group, "compound": compound,
         "code": f"5101219{seed}{at:03d}", "kind": "小区" if compound else "", "expected_households": 10 + at}
        for at, (village, group, compound) in enumerate(PLACES)
    ]  # fmt: skip
    fields = [one for one in FIELDS if one.key in SHAPES]
    content, truth = make_sheet(fields, records, rng, habits=False)
    told = imported("grid", office.street, office.admin, content, truth.name)
    assert counts(told) == (5, 0, 0, 0), words(told)
    found = Area.objects.filter(code__startswith=f"5101219{seed}").order_by("expected_households")
    assert [(area.name, area.expected_households) for area in found] == list(
        zip(NAMES, range(10, 15), strict=True)
    )
    again = imported("grid", office.street, office.admin, content, truth.name)
    assert counts(again) == (0, 0, 5, 0)


def test_a_plan_asks_as_often_for_three_rows_as_for_many(office, django_assert_max_num_queries):
    def sheet(count):
        return lines(HEADER, *(f"红旗社区,{at}组,,,,{at}" for at in range(1, count + 1)))

    planned("grid", office.street, office.admin, sheet(2))
    with django_assert_max_num_queries(30) as few:
        planned("grid", office.street, office.admin, sheet(2))
    with django_assert_max_num_queries(30) as many:
        planned("grid", office.street, office.admin, sheet(40))
    assert len(few) == len(many)
