"""丁 asks for a long ledger: the page waits, moves by itself when a worker comes, and hands out the file."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from grassroots.grid.models import AccessLog
from grassroots.ledgers.models import Job
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.steps import go_to, picture
from tests.factories import OfficeCast, make_household, make_person


@pytest.fixture
def long(settings: Any, queue: str, cast: OfficeCast) -> None:
    """Any ledger is long; the jobs go to this test's own worker."""
    make_person("张大山", make_household(cast.compound, "501"))
    settings.EXPORT_AT_ONCE_ROWS = 0
    settings.JOB_QUEUE = queue
    settings.EXPORT_ROOT = settings.VAR_DIR / "exports"


def ask(page: Page) -> None:
    """The base ledger of the street."""
    go_to(page, "下载台账")
    page.get_by_role("radio", name="基础台账表").check()
    page.locator("#id_area").select_option(label="淮口街道")
    page.get_by_role("button", name="下载", exact=True).click()
    page.wait_for_url("**/jobs/*/")


def test_a_long_ledger_is_waited_for_and_fetched(
    long: None, cast: OfficeCast, sign_in: SignIn, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    page = sign_in(cast.ding)
    ask(page)
    expect(page.get_by_role("heading", name="等待后台处理")).to_be_visible()
    request.getfixturevalue("worker")
    expect(page.get_by_role("heading", name="已完成")).to_be_visible()  # nobody has touched the page
    picture(page, "long-ledger-1-done")
    with page.expect_download() as started:
        page.get_by_role("link", name="下载文件").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    names = {cell for row in load_workbook(path).worksheets[0].iter_rows(values_only=True) for cell in row}
    assert "张大山" in names
    go_to(page, "我的下载")
    expect(page.get_by_role("link", name="基础台账表 · 淮口街道")).to_be_visible()
    assert AccessLog.objects.filter(staff=cast.ding, detail__step="下载文件").count() == 1


def test_on_a_phone_a_waiting_ledger_is_cancelled_and_asked_for_again(
    long: None, cast: OfficeCast, sign_in: SignIn
) -> None:
    page = sign_in(cast.ding, viewport=PHONE)
    page.goto("/ledgers/?key=base")
    page.locator("#id_area").select_option(label="淮口街道")
    page.get_by_role("button", name="下载", exact=True).click()
    page.get_by_role("button", name="取消").click()
    expect(page.get_by_role("heading", name="已取消")).to_be_visible()
    picture(page, "long-ledger-2-cancelled")
    page.get_by_role("button", name="重新生成").click()
    expect(page.get_by_role("heading", name="等待后台处理")).to_be_visible()
    assert Job.objects.get().state == "WAITING"


def test_without_script_the_page_asks_again_by_itself(
    long: None, cast: OfficeCast, sign_in: SignIn, worker: subprocess.Popen[bytes]
) -> None:
    page = sign_in(cast.ding, java_script_enabled=False)
    page.goto("/ledgers/?key=base")
    page.locator("#id_area").select_option(label="淮口街道")
    page.get_by_role("button", name="下载", exact=True).click()
    page.wait_for_url("**/jobs/*/")
    expect(page.get_by_role("heading", name="已完成")).to_be_visible()
    assert worker.poll() is None
