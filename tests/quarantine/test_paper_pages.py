"""Pages of papers: issued once a submission, in parts for an area, printed with a trace, outside 404."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import segno
from django.test import Client
from django.utils import timezone

from grassroots.grid.models import AccessLog
from quarantine.models import Observation, Paper, PaperText, Returnee
from quarantine.services import papers as services
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.papers import paper_void, papers_issue
from quarantine.views import papers as pages
from tests.factories import OfficeCast, make_household, make_office
from tests.quarantine.cases import make_returnee, queries_of, running, sent, signed_in, switch_on
from tests.texts import text_of

URL = "/quarantine/papers/"


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def observation(office: OfficeCast) -> Observation:
    return running(office)


@pytest.fixture
def browser(office: OfficeCast) -> Client:
    return signed_in(office.health)


@pytest.fixture
def paper(office: OfficeCast, observation: Observation) -> Paper:
    return papers_issue(observations=[observation], kind="NOTICE", by=office.health)[0]


def test_a_paper_is_issued_once_however_often_the_button_is_pressed(browser, observation):
    data = sent()
    for _ in range(2):
        response = browser.post(f"{URL}of/{observation.uid}/NOTICE/", data)
    paper = Paper.objects.get()
    assert response["Location"] == f"{URL}no/{paper.code}/"
    assert observation.person.name in text_of(browser.get(response["Location"]))


def test_why_a_paper_cannot_be_issued_is_said_in_words(browser, observation):
    page = text_of(browser.get(f"{URL}of/{observation.uid}/"))
    assert "没有确认解除" in page
    response = browser.post(f"{URL}of/{observation.uid}/RELEASE/", sent(), follow=True)
    assert "没有确认解除" in text_of(response)
    assert not Paper.objects.exists()


def test_three_copies_are_printed_and_counted_once_and_logged(office, browser, paper):
    data = sent()
    page = browser.post(f"{URL}no/{paper.code}/print/", data).content.decode()
    for words in ("第一联　被观察人留存", "第二联　村（社区）留存", "第三联　卫生院留存"):
        assert words in page
    browser.post(f"{URL}no/{paper.code}/print/", data)  # the page is loaded anew
    paper.refresh_from_db()
    assert (paper.prints, paper.reprints) == (1, 0)
    browser.post(f"{URL}no/{paper.code}/print/", sent())
    paper.refresh_from_db()
    assert paper.reprints == 1
    rows = AccessLog.objects.filter(action="PRINT", subject_uid=str(paper.uid))
    assert rows.count() == 3
    assert str(paper.observation.person.name) not in str(rows[0].detail)


def test_the_code_leads_staff_to_the_file_and_nobody_else(office, paper):
    url = f"/quarantine/p/{paper.code}/"
    found = signed_in(office.jia).get(url)
    assert found["Location"] == f"/quarantine/observations/{paper.observation.uid}/"
    assert signed_in(office.bing).get(url).status_code == 404
    assert "sign-in" in Client().get(url)["Location"]


def test_a_void_paper_is_not_printed_any_more(office, browser, paper):
    browser.post(f"{URL}no/{paper.code}/void/", sent(reason="住址写错"))
    paper.refresh_from_db()
    assert paper.void_reason == "住址写错"
    response = browser.post(f"{URL}no/{paper.code}/print/", sent(), follow=True)
    assert "已作废，不能再打印" in text_of(response)
    assert Paper.objects.get().prints == 0


def test_an_area_is_served_in_parts_and_nobody_twice(office, browser, monkeypatch, observation):
    for module in (services, pages):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    for _ in range(2):
        running(office)
    form = {"kind": "NOTICE", "area": office.village.pk}
    first = browser.post(f"{URL}new/", sent(**form), follow=True)
    assert "出具下一批（1 份）" in text_of(first)
    second = browser.post(f"{URL}new/", sent(**form), follow=True)
    assert "都已出具" in text_of(second)
    third = browser.post(f"{URL}new/", sent(**form))
    assert "没有还缺居家医学观察告知书的人" in text_of(third)
    assert list(Paper.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    issued = Paper.objects.order_by("pk")[0].issue
    printed = browser.post(f"{URL}issued/{issued}/print/", sent()).content.decode()
    assert printed.count("letter__title") == 6


def test_a_sheet_of_the_round_lists_my_area_as_walked(office, browser):
    for door, name in (("902", "远某"), ("101", "近某")):
        home = make_household(office.compound, door)
        running_at(office, make_returnee(office, name, household=home))
    response = browser.post(f"{URL}new/", sent(kind="ROUTE", area=office.village.pk), follow=True)
    page = text_of(response)
    assert page.index("近某") < page.index("远某")
    assert signed_in(office.bing).get(response.redirect_chain[-1][0]).status_code == 404


def running_at(office: OfficeCast, returnee: Returnee) -> Observation:
    on = timezone.localdate() - dt.timedelta(days=3)
    Returnee.objects.filter(pk=returnee.pk).update(left_on=on, arrived_on=on)
    returnee.refresh_from_db()
    at = timezone.now() - dt.timedelta(days=3)
    return observation_open(
        person=returnee.person, area=returnee.area, household=returnee.household, returnee=returnee,
        dates=StartDates.of(returnee), by=office.jia, at=at, known_at=at,
    )  # fmt: skip


def test_a_slot_is_asked_for_where_the_sheet_is_of_one(office, browser, observation):
    response = browser.post(f"{URL}new/", sent(kind="ROUND", area=office.village.pk))
    assert response.status_code == 422
    assert "请选择时段" in text_of(response)
    far = browser.post(f"{URL}new/", sent(kind="ROUTE", area=office.village.pk, on="2031-01-01"))
    assert "请核对日期" in text_of(far)


def test_papers_are_found_by_code_and_by_serial(office, browser, paper):
    for typed in (paper.code, paper.serial, f"{paper.year}-1"):
        assert paper.serial in text_of(browser.get(URL, {"number": typed}))
    assert "有一位不对" in text_of(
        browser.get(URL, {"number": paper.code[:-1] + str((int(paper.code[-1]) + 1) % 10)})
    )
    assert "看不懂" in text_of(browser.get(URL, {"number": "张三的"}))
    assert paper.serial not in text_of(signed_in(office.bing).get(URL, {"number": paper.code}))


def test_the_lists_of_papers_cost_the_same_for_one_and_for_many(office, browser, paper):
    few = queries_of(browser, URL), queries_of(browser, f"{URL}no/{paper.code}/")
    papers_issue(observations=[running(office) for _ in range(4)], kind="NOTICE", by=office.health)
    assert (queries_of(browser, URL), queries_of(browser, f"{URL}no/{paper.code}/")) == few


# --- words ------------------------------------------------------------------------------------------------
def text_form(**changed: str) -> dict[str, str]:
    return sent(title="观察牌", mark="牌", body="谢绝来访", signs="", stamp="{单位}", keepers="", **changed)


def test_an_administrator_previews_and_saves_the_offices_own_words(office):
    admin = signed_in(office.admin)
    url = f"{URL}texts/{office.street.pk}/DOOR/"
    page = text_of(admin.post(url, text_form(preview="1")))
    assert "预览（还没有保存）" in page
    assert not PaperText.objects.exists()
    admin.post(url, text_form())
    assert PaperText.objects.get().body == "谢绝来访"
    assert "第 1 版" in text_of(admin.get(f"{URL}texts/", {"area": office.village.pk}))
    admin.post(url, sent(withdraw="1"))
    assert PaperText.objects.latest("number").is_withdrawn


def test_an_unknown_place_is_refused_beside_its_field_and_nothing_typed_is_lost(office):
    admin = signed_in(office.admin)
    url = f"{URL}texts/{office.street.pk}/DOOR/"
    for more in ({}, {"preview": "1"}):
        response = admin.post(url, {**text_form(**more), "body": "本户{姓名}观察中"})
        assert response.status_code == 422
        page = text_of(response)
        assert "不得印被观察人的姓名" in page
        assert "本户{姓名}观察中" in page
    assert not PaperText.objects.exists()


def test_the_qr_code_holds_an_address_and_nothing_personal(office, browser, paper):
    page = browser.post(f"{URL}no/{paper.code}/print/", sent()).content.decode()
    wanted = segno.make(f"http://testserver/quarantine/p/{paper.code}/", error="m", micro=False)
    drawn = re.search(r' d="([^"]+)"', wanted.svg_inline(border=0, omitsize=True))
    assert drawn is not None
    assert drawn[1] in page


def test_a_paper_that_was_voided_can_be_issued_anew(office, browser, paper):
    paper_void(paper=paper, reason="写错", by=office.health)
    browser.post(f"{URL}of/{paper.observation.uid}/NOTICE/", sent())
    assert sorted(Paper.objects.values_list("number", flat=True)) == [1, 2]


def test_a_paper_whose_term_has_changed_is_pointed_out(browser, paper):
    url = f"{URL}of/{paper.observation.uid}/"
    assert "印出的内容已不对" not in text_of(browser.get(url))
    Observation.objects.filter(pk=paper.observation.pk).update(
        last_on=paper.observation.last_on + dt.timedelta(days=3)
    )
    assert "印出的内容已不对" in text_of(browser.get(url))
    assert "印出的内容已不对" in text_of(browser.get(f"{URL}no/{paper.code}/"))


def test_a_release_that_was_annulled_leaves_no_valid_notice_of_release(browser, paper):
    observation = Observation.objects.filter(pk=paper.observation.pk)
    Paper.objects.filter(pk=paper.pk).update(kind="RELEASE")
    observation.update(state="CLOSED", outcome="RELEASED", closed_at=paper.issued_at - dt.timedelta(hours=1))
    page = f"{URL}no/{paper.code}/"
    assert "印出的内容已不对" not in text_of(browser.get(page))
    assert browser.post(f"{page}print/", sent()).status_code == 200
    observation.update(state="OPEN", outcome="", closed_at=None)
    assert "印出的内容已不对" in text_of(browser.get(page))
    assert "解除已经更正" in text_of(browser.post(f"{page}print/", sent(), follow=True))


def test_nothing_is_printed_of_an_observation_entered_by_mistake(browser, paper):
    Observation.objects.filter(pk=paper.observation.pk).update(
        state="CLOSED", outcome="VOIDED", closed_at=timezone.now()
    )
    response = browser.post(f"{URL}no/{paper.code}/print/", sent(), follow=True)
    assert "观察已作废" in text_of(response)
