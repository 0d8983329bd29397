"""丁 downloads 防控重点人员台账 through the page: masked as it comes, and once in full, for a purpose."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Page, expect

from grassroots.grid.models import AccessAction, AccessLog
from quarantine.services.readings import reading_record
from tests.e2e.conftest import SignIn
from tests.e2e.steps import day, go_to, observe, picture
from tests.factories import OfficeCast, make_household

NAME = "𬱖·李"  # a rare character beyond the BMP has to survive the way into Excel
PURPOSE = "报县疾控中心核查"


def choose(page: Page) -> None:
    """The ledger of key persons, of the street, for today."""
    page.get_by_role("radio", name="防控重点人员台账").check()
    page.locator("#id_area").select_option(label="淮口街道")
    expect(page.get_by_label("日期")).to_have_value(day(0).isoformat())


def download(page: Page, folder: Path) -> Worksheet:
    """Press 下载 and open what comes."""
    with page.expect_download() as started:
        page.get_by_role("button", name="下载", exact=True).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    assert path.suffix == ".xlsx"
    return load_workbook(path).worksheets[0]


def by_caption(sheet: Worksheet, name: str) -> dict[str, Any]:
    """The line of one person, by the captions above it."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(number for number, row in enumerate(rows) if "身份证号" in row)
    captions = [over or under for over, under in zip(rows[head], rows[head + 1], strict=True)]
    (line,) = [row for row in rows if name in row]
    return dict(zip(captions, line, strict=True))


def test_the_ledger_of_key_persons_has_this_mornings_temperature(
    cast: OfficeCast, sign_in: SignIn, tmp_path: Path
) -> None:
    observation = observe(cast, make_household(cast.compound, "501", building="3", unit="2"), NAME)
    reading_record(visit=observation.visits.get(date=day(0)), temperature=Decimal("36.4"), by=cast.health)
    person = observation.person
    page = sign_in(cast.ding)
    go_to(page, "下载台账")
    choose(page)
    picture(page, "supervisor-1-ledgers")
    masked = by_caption(download(page, tmp_path), NAME)
    assert (masked["类别"], masked["从何地返回"]) == ("武汉", "武汉市江夏区")
    assert (masked["今日上午体温"], masked["第几天"], masked["状态"]) == (36.4, 4 + 1, "观察中")
    assert masked["包户"].startswith(cast.jia.name)
    assert person.id_number not in masked.values() and person.phone not in masked.values()
    assert masked["身份证号"] == f"5101{'*' * 12}{person.id_number[-2:]}"

    page.get_by_label("不脱敏").check()
    page.get_by_role("button", name="下载", exact=True).click()
    expect(page.locator("#div_id_purpose")).to_contain_text("须写明用途")
    picture(page, "supervisor-2-no-purpose")
    expect(page.get_by_role("radio", name="防控重点人员台账")).to_be_checked()
    page.get_by_label("用途").fill(PURPOSE)
    full = by_caption(download(page, tmp_path), NAME)
    assert (full["身份证号"], full["联系电话"]) == (person.id_number, person.phone)
    assert full["今日上午体温"] == 36.4

    logs = AccessLog.objects.filter(staff=cast.ding, action=AccessAction.EXPORT).order_by("pk")
    assert [(log.area, log.purpose) for log in logs] == [(cast.street, ""), (cast.street, PURPOSE)]
    auditor = sign_in(cast.auditor)
    go_to(auditor, "访问日志")
    expect(auditor.get_by_text(PURPOSE)).to_be_visible()
    picture(auditor, "supervisor-3-access-log")
