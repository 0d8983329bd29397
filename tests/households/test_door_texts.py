"""The office's own words at the door: public manual, notice and letter on the form, versions by area."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from households.door_pages import body_html
from households.models import DoorText
from households.rules.door_texts import DoorWords
from households.services.door_texts import door_text_save, text_for
from tests.factories import OfficeCast, make_household, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


@pytest.fixture
def ding(cast: OfficeCast, client: Client) -> Client:
    client.force_login(cast.ding)
    return client


def sent(**fields: str) -> dict[str, str]:
    return {"submission_id": str(uuid.uuid4()), **fields}


@pytest.mark.parametrize(
    ("body", "is_in", "is_not"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
        ("[点我](javascript:alert(1))", "[点我]", "<a"),
        ("![x](http://evil.example/a.png)", "![x]", "<img"),
        ("<img src=x onerror=alert(1)>", "&lt;img", "<img"),
        ("http://evil.example", "http://evil.example", "<a"),
        ("## 标题\n\n- **要点**\n- 第二", "<strong>要点</strong>", "**"),
    ],
)
def test_words_become_safe_html(body: str, is_in: str, is_not: str) -> None:
    shown = body_html(body)
    assert is_in in shown and is_not not in shown


def test_the_manual_is_read_without_sign_in_and_says_what_the_office_wrote(
    cast: OfficeCast, ding: Client
) -> None:
    url = f"/households/texts/{cast.street.pk}/MANUAL/"
    saved = ding.post(url, sent(title="本街道手册", body="请**戴口罩**。\n\n<b>x</b>"))
    assert saved.status_code == 302
    response = Client().get(f"/households/manual/{cast.village.pk}/")
    page = response.content.decode()
    assert response.status_code == 200 and "public" in response["Cache-Control"]
    assert "本街道手册" in page and "<strong>戴口罩</strong>" in page and "<b>" not in page
    assert cast.ding.name not in page and "csrf" not in page and not response.cookies
    assert Client().get("/households/manual/999999/").status_code == 404


def test_versions_stay_the_nearest_area_holds_and_goes_back(cast: OfficeCast) -> None:
    for area, title in ((cast.street, "街道一"), (cast.street, "街道二"), (cast.village, "本村")):
        door_text_save(area=area, kind="NOTICE", words=DoorWords(title, "正文"), by=cast.ding)
    assert text_for("NOTICE", cast.group).words.title == "本村"
    assert text_for("NOTICE", cast.other_group).words.title == "街道二"
    door_text_save(area=cast.village, kind="NOTICE", words=None, by=cast.ding)
    assert text_for("NOTICE", cast.group).words.title == "街道二"
    numbers = DoorText.objects.filter(area=cast.street).order_by("number").values_list("number", "title")
    assert list(numbers) == [(1, "街道一"), (2, "街道二")]


def test_the_editor_shows_a_preview_and_an_old_version_and_saves_nothing_by_it(
    cast: OfficeCast, ding: Client
) -> None:
    url = f"/households/texts/{cast.village.pk}/NOTICE/"
    ding.post(url, sent(title="第一", body="旧话"))
    ding.post(url, sent(title="第二", body="新话"))
    assert "旧话" in ding.get(f"{url}?version=1").content.decode()
    shown = ding.post(url, sent(title="第三", body="- 试试", preview="1")).content.decode()
    assert "预览（还没有保存）" in shown and "<li>试试</li>" in shown.replace("\n", "")
    assert ding.post(url, sent(title="", body="长" * 6001)).status_code == 422
    assert DoorText.objects.count() == 2


def test_the_form_shows_notice_letter_and_code_of_the_door_s_area(cast: OfficeCast, client: Client) -> None:
    door_text_save(
        area=cast.village, kind="NOTICE", words=DoorWords("本村告知", "不得**瞒报**"), by=cast.ding
    )
    home = make_household(cast.compound, door="101")
    client.force_login(cast.jia)
    page = client.get(f"/households/{home.uid}/survey/").content.decode()
    assert "本村告知" in page and "<strong>瞒报</strong>" in page and "疫情防控承诺书" in page
    assert 'class="qr__svg"' in page and f"/households/manual/{cast.village.pk}/" in page
