"""丁 makes a layout for 返乡人员台账: columns moved by key, number and mouse, the preview at once, then the file."""

from __future__ import annotations

import re
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from grassroots.ledgers.models import LedgerLayout
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.steps import go_to, observe, picture
from tests.factories import OfficeCast, make_household


def order(page: Page) -> list[str]:
    """The first columns of the form, in their order."""
    return page.locator("[data-col-row] .form-check-label").all_inner_texts()[:4]


def drag(page: Page, grip: str, onto: str) -> None:
    """Take a row by its grip and let it go over the upper edge of another, as a hand does: not in one leap."""
    taken, place = page.locator(grip).bounding_box(), page.locator(onto).bounding_box()
    assert taken is not None and place is not None
    page.mouse.move(taken["x"] + taken["width"] / 2, taken["y"] + taken["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + 60, place["y"] + 14, steps=12)
    page.mouse.move(place["x"] + 60, place["y"] + 4)
    page.mouse.up()


def expect_header(page: Page, *captions: str) -> None:
    """The preview catches up with the form."""
    for index, caption in enumerate(captions):
        expect(page.locator(".sheet th").nth(index)).to_have_text(caption)


def test_a_layout_is_made_looked_at_and_downloaded(cast: OfficeCast, sign_in: SignIn, tmp_path: Path) -> None:
    person = observe(cast, make_household(cast.compound, "501", building="3", unit="2"), "王某").person
    page = sign_in(cast.ding)
    go_to(page, "台账版式")
    picture(page, "layouts-1-list")
    page.get_by_role("link", name=re.compile(r"新建\s*返乡人员台账的版式")).click()
    expect(page.locator(".sheet")).to_contain_text("王某")
    assert person.id_number not in page.content()

    name = page.locator("#col-name")
    assert order(page) == ["序号", "村(社区)", "组", "姓名"]
    name.get_by_role("button", name="上移").click()
    assert order(page) == ["序号", "村(社区)", "姓名", "组"]
    expect(name.get_by_role("button", name="上移")).to_be_focused()
    name.get_by_label("列名").press("Alt+ArrowUp")
    assert order(page) == ["序号", "姓名", "村(社区)", "组"]
    name.locator("[data-place]").fill("1")
    name.locator("[data-place]").press("Tab")
    assert order(page) == ["姓名", "序号", "村(社区)", "组"]
    expect_header(page, "姓名", "序号", "村(社区)", "组")
    page.set_viewport_size({"width": 1280, "height": 2000})  # both rows in sight
    drag(page, "#col-phone [data-grip]", "#col-village")
    assert order(page) == ["姓名", "序号", "联系电话", "村(社区)"]
    page.locator("#col-group").get_by_role("checkbox").uncheck()
    name.get_by_label("列名").fill("<b>名字</b>")
    expect_header(page, "<b>名字</b>", "序号", "联系电话", "村(社区)", "性别")
    page.locator("#col-sex").get_by_label("列宽").fill("宽")
    expect(page.locator("#layout-preview")).to_contain_text("列宽请填数字")
    page.locator("#col-sex").get_by_label("列宽").fill("6")
    expect_header(page, "<b>名字</b>", "序号", "联系电话")
    picture(page, "layouts-2-editor")
    page.get_by_label("版式名称").fill("区里日报")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("区里日报")
    expect(page.get_by_text("列“姓名”改名为“<b>名字</b>”")).to_be_visible()
    picture(page, "layouts-3-versions")
    assert LedgerLayout.objects.get().versions.get().drawn().keys[:4] == (
        "name",
        "number",
        "phone",
        "village",
    )

    page.get_by_role("link", name="用它下载").click()
    expect(page.locator("#id_returnees-layout")).to_have_value(str(LedgerLayout.objects.get().uid))
    picture(page, "layouts-4-download")
    with page.expect_download() as started:
        page.get_by_role("button", name="下载", exact=True).click()
    started.value.save_as(tmp_path / "l.xlsx")
    rows = [
        [cell.value for cell in row] for row in load_workbook(tmp_path / "l.xlsx").worksheets[0].iter_rows()
    ]
    head = next(row for row in rows if "序号" in row)
    assert head[:4] == ["<b>名字</b>", "序号", "联系电话", "村(社区)"]
    assert any(row[:2] == ["王某", 1] for row in rows)


def test_only_the_options_of_the_chosen_ledger_are_seen_on_a_phone(cast: OfficeCast, sign_in: SignIn) -> None:
    page = sign_in(cast.ding, PHONE)
    go_to(page, "下载台账")
    page.get_by_role("radio", name="基础台账表").check()
    expect(page.get_by_label("空置").first).to_be_visible()
    expect(page.get_by_text("期满待解除")).to_have_count(2)
    page.get_by_role("radio", name="返乡人员台账").check()
    expect(page.locator("[data-ledger=base]")).to_be_hidden()
    expect(page.locator("[data-ledger=returnees]").get_by_label("期满待解除")).to_be_visible()
    picture(page, "layouts-5-phone")
