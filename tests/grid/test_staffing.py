"""Staff, roles, leaving; duties assigned, edited, ended and handed over."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.accounts import (
    posting_add,
    posting_end,
    staff_deactivate,
    staff_edit,
    staff_reactivate,
    staff_roles_set,
)
from grassroots.grid.crypto import digest
from grassroots.grid.models import AccessAction, AccessLog, AreaDuty, DutyKind, Posting, Role, Staff
from grassroots.grid.staffing import (
    area_duty_assign,
    area_duty_edit,
    duties_hand_over,
    duty_end,
    password_reset,
    staff_create,
)
from households.models import HouseholdDuty
from tests.factories import OfficeCast, make_household

DAY = dt.timedelta(days=1)


@pytest.fixture
def group_kind(office: OfficeCast) -> DutyKind:
    return DutyKind.objects.get(code="group")


def test_an_officer_without_an_account_cannot_sign_in(office: OfficeCast) -> None:
    officer = staff_create(name="组长", areas=[office.group])
    assert not officer.has_usable_password()
    assert officer.postings.get().area == office.group


def test_an_account_begins_with_a_password_to_be_changed(office: OfficeCast) -> None:
    one = staff_create(
        name="新人", username="xinren", roles=[Role.OFFICER], password="first pass 1", by=office.admin
    )
    assert one.must_change_password
    assert one.has_role(Role.OFFICER)
    assert AccessLog.objects.get(action=AccessAction.GRANT).detail["added"] == [Role.OFFICER]


def test_a_username_in_use_is_refused_whatever_its_case(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="已被使用"):
        staff_create(name="新人", username="JIA", password="first pass 1")


def test_an_edited_phone_is_found_by_its_new_digest(office: OfficeCast) -> None:
    phone = "13912345678"
    staff_edit(staff=office.jia, by=office.admin, name="甲某", organisation="", post="", phone=phone)
    assert Staff.objects.get(phone_digest=digest(phone, "phone")).phone == phone


def test_a_change_of_roles_is_logged_with_what_was_added_and_removed(office: OfficeCast) -> None:
    staff_roles_set(staff=office.jia, by=office.admin, roles=[Role.HEALTH_WORKER])
    assert set(office.jia.groups.values_list("name", flat=True)) == {Role.HEALTH_WORKER}
    row = AccessLog.objects.get(action=AccessAction.GRANT)
    assert (row.staff, row.subject_uid) == (office.admin, str(office.jia.uid))
    assert row.detail == {"added": [Role.HEALTH_WORKER], "removed": [Role.OFFICER]}


def test_nobody_changes_his_own_roles(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="自己的角色"):
        staff_roles_set(staff=office.admin, by=office.admin, roles=[Role.SUPERVISOR])


def test_administrator_and_auditor_never_meet_in_one_person(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="不能由同一个人担任"):
        staff_roles_set(staff=office.jia, by=office.admin, roles=[Role.ADMINISTRATOR, Role.AUDITOR])


def test_a_reset_password_must_be_changed_and_is_logged(office: OfficeCast) -> None:
    password = password_reset(staff=office.jia, by=office.admin)
    jia = Staff.objects.get(pk=office.jia.pk)
    assert jia.check_password(password)
    assert jia.must_change_password
    assert AccessLog.objects.get(action=AccessAction.PASSWORD).staff == office.admin


def test_one_who_leaves_ends_postings_duties_and_being_a_deputy(
    office: OfficeCast, group_kind: DutyKind
) -> None:
    other = area_duty_assign(staff=office.yi, kind=group_kind, area=office.compound, deputy=office.jia)
    assert staff_deactivate(staff=office.jia, by=office.admin) == 1
    other.refresh_from_db()
    assert other.deputy is None
    assert not AreaDuty.objects.open().filter(staff=office.jia).exists()
    assert not Posting.objects.open().filter(staff=office.jia).exists()
    assert not Staff.objects.get(pk=office.jia.pk).is_active


def test_nobody_deactivates_himself(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="自己的账号"):
        staff_deactivate(staff=office.admin, by=office.admin)


def test_one_who_comes_back_must_be_posted_anew(office: OfficeCast) -> None:
    staff_deactivate(staff=office.jia, by=office.admin)
    staff_reactivate(staff=office.jia, by=office.admin)
    assert Staff.objects.get(pk=office.jia.pk).is_active
    assert not Posting.objects.open().filter(staff=office.jia).exists()


def test_a_posting_is_not_given_twice_and_is_logged(office: OfficeCast) -> None:
    posting_add(staff=office.jia, area=office.other_group, by=office.admin)
    with pytest.raises(ValidationError, match="已经任职"):
        posting_add(staff=office.jia, area=office.other_group, by=office.admin)
    assert AccessLog.objects.get(action=AccessAction.GRANT).area == office.other_group


def test_an_ended_posting_no_longer_holds_on_that_day(office: OfficeCast) -> None:
    today = timezone.localdate()
    posting_end(posting=office.jia.postings.get(), on=today)
    assert not Posting.objects.open(today).filter(staff=office.jia).exists()
    assert Posting.objects.open(today - DAY).filter(staff=office.jia).exists()


def test_the_same_duty_is_not_given_twice_at_a_time(office: OfficeCast, group_kind: DutyKind) -> None:
    with pytest.raises(ValidationError) as refused:
        area_duty_assign(staff=office.jia, kind=group_kind, area=office.group)
    assert "不必重复指定" in refused.value.message_dict["staff"][0]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"valid_to": -1}, "valid_to"),
        ({"deputy": "self"}, "deputy"),
        ({"standin_from": 0}, "deputy"),
        ({"deputy": "yi", "standin_to": 3}, "standin_from"),
        ({"deputy": "yi", "standin_from": 3, "standin_to": 1}, "standin_to"),
    ],
)
def test_a_duty_that_makes_no_sense_is_refused_beside_the_field(
    office: OfficeCast, group_kind: DutyKind, values: dict[str, object], field: str
) -> None:
    today = timezone.localdate()
    people = {"self": office.bing, "yi": office.yi}
    given = {
        name: today + value * DAY if isinstance(value, int) else people[str(value)]
        for name, value in values.items()
    }
    with pytest.raises(ValidationError) as refused:
        area_duty_assign(staff=office.bing, kind=group_kind, area=office.other_group, **given)  # type: ignore[arg-type]
    assert list(refused.value.message_dict) == [field]


def test_an_edit_of_a_duty_sets_who_stands_in(office: OfficeCast) -> None:
    today = timezone.localdate()
    duty = AreaDuty.objects.get(staff=office.jia)
    area_duty_edit(
        duty=duty, section="东片", deputy=office.yi, standin_from=today, standin_to=today + DAY, valid_to=None
    )
    assert duty.acting(today) == office.yi
    assert duty.acting(today + 2 * DAY) == office.jia


def test_an_ended_duty_no_longer_holds_on_that_day_but_the_day_before(office: OfficeCast) -> None:
    today = timezone.localdate()
    duty_end(duty=AreaDuty.objects.get(staff=office.jia), on=today)
    assert not AreaDuty.objects.open(today).filter(staff=office.jia).exists()
    assert AreaDuty.objects.open(today - DAY).filter(staff=office.jia).exists()


def test_a_duty_given_today_by_mistake_and_ended_never_held_but_stays_in_the_history(
    office: OfficeCast, group_kind: DutyKind
) -> None:
    today = timezone.localdate()
    duty = area_duty_assign(staff=office.bing, kind=group_kind, area=office.other_group)
    duty_end(duty=duty, on=today)
    assert not AreaDuty.objects.filter(staff=office.bing).exists()
    assert set(AreaDuty.history.filter(staff=office.bing).values_list("history_type", flat=True)) == {
        "+",
        "-",
    }


def test_a_leavers_duties_go_over_in_one_step_on_areas_and_households(
    office: OfficeCast, group_kind: DutyKind
) -> None:
    today = timezone.localdate()
    household = make_household(office.compound)
    HouseholdDuty.objects.create(
        staff=office.jia, kind=group_kind, household=household, valid_from=today - DAY
    )
    assert duties_hand_over(leaver=office.jia, successor=office.yi) == 2
    assert not AreaDuty.objects.open(today).filter(staff=office.jia).exists()
    assert AreaDuty.objects.open(today).get(staff=office.yi).area == office.group
    assert HouseholdDuty.objects.open(today).get().staff == office.yi
    assert AreaDuty.objects.open(today - DAY).get(area=office.group).staff == office.jia


def test_a_handover_on_a_coming_day_leaves_the_leaver_in_charge_until_then(office: OfficeCast) -> None:
    today = timezone.localdate()
    duties_hand_over(leaver=office.jia, successor=office.yi, on=today + 3 * DAY)
    assert AreaDuty.objects.open(today + 2 * DAY).get(area=office.group).staff == office.jia
    assert AreaDuty.objects.open(today + 3 * DAY).get(area=office.group).staff == office.yi


def test_a_handover_takes_duties_of_the_future_and_fixed_ends_along(
    office: OfficeCast, group_kind: DutyKind
) -> None:
    today = timezone.localdate()
    coming = {"valid_from": today + 5 * DAY, "valid_to": today + 9 * DAY}
    area_duty_assign(staff=office.jia, kind=group_kind, area=office.other_group, **coming)
    duties_hand_over(leaver=office.jia, successor=office.yi)
    duty = AreaDuty.objects.get(area=office.other_group)
    assert (duty.staff, duty.valid_from, duty.valid_to) == (
        office.yi,
        coming["valid_from"],
        coming["valid_to"],
    )


def test_a_handover_passes_the_place_of_deputy_on(office: OfficeCast) -> None:
    AreaDuty.objects.filter(staff=office.jia).update(deputy=office.bing)
    assert duties_hand_over(leaver=office.bing, successor=office.yi) == 1
    assert AreaDuty.objects.get(staff=office.jia).deputy == office.yi


def test_whoever_takes_over_is_never_his_own_deputy(office: OfficeCast) -> None:
    AreaDuty.objects.filter(staff=office.jia).update(deputy=office.yi)
    duties_hand_over(leaver=office.jia, successor=office.yi)
    assert AreaDuty.objects.open().get(staff=office.yi).deputy is None


def test_a_duty_that_the_successor_shares_is_not_doubled(office: OfficeCast, group_kind: DutyKind) -> None:
    area_duty_assign(staff=office.yi, kind=group_kind, area=office.group)
    duties_hand_over(leaver=office.jia, successor=office.yi)
    assert AreaDuty.objects.open().filter(area=office.group, kind=group_kind).count() == 1


def test_nobody_hands_over_to_himself_or_to_one_who_has_left(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="同一个人"):
        duties_hand_over(leaver=office.jia, successor=office.jia)
    Staff.objects.filter(pk=office.yi.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="不能接手"):
        duties_hand_over(leaver=office.jia, successor=Staff.objects.get(pk=office.yi.pk))
