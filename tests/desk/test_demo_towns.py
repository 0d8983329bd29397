"""The five townships of the demo: what was published is counted back, what was chosen adds up."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import replace

import pytest
from django.db import transaction

from grassroots.desk.demo.build import DemoRefused, load_townships
from grassroots.desk.demo.grid import plan_township
from grassroots.desk.demo.townships import FUXING, GUANCANG, HUAIKOU, QIXIAN, SANXI, TOWNSHIPS, Township
from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import Area, DutyKind, Level, Office, Posting, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import reconcile, statistics
from households.models import Household, Person, Residency, SupportKind, SupportStatus
from households.rules.identity import check_digit
from measures.models import Venue
from quarantine.models import Returnee

ON = dt.date(2020, 1, 29)
CUTOFF = dt.date(2020, 1, 8)
LINKS_UPWARD = [
    "责任党员",
    "组长",
    "社区专职",
    "责任科室",
    "网格员",
    "卫生院",
    "派出所",
    "第一书记",
    "联系领导",
]


def small(town: Township, **more: object) -> Township:
    """The same with fewer doors; villages and returnees stay."""
    few = {"households": 1_500, "people": 3_300, "compounds": 2 * len(town.villages), "staff": 320}
    return replace(town, **(few | more))


def totals(code: str) -> dict[str, int]:
    return statistics(Area.objects.get(code=code), AsOf.day(ON))["totals"]


def posted_in(code: str) -> int:
    area = Area.objects.get(code=code)
    return Posting.objects.filter(area__path__startswith=area.path).values("staff").distinct().count()


@pytest.mark.parametrize("town", TOWNSHIPS, ids=lambda town: town.name)
def test_a_plan_adds_up_to_the_township(town: Township) -> None:
    plan = plan_township(town, random.Random(1))
    compounds = [
        compound for village in plan.villages for group in village.groups for compound in group.compounds
    ]
    assert [village.name for village in plan.villages] == [name for name, _is_community in town.villages]
    assert len(compounds) == town.compounds
    assert sum(compound.households for compound in compounds) == town.households
    groups = [group for village in plan.villages for group in village.groups]
    assert all(group.compounds for group in groups)
    assert town.groups is None or len(groups) == town.groups


def test_villages_with_fixed_names_are_there() -> None:
    assert {name for name, _ in GUANCANG.villages} >= {"红旗社区", "莲花村", "双新村", "石佛村"}
    assert {name for name, _ in HUAIKOU.villages} >= {"城厢社区", "龚家村", "白马村"}
    codes = ["510121006000", "510121002000", "510121003000", "510121110000", "510121109000"]
    assert [town.code for town in TOWNSHIPS] == codes


@pytest.mark.django_db
def test_qixian_counts_6_from_hubei_and_878_from_other_provinces_in_17_villages() -> None:
    load_townships([small(QIXIAN)], ON)
    found = totals(QIXIAN.code)
    assert (found["villages"], found["residents"], found["households"]) == (17, 3_300, 1_500)
    assert found["returnees_wuhan"] + found["returnees_hubei_other"] == 6 == found["under_observation"]
    assert found["returnees_other_province"] == 878
    assert Staff.objects.count() == 320 and Office.current().area.code == QIXIAN.code


@pytest.mark.django_db
def test_several_townships_are_counted_each_and_together() -> None:
    """The county's command post is the office; administrator and auditor are its own, not the first township's."""
    towns = [small(HUAIKOU), small(GUANCANG, people=3_000)]
    load_townships(towns, ON)
    for town in towns:
        found = totals(town.code)
        assert (found["residents"], found["households"]) == (town.people, 1_500)
        assert found["returnees_wuhan"] == town.wuhan and found["returnees_hubei_other"] == town.hubei_other
        assert posted_in(town.code) == 320
        assert reconcile(Area.objects.get(code=town.code), AsOf.day(ON)).explain() == ""
    county = totals("510121000000")
    assert (county["residents"], county["households"], county["villages"]) == (6_300, 3_000, 24 + 12)
    assert Office.current().area.code == "510121000000" and Staff.objects.count() == 642
    assert (
        totals(HUAIKOU.code)["signed_households"]
        == 1_500
        > totals(GUANCANG.code)["signed_households"]
        > 1_200
    )
    assert Returnee.objects.filter(arrived_on__lt=CUTOFF).count() == 0
    people = list(Person.objects.values_list("id_number", flat=True))
    assert len(set(people)) == len(people) and all(
        check_digit(number[:17]) == number[17] for number in people
    )


@pytest.mark.django_db
def test_sanxi_has_the_chain_of_nine_links_and_no_gap() -> None:
    load_townships([small(SANXI), small(GUANCANG)], ON)
    for code, links in ((SANXI.code, LINKS_UPWARD[::-1]), (GUANCANG.code, None)):
        compound = Area.objects.within(Area.objects.get(code=code)).filter(level=Level.COMPOUND)[0]
        chain = [link for link in duties_for(DutyTarget(compound.pk), ON) if link.duties or link.is_gap]
        assert not any(link.is_gap for link in chain)
        if links:
            assert [link.kind.name for link in chain] == links
        else:
            assert [link.kind.code for link in chain] == [
                "leader", "village", "police", "village-cadre", "group", "health",
            ]  # fmt: skip
    assert list(DutyKind.objects.filter(is_measuring=True).values_list("name", flat=True)) == [
        "包人",
        "卫生院",
    ]


@pytest.mark.django_db
def test_the_first_township_is_the_same_whether_others_follow_or_not() -> None:
    """So that 淮口 of `towns` is 淮口 of `street`; and the same seed gives the same people."""

    def people_of(*towns: Township) -> list[tuple[object, ...]]:
        with transaction.atomic():
            load_townships(towns, ON)
            area = Area.objects.get(code=HUAIKOU.code)
            living = Residency.objects.filter(area__path__startswith=area.path).order_by("pk")
            found = list(living.values_list("person__name", "person__uid", "person__id_number", "area__name"))
            transaction.set_rollback(True)
        return found

    huaikou = small(HUAIKOU, households=200, people=500)
    alone = people_of(huaikou)
    assert len(alone) == 500
    assert people_of(huaikou, small(GUANCANG, households=200, people=500, other_province=0)) == alone


@pytest.mark.django_db
def test_deleting_one_household_lowers_the_township_by_one() -> None:
    load_townships([small(FUXING, groups=40, supports={SupportKind.LOW_INCOME: 300})], ON)
    before = totals(FUXING.code)
    assert before["low_income"] == 300
    taken = SupportStatus.objects.values("person")
    household = Household.objects.filter(followup_state="", residencies__person__in=taken).first()
    lived = list(household.residencies.values_list("person_id", flat=True))
    helped = SupportStatus.objects.filter(person__in=lived).count()
    household.residencies.all().delete()
    household.letters.all().delete()
    for survey in household.surveys.all():
        survey.members.all().delete()
        survey.delete()
    household.delete()
    after = totals(FUXING.code)
    lowered = {
        key: before[key] - after[key]
        for key in ("households", "signed_households", "residents", "low_income")
    }
    assert lowered == {"households": 1, "signed_households": 1, "residents": len(lived), "low_income": helped}


@pytest.mark.django_db
def test_towns_are_refused_where_there_is_an_office() -> None:
    load_townships(
        [small(GUANCANG, households=60, people=150, compounds=12, other_province=0, wuhan=1, hubei_other=0)],
        ON,
    )
    with pytest.raises(DemoRefused, match="空库"):
        load_townships(TOWNSHIPS, ON)


@pytest.mark.postgres
@pytest.mark.django_db
def test_fuxing_at_full_size_counts_its_groups_and_the_people_it_cares_for() -> None:
    load_townships([FUXING], ON)
    found = totals(FUXING.code)
    published = {"groups": 282, "destitute": 184, "low_income": 1_079, "disabled_or_alone": 1_027}
    chosen = {"villages": 15, "compounds": 310, "households": 13_000, "residents": 37_500}
    assert {key: found[key] for key in published | chosen} == published | chosen
    assert Staff.objects.count() == 420 > 400
    kinds = Counter(SupportStatus.objects.values_list("kind", flat=True))
    assert kinds["DISABLED"] and kinds["ALONE"]
    assert not Person.objects.filter(supports__kind="ALONE", birth_date__gt=dt.date(1955, 1, 29)).exists()


@pytest.mark.django_db
def test_what_was_published_of_measures_is_counted_back_whatever_the_number_of_doors() -> None:
    towns = [
        small(HUAIKOU, households=300, people=700),
        small(QIXIAN, households=200, people=500, other_province=0),
    ]
    load_townships(towns, ON)
    published = {
        HUAIKOU.code: {
            "incense_points_closed": 3, "day_care_centres_closed": 15, "ktvs_closed": 6, "venues_closed": 24,
            "banquet_tables_cancelled": 1_193, "news_items": 120, "leaflets": 50_000, "mobilised": 2_143,
        },
        QIXIAN.code: {"leaflets": 40_000, "mobilised": 2_300, "loudspeaker_vans": 19, "loudspeakers": 42},
    }  # fmt: skip
    for code, figures in published.items():
        found = totals(code)
        assert {key: found[key] for key in figures} == figures
    venue = Venue.objects.filter(kind__code="ktv").first()
    venue.events.all().delete()
    venue.delete()
    assert totals(HUAIKOU.code)["ktvs_closed"] == 5
