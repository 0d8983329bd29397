"""The pages of ledgers and the commands: what is refused, what is kept, what is written down."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.models import AccessAction, AccessLog, Area, Staff
from grassroots.ledgers.rollups import refresh_rollups
from tests.factories import OfficeCast
from tests.ledgers.conftest import body
from tests.quarantine.cases import make_observation

pytestmark = pytest.mark.django_db
LIST, DOWNLOAD, STATISTICS = "/ledgers/", "/ledgers/download/", "/ledgers/statistics/"


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def asked(area: Area, **fields: Any) -> dict[str, Any]:
    values = {
        "key": "key-persons",
        "area": area.pk,
        "on": timezone.localdate().isoformat(),
        "file_format": "xlsx",
    }
    return {**values, "purpose": "", **fields}


def test_a_ledger_comes_as_a_workbook_and_is_written_down(office: OfficeCast) -> None:
    make_observation(office, "王某")
    response = signed_in(office.ding).post(DOWNLOAD, asked(office.village))
    assert response.status_code == 200 and "attachment" in response["Content-Disposition"]
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert [row["姓名"] for row in body(load_workbook(io.BytesIO(content)))] == ["王某"]
    row = AccessLog.objects.get(action=AccessAction.EXPORT)
    assert (row.staff, row.area_id) == (office.ding, office.village.pk)
    assert (row.detail["key"], row.detail["rows"], row.detail["unmasked"]) == ("防控重点人员台账", 1, False)


@pytest.mark.parametrize("form", [{}, {"key": "no-such"}, {"on": "rubbish"}, {"unmasked": "on"}])
def test_an_area_outside_is_not_found_whatever_else_is_sent(office: OfficeCast, form: dict[str, str]) -> None:
    response = signed_in(office.bing).post(DOWNLOAD, asked(office.village, **form))
    assert response.status_code == 404
    assert not AccessLog.objects.filter(action=AccessAction.EXPORT).exists()


def test_unmasked_without_the_right_is_forbidden(office: OfficeCast) -> None:
    response = signed_in(office.jia).post(DOWNLOAD, asked(office.group, unmasked="on", purpose="想看看"))
    assert response.status_code == 403
    assert "unmasked" not in signed_in(office.jia).get(LIST).content.decode()


def test_unmasked_without_a_purpose_keeps_everything_typed(office: OfficeCast) -> None:
    form = asked(office.village, key="returnees", unmasked="on", file_format="csv", on="2020-01-25")
    response = signed_in(office.ding).post(DOWNLOAD, form)
    page = response.content.decode()
    assert response.status_code == 422 and "须写明用途" in page
    kept = response.context["form"]
    assert (kept["key"].value(), kept["file_format"].value(), kept["on"].value()) == (
        "returnees",
        "csv",
        "2020-01-25",
    )
    assert kept["area"].value() == str(office.village.pk) and 'value="2020-01-25"' in page


def test_unmasked_with_a_purpose_says_so_in_the_log(office: OfficeCast) -> None:
    form = asked(office.village, unmasked="on", purpose="报区疾控核查")
    assert signed_in(office.ding).post(DOWNLOAD, form).status_code == 200
    row = AccessLog.objects.get(action=AccessAction.EXPORT)
    assert row.purpose == "报区疾控核查" and row.detail["unmasked"] is True


def test_an_auditor_downloads_nothing(office: OfficeCast) -> None:
    assert signed_in(office.auditor).get(LIST).status_code == 403
    assert signed_in(office.auditor).post(DOWNLOAD, asked(office.village)).status_code == 403


def test_a_day_to_come_is_refused_beside_its_field(office: OfficeCast) -> None:
    tomorrow = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    response = signed_in(office.ding).post(DOWNLOAD, asked(office.village, on=tomorrow))
    assert response.status_code == 422 and "日期不能晚于今天" in response.content.decode()


def test_the_choices_of_areas_hold_none_from_outside(office: OfficeCast) -> None:
    page = signed_in(office.bing).get(LIST)
    assert {area.pk for area in page.context["form"].fields["area"].queryset} == {office.other_village.pk}


def test_figures_of_today_say_as_of_when_and_that_they_reconcile(office: OfficeCast) -> None:
    make_observation(office)
    refresh_rollups(timezone.now())
    page = signed_in(office.ding).get(STATISTICS, {"area": office.street.pk}).content.decode()
    assert "截至" in page and "核对一致" in page and "龚家村" in page


def test_a_late_entry_of_yesterday_does_not_upset_today(office: OfficeCast) -> None:
    """Yesterday's stock is counted again together with today's, not taken from yesterday's rollup."""
    now = timezone.now()
    refresh_rollups(now - dt.timedelta(days=1))
    make_observation(office, at=f"{timezone.localdate() - dt.timedelta(days=1)} 00:00")
    refresh_rollups(now)
    assert "核对一致" in signed_in(office.ding).get(STATISTICS, {"area": office.street.pk}).content.decode()


