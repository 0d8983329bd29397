"""People are added and removed in the page, with htmx and without script; ID numbers are looked at while typed."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client

from grassroots.grid.crypto import digest
from households import hooks
from households.models import Household, Person, Residency, Survey, SurveyMember
from households.rules.identity import make_resident_id
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage

pytestmark = pytest.mark.django_db
NUMBER = make_resident_id("510121", dt.date(1985, 3, 4), 7)


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


@pytest.fixture
def household(cast: OfficeCast) -> Household:
    return make_household(cast.compound, door="101", floor="1")


@pytest.fixture
def jia(cast: OfficeCast, client: Client) -> Client:
    client.force_login(cast.jia)
    return client


@pytest.fixture
def page(jia: Client, household: Household) -> SurveyPage:
    """The form of a household with 张三 as its head and 李四."""
    make_person("张三", household)
    make_person("李四", household)
    return SurveyPage(jia, household.uid)


def test_somebody_is_added_without_script_and_everything_typed_is_kept(page: SurveyPage) -> None:
    page.fill(outcome="REFUSED", steps=["greet"]).fill_card(0, temperature="63.5", id_number=NUMBER)
    assert page.press("add_member").status_code == 200
    assert len(page.keys) == 3
    assert page.fields["outcome"] == ["REFUSED"] and page.fields["steps"] == ["greet"]
    assert (page.card(0, "temperature"), page.card(0, "id_number")) == ("63.5", NUMBER)
    assert "error-summary" not in page.text
    assert not Survey.objects.exists()


def test_somebody_new_is_taken_off_again_at_once(page: SurveyPage) -> None:
    page.press("add_member")
    page.fill_card(2, name="打错了")
    page.press("remove_member", page.keys[2])
    assert len(page.keys) == 2 and "打错了" not in page.text


def test_somebody_registered_is_removed_only_with_where_he_went(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED").press("remove_member", page.keys[1])
    assert "将从本户移除" in page.text
    assert page.press().status_code == 422
    assert "请选择这个人的去向" in page.text
    page.fill_card(1, removal="MOVED_OUT")
    assert page.press().status_code == 302
    assert Residency.objects.get(person__name="李四").ended_on is not None
    assert not SurveyMember.objects.filter(person__name="李四").exists()


def test_a_removal_can_be_undone_with_all_that_was_typed(page: SurveyPage) -> None:
    page.fill_card(1, temperature="36.8", symptoms=["干咳", "乏力"], phone="13811112222", at_home="yes")
    page.press("remove_member", page.keys[1])
    page.press("keep_member", page.keys[1])
    assert "将从本户移除" not in page.text
    assert page.card(1, "temperature") == "36.8" and page.card(1, "phone") == "13811112222"
    assert page.fields[f"{page.keys[1]}-symptoms"] == ["乏力", "干咳"]
    page.fill(outcome="SIGNED").press()
    assert Residency.objects.actual().filter(person__name="李四").exists()
    assert SurveyMember.objects.get(person__name="李四").at_home is True


def test_a_mistaken_entry_never_counted(page: SurveyPage) -> None:
    page.press("remove_member", page.keys[1])
    page.fill(outcome="SIGNED").fill_card(1, removal="MISTAKE").press()
    residency = Residency.objects.get(person__name="李四")
    assert residency.ended_on == residency.started_on


def test_one_answer_for_the_whole_family_spares_who_is_away(page: SurveyPage) -> None:
    page.fill_card(1, living="away", away_where="武汉")
    page.press("family", "home")
    page.press("family", "county")
    assert (page.card(0, "at_home"), page.card(0, "left_county")) == ("yes", "no")
    assert (page.card(1, "at_home"), page.card(1, "left_county")) == ("", "")
    page.fill(outcome="SIGNED").press()
    assert SurveyMember.objects.get(person__name="李四").at_home is False


def test_htmx_gets_a_card_of_its_own_key_each_time(page: SurveyPage) -> None:
    first, second = (page.client.get(f"{page.url}member/").content.decode() for _ in range(2))
    assert first != second
    assert 'name="members"' in first and "<html" not in first


def test_htmx_removal_answers_with_the_card_that_asks_where_he_went(page: SurveyPage) -> None:
    response = page.client.post(f"{page.url}member/", {**page.fields, "remove_member": page.keys[1]})
    assert "将从本户移除" in response.content.decode()
    back = page.client.post(
        f"{page.url}member/", {**page.fields, f"{page.keys[1]}-is_removed": "1", "keep_member": page.keys[1]}
    )
    assert "将从本户移除" not in back.content.decode()
    page.press("add_member")
    gone = page.client.post(f"{page.url}member/", {**page.fields, "remove_member": page.keys[2]})
    assert gone.content == b""


def test_a_made_up_key_is_refused(page: SurveyPage) -> None:
    assert page.client.post(f"{page.url}member/", {"remove_member": "../x"}).status_code == 400
    page.fill(outcome="SIGNED", members=["<script>"]).press()
    assert Survey.objects.exists() and "<script>" not in page.text


def check(page: SurveyPage, **typed: str) -> str:
    """What the live check of an ID number answers for the second card."""
    key = page.keys[1]
    sent = {
        f"{key}-{name}": value for name, value in {"id_kind": "RESIDENT_ID", "name": "李四", **typed}.items()
    }
    response = page.client.post("/households/id-check/", {"prefix": key, **sent})
    assert response.status_code == 200
    return response.content.decode()


def test_a_good_number_fills_birth_date_and_sex_in(page: SurveyPage) -> None:
    answer = check(page, id_number=NUMBER)
    assert "号码校验通过" in answer and 'value="1985-03-04"' in answer
    assert answer.count("hx-swap-oob") == 2


def test_what_was_typed_is_not_overwritten_but_questioned(page: SurveyPage) -> None:
    answer = check(page, id_number=NUMBER, birth_date="1985-03-05", sex="F")
    assert "hx-swap-oob" not in answer
    assert "出生日期与证件号码" in answer and "性别与证件号码" in answer


def test_a_wrong_check_digit_opens_the_field_for_the_reason(page: SurveyPage) -> None:
    answer = check(page, id_number=NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2"))
    assert "校验不符" in answer and "校验不符的原因" in answer


def test_a_number_that_is_taken_is_told_only_to_those_who_may_see_it(
    page: SurveyPage, cast: OfficeCast
) -> None:
    other = make_household(cast.compound, door="909")
    make_person("王五", other, id_number=NUMBER, id_digest=digest(NUMBER, "id"))
    assert "王五" in check(page, id_number=NUMBER)
    page.client.force_login(cast.bing)
    answer = check(page, id_number=NUMBER)
    assert "不在您的辖区" in answer and "王五" not in answer


def test_the_live_check_is_for_those_who_may_register(client: Client, cast: OfficeCast) -> None:
    client.force_login(cast.health)
    assert client.post("/households/id-check/", {"id_number": NUMBER}).status_code == 403
    client.force_login(cast.jia)
    assert client.get("/households/id-check/").status_code == 405
    assert client.post("/households/id-check/", {"prefix": "x'y"}).status_code == 400
    assert "号码校验通过" in client.post(
        "/households/id-check/", {"id_kind": "RESIDENT_ID", "id_number": NUMBER}
    ).content.decode()  # fmt: skip


def test_somebody_registered_next_door_is_recognised_and_moves_in(page: SurveyPage, cast: OfficeCast) -> None:
    other = make_household(cast.compound, door="909")
    known = make_person("王五", other)
    page.press("add_member")
    page.fill(outcome="SIGNED").fill_card(2, name="王五", relation="OTHER_KIN", id_number=known.id_number)
    assert page.press().status_code == 422
    assert "1栋1单元909" in page.text and "是同一人则迁入本户" in page.text
    page.fill_card(2, confirmed=["same-person"])
    assert page.press().status_code == 302
    assert Residency.objects.actual().get(person=known).household.door == "101"
    assert Person.objects.filter(name="王五").count() == 1


@pytest.fixture
def returnee_check() -> Iterator[None]:
    """What quarantine enters: whoever comes from Wuhan has a file to be opened."""
    hooks.returnee_checks.append(
        lambda member: (
            f"/quarantine/returnees/new/{member.person.uid}/" if "武汉" in member.returned_from else None
        )
    )
    yield
    hooks.returnee_checks.pop()


@pytest.mark.usefixtures("returnee_check")
def test_one_returnee_leads_straight_on_to_his_file_even_before_the_next_door(
    page: SurveyPage, cast: OfficeCast
) -> None:
    make_household(cast.compound, door="201")
    page.fill(outcome="SIGNED").fill_card(1, returned_from="湖北武汉", hubei_contact="yes")
    response = page.press("save_next")
    assert response["Location"] == f"/quarantine/returnees/new/{Person.objects.get(name='李四').uid}/"


@pytest.mark.usefixtures("returnee_check")
def test_several_returnees_are_listed_with_a_file_for_each(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED").fill_card(0, returned_from="武汉").fill_card(1, returned_from="武汉")
    shown = page.client.get(page.press()["Location"]).content.decode()
    assert all(str(person.uid) in shown for person in Person.objects.all())
    assert shown.count("/quarantine/returnees/new/") == 2


def test_all_as_usual_answers_for_everybody_but_whom_differs(page: SurveyPage) -> None:
    page.fill_card(1, left_county="yes", symptoms=["干咳"])
    page.press("family", "usual")
    assert (page.card(0, "at_home"), page.card(0, "left_county"), page.card(0, "hubei_contact")) == (
        "yes",
        "no",
        "no",
    )
    assert page.fields[f"{page.keys[0]}-symptoms"] == ["无"]
    assert (page.card(1, "at_home"), page.card(1, "left_county")) == ("yes", "yes")
    assert page.fields[f"{page.keys[1]}-symptoms"] == ["干咳"]
    assert page.fields["steps"] == ["greet", "ask"]
    assert "在家 · 未离县 · 无接触 · 无不适" in page.text and "在家 · 离过县 · 无接触 · 干咳" in page.text
    assert not Survey.objects.exists()


def test_only_somebody_new_or_different_is_shown_open(page: SurveyPage) -> None:
    fold = 'class="person-card__fold" open'
    assert page.text.count("person-card__fold") == 2 and fold not in page.text
    page.press("family", "usual")
    assert fold not in page.text
    page.fill_card(0, temperature="37.6").press("add_member")
    assert page.text.count(fold) == 2
