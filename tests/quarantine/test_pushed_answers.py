"""The answer to a pushed list goes out in the sender's own file; what was received and answered is counted."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse

from grassroots.grid.models import AccessAction, AccessLog, Area, Role
from grassroots.ledgers.asof import AsOf, indicator
from grassroots.ledgers.paragraphs import SECTIONS, Figures, section_text
from quarantine.models import PushedCode, PushedList, PushedPerson
from quarantine.services.pushed import pushed_answer, pushed_withdraw
from tests.factories import OfficeCast, make_household, make_office, make_person, make_staff
from tests.quarantine.cases import make_returnee, sent, signed_in
from tests.quarantine.pushed_cases import AT, OTHER_ID, UNKNOWN_ID, line, rows_of, sheet, taken_in
from tests.texts import text_of

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def office(db: None, settings, tmp_path) -> OfficeCast:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return make_office()


@pytest.fixture
def one(office) -> PushedList:
    """Somebody on file, a resident of 甲's group, somebody unknown."""
    resident = make_person("居民甲", make_household(office.group))
    known = make_returnee(office, "已建档").person
    data = sheet(line(known), line(resident), line(name="陌生人"))
    return taken_in(office.street, office.ding, data)


def page(one: PushedList, name: str = "pushed_detail") -> str:
    return reverse(f"quarantine:{name}", args=[one.uid])


def tap(client, row: PushedPerson, code: str, **values):
    url = reverse("quarantine:pushed_answer", args=[row.uid])
    extra = values.pop("extra", {})
    return client.post(url, sent(code=code, version=row.version, **values), **extra)


# --- sending it back ------------------------------------------------------------------------------------------
def send(client, one: PushedList, **values):
    return client.post(page(one, "pushed_file"), {"purpose": "反馈县公安局", **values})


def test_the_answer_waits_for_the_last_row_unless_the_interim_state_is_asked_for(office, one):
    client = signed_in(office.ding)
    refused = send(client, one)
    assert (
        refused.status_code == 422
        and "还有2行没有答复" in text_of(refused)
        and "反馈县公安局" in text_of(refused)
    )
    interim = send(client, one, interim="on").content.decode("gb18030").split("\r\n")
    assert [text.split(",")[6:] for text in interim[:4]] == [
        ["核查结果", "备注"], ["前期已排查", ""], ["", "待核查"], ["", "待核查"],
    ]  # fmt: skip


def test_the_answer_is_the_senders_file_with_one_code_a_row(office, one):
    rows = rows_of(one)
    pushed_answer(row=rows[1], code=PushedCode.OMITTED, note="已建档", by=office.jia)
    pushed_answer(row=rows[2], code=PushedCode.TRANSIT, by=office.ding)
    response = send(signed_in(office.ding), one)
    original = sheet(*(line_of(row) for row in rows))
    told = response.content
    assert told.decode("gb18030").split("\r\n")[1:4] == [
        f"{text},{answer}" for text, answer in zip(
            original.decode("gb18030").split("\r\n")[1:4], ["前期已排查,", "漏排,已建档", "途经停留中转,"], strict=True
        )
    ]  # fmt: skip
    assert told.startswith("姓名,身份证号".encode("gb18030")) and told.endswith(b"\r\n")
    assert "%E6%A0%B8%E6%9F%A5%E5%8F%8D%E9%A6%88.csv" in response["Content-Disposition"]
    logged = AccessLog.objects.get(action=AccessAction.EXPORT)
    assert (logged.purpose, logged.detail["rows"], logged.detail["unmasked"]) == ("反馈县公安局", 3, True)


def line_of(row: PushedPerson) -> str:
    return ",".join(row.senders_cells)


def test_a_workbook_goes_back_as_that_workbook(office):
    book = openpyxl.Workbook()
    page_ = book.active
    page_.append(["推送武汉返回人员名单"])
    page_.merge_cells("A1:F1")
    page_.append(["序号", "姓名", "身份证号", "手机号", "疑似来源地", "落脚地"])
    page_.append([1, "黄华", UNKNOWN_ID, "17774239346", "武汉", "金堂县"])
    page_.append([2, "彭伟", OTHER_ID, 18987630887, "武汉", "金堂县"])
    target = io.BytesIO()
    book.save(target)
    one = taken_in(office.street, office.ding, target.getvalue(), name="名单.xlsx")
    assert one.title == "推送武汉返回人员名单"
    for row in rows_of(one):
        pushed_answer(row=row, code=PushedCode.NO_STAY, note=row.name, by=office.ding)
    response = send(signed_in(office.ding), one)
    told = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert [cell.value for cell in told[2]][6:] == ["核查结果", "备注"]
    assert [[cell.value for cell in told[at]][6:] for at in (3, 4)] == [
        ["无停留", "黄华"],
        ["无停留", "彭伟"],
    ]
    assert told["D4"].value == 18987630887


