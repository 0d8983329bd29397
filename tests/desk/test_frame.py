"""The frame of every page, and how many queries the pages of every day may ask (issue: 15 each, whatever the size)."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.pages.html_forms import form_with
from grassroots.ledgers.rollups import refresh_rollups
from grassroots.notices.inbox import message_send
from households.models import CommitmentLetter, Household, SurveyState
from tests.factories import aware, make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.quarantine.cases import make_observation, switch_on
from tests.texts import text_of

TEN = aware("2020-01-29 10:00")
MOST = 15
FRAMES = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "BEGIN", "COMMIT")
pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    with time_machine.travel(TEN, tick=False):
        office = make_office()
        switch_on(office.ding)
        yield office


def asked(visit, status=200):
    """The number of queries of one visit, without what only frames a transaction (as in `make bench`)."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = visit()
    assert response.status_code == status
    return len([row for row in queries if not row["sql"].startswith(FRAMES)])


def families(office, number, building="1"):
    for at in range(number):
        home = make_household(
            office.compound, f"{at + 101}", building=building, survey_state=SurveyState.SIGNED
        )
        make_person("", home)


def pins(visit, grow):
    """Visit with five rows and with 200: the same number of queries, at most MOST."""
    grow(5)
    visit()
    few = asked(visit)
    grow(195)
    many = asked(visit)
    assert many <= few  # fewer where a large compound asks for the building first
    assert few <= MOST


@pytest.mark.parametrize(
    "query", ["", "?area={compound}", "?area={village}", "?area={compound}&state=SIGNED"]
)
def test_the_household_list_asks_as_often_for_many(office, query):
    query = query.format(compound=office.compound.pk, village=office.village.pk)
    client = signed_in(office.ding)
    buildings = iter("123456")
    pins(
        lambda: client.get(reverse("households:household_list") + query),
        lambda number: families(office, number, next(buildings)),
    )


def test_the_round_asks_as_often_for_many(office):
    client = signed_in(office.health)

    def grow(number):
        for _ in range(number // 5):
            make_observation(office)

    pins(lambda: client.get(reverse("quarantine:round")), grow)
    assert text_of(client.get(reverse("quarantine:round"))).count('id="row-') == 40


@pytest.mark.parametrize("who", ["ding", "jia"])
def test_the_statistics_page_asks_as_often_for_many(office, who):
    client = signed_in(getattr(office, who))
    buildings = iter("123456")

    def grow(number):
        families(office, number, next(buildings))
        refresh_rollups(TEN)

    pins(lambda: client.get(reverse("ledgers:statistics")), grow)


def form_of(client, home):
    url = reverse("households:survey_create", args=[home.uid])
    fields = form_with(client.get(url).content.decode(), "submission_id")
    return url, fields | {"outcome": ["SIGNED"], "step_sign": ["on"]}


def test_the_household_form_and_its_save_ask_as_often_in_a_large_compound(office):
    """A first signing of a family of three, with its letter, is the dearest of the common saves."""
    client, found = signed_in(office.jia), []
    client.get("/")
    for number, neighbours in enumerate((5, 200)):
        families(office, neighbours, str(number + 2))
        home = make_household(office.compound, f"90{number}")
        for name in ("王小明", "李兰", "王珏"):
            make_person(name, home)
        shown = asked(lambda: client.get(reverse("households:survey_create", args=[home.uid])))  # noqa: B023
        url, fields = form_of(client, home)
        saved = asked(lambda: client.post(url, fields), status=302)  # noqa: B023
        assert CommitmentLetter.objects.filter(household=home).count() == 1
        home.refresh_from_db()
        assert (home.version, home.survey_state) == (2, SurveyState.SIGNED)
        found.append((shown, saved))
    assert found[0] == found[1]
    assert max(found[0]) <= MOST


def test_the_form_sent_twice_has_one_effect(office):
    client, home = signed_in(office.jia), make_household(office.compound, "901")
    make_person("王小明", home)
    url, fields = form_of(client, home)
    answers = [client.post(url, fields).headers["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert home.surveys.count() == 1
    assert Household.objects.get(pk=home.pk).version == 2
    other = client.post(url, {**fields, "respondent": ["别的内容"]})
    assert other.status_code == 409


# --- the frame ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "has", "has_not"),
    [
        ("jia", ["入户", "测温", "查找"], ["访问日志", "防控政策", "单位设置"]),
        ("health", ["测温", "异常事件"], ["访问日志", "单位设置"]),
        ("auditor", ["访问日志", "修改历史"], ["测温", "下载台账"]),
        ("admin", ["网格", "人员", "单位设置"], ["访问日志"]),
    ],
)
def test_the_navigation_holds_what_the_role_may_do(office, who, has, has_not):
    items = signed_in(getattr(office, who)).get("/").context["nav_items"]
    titles = {item.title for item in items}
    assert titles.issuperset(has)
    assert not titles & set(has_not)


def test_every_place_in_the_navigation_opens(office):
    # 乙 and 丙 have 甲's role
    for who in set(office.everyone().values()) - {office.yi, office.bing}:
        client = signed_in(who)
        for item in client.get("/").context["nav_items"]:
            assert client.get(item.url).status_code == 200, (who.username, item.url)


def test_a_page_below_a_place_lights_it_up(office):
    home = make_household(office.compound)
    response = signed_in(office.jia).get(reverse("households:household_detail", args=[home.uid]))
    assert [item.title for item in response.context["nav_items"] if item.active] == ["入户"]


def test_unread_messages_are_counted_up_to_a_hundred(office):
    for _ in range(105):
        message_send(recipient=office.jia, title="上午还有7户未测")
    message_send(recipient=office.yi, title="别人的")
    assert signed_in(office.jia).get("/").context["unread_count"] == 100
    assert signed_in(office.yi).get("/").context["unread_count"] == 1


def test_a_fragment_carries_no_frame(office):
    home = make_household(office.compound)
    url = reverse("households:survey_member_row", args=[home.uid])
    response = signed_in(office.jia).get(url, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "nav_items" not in response.context
    assert "<nav" not in text_of(response)


def test_pages_stay_out_of_caches(office):
    assert signed_in(office.jia).get("/").headers["Cache-Control"] == "no-store, private"


def test_whoever_must_change_the_password_gets_no_navigation(office):
    office.jia.must_change_password = True
    office.jia.save(update_fields=["must_change_password"])
    client = signed_in(office.jia)
    response = client.get("/")
    assert response.headers["Location"] == reverse("grid:password_change")
    assert "nav_items" not in client.get(response.headers["Location"]).context


def test_a_page_that_does_not_exist_says_so_in_the_frame(office):
    response = signed_in(office.jia).get(reverse("households:household_detail", args=[uuid.uuid4()]))
    assert response.status_code == 404
    assert "返回" in text_of(response) or "工作台" in text_of(response)


def test_the_time_of_the_tests_is_the_one_that_the_office_sees(office):
    assert signed_in(office.jia).get("/").context["at"] == TEN
    assert TEN.utcoffset() == dt.timedelta(hours=8)
