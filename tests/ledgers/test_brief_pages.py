"""The pages of the daily brief: draft, confirmation, what was published, 更正; downloads and the command."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.models import AccessAction, AccessLog
from grassroots.ledgers.models import BriefDraft, Publication
from grassroots.ledgers.rollups import refresh_rollups
from quarantine.models import EventKind, ObservationEvent
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.brief_cases import found_late, known, publish, save
from tests.ledgers.conftest import captions, grid
from tests.quarantine.cases import queries_of, sent, signed_in

pytestmark = pytest.mark.django_db
BRIEF, PUBLISH, LIST = "/ledgers/brief/", "/ledgers/brief/publish/", "/ledgers/briefs/"


def period(office: OfficeCast, **fields: Any) -> dict[str, Any]:
    return {"area": office.village.pk, "on": "2020-01-26", "cutoff": "17:00", **fields}


def typed(office: OfficeCast, **fields: Any) -> dict[str, Any]:
    words = {
        "problems": "人手不足。",
        "plans": "继续。",
        "reporter": "丁某",
        "reviewer": "",
        "phone": "",
        "version": 0,
    }
    return sent(**period(office), **{**words, **fields})


def test_the_page_shows_the_text_and_what_to_write(office: OfficeCast) -> None:
    known(office)
    page = signed_in(office.ding).get(BRIEF, period(office)).content.decode()
    assert "城厢社区疫情防控日报" in page and "现在管1人" in page and "核对一致" in page
    assert 'data-copy="brief-text"' in page and "核对并发布" in page and 'name="problems"' in page


def test_the_text_on_the_page_is_the_text_that_is_copied(office: OfficeCast) -> None:
    row = publish(office)
    page = signed_in(office.ding).get(f"{LIST}{row.uid}/").content.decode()
    box = page.partition('aria-label="日报正文">')[2].partition("</pre>")[0]
    for tag in ("title", "heading", "text"):
        box = box.replace(f'<span class="brief-text__{tag}">', "")
    assert box.replace("</span>", "") == row.text


@time_machine.travel(aware("2020-01-26 17:40"), tick=False)
def test_todays_brief_stands_on_the_rollup_and_cannot_be_published_yet(office: OfficeCast) -> None:
    now = timezone.now()
    refresh_rollups(now - dt.timedelta(minutes=1))
    make_household(office.compound)
    client = signed_in(office.ding)
    page = client.get(BRIEF, {"area": office.village.pk}).content.decode()
    assert "登记在册0户" in page and "还没有到" in page and "核对并发布" not in page
    refresh_rollups(now)
    assert (
        "登记在册0户" in client.get(BRIEF, {"area": office.village.pk}).content.decode()
    )  # nobody marked it


def test_one_tap_leads_to_the_last_full_hour(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    with time_machine.travel(aware("2020-01-26 17:40"), tick=False):
        page = client.get(BRIEF, {"area": office.village.pk}).content.decode()
        assert f"?area={office.village.pk}&amp;cutoff=17%3A00" in page and "按 17:00 截止" in page
        later = client.get(BRIEF, {"area": office.village.pk, "cutoff": "17:00"}).content.decode()
        assert "核对并发布" in later and "截止</a>" not in later


def test_before_the_first_tick_of_the_day_it_is_counted_live(office: OfficeCast) -> None:
    make_household(office.compound)
    page = signed_in(office.ding).get(BRIEF, {"area": office.village.pk}).content.decode()
    assert "登记在册1户" in page


def test_a_village_writes_and_the_street_publishes(office: OfficeCast) -> None:
    from grassroots.grid.models import Posting

    Posting.objects.create(staff=office.jia, area=office.village, valid_from=dt.date(2020, 1, 1))
    cadre, street = signed_in(office.jia), signed_in(office.ding)
    assert cadre.post(BRIEF, typed(office)).status_code == 302
    assert "核对并发布" not in cadre.get(BRIEF, period(office)).content.decode()
    shown = street.get(PUBLISH, period(office))
    assert "人手不足。" in shown.content.decode() and "确认发布" in shown.content.decode()
    form = sent(**period(office), seen=shown.context["prepared"].digest)
    response = street.post(PUBLISH, form)
    row = Publication.objects.get()
    assert response.url == f"{LIST}{row.uid}/" and row.published_by == office.ding
    assert street.post(PUBLISH, form).url == response.url and Publication.objects.count() == 1  # a double tap
    assert row.area.name in cadre.get(LIST).content.decode()


def test_what_is_refused_keeps_everything_typed(office: OfficeCast) -> None:
    make_person("高明", make_household(office.compound))
    client = signed_in(office.ding)
    response = client.post(BRIEF, typed(office, problems="做法高明。", plans="打13800001234"))
    page = response.content.decode()
    assert response.status_code == 422 and "电话号码" in page and "做法高明。" in page
    response = client.post(BRIEF, typed(office, problems="做法高明。"))
    page = response.content.decode()
    assert response.status_code == 422 and 'value="高明"' in page and not BriefDraft.objects.exists()
    assert client.post(BRIEF, typed(office, problems="做法高明。", accepted="高明")).status_code == 302
    again = client.get(BRIEF, period(office)).content.decode()
    assert '<input type="hidden" name="accepted" value="高明">' in again and "做法高明。" in again


def test_a_stale_save_shows_both(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    save(office, plans="明早开会。")
    response = client.post(BRIEF, typed(office, plans="我的安排。"))
    page = response.content.decode()
    assert response.status_code == 409 and "明早开会。" in page and "我的安排。" in page
    assert response.context["form"]["version"].value() == "1"
    assert client.post(BRIEF, typed(office, plans="我的安排。", version=1)).status_code == 302


@pytest.mark.parametrize("fields", [{"on": "2999-01-01"}, {"cutoff": "0:00"}, {"on": "rubbish"}])
def test_a_draft_for_no_day_is_not_found(office: OfficeCast, fields: dict[str, str]) -> None:
    assert signed_in(office.ding).post(BRIEF, {**typed(office), **fields}).status_code == 404


def test_nothing_is_written_without_saying_where(office: OfficeCast) -> None:
    for url in (BRIEF, PUBLISH):
        form = {key: value for key, value in typed(office).items() if key != "area"}
        assert signed_in(office.ding).post(url, form).status_code == 404
    assert not BriefDraft.objects.exists() and not Publication.objects.exists()


def test_a_refusal_names_every_term(office: OfficeCast) -> None:
    known(office, "2020-01-26 09:00")
    ObservationEvent.objects.filter(kind=EventKind.OPENED).delete()
    client = signed_in(office.ding)
    page = client.get(PUBLISH, period(office)).content.decode()
    assert "不能发布" in page and "相差+1" in page and "确认发布" not in page
    response = client.post(PUBLISH, sent(**period(office)))
    assert response.status_code == 422 and "昨日在管0" in response.content.decode()


def test_a_text_that_moved_is_shown_once_more(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    seen = client.get(PUBLISH, period(office)).context["prepared"].digest
    save(office)
    response = client.post(PUBLISH, sent(**period(office), seen=seen))
    page = response.content.decode()
    assert (
        response.status_code == 422 and "正文已经变了" in page and "人手不足。" in page and "确认发布" in page
    )
    again = sent(**period(office), seen=response.context["prepared"].digest)
    assert client.post(PUBLISH, again).status_code == 302


def test_a_later_entry_is_seen_and_published_with_one_tap(office: OfficeCast) -> None:
    row = publish(office)
    found_late(office)
    client = signed_in(office.ding)
    url = f"{LIST}{row.uid}/correction/"
    page = client.get(url).content.decode()
    assert "补登开始观察" in page and "发布更正" in page and "1月26日 09:00 发生" in page
    response = client.post(url, sent(remark="村里补报。"))
    second = Publication.objects.order_by("version").last()
    assert second and response.url == f"{LIST}{second.uid}/" and second.version == 2
    first = client.get(f"{LIST}{row.uid}/").content.decode()
    assert "这一版已有更正" in first and "居家观察现在管由0改为1" in first
    assert "去最新的一版" in client.get(url).content.decode()
    assert client.post(url, sent(remark="")).status_code == 422


def test_nothing_changed_says_so(office: OfficeCast) -> None:
    page = signed_in(office.ding).get(f"{LIST}{publish(office).uid}/correction/").content.decode()
    assert "发布以后数据没有变动" in page and "发布更正" not in page


def test_a_foreign_publication_is_not_found(office: OfficeCast) -> None:
    uid, client = publish(office).uid, signed_in(office.bing)
    for path in ("", "text/", "table/", "correction/"):
        assert client.get(f"{LIST}{uid}/{path}").status_code == 404
    assert "城厢社区" not in client.get(LIST).content.decode()


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_the_frozen_text_comes_as_a_file_and_is_written_down(office: OfficeCast) -> None:
    row = publish(office)
    response = signed_in(office.ding).get(f"{LIST}{row.uid}/text/")
    data = content(response)
    assert data.startswith(b"\xef\xbb\xbf") and data.decode("utf-8-sig") == row.text.replace("\n", "\r\n")
    assert "attachment" in response["Content-Disposition"] and ".txt" in response["Content-Disposition"]
    log = AccessLog.objects.get(action=AccessAction.EXPORT)
    assert (log.staff, log.area_id, log.detail["key"]) == (office.ding, office.village.pk, "已发布的日报")


def test_the_frozen_table_comes_as_a_workbook_that_is_not_counted_again(office: OfficeCast) -> None:
    known(office)
    row = publish(office, office.street)
    found_late(office)
    book = load_workbook(io.BytesIO(content(signed_in(office.ding).get(f"{LIST}{row.uid}/table/"))))
    rows, names = grid(book), captions(book)
    assert "统计截止时间:2020年1月26日17时" in [cell for line in rows for cell in line]
    total = next(line for line in rows if line[0] == "合计")
    assert total[names.index("现在管")] == 1 and names[-1] == "备注"
    assert [line[1] for line in rows if isinstance(line[0], int)] == ["城厢社区", "龚家村"]
    assert any("发布后不再改动" in str(cell) for line in rows for cell in line if cell)


def test_the_list_goes_on_behind_a_page(office: OfficeCast) -> None:
    row = publish(office, on=dt.date(2020, 1, 1), at=aware("2020-03-01 08:00"))
    for number in range(1, 52):  # rows as that one is, of the days after it
        row.pk, row.uid, row.on = None, uuid.uuid4(), dt.date(2020, 1, 1) + dt.timedelta(days=number)
        row.save(force_insert=True)
    client = signed_in(office.ding)
    first = client.get(LIST)
    assert len(first.context["rows"]) == 50 and first.context["next_url"]
    assert len(client.get(first.context["next_url"]).context["rows"]) == 2


def test_what_the_pages_ask_does_not_grow(office: OfficeCast) -> None:
    """A live count asks once or twice for each figure, whatever the area holds; what is frozen asks for nothing."""
    client = signed_in(office.ding)
    street = publish(office, office.street)
    publish(office)
    village, whole = (
        queries_of(client, f"{BRIEF}?area={area.pk}&on=2020-01-26&cutoff=17:00")
        for area in (office.village, office.street)
    )
    assert village == whole <= 112
    refresh_rollups(timezone.now())
    assert queries_of(client, f"{BRIEF}?area={office.street.pk}") <= 20
    few = queries_of(client, LIST), queries_of(client, f"{LIST}{street.uid}/")
    for number in range(4):
        known(office)
        publish(office, on=dt.date(2020, 1, 1) + dt.timedelta(days=number))
    assert (queries_of(client, LIST), queries_of(client, f"{LIST}{street.uid}/")) == few <= (12, 14)
    url = f"{BRIEF}?area={office.street.pk}&on=2020-01-26&cutoff=17:00"
    assert queries_of(client, url) == whole
    assert queries_of(client, f"{LIST}{street.uid}/correction/") <= 180


def test_the_command_prints_the_text(office: OfficeCast) -> None:
    save(office)
    known(office, "2020-01-26 09:00")
    out, wrong = io.StringIO(), io.StringIO()
    options = {"area": "510121006001", "on": "2020-01-26", "cutoff": "17:00", "stdout": out, "stderr": wrong}
    call_command("brief", **options)
    text = out.getvalue()
    assert text.startswith("城厢社区疫情防控日报\n") and "现在管1人" in text and "人手不足。" in text
    assert wrong.getvalue() == ""
    ObservationEvent.objects.filter(kind=EventKind.OPENED).update(happened_at=aware("2020-01-26 20:00"))
    call_command("brief", **options)
    assert "相差" in wrong.getvalue()


def test_the_brief_agrees_with_the_statistics_command(office: OfficeCast) -> None:
    known(office)
    out = io.StringIO()
    call_command(
        "statistics", area="510121006001", on="2020-01-26", cutoff="17:00", format="json", stdout=out
    )
    assert json.loads(out.getvalue())["totals"] == publish(office).figures["figures"]
