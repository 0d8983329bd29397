"""The tree of areas and the pages that change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from grassroots.grid import registry
from grassroots.grid.models import Area, Level, Staff
from tests.factories import OfficeCast, make_area
from tests.grid.conftest import form

SignIn = Callable[[Staff], Client]


@pytest.fixture
def no_apps_above(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "area_hooks", [])
    yield


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_tree_begins_at_the_scope_and_shows_one_level(office: OfficeCast, sign_in: SignIn) -> None:
    page = text(sign_in(office.ding).get("/grid/areas/"))
    assert "淮口街道" in page
    assert "城厢社区" in page  # the only root is opened
    assert "翠柏苑" not in page
    assert "金堂县" not in page


def test_a_branch_opens_by_htmx_and_by_link(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.ding)
    branch = text(client.get(f"/grid/areas/?branch={office.group.pk}"))
    assert "翠柏苑" in branch
    assert "<html" not in branch
    whole = text(client.get(f"/grid/areas/?open={office.group.pk}"))
    assert "翠柏苑" in whole
    assert "龚家村" in whole


def test_the_tree_counts_open_children_and_duties(office: OfficeCast, sign_in: SignIn) -> None:
    branch = text(sign_in(office.ding).get(f"/grid/areas/?branch={office.street.pk}"))
    assert "下级 1" in branch
    assert "包保 3" in branch


@pytest.mark.parametrize("query", ["branch", "open"])
def test_a_branch_outside_the_scope_is_not_found(office: OfficeCast, sign_in: SignIn, query: str) -> None:
    assert sign_in(office.bing).get(f"/grid/areas/?{query}={office.group.pk}").status_code == 404


def test_a_search_finds_by_name_inside_the_scope_with_the_names_above(
    office: OfficeCast, sign_in: SignIn
) -> None:
    page = text(sign_in(office.ding).get("/grid/areas/?q=翠柏"))
    assert "翠柏苑" in page
    assert "城厢社区 1组" in page
    assert "没有找到" in text(sign_in(office.bing).get("/grid/areas/?q=翠柏"))


def test_an_areas_page_shows_children_chain_duties_and_postings(office: OfficeCast, sign_in: SignIn) -> None:
    page = text(sign_in(office.ding).get(f"/grid/areas/{office.group.pk}/"))
    for words in ("金堂县", "翠柏苑", "甲某", "乙某", "卫某", "无人负责", office.jia.phone):
        assert words in page


def test_names_above_the_scope_are_shown_without_a_link(office: OfficeCast, sign_in: SignIn) -> None:
    page = text(sign_in(office.jia).get(f"/grid/areas/{office.group.pk}/"))
    assert "城厢社区" in page
    assert f'href="/grid/areas/{office.village.pk}/"' not in page


def test_an_areas_page_costs_the_same_for_many_children(
    office: OfficeCast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        make_area(office.group, Level.COMPOUND, f"{number}号院")
    client = sign_in(office.ding)
    client.get("/grid/areas/")
    with django_assert_max_num_queries(20):
        client.get(f"/grid/areas/{office.group.pk}/")


def test_an_area_is_added_with_a_level_below_its_parents(office: OfficeCast, sign_in: SignIn) -> None:
    client, url = sign_in(office.admin), f"/grid/areas/{office.village.pk}/new/"
    choices = client.get(url).context["form"].fields["level"].choices
    assert [value for value, _label in choices] == [Level.GROUP, Level.COMPOUND]
    answer = client.post(url, form(level=4, name="7组", expected_households=30), follow=True)
    assert "已增加区域" in text(answer)
    assert Area.objects.get(name="7组").expected_households == 30


def test_errors_stand_beside_the_field_and_what_was_typed_stays(office: OfficeCast, sign_in: SignIn) -> None:
    answer = sign_in(office.admin).post(
        f"/grid/areas/{office.village.pk}/new/",
        form(level=4, name="1组", kind="网格", expected_households="很多"),
    )
    assert answer.status_code == 422
    assert "请填整数" in text(answer)
    assert "网格" in text(answer)


def test_a_taken_name_is_refused_beside_the_name(office: OfficeCast, sign_in: SignIn) -> None:
    answer = sign_in(office.admin).post(f"/grid/areas/{office.village.pk}/new/", form(level=4, name="1组"))
    assert "已经有" in answer.context["form"].errors["name"][0]


def test_a_stale_save_shows_both_values_and_can_be_saved_afterwards(
    office: OfficeCast, sign_in: SignIn
) -> None:
    client, url = sign_in(office.admin), f"/grid/areas/{office.group.pk}/edit/"
    mine = {"name": "我的名字", "kind": "", "code": office.group.code, "expected_households": ""}
    client.post(url, form(version=1, **{**mine, "name": "别人的名字"}))
    answer = client.post(url, form(version=1, **mine))
    assert answer.status_code == 409
    assert "我的名字" in text(answer)
    assert "别人的名字" in text(answer)
    assert Area.objects.get(pk=office.group.pk).name == "别人的名字"
    again = answer.context["form"].data
    assert client.post(url, form(**{**mine, "version": again["version"]})).status_code == 302
    assert Area.objects.get(pk=office.group.pk).name == "我的名字"


def test_a_new_parent_is_found_by_typing_and_only_inside_the_scope(
    office: OfficeCast, sign_in: SignIn, no_apps_above: None
) -> None:
    client, url = sign_in(office.admin), f"/grid/areas/{office.group.pk}/move/"
    page = text(client.post(url, form(find="parent", parent_q="龚家")))
    assert "龚家村" in page
    fragment = text(client.post(url, form(find="parent", parent_q="龚家"), headers={"HX-Request": "true"}))
    assert "龚家村" in fragment
    assert "<html" not in fragment
    assert client.post(url, form(parent=office.county.pk)).status_code == 422
    assert client.post(url, form(parent=office.other_village.pk)).status_code == 302
    assert Area.objects.get(pk=office.other_village.pk).holds(Area.objects.get(pk=office.group.pk))


def test_an_empty_area_is_closed(office: OfficeCast, sign_in: SignIn, no_apps_above: None) -> None:
    answer = sign_in(office.admin).post(
        f"/grid/areas/{office.other_group.pk}/close/", form(on="2020-03-01"), follow=True
    )
    assert "已停用" in text(answer)


def test_an_area_that_cannot_be_closed_says_why(
    office: OfficeCast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = registry.AreaHooks(lambda ids: True, lambda *args: None)
    monkeypatch.setattr(registry, "area_hooks", [hooks])
    answer = sign_in(office.admin).post(f"/grid/areas/{office.group.pk}/close/", form(on="2020-03-01"))
    assert "还有登记的住户或人员" in text(answer)
    assert Area.objects.get(pk=office.group.pk).is_open


CHANGES = ["new", "edit", "move", "close"]


@pytest.mark.parametrize("page", CHANGES)
def test_whoever_is_no_administrator_changes_nothing_inside_his_scope(
    office: OfficeCast, sign_in: SignIn, page: str
) -> None:
    for staff in (office.jia, office.inspector, office.auditor):
        url = f"/grid/areas/{office.group.pk}/{page}/"
        assert sign_in(staff).get(url).status_code == 403
        assert sign_in(staff).post(url, form()).status_code == 403


@pytest.mark.parametrize("page", ["", *(f"{page}/" for page in CHANGES)])
def test_an_area_outside_the_scope_is_not_found_whatever_the_right(
    office: OfficeCast, sign_in: SignIn, page: str
) -> None:
    url = f"/grid/areas/{office.county.pk}/{page}"
    assert sign_in(office.admin).get(url).status_code == 404
    assert sign_in(office.bing).get(f"/grid/areas/{office.group.pk}/{page}").status_code == 404


def test_an_open_branch_shuts_by_its_link(office: OfficeCast, sign_in: SignIn) -> None:
    client = sign_in(office.ding)
    assert "/grid/areas/?shut=1" in text(client.get("/grid/areas/"))
    assert "城厢社区" not in text(client.get("/grid/areas/?shut=1"))
