"""The survey form in a browser without script: prefilled, kept, refused in words, saved once."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grassroots.grid.crypto import digest
from households.models import CommitmentLetter, Household, Person, Residency, Survey, SurveyMember
from households.rules.identity import make_resident_id
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage

pytestmark = pytest.mark.django_db
BIRTH = dt.date(1985, 3, 4)
NUMBER = make_resident_id("510121", BIRTH, 7)


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
    make_person("张三", household, phone="13800001111")
    make_person("李四", household)
    return SurveyPage(jia, household.uid)


def test_it_is_prefilled_from_the_register_with_numbers_masked(page: SurveyPage) -> None:
    person = Person.objects.get(name="张三")
    assert (page.card(0, "name"), page.card(1, "name")) == ("张三", "李四")
    assert page.card(0, "relation") == "HEAD"
    assert page.card(0, "birth_date") == person.birth_date.isoformat()
    assert page.card(0, "id_number") == page.card(0, "phone") == ""
    assert person.masked_id_number in page.text and "138****1111" in page.text
    assert person.id_number not in page.text and "13800001111" not in page.text
    assert page.fields["household_door"] == ["101"]


def test_nothing_that_is_measured_or_asked_is_prefilled(page: SurveyPage) -> None:
    asked = ("temperature", "symptoms", "at_home", "left_county", "hubei_contact", "returned_from")
    assert not any(page.card(0, name) for name in asked)
    assert "outcome" not in page.fields


def test_a_whole_survey_is_saved_and_leads_to_what_was_recorded(
    page: SurveyPage, household: Household
) -> None:
    page.fill(
        outcome="SIGNED", steps=["greet", "sign"], respondent="张三", leaflets="2", letter_number="翠-7"
    )
    page.fill_card(0, temperature="36。5℃", at_home="yes", hubei_contact="no", symptoms=["干咳"])
    response = page.press()
    survey = Survey.objects.get()
    assert response.status_code == 302 and response["Location"].endswith(f"/survey/{survey.uid}/")
    answers = SurveyMember.objects.get(person__name="张三")
    assert (str(answers.temperature), answers.at_home, answers.hubei_contact) == ("36.5", True, False)
    assert (answers.symptoms, answers.left_county) == (["干咳"], None)
    assert (survey.leaflets, survey.step_greet, survey.step_ask) == (2, True, False)
    assert CommitmentLetter.objects.get().number == "翠-7"
    household.refresh_from_db()
    assert household.survey_state == "SIGNED"
    shown = page.client.get(response["Location"]).content.decode()
    assert "36.5 ℃" in shown and "干咳" in shown


def test_numbers_left_empty_stay_as_they_are_registered(page: SurveyPage) -> None:
    before = Person.objects.get(name="张三")
    page.fill(outcome="SIGNED").press()
    after = Person.objects.get(name="张三")
    assert (after.id_number, after.phone) == (before.id_number, before.phone)
    assert after.history.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("temperature", "63.5", "颠倒"),
        ("temperature", "3.65", "小数点"),
        ("temperature", "36.55", "一位小数"),
        ("temperature", "没测", "不是体温"),
        ("birth_date", "2099-01-01", "不能晚于今天"),
        ("birth_date", "1985-13-40", "19500304"),
        ("id_number", "51012119850304", "14位"),
        ("id_number", NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2"), "校验不符"),
        ("phone", "1380000", "11位"),
        ("name", "买" * 51, "50"),
        ("name", "\ufeff\u200b", "姓名"),
        ("stated_age", "七十", "整数"),
        ("relation", "BOSS", "BOSS"),
    ],
)
def test_bad_input_is_explained_and_everything_typed_is_still_there(
    page: SurveyPage, field: str, typed: str, words: str
) -> None:
    page.fill(outcome="SIGNED", respondent="王大爷").fill_card(1, returned_from="浙江温州", **{field: typed})
    if field == "stated_age":
        page.fill_card(1, birth_date="")
    response = page.press()
    assert response.status_code == 422
    assert words in page.text
    assert "error-summary" in page.text
    if field != "relation":
        assert page.card(1, field) == typed
    assert page.fields["respondent"] == ["王大爷"]
    assert page.card(1, "returned_from") == "浙江温州"
    assert not Survey.objects.exists()


def test_arrival_before_departure_is_refused_beside_the_date(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED").fill_card(0, left_on="2020-01-22", returned_on="2020-01-20")
    page.press()
    assert "返回日期早于离开日期" in page.text
    assert f'href="#id_{page.keys[0]}-returned_on"' in page.text


def test_a_number_of_somebody_else_tells_where_he_is_registered(page: SurveyPage, cast: OfficeCast) -> None:
    other = make_household(cast.compound, door="909")
    make_person("王五", other, id_number=NUMBER, id_digest=digest(NUMBER, "id"))
    page.fill(outcome="SIGNED").fill_card(0, id_number=NUMBER)
    page.press()
    assert "王五" in page.text and "1栋1单元909" in page.text
    assert page.card(0, "id_number") == NUMBER


def test_a_number_registered_beyond_the_scope_tells_nothing(page: SurveyPage, cast: OfficeCast) -> None:
    other = make_household(cast.other_group, door="909")
    make_person("王五", other, id_number=NUMBER, id_digest=digest(NUMBER, "id"))
    page.fill(outcome="SIGNED").fill_card(0, id_number=NUMBER)
    page.press()
    assert "不在您的辖区" in page.text
    assert "王五" not in page.text and "1栋1单元909" not in page.text


def test_a_typed_number_stays_in_the_page_and_out_of_session_and_address(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED").fill_card(0, id_number=NUMBER, temperature="63.5")
    response = page.press()
    assert page.card(0, "id_number") == NUMBER
    stored = " ".join(str(session.get_decoded()) for session in Session.objects.all())
    assert NUMBER not in stored
    assert NUMBER not in str(response.headers) + str(response.cookies)


def test_rare_and_long_names_are_registered_as_written(page: SurveyPage) -> None:
    long_name = "阿" * 24 + "·" + "买" * 25
    page.press("add_member")
    page.press("add_member")
    page.fill_card(2, name="𬱖頔", relation="CHILD", stated_age="8")
    page.fill_card(3, name=f"\ufeff{long_name}\u200b", relation="OTHER")
    page.fill(outcome="SIGNED").press()
    assert set(Person.objects.values_list("name", flat=True)) == {"张三", "李四", "𬱖頔", long_name}


def test_what_must_be_confirmed_is_asked_and_then_saved(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED").fill_card(0, temperature="34.8")
    assert page.press().status_code == 422
    assert "再测一次" in page.text
    page.fill_card(0, confirmed=["measured-again"])
    assert page.press().status_code == 302
    assert str(SurveyMember.objects.get(person__name="张三").temperature) == "34.8"


def test_sending_the_same_form_twice_saves_once_and_answers_the_same(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED")
    first = page.client.post(page.url, {**page.fields, "save": "1"})
    second = page.client.post(page.url, {**page.fields, "save": "1"})
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Survey.objects.count() == 1
    page.fill(respondent="另一人")
    assert page.client.post(page.url, {**page.fields, "save": "1"}).status_code == 409


def test_a_form_refused_once_can_be_put_right_and_saved(page: SurveyPage) -> None:
    page.fill(outcome="SIGNED").fill_card(0, temperature="63.5").press()
    page.fill_card(0, temperature="36.5")
    assert page.press().status_code == 302
    assert Survey.objects.count() == 1


def test_save_and_next_walks_on_to_the_next_unsettled_door(page: SurveyPage, cast: OfficeCast) -> None:
    settled = make_household(cast.compound, door="102", survey_state="SIGNED")
    following = make_household(cast.compound, door="201")
    response = page.fill(outcome="ABSENT").press("save_next")
    assert response["Location"] == f"/households/{following.uid}/survey/"
    assert settled.uid != following.uid
    last = SurveyPage(page.client, following.uid)
    last.fill_card(0, name="王五")
    response = last.fill(outcome="SIGNED").press("save_next")
    assert Survey.objects.get(household=following).outcome == "SIGNED"
    shown = page.client.get(response["Location"]).content.decode()
    assert "翠柏苑已走到最后一户" in shown and "还有1户" in shown


def test_an_empty_card_is_no_person(jia: Client, household: Household) -> None:
    page = SurveyPage(jia, household.uid)
    assert len(page.keys) == 1
    assert page.fill(outcome="ABSENT").press().status_code == 302
    assert not Person.objects.exists()


def data_queries(queries: CaptureQueriesContext) -> list[str]:
    """Without the statements that only bracket a transaction."""
    brackets = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return [query["sql"] for query in queries if not query["sql"].startswith(brackets)]


def test_form_and_save_of_a_household_of_four_take_fifteen_queries_at_most(
    jia: Client, household: Household
) -> None:
    for number in range(4):
        make_person(f"张{number}", household)
    SurveyPage(jia, household.uid)  # once: what is cached for the process
    with CaptureQueriesContext(connection) as shown:
        page = SurveyPage(jia, household.uid)
    page.fill(outcome="SIGNED")
    for number in range(4):
        page.fill_card(number, temperature="36.5", at_home="yes", symptoms=["无"])
    with CaptureQueriesContext(connection) as saved:
        assert page.press().status_code == 302
    assert len(data_queries(shown)) <= 15
    assert len(data_queries(saved)) <= 15


def test_new_people_cost_the_same_number_of_queries_however_many(
    jia: Client, cast: OfficeCast, household: Household
) -> None:
    counts = []
    for size in (2, 6):
        page = SurveyPage(jia, make_household(cast.compound, floor="1").uid)
        for number in range(size):
            if number:
                page.press("add_member")
            birth = BIRTH + dt.timedelta(days=len(counts) * 100 + number)
            page.fill_card(
                number, name=f"王{number}", id_number=make_resident_id("510121", birth, 7),
                relation="HEAD" if number == 0 else "CHILD",
            )  # fmt: skip
        page.fill(outcome="SIGNED")
        with CaptureQueriesContext(connection) as saved:
            assert page.press().status_code == 302
        counts.append(len(data_queries(saved)))
    assert counts[0] == counts[1] <= 20


def test_signed_out_and_out_of_scope_and_without_the_right(
    client: Client, cast: OfficeCast, household: Household
) -> None:
    url = f"/households/{household.uid}/survey/"
    assert client.get(url).status_code == 302
    for who, status in ((cast.bing, 404), (cast.health, 403), (cast.yi, 200)):
        client.force_login(who)
        assert client.get(url).status_code == status
        assert client.get(f"{url}member/").status_code == status
        if status != 200:
            assert client.post(url, {"outcome": "SIGNED"}).status_code == status
    assert not Residency.objects.exists()