def test_the_figures_of_an_earlier_day_list_its_corrections(office: OfficeCast) -> None:
    day = timezone.localdate() - dt.timedelta(days=2)
    observation = make_observation(office, at=f"{day} 09:00")
    now = timezone.now()
    observation.events.update(recorded_at=now)
    observation.stays.update(recorded_at=now)
    page = signed_in(office.ding).get(STATISTICS, {"area": office.street.pk, "on": day.isoformat()})
    assert "补登开始观察" in page.content.decode() and "核对一致" in page.content.decode()


def test_figures_of_an_area_outside_are_not_found(office: OfficeCast) -> None:
    assert signed_in(office.bing).get(STATISTICS, {"area": office.village.pk}).status_code == 404


def test_the_page_of_figures_links_to_its_download(office: OfficeCast) -> None:
    refresh_rollups(timezone.now())
    page = signed_in(office.ding).get(STATISTICS, {"area": office.village.pk}).content.decode()
    assert "下载这张表" in page
    form = signed_in(office.ding).get(LIST, {"key": "statistics", "area": office.village.pk}).context["form"]
    assert (form["key"].value(), form["area"].value()) == ("statistics", office.village.pk)


def run(path: Path, *, user: str = "ding", area: str = "510121006001", **options: Any) -> None:
    call_command(
        "export_ledger", "key-persons", user=user, area=area, out=str(path), stdout=io.StringIO(), **options
    )


def test_the_command_writes_the_ledger(office: OfficeCast, tmp_path: Path) -> None:
    make_observation(office, "王某")
    run(tmp_path / "k.xlsx")
    assert [row["姓名"] for row in body(load_workbook(tmp_path / "k.xlsx"))] == ["王某"]
    assert AccessLog.objects.filter(action=AccessAction.EXPORT, staff=office.ding).count() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"user": "bing"}, "不在丙某的辖区内"),
        ({"user": "auditor"}, "不能下载台账"),
        ({"user": "nobody"}, "没有账号"),
        ({"area": "000"}, "没有代码"),
        ({"on": "1月"}, "看不懂"),
        ({"unmasked": True}, "须写明用途"),
        ({"user": "inspector", "unmasked": True, "purpose": "看"}, "未脱敏"),
    ],
)
def test_the_command_refuses_in_words_and_writes_no_file(
    office: OfficeCast, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(tmp_path / "k.xlsx", **options)
    assert (
        list(tmp_path.iterdir()) == [] and not AccessLog.objects.filter(action=AccessAction.EXPORT).exists()
    )


def test_the_command_prints_the_figures_of_the_contract(office: OfficeCast) -> None:
    make_observation(office)
    out = io.StringIO()
    call_command("statistics", area="510121006000", format="json", stdout=out)
    data = json.loads(out.getvalue())
    assert (data["area"], data["name"], data["on"]) == (
        "510121006000",
        "淮口街道",
        timezone.localdate().isoformat(),
    )
    assert [row["name"] for row in data["rows"]] == ["城厢社区", "龚家村"]
    assert set(CONTRACT) <= set(data["totals"]) and data["totals"]["under_observation"] == 1


CONTRACT = (
    "villages", "groups", "compounds", "households", "residents", "surveyed_households", "signed_households",
    "absent_households", "vacant_households", "returnees", "returnees_wuhan", "returnees_hubei_other",
    "returnees_other_province", "under_observation", "opened", "moved_in", "moved_out", "released", "transferred",
    "readings_due", "readings_taken", "readings_missed", "readings_abnormal", "destitute", "low_income",
    "disabled_or_alone",
)  # fmt: skip
