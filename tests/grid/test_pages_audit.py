"""The auditor's pages: the access log and the history of changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from grassroots.grid.accounts import staff_edit
from grassroots.grid.areas import area_edit
from grassroots.grid.changes import _LABELS, _is_shown, changes_of, history_of, tracked_models
from grassroots.grid.models import AccessAction, AccessLog, Area, Role, Staff
from grassroots.grid.trail import access_log
from tests.factories import OfficeCast, make_person, make_staff
from tests.grid.conftest import form

SignIn = Callable[[Staff], Client]


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_log_shows_who_did_what_newest_first(office: OfficeCast, sign_in: SignIn) -> None:
    access_log(action=AccessAction.UNMASK, staff=office.jia, subject=office.yi, purpose="核对电话")
    access_log(action=AccessAction.EXPORT, staff=office.ding, detail={"key": "base", "rows": 12})
    answer = sign_in(office.auditor).get("/grid/access-log/")
    assert [row.staff for row in answer.context["rows"]] == [office.auditor, office.ding, office.jia]
    assert "核对电话" in text(answer)
    assert "台账 base" in text(answer)


def test_the_log_is_filtered_by_person_action_and_day(office: OfficeCast, sign_in: SignIn) -> None:
    access_log(action=AccessAction.UNMASK, staff=office.jia)
    access_log(action=AccessAction.DIAL, staff=office.jia)
    access_log(action=AccessAction.DIAL, staff=office.yi)
    client = sign_in(office.auditor)

    def rows(**query: str) -> list[tuple[str, str]]:
        found = client.get("/grid/access-log/", query).context["rows"]
        return [(row.staff.name, row.action) for row in found]

    assert rows(staff=str(office.jia.uid), action="DIAL") == [("甲某", "DIAL")]
    assert rows(until="2020-01-01") == []
    assert len(rows(since="2020-01-01")) == 4  # and the auditor's own sign-in
    found = client.post("/grid/access-log/?action=DIAL", {"q": "甲"})
    assert f"staff={office.jia.uid}" in text(found)
    assert "action=DIAL" in text(found)


def test_the_log_comes_in_pages_at_a_bounded_cost(
    office: OfficeCast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for _ in range(130):
        access_log(action=AccessAction.OPEN, staff=office.jia, subject=office.yi)
    client, url, seen = sign_in(office.auditor), "/grid/access-log/", []
    client.get("/grid/areas/")
    while url:
        with django_assert_max_num_queries(12):
            answer = client.get(url)
        seen += [row.pk for row in answer.context["rows"]]
        url = answer.context["next_url"]
    assert len(seen) == len(set(seen)) == AccessLog.objects.count() == 131


def test_an_auditor_of_a_part_sees_what_concerns_that_part(office: OfficeCast, sign_in: SignIn) -> None:
    access_log(action=AccessAction.OPEN, staff=office.jia)
    access_log(action=AccessAction.OPEN, staff=office.bing)
    below = make_staff("村审", Role.AUDITOR, office.village)
    rows = sign_in(below).get("/grid/access-log/").context["rows"]
    assert {row.staff.name for row in rows} == {"甲某", "村审"}


@pytest.mark.parametrize("path", ["/grid/access-log/", "/grid/history/"])
def test_nobody_but_the_auditor_reads_them(office: OfficeCast, sign_in: SignIn, path: str) -> None:
    for staff in (office.admin, office.ding, office.jia, office.inspector):
        assert sign_in(staff).get(path).status_code == 403
        assert sign_in(staff).post(path, {"q": "甲"}).status_code == 403


def test_a_change_shows_old_and_new_values_and_who(office: OfficeCast, sign_in: SignIn) -> None:
    url = f"/grid/areas/{office.group.pk}/edit/"
    sent = form(name="第一组", code=office.group.code, kind="", expected_households="66", version=1)
    sign_in(office.admin).post(url, sent)
    page = text(sign_in(office.auditor).get("/grid/history/", {"model": "grid.area"}))
    for words in ("修改区域：第一组", "管某", "1组", "66", "应排查户数"):
        assert words in page
    assert AccessLog.objects.filter(staff=office.auditor, action=AccessAction.OPEN).exists()


def test_an_encrypted_field_shows_only_that_it_changed(office: OfficeCast, sign_in: SignIn) -> None:
    old, new = office.jia.phone, "13912345678"
    staff_edit(staff=office.jia, by=office.admin, name="甲某", organisation="", post="组长", phone=new)
    page = text(sign_in(office.auditor).get("/grid/history/", {"model": "grid.staff"}))
    assert "已修改" in page
    assert "组长" in page
    for secret in (old, new, office.jia.phone_digest, "g1:k"):
        assert secret not in page


def test_saving_without_a_change_is_no_change_of_an_encrypted_field(office: OfficeCast) -> None:
    office.jia.save()
    lines = list(history_of(Staff)[:1])
    assert changes_of(Staff, lines)[0].fields == []


def test_a_persons_file_is_named_by_the_family_name_only(office: OfficeCast, sign_in: SignIn) -> None:
    make_person("欧阳春")
    page = text(sign_in(office.auditor).get("/grid/history/", {"model": "households.person"}))
    assert "新建人员：欧**" in page


def test_a_value_that_cannot_be_read_breaks_no_page(office: OfficeCast, sign_in: SignIn) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE grid_historicalstaff SET phone = 'g1:k0:broken'")
    assert sign_in(office.auditor).get("/grid/history/", {"model": "grid.staff"}).status_code == 200


def test_every_model_with_a_history_has_its_page(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.auditor)
    assert {"grid.area", "grid.staff", "grid.areaduty", "grid.posting", "households.person"} <= set(
        tracked_models()
    )
    for label in tracked_models():
        assert client.get("/grid/history/", {"model": label}).status_code == 200


def test_the_history_comes_in_pages_at_a_bounded_cost(
    office: OfficeCast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for version in range(1, 71):
        area = Area.objects.get(pk=office.group.pk)
        area_edit(
            area=area,
            by=office.admin,
            version=version,
            name=f"{version}组",
            code="",
            kind="",
            expected_households=None,
        )
    client, url, number = sign_in(office.auditor), "/grid/history/?model=grid.area", 0
    client.get("/grid/areas/")
    while url:
        with django_assert_max_num_queries(20):
            answer = client.get(url)
        number += len(answer.context["changes"])
        url = answer.context["next_url"]
    assert number == Area.history.count()


def test_the_history_reads_in_chinese_without_bookkeeping() -> None:
    shown = {
        str(_LABELS.get(one.name) or one.verbose_name)
        for model in tracked_models().values()
        for one in model.history.model._meta.concrete_fields  # type: ignore[attr-defined]
        if _is_shown(one) and one.name != model._meta.pk.name  # type: ignore[union-attr]
    }
    assert [label for label in shown if label.isascii()] == []
