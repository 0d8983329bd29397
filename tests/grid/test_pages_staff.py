"""Staff: list, file, create, roles, leaving, postings, passwords, dialling."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog, Posting, Role, Staff
from tests.factories import OfficeCast, make_staff
from tests.grid.conftest import form

SignIn = Callable[[Staff], Client]


def text(answer: Any) -> str:
    return str(answer.content.decode())


def shown_password(page: str) -> str:
    found = re.search(r'first-password">(\w+)<', page)
    return found.group(1) if found else ""


def test_the_list_shows_staff_of_the_scope_with_their_phones(office: OfficeCast, sign_in: SignIn) -> None:
    page = text(sign_in(office.jia).get("/grid/staff/"))
    assert "乙某" in page
    assert office.yi.phone in page
    assert "丙某" not in page


def test_a_name_is_searched_by_post_and_stands_in_no_address(office: OfficeCast, sign_in: SignIn) -> None:
    answer = sign_in(office.ding).post("/grid/staff/", {"q": "卫某"})
    names = [one.name for one in answer.context["rows"]]
    assert names == ["卫某"]
    assert "%E5%8D%AB" not in text(answer)


def test_the_list_is_filtered_by_role(office: OfficeCast, sign_in: SignIn) -> None:
    answer = sign_in(office.ding).get("/grid/staff/", {"role": Role.POLICE})
    assert [one.name for one in answer.context["rows"]] == ["警某"]


def test_the_list_comes_in_pages_that_miss_and_repeat_nobody(
    office: OfficeCast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(120):
        make_staff("同名" if number < 70 else f"员{number}", Role.OFFICER, office.group)
    client, url, seen = sign_in(office.ding), "/grid/staff/", []
    client.get("/grid/areas/")
    while url:
        with django_assert_max_num_queries(16):
            answer = client.get(url)
        seen += [one.pk for one in answer.context["rows"]]
        url = answer.context["next_url"]
    assert len(seen) == len(set(seen)) == Staff.objects.count()


def test_an_account_shows_its_first_password_once(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.admin)
    sent = form(
        name="新人", username="xinren", roles=[Role.OFFICER], area=office.group.pk, phone="13912345678"
    )
    first, again = client.post("/grid/staff/new/", sent), client.post("/grid/staff/new/", sent)
    password = shown_password(text(first))
    one = Staff.objects.get(username="xinren")
    assert one.check_password(password)
    assert one.must_change_password
    assert one.postings.get().area == office.group
    assert shown_password(text(again)) == ""
    assert "已经提交过" in text(again)


def test_an_officer_without_an_account_gets_no_password(office: OfficeCast, sign_in: SignIn) -> None:
    answer = sign_in(office.admin).post(
        "/grid/staff/new/", form(name="老组长", area=office.group.pk), follow=True
    )
    assert "不登录系统" in text(answer)
    assert not Staff.objects.get(name="老组长").has_usable_password()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"username": "jia"}, "username"),
        ({"username": "1 2"}, "username"),
        ({"phone": "1234567890123"}, "phone"),
        ({"roles": [Role.OFFICER]}, "username"),
        ({"username": "ok1", "roles": [Role.ADMINISTRATOR, Role.AUDITOR]}, "roles"),
    ],
)
def test_bad_input_is_refused_beside_the_field(
    office: OfficeCast, sign_in: SignIn, values: dict[str, Any], field: str
) -> None:
    sent = form(**{"name": "新人", "area": office.group.pk, **values})
    answer = sign_in(office.admin).post("/grid/staff/new/", sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_nobody_is_posted_outside_the_administrators_scope(office: OfficeCast, sign_in: SignIn) -> None:
    below = make_staff("村管", Role.ADMINISTRATOR, office.village)
    for url in ("/grid/staff/new/", f"/grid/staff/{office.jia.uid}/postings/new/"):
        sent = form(name="越界", area=office.other_group.pk, valid_from="2020-03-01")
        assert sign_in(below).post(url, sent).status_code == 422
    assert not Staff.objects.filter(name="越界").exists()
    assert not Posting.objects.filter(staff=office.jia, area=office.other_group).exists()


def test_a_full_width_phone_is_put_right(office: OfficeCast, sign_in: SignIn) -> None:
    sent = form(name="甲某", phone="139 1234 5678")
    sign_in(office.admin).post(f"/grid/staff/{office.jia.uid}/edit/", sent)
    assert Staff.objects.get(pk=office.jia.pk).phone == "13912345678"


def test_a_reset_shows_the_new_password_once_and_ends_sessions(office: OfficeCast, sign_in: SignIn) -> None:
    client, theirs = sign_in(office.admin), sign_in(office.jia)
    sent = form()
    url = f"/grid/staff/{office.jia.uid}/reset/"
    password = shown_password(text(client.post(url, sent)))
    assert Staff.objects.get(pk=office.jia.pk).check_password(password)
    assert shown_password(text(client.post(url, sent))) == ""
    assert Staff.objects.get(pk=office.jia.pk).check_password(password)
    assert theirs.get("/grid/areas/").status_code == 302


def test_roles_are_changed_and_logged(office: OfficeCast, sign_in: SignIn) -> None:
    url = f"/grid/staff/{office.jia.uid}/roles/"
    sign_in(office.admin).post(url, form(roles=[Role.OFFICER, Role.SUPERVISOR]))
    assert set(office.jia.groups.values_list("name", flat=True)) == {Role.OFFICER, Role.SUPERVISOR}
    assert AccessLog.objects.filter(action=AccessAction.GRANT, subject_uid=str(office.jia.uid)).exists()


def test_one_who_leaves_is_signed_out_at_once(office: OfficeCast, sign_in: SignIn) -> None:
    theirs = sign_in(office.jia)
    assert theirs.get("/grid/areas/").status_code == 200
    url = f"/grid/staff/{office.jia.uid}/leave/"
    client = sign_in(office.admin)
    assert "他还有包保没有交接" in text(client.get(url))
    client.post(url, form(on=str(timezone.localdate())))
    assert theirs.get("/grid/areas/").status_code == 302
    client.post(f"/grid/staff/{office.jia.uid}/return/", form())
    assert Staff.objects.get(pk=office.jia.pk).is_active


def test_a_posting_is_added_and_ended(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.admin)
    sent = form(area=office.other_group.pk, valid_from="2020-03-01")
    client.post(f"/grid/staff/{office.jia.uid}/postings/new/", sent)
    posting = Posting.objects.get(staff=office.jia, area=office.other_group)
    url = f"/grid/postings/{posting.pk}/end/"
    assert "不能早于开始日期" in text(client.post(url, form(on="2020-02-01")))
    client.post(url, form(on=str(timezone.localdate())))
    assert not Posting.objects.open().filter(pk=posting.pk).exists()


def test_dialling_a_colleague_or_an_officer_above_is_logged(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.jia)
    for whom in (office.yi, office.health):
        answer = client.post(f"/grid/staff/{whom.uid}/dial/", form())
        assert f"tel:{whom.phone}" in text(answer)
        row = AccessLog.objects.get(action=AccessAction.DIAL, subject_uid=str(whom.uid))
        assert row.staff == office.jia
    assert client.post(f"/grid/staff/{office.bing.uid}/dial/", form()).status_code == 404


PAGES = ["edit", "roles", "reset", "leave", "return", "postings/new"]


@pytest.mark.parametrize("page", PAGES)
def test_staff_are_changed_only_inside_the_scope_with_the_right_and_within_reach(
    office: OfficeCast, sign_in: SignIn, page: str
) -> None:
    below = make_staff("村管", Role.ADMINISTRATOR, office.village)
    cases = [(office.jia, office.bing, 404), (office.jia, office.yi, 403), (office.ding, office.jia, 403)]
    cases += [(below, office.bing, 404), (below, office.ding, 403)]
    for by, whom, status in cases:
        url = f"/grid/staff/{whom.uid}/{page}/"
        assert sign_in(by).get(url).status_code == status, (by, whom)
        assert sign_in(by).post(url, form()).status_code == status, (by, whom)


def test_a_posting_outside_the_scope_is_not_found(office: OfficeCast, sign_in: SignIn) -> None:
    below = make_staff("村管", Role.ADMINISTRATOR, office.village)
    posting = office.bing.postings.get()
    assert sign_in(below).post(f"/grid/postings/{posting.pk}/end/", form(on="2020-03-01")).status_code == 404
    assert (
        sign_in(office.ding).post(f"/grid/postings/{posting.pk}/end/", form(on="2020-03-01")).status_code
        == 403
    )
