"""The chain of responsibility: nearest wins, deputies, gaps, and a constant number of queries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for, duties_for_many, kinds_in
from grassroots.grid.gaps import areas_without_officer
from grassroots.grid.models import AreaDuty, DutyKind, Level, Staff
from grassroots.grid.staffing import area_duty_assign, duty_end
from households.models import HouseholdDuty, PersonDuty
from tests.factories import OfficeCast, make_area, make_household, make_person

DAY = dt.timedelta(days=1)


def officers(chain: Chain) -> dict[str, list[str]]:
    return {link.kind.code: [officer.name for officer in link.officers] for link in chain}


def test_a_chain_has_one_link_a_kind_in_the_kinds_order(office: OfficeCast) -> None:
    chain = duties_for(DutyTarget(office.compound.pk))
    assert [link.kind.code for link in chain] == [
        "leader",
        "village",
        "police",
        "village-cadre",
        "group",
        "health",
    ]
    assert officers(chain)["leader"] == ["丁某"]
    assert officers(chain)["group"] == ["甲某"]


def test_a_level_without_an_officer_is_a_gap_unless_none_is_expected(office: OfficeCast) -> None:
    DutyKind.objects.filter(code="village").update(is_expected=False)
    gaps = {link.kind.code for link in duties_for(DutyTarget(office.compound.pk)) if link.is_gap}
    assert gaps == {"police"}


def test_a_kind_that_only_others_use_has_no_column_here(office: OfficeCast) -> None:
    """Expected everywhere, or held here, above, or for one household: else the sheet has no column for it."""
    common = {"level": 4, "is_expected": False}
    own, theirs, alone, _unused = (
        DutyKind.objects.create(code=code, name=code, officer_title=code, order=9, **common)
        for code in ("own", "theirs", "alone", "unused")
    )
    AreaDuty.objects.create(kind=own, staff=office.ding, area=office.street)
    AreaDuty.objects.create(kind=theirs, staff=office.bing, area=office.other_group)
    household = make_household(office.compound)
    HouseholdDuty.objects.create(kind=alone, staff=office.yi, household=household)
    today = timezone.localdate()
    shipped = list(DutyKind.objects.filter(is_expected=True))
    assert kinds_in(office.village, today) == [*shipped, own, alone]
    assert kinds_in(office.other_village, today) == [*shipped, own, theirs, alone]
    assert kinds_in(office.street, today) == [*shipped, own, theirs, alone]


def test_the_nearest_target_wins_person_then_household_then_area(office: OfficeCast) -> None:
    household = make_household(office.compound)
    person = make_person(household=household)
    kind = DutyKind.objects.get(code="health")
    target = DutyTarget(office.compound.pk, household.pk, person.pk)
    assert officers(duties_for(target))["health"] == ["卫某"]
    AreaDuty.objects.create(kind=kind, staff=office.bing, area=office.compound)
    assert officers(duties_for(target))["health"] == ["丙某"]
    HouseholdDuty.objects.create(kind=kind, staff=office.yi, household=household)
    assert officers(duties_for(target))["health"] == ["乙某"]
    PersonDuty.objects.create(kind=kind, staff=office.police, person=person)
    assert officers(duties_for(target))["health"] == ["警某"]


def test_several_officers_share_a_link(office: OfficeCast) -> None:
    area_duty_assign(staff=office.yi, kind=DutyKind.objects.get(code="group"), area=office.group)
    assert officers(duties_for(DutyTarget(office.compound.pk)))["group"] == ["甲某", "乙某"]


def test_a_deputy_is_called_while_he_stands_in_and_the_holder_again_afterwards(office: OfficeCast) -> None:
    today = timezone.localdate()
    AreaDuty.objects.filter(staff=office.jia).update(
        deputy=office.yi, standin_from=today, standin_to=today + DAY
    )
    target = DutyTarget(office.compound.pk)
    assert officers(duties_for(target, today))["group"] == ["乙某"]
    assert officers(duties_for(target, today + 2 * DAY))["group"] == ["甲某"]


def test_a_chain_of_yesterday_still_names_who_answered_then(office: OfficeCast) -> None:
    today = timezone.localdate()
    duty_end(duty=AreaDuty.objects.get(staff=office.jia), on=today)
    target = DutyTarget(office.compound.pk)
    assert officers(duties_for(target, today))["group"] == []
    assert officers(duties_for(target, today - DAY))["group"] == ["甲某"]


def test_five_hundred_targets_take_as_many_queries_as_five(
    office: OfficeCast, django_assert_num_queries: Any
) -> None:
    targets = []
    for number in range(500):
        household = make_household(office.compound, door=str(number))
        targets.append(DutyTarget(office.compound.pk, household.pk, number + 1))
    for few_or_many in (targets[:5], targets):
        with django_assert_num_queries(5):
            chains = duties_for_many(few_or_many)
        assert len(chains) == len(few_or_many)


def missing(kind: str, staff: Staff) -> set[str]:
    rows = areas_without_officer(DutyKind.objects.get(code=kind), Staff.objects.get(pk=staff.pk))
    return set(rows.values_list("name", flat=True))


def test_areas_without_an_officer_there_or_above_are_gaps(office: OfficeCast) -> None:
    assert missing("leader", office.ding) == {"龚家村"}
    assert missing("police", office.ding) == {"城厢社区", "龚家村"}


def test_a_duty_above_covers_what_lies_below(office: OfficeCast) -> None:
    area_duty_assign(staff=office.police, kind=DutyKind.objects.get(code="police"), area=office.street)
    assert missing("police", office.ding) == set()


def test_a_group_without_compounds_needs_its_officer_too(office: OfficeCast) -> None:
    assert missing("group", office.ding) == {"2组"}


def test_gaps_outside_the_scope_are_not_listed(office: OfficeCast) -> None:
    assert missing("leader", office.jia) == set()
    assert missing("leader", office.bing) == {"龚家村"}


@pytest.mark.parametrize("offset", [0, -1])
def test_a_duty_counts_on_its_last_day_and_is_a_gap_on_the_next(office: OfficeCast, offset: int) -> None:
    last = timezone.localdate() + offset * DAY
    AreaDuty.objects.filter(kind__code="leader").update(valid_to=last)
    assert ("城厢社区" in missing("leader", office.ding)) is (offset < 0)


def test_a_closed_area_is_no_gap(office: OfficeCast) -> None:
    closed = make_area(office.street, Level.VILLAGE, "撤村")
    closed.valid_to = timezone.localdate()
    closed.save(update_fields=["valid_to"])
    assert "撤村" not in missing("leader", office.ding)
