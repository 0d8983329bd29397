"""丁 brings in a list of returnees through the page: preview, confirm, the file and its observation, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from grassroots.ledgers.models import ImportBatch
from households.models import Person
from quarantine.models import Returnee
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.steps import day, go_to, picture
from tests.factories import OfficeCast

CALL = "翠柏苑3栋今日健康接龙\n1、陈磊梅 2单元201,5口人,均正常\n收到收到\n2.周玉 3单元301 2人 无外出\n"


@pytest.fixture(autouse=True)
def _import_root(settings: Any, tmp_path: Path) -> None:
    settings.IMPORT_ROOT = tmp_path / "sealed"


def listed(folder: Path) -> Path:
    """A list as another office writes it: one row that stands, one without a name, one flawed cell."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    left = day(4)
    for row in (
        ["淮口街道湖北返乡人员登记表"], [],
        ["编号", "行政村/社区", "姓名", "手机", "目前居住地", "湖北居住地", "离开湖北日期", "返回日期", "体温(℃)"],
        [1, "城厢社区", "王𬱖", "13812345678", "城厢社区1组12号", "武汉市江夏区", left, left, "63.5"],
        [2, "城厢社区", "", "13812345679", "城厢社区1组13号", "武汉市江夏区", left, left, 36.5],
        ["合计", "2人"],
    ):  # fmt: skip
        sheet.append(row)
    path = folder / "返乡人员.xlsx"
    book.save(path)
    return path


def upload(page: Page, path: Path) -> None:
    go_to(page, "导入")
    page.get_by_label("表格文件").set_input_files(path)
    page.get_by_role("button", name="读取并核对").click()
    expect(page.get_by_role("heading", name="返乡人员.xlsx")).to_be_visible()


def test_a_list_of_returnees_comes_in_and_goes_out_again(
    cast: OfficeCast, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(cast.ding)
    upload(page, listed(tmp_path))
    expect(page.get_by_text("没有姓名")).to_be_visible()
    picture(page, "import-1-preview")
    assert not Returnee.objects.exists()
    page.get_by_role("link", name="类型和列").click()
    expect(page.get_by_label("湖北居住地")).to_have_value("origin")
    page.get_by_role("button", name="重新核对").click()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入").first).to_be_visible()
    file = Returnee.objects.get()
    assert (file.person.name, file.observations.count()) == ("王𬱖", 1)
    with page.expect_download() as started:
        page.get_by_role("link", name="下载结果表").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    remarks = [row[-1] for row in load_workbook(path).worksheets[0].iter_rows(values_only=True)]
    assert [str(words).split("\n")[0] for words in remarks[2:5]] == ["导入结果", "新增", "未收"]
    page.get_by_role("link", name="撤销").click()
    page.get_by_role("button", name="撤销导入").click()
    expect(page.get_by_text("已撤销").first).to_be_visible()
    assert not Person.objects.active().filter(name="王𬱖").exists()


def test_a_roll_call_is_pasted_on_a_phone(cast: OfficeCast, sign_in: SignIn) -> None:
    page = sign_in(cast.jia, viewport=PHONE)
    page.goto("/ledgers/imports/")
    page.get_by_label("或粘贴文字").fill(CALL)
    page.get_by_role("button", name="读取并核对").click()
    expect(page.get_by_text("新建住户 翠柏苑3栋2单元201").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    picture(page, "import-2-rollcall")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入").first).to_be_visible()
    batch = ImportBatch.objects.get()
    assert (batch.kind, batch.created, batch.state) == ("rollcall", 2, "APPLIED")


def test_without_script_it_works_as_well(cast: OfficeCast, sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in(cast.ding, java_script_enabled=False)
    page.goto("/ledgers/imports/")
    page.get_by_label("表格文件").set_input_files(listed(tmp_path))
    page.get_by_role("button", name="读取并核对").click()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入").first).to_be_visible()
    assert Returnee.objects.count() == 1
