"""Who may see what: postings, duties and deputies standing in; dates; those who have left."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Posting, Role, Staff
from grassroots.grid.models.areas import path_range
from grassroots.grid.scope import forget_scope, scope_of
from tests.factories import OfficeCast, make_area, make_staff

DAY = dt.timedelta(days=1)


def seen(staff: Staff) -> set[str]:
    return set(Area.objects.visible_to(Staff.objects.get(pk=staff.pk)).values_list("name", flat=True))


def test_a_posting_opens_the_area_and_everything_below_it(office: OfficeCast) -> None:
    assert seen(office.jia) == {"1组", "翠柏苑"}


def test_a_posting_in_the_street_opens_the_street_but_not_the_county(office: OfficeCast) -> None:
    assert seen(office.ding) == {"淮口街道", "城厢社区", "1组", "翠柏苑", "龚家村", "2组"}


def test_a_duty_opens_an_area_beside_the_posting(office: OfficeCast) -> None:
    kind = DutyKind.objects.get(code="group")
    AreaDuty.objects.create(kind=kind, staff=office.jia, area=office.other_group)
    assert seen(office.jia) == {"1组", "翠柏苑", "2组"}


def test_a_deputy_sees_nothing_until_he_stands_in(office: OfficeCast) -> None:
    duty = AreaDuty.objects.get(staff=office.jia)
    duty.deputy = office.bing
    duty.save()
    assert "1组" not in seen(office.bing)
    duty.standin_from = timezone.localdate()
    duty.save()
    assert "1组" in seen(office.bing)


@pytest.mark.parametrize(
    ("begins", "ends", "is_seen"),
    [(0, 0, True), (-3, None, True), (-3, 0, True), (1, 3, False), (-3, -1, False)],
)
def test_a_deputy_stands_in_from_day_to_day_inclusive(
    office: OfficeCast, begins: int, ends: int | None, is_seen: bool
) -> None:
    today = timezone.localdate()
    AreaDuty.objects.filter(staff=office.jia).update(
        deputy=office.bing,
        standin_from=today + begins * DAY,
        standin_to=None if ends is None else today + ends * DAY,
    )
    assert ("1组" in seen(office.bing)) is is_seen


def test_a_deputy_of_an_ended_duty_sees_nothing(office: OfficeCast) -> None:
    today = timezone.localdate()
    AreaDuty.objects.filter(staff=office.jia).update(
        deputy=office.bing, standin_from=today - 9 * DAY, valid_to=today - DAY
    )
    assert "1组" not in seen(office.bing)


@pytest.mark.parametrize(("offset", "is_seen"), [(0, True), (-1, False), (1, True)])
def test_the_last_day_of_a_posting_still_counts(office: OfficeCast, offset: int, is_seen: bool) -> None:
    Posting.objects.filter(staff=office.bing).update(valid_to=timezone.localdate() + offset * DAY)
    assert ("龚家村" in seen(office.bing)) is is_seen


def test_a_posting_of_tomorrow_opens_nothing_today(office: OfficeCast) -> None:
    Posting.objects.filter(staff=office.bing).update(valid_from=timezone.localdate() + DAY)
    assert seen(office.bing) == set()


@pytest.mark.parametrize(("offset", "is_seen"), [(0, True), (-1, False)])
def test_the_last_day_of_a_duty_still_counts(office: OfficeCast, offset: int, is_seen: bool) -> None:
    Posting.objects.filter(staff=office.health).delete()
    AreaDuty.objects.filter(staff=office.health).update(valid_to=timezone.localdate() + offset * DAY)
    assert ("城厢社区" in seen(office.health)) is is_seen


def test_one_who_has_left_sees_nothing_even_with_postings_and_duties(office: OfficeCast) -> None:
    Staff.objects.filter(pk=office.health.pk).update(is_active=False)
    left = Staff.objects.get(pk=office.health.pk)
    assert seen(left) == set()
    assert not AreaDuty.objects.held_by(left).exists()


def test_a_scope_keeps_only_the_outermost_areas(office: OfficeCast) -> None:
    Posting.objects.create(staff=office.jia, area=office.village)
    forget_scope(office.jia)
    assert scope_of(office.jia).paths == (Area.objects.get(pk=office.village.pk).path,)


def test_a_scope_takes_one_query_and_is_kept_for_the_request(
    office: OfficeCast, django_assert_num_queries: object
) -> None:
    jia = Staff.objects.get(pk=office.jia.pk)
    with django_assert_num_queries(1):  # type: ignore[operator]
        scope_of(jia)
        scope_of(jia)


def test_path_range_at_the_end_of_the_alphabet() -> None:
    assert path_range("0001") == ("0001", "0002")
    assert path_range("0009") == ("0009", "000A")
    assert path_range("000Z") == ("000Z", "0010")
    assert path_range("0001000Z") == ("0001000Z", "00010010")
    low, high = path_range("ZZZZ")
    assert low == "ZZZZ" < "ZZZZZZZY" < high


def test_within_at_the_end_of_the_alphabet_holds_its_own_and_not_its_neighbours(office: OfficeCast) -> None:
    areas = [make_area(office.county, Level.STREET, f"街道{number}") for number in range(40)]
    last_letter = next(area for area in areas if area.path.endswith("Z"))
    village = make_area(last_letter, Level.VILLAGE, "尾村")
    assert set(Area.objects.within(last_letter)) == {last_letter, village}


def test_staff_are_seen_by_whoever_sees_where_they_work(office: OfficeCast) -> None:
    names = set(Staff.objects.visible_to(office.jia).values_list("name", flat=True))
    assert names == {"甲某", "乙某"}


def test_whoever_sees_the_whole_office_sees_staff_posted_nowhere(office: OfficeCast) -> None:
    nowhere = make_staff("无岗", Role.OFFICER, None)
    assert nowhere in Staff.objects.visible_to(office.admin)
    assert nowhere not in Staff.objects.visible_to(office.bing)


def test_staff_who_reach_beyond_the_scope_cannot_be_managed_from_there(office: OfficeCast) -> None:
    below = make_staff("村管", Role.ADMINISTRATOR, office.village)
    assert office.ding in Staff.objects.visible_to(below)  # he holds a duty on the village
    assert office.ding not in Staff.objects.manageable_by(below)
    assert office.jia in Staff.objects.manageable_by(below)


def test_officers_above_may_be_called_though_not_seen(office: OfficeCast) -> None:
    assert office.health not in Staff.objects.visible_to(office.jia)
    assert office.health in Staff.objects.callable_by(office.jia)
    assert office.bing not in Staff.objects.callable_by(office.jia)
