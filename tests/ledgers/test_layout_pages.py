"""The pages round the editor: copies, versions, stale saves, closing, the list."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grassroots.grid.models import AreaDuty, DutyKind, Role
from grassroots.ledgers.engine import Column, ledger_registry
from grassroots.ledgers.models import LedgerLayout
from grassroots.ledgers.services.layouts import layout_change
from tests.factories import OfficeCast, make_staff
from tests.ledgers.layout_cases import Editor, draft, make, new_url, page_of, signed_in, standard

pytestmark = pytest.mark.django_db
LIST = "/ledgers/layouts/"
KEYS = ["base", "returnees", "key-persons", "statistics", "temperatures", "duties"]


@pytest.fixture
def editor(office: OfficeCast) -> Editor:
    editor = Editor(signed_in(office.ding), new_url())
    editor.type(name="区里日报", note="第一次")
    return editor


def test_a_name_that_is_taken_is_said_beside_its_field(office: OfficeCast, editor: Editor) -> None:
    make(office, name="区里日报")
    assert editor.press().status_code == 422 and "同名的版式" in editor.text
    assert editor.fields["note"] == ["第一次"]


def test_a_form_sent_twice_saves_once(office: OfficeCast, editor: Editor) -> None:
    assert (editor.press().status_code, editor.press().status_code) == (302, 302)
    assert LedgerLayout.objects.get().versions.count() == 1


def test_a_layout_is_copied_from_another_with_its_filters(office: OfficeCast) -> None:
    row = make(office, filters={"state": ("OPEN",)})
    editor = Editor(signed_in(office.ding), f"{new_url()}?from={row.uid}")
    assert editor.fields["name"] == ["报区里（副本）"] and editor.fields["filter_state"] == ["OPEN"]
    editor.type(area=str(office.village.pk))
    editor.press()
    copy = LedgerLayout.objects.exclude(pk=row.pk).get()
    assert copy.area == office.village and copy.versions.get().drawn() == row.versions.get().drawn()


def test_a_layout_for_an_area_with_fewer_kinds_of_duty_keeps_their_columns_empty(office: OfficeCast) -> None:
    """The page is opened on the street, which has officers that the village may not have columns for."""
    kind = DutyKind.objects.create(
        code="dean", name="包院", officer_title="院长", level=3, order=99, is_expected=False
    )
    AreaDuty.objects.create(kind=kind, staff=office.ding, area=office.other_village, valid_from="2020-01-01")
    editor = Editor(signed_in(office.ding), new_url("duties"))
    assert "duty_dean" in editor.order
    editor.type(name="村里的", area=str(office.village.pk))
    editor.press("preview")
    assert "台账里已经没有 “包院-院长”" in editor.text
    assert editor.press().status_code == 302
    assert "duty_dean" in LedgerLayout.objects.get().versions.get().drawn().keys


def test_editing_makes_a_version_and_the_page_says_what_changed(office: OfficeCast) -> None:
    row = make(office)
    editor = Editor(signed_in(office.ding), page_of("layout_edit", row))
    editor.column("phone", caption="手机")
    editor.type(note="区里要求")
    editor.press()
    page = editor.client.get(page_of("layout_detail", row)).content.decode()
    for words in ("第 2 版", "列“联系电话”改名为“手机”", "区里要求", "恢复第 1 版", "正在用"):
        assert words in page


def test_who_saves_second_sees_both_values_and_loses_nothing(office: OfficeCast) -> None:
    row = make(office)
    editor = Editor(signed_in(office.ding), page_of("layout_edit", row))
    theirs = draft(standard(office), name="管理员改的")
    other = list(theirs.layout.columns)
    other[3] = Column("name", "他的姓名")
    layout_change(layout=row, version=1, draft=replace(theirs, layout=replace(theirs.layout, columns=tuple(other))),
                  by=office.admin)  # fmt: skip
    editor.column("name", caption="我的姓名")
    editor.type(title="我的标题")
    before = editor.fields["submission_id"]
    page = editor.press()
    assert page.status_code == 409
    for words in ("管某已存了第 2 版", "我的姓名", "他的姓名", "我的标题", "返乡人员台账", "管理员改的"):
        assert words in editor.text
    assert editor.fields["title"] == ["我的标题"] and editor.fields["version"] == ["2"]
    assert editor.fields["submission_id"] != before
    assert editor.press().status_code == 302
    assert row.versions.get(number=3).drawn().title == "我的标题" and row.versions.count() == 3


def test_an_old_version_is_put_back_by_a_button(office: OfficeCast) -> None:
    row = make(office)
    layout_change(layout=row, version=1, draft=draft(replace(standard(office), title="错了")), by=office.ding)
    client = signed_in(office.ding)
    data = {"submission_id": str(uuid.uuid4()), "number": 1, "version": 2}
    response = client.post(page_of("layout_restore", row), data, follow=True)
    assert "已恢复第 1 版，成为第 3 版" in response.content.decode()
    stale = client.post(page_of("layout_restore", row), {**data, "submission_id": str(uuid.uuid4())})
    assert stale.status_code == 409 and "别人刚刚又存了新版本" in stale.content.decode()
    none = {**data, "submission_id": str(uuid.uuid4()), "version": 3, "number": 77}
    assert client.post(page_of("layout_restore", row), none).status_code == 422
    assert row.versions.count() == 3


def test_a_closed_layout_leaves_the_list_and_is_no_longer_edited(office: OfficeCast) -> None:
    row = make(office)
    client = signed_in(office.ding)
    assert "确认停用" in client.get(page_of("layout_close", row)).content.decode()
    client.post(page_of("layout_close", row), {"submission_id": str(uuid.uuid4())})
    assert "报区里" not in client.get(LIST).context["groups"].__str__()
    assert client.get(page_of("layout_edit", row)).status_code == 302
    assert "已停用" in client.get(page_of("layout_detail", row)).content.decode()
    again = client.post(page_of("layout_close", row), {"submission_id": str(uuid.uuid4())})
    assert again.status_code == 422


def test_the_list_shows_every_ledger_and_costs_the_same_however_many_layouts(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    make(office)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        page = client.get(LIST).content.decode()
    for definition in ledger_registry.all():
        assert definition.name in page
    for number in range(12):
        make(office, KEYS[number % 6], name=f"版式{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few) <= 14


def test_a_village_uses_the_streets_layout_but_does_not_change_it(office: OfficeCast) -> None:
    row = make(office)
    client = signed_in(make_staff("村主管", Role.SUPERVISOR, office.village))
    assert "报区里" in client.get(LIST).content.decode()
    detail = client.get(page_of("layout_detail", row))
    assert detail.status_code == 200 and "恢复" not in detail.content.decode()
    for name in ("layout_edit", "layout_close"):
        assert client.get(page_of(name, row)).status_code == 403
    copied = Editor(client, f"{new_url()}?from={row.uid}")
    assert copied.press().status_code == 302
    assert LedgerLayout.objects.exclude(pk=row.pk).get().area == office.village


@pytest.mark.parametrize("url", ["/ledgers/layouts/new/no-such/", "/ledgers/layouts/new/base/?from=x"])
def test_what_there_is_not_is_not_found(office: OfficeCast, url: str) -> None:
    assert signed_in(office.ding).get(url).status_code == 404


def test_a_layout_is_no_source_for_another_ledger_or_for_somebody_outside(office: OfficeCast) -> None:
    row = make(office, area=office.village)
    assert signed_in(office.ding).get(f"{new_url('base')}?from={row.uid}").status_code == 404
    outside = make_staff("村主管", Role.SUPERVISOR, office.other_village)
    assert signed_in(outside).get(f"{new_url()}?from={row.uid}").status_code == 404