def test_a_pasted_list_goes_back_as_text(office):
    text = "姓名\t身份证号\t手机号\t疑似来源地\t落脚地\n黄华\t" + UNKNOWN_ID + "\t17774239346\t武汉\t金堂县\n"
    one = taken_in(office.street, office.ding, text.encode(), name="", is_text=True)
    pushed_answer(row=rows_of(one)[0], code=PushedCode.NO_STAY, by=office.ding)
    response = send(signed_in(office.ding), one)
    assert response.content.decode().split("\n")[1].split("\t")[5:] == ["无停留", ""]
    assert ".txt" in response["Content-Disposition"]


def test_the_answer_needs_a_purpose_and_the_right(office, one):
    assert send(signed_in(office.ding), one, purpose=" ", interim="on").status_code == 422
    assert send(signed_in(office.jia), one, interim="on").status_code == 404  # he only checks a row of it
    officer = make_staff("街道干部", Role.OFFICER, office.street)
    assert send(signed_in(officer), one, interim="on").status_code == 403
    assert not AccessLog.objects.filter(action=AccessAction.EXPORT).exists()


def test_a_list_gets_its_deadline(office, one):
    data = sent(title="公安推送", sender="县公安局", due_on="2020-01-31", version=one.version)
    client = signed_in(office.ding)
    assert client.post(page(one, "pushed_edit"), data).status_code == 302
    one.refresh_from_db()
    assert (one.sender, one.due_on) == ("县公安局", dt.date(2020, 1, 31))
    assert client.post(page(one, "pushed_edit"), sent(title="旧", version=1)).status_code == 409
    assert "已过期限" in text_of(client.get(reverse("quarantine:pushed_list")))


# --- figures --------------------------------------------------------------------------------------------------
def figures(office: OfficeCast, on: dt.date, known_at: dt.datetime | None = None) -> dict[str, int]:
    areas, asof = Area.objects.within(office.street), AsOf.day(on, known_at)
    keys = ["pushed_received_today", "pushed_received", "pushed_answered_today", "pushed_answered"]
    keys += [f"pushed_{code.lower()}" for code in PushedCode.values]
    return {key: total for key in keys if (total := sum(indicator(key).count(areas, asof).values()))}


def test_what_was_received_and_answered_by_the_end_of_a_day(office, one):
    day, next_day = AT.date(), AT.date() + dt.timedelta(days=1)
    row = rows_of(one)[1]
    pushed_answer(row=row, code=PushedCode.TRANSIT, by=office.jia, at=AT + dt.timedelta(days=1))
    first = {"pushed_received_today": 3, "pushed_received": 3, "pushed_answered_today": 1, "pushed_answered": 1,
             "pushed_known": 1}  # fmt: skip
    assert figures(office, day) == first
    pushed_answer(row=row, code=PushedCode.OMITTED, by=office.jia, at=AT + dt.timedelta(days=2))
    assert figures(office, next_day) == {
        "pushed_received": 3, "pushed_answered_today": 1, "pushed_answered": 2, "pushed_known": 1, "pushed_transit": 1,
    }  # fmt: skip
    last = figures(office, next_day + dt.timedelta(days=1))
    assert (last["pushed_omitted"], last.get("pushed_transit"), last.get("pushed_answered_today")) == (
        1,
        None,
        None,
    )
    pushed_withdraw(row=row, by=office.jia, at=AT + dt.timedelta(days=3))
    assert figures(office, day) == first
    assert figures(office, next_day + dt.timedelta(days=2))["pushed_answered"] == 1


def test_the_brief_says_every_code_and_zero(office, one):
    section = next(one for one in SECTIONS if one.key == "pushed")
    said = section_text(section, Figures(figures(office, AT.date())))
    assert said.startswith(
        "上级推送名单今日收到3人，答复1人；累计收到3人，已答复1人，其中前期已排查1人、信息有误0人、漏排0人"
    )
    assert said.endswith("待核查2人。")
    assert "无收到" in section_text(section, Figures({})) and "无停留0人" in section_text(
        section, Figures({})
    )
