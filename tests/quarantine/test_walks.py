"""The order of the round: moved, remembered by officer and area, never losing or doubling anybody; and the trend."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from grassroots.grid.models import Level, Staff
from quarantine.models import Observation, Visit, VisitState, WalkOrder
from quarantine.rules.walks import FIRST, MOVES, arranged, moved, with_missing
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_area, make_household, make_office
from tests.households.door_pages import send, signed_in
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.texts import source_of, text_of

ON = dt.date(2020, 1, 29)
ROUND, ORDER = "/quarantine/round/", "/quarantine/round/order/"
ids = st.lists(st.integers(1, 12), unique=True)


# --- rules ------------------------------------------------------------------------------------------------
@given(ids, ids)
def test_nobody_is_lost_or_doubled_whatever_was_kept(natural, kept):
    found = arranged(natural, kept)
    assert sorted(found) == sorted(natural)
    assert [one for one in found if one in kept] == [one for one in kept if one in natural]


def test_whoever_is_new_follows_his_neighbour_by_door():
    assert arranged([1, 2, 3, 4], [4, 2]) == [1, 4, 2, 3]
    assert arranged([1, 2, 3], []) == [1, 2, 3]


@given(ids.filter(bool), st.data())
def test_a_move_keeps_everybody_and_beginning_turns_the_walk(order, data):
    one, move = data.draw(st.sampled_from(order)), data.draw(st.sampled_from(MOVES))
    found = moved(order, one, move)
    assert sorted(found) == sorted(order)
    if move == FIRST:
        assert found == order[order.index(one) :] + order[: order.index(one)]
    else:
        assert abs(found.index(one) - order.index(one)) <= 1


@given(ids, ids)
def test_those_who_are_not_in_this_round_keep_a_place(order, others):
    found = with_missing(order, others)
    assert [one for one in found if one in order] == order
    assert sorted(found) == sorted({*order, *others})


# --- pages ------------------------------------------------------------------------------------------------
@pytest.fixture
def office(db: None) -> Iterator[OfficeCast]:
    with time_machine.travel(aware("2020-01-29 08:30"), tick=False):
        cast = make_office()
        switch_on(cast.admin)
        yield cast


@pytest.fixture
def four(office: OfficeCast) -> dict[str, Observation]:
    """甲 and 乙 in one compound, 丙 and 丁 in another, one door after the other."""
    second = make_area(office.group, Level.COMPOUND, "松柏苑", "510121006001001002")
    doors = (
        ("甲", office.compound, "101"),
        ("乙", office.compound, "102"),
        ("丙", second, "101"),
        ("丁", second, "102"),
    )
    return {
        name: make_observation(
            office, returnee=make_returnee(office, f"张{name}", household=make_household(area, door))
        )
        for name, area, door in doors
    }


def walk(staff: Staff, url: str = ROUND) -> str:
    page = text_of(signed_in(staff).get(url))
    return "".join(re.findall(r"张([甲乙丙丁戊])</a>", page))


def move(browser: Client, one: Observation, what: str, **values: object) -> int:
    visit = one.visits.get(date=ON, slot="AM")
    return send(browser, ORDER, move=f"{what}:{visit.uid}", **values).status_code


def test_somebody_moved_stays_there_for_this_officer_alone(office, four):
    assert walk(office.health) == "甲乙丙丁"
    browser = signed_in(office.health)
    assert move(browser, four["乙"], "up") == 302
    assert walk(office.health) == "乙甲丙丁"
    assert walk(office.health, f"{ROUND}?on=2020-01-29&slot=PM") == "乙甲丙丁"
    assert walk(office.jia) == "甲乙丙丁"


def test_beginning_here_turns_the_walk_by_areas_and_doors(office, four):
    browser = signed_in(office.health)
    assert move(browser, four["丁"], "first") == 302
    assert walk(office.health) == "丁丙甲乙"
    area = four["甲"].area
    assert send(browser, ORDER, move=f"up:area{area.pk}").status_code == 302
    assert walk(office.health) == "甲乙丁丙"


def test_a_newcomer_stands_behind_his_neighbour(office, four):
    browser = signed_in(office.health)
    move(browser, four["乙"], "up")
    home = make_household(four["甲"].area, "101", share_no="2")
    make_observation(office, returnee=make_returnee(office, "张戊", household=home))
    assert walk(office.health) == "乙甲戊丙丁"


def test_door_by_door_again(office, four):
    browser = signed_in(office.health)
    move(browser, four["丁"], "first")
    assert send(browser, ORDER, move="reset").status_code == 302
    assert walk(office.health) == "甲乙丙丁"
    assert not WalkOrder.objects.exists()


def test_whoever_is_called_off_today_has_his_place_tomorrow(office, four):
    browser = signed_in(office.health)
    move(browser, four["乙"], "up")
    four["乙"].visits.filter(date=ON).update(state=VisitState.CANCELLED)
    move(browser, four["甲"], "first")
    tomorrow = f"{ROUND}?on=2020-01-29&slot=PM"
    four["乙"].visits.filter(date=ON, slot="PM").update(state=VisitState.PLANNED)
    assert sorted(walk(office.health, tomorrow)) == sorted("甲乙丙丁")
    assert WalkOrder.objects.get(area=four["甲"].area).stops[-1] in {four["甲"].pk, four["乙"].pk}


@pytest.mark.parametrize(
    "what", ["up:nonsense", "sideways:", "up:area0", "", "up:00000000-0000-4000-8000-000000000000"]
)
def test_what_is_not_in_the_round_cannot_be_moved(office, four, what):
    answer = send(signed_in(office.health), ORDER, move=what)
    assert answer.status_code == 422
    assert "名单刚刚有变化" in text_of(answer)
    assert not WalkOrder.objects.exists()


def test_a_foreign_visit_cannot_be_named(office, four):
    foreign = make_observation(
        office, returnee=make_returnee(office, "张外", household=make_household(office.other_group))
    )
    assert move(signed_in(office.health), foreign, "first") == 422


def test_without_script_the_next_one_is_the_next_of_the_own_order(office, four):
    browser = signed_in(office.health)
    move(browser, four["乙"], "up")
    first, following = (four[name].visits.get(date=ON, slot="AM") for name in "乙甲")
    answer = send(browser, f"/quarantine/visits/{first.uid}/record/", temperature="36.5", method="FOREHEAD")
    assert f"focus={following.uid}" in answer.url


def test_pages_of_an_own_order_follow_on(office, four, monkeypatch):
    monkeypatch.setattr("quarantine.views.round.PAGE_ROWS", 3)
    browser = signed_in(office.health)
    move(browser, four["丁"], "first")
    first = source_of(browser.get(ROUND))
    following = re.search(r'rel="next"\s+href="([^"]+)"', first)
    assert following
    assert walk(office.health) + walk(office.health, following[1]) == "丁丙甲乙"


def test_a_fragment_answers_htmx_with_buttons_that_can_be_pressed_again(office, four):
    browser = signed_in(office.health)
    visit = four["乙"].visits.get(date=ON, slot="AM")
    answer = browser.post(
        ORDER, {"move": f"up:{visit.uid}", "submission_id": "7f3c2b1a-0000-4000-8000-000000000001"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    page = source_of(answer)
    assert "<html" not in page and page.index("张乙") < page.index("张甲")
    assert "7f3c2b1a-0000-4000-8000-000000000001" not in page


def test_an_own_order_costs_two_queries_however_many_there_are(office, four):
    def cost() -> int:
        browser = signed_in(office.health)
        browser.get(ROUND)
        with CaptureQueriesContext(connection) as queries:
            browser.get(ROUND)
        return len(queries)

    plain = cost()
    move(signed_in(office.health), four["乙"], "up")
    assert cost() == plain + 1 <= 15
    for number in range(5):
        home = make_household(four["甲"].area, f"20{number}")
        make_observation(office, returnee=make_returnee(office, f"李{number}", household=home))
    assert cost() == plain + 1


# --- the trend --------------------------------------------------------------------------------------------
def test_the_trend_shows_the_latest_days_drawn_and_told(office, four):
    for day, slot, value in ((27, "AM", "36.4"), (28, "AM", "36.8"), (28, "PM", "37.6")):
        visit = four["甲"].visits.get(date=dt.date(2020, 1, day), slot=slot)
        at = aware(f"2020-01-{day} {'09' if slot == 'AM' else '15'}:00")
        reading_record(visit=visit, temperature=Decimal(value), by=office.health, at=at)
    today = four["甲"].visits.get(date=ON, slot="AM")
    browser = signed_in(office.health)
    url = f"/quarantine/visits/{today.uid}/trend/"
    assert f'href="{url}"' in source_of(browser.get(ROUND))
    with CaptureQueriesContext(connection) as queries:
        piece = source_of(browser.get(url, headers={"HX-Request": "true"}))
    assert len(queries) <= 12
    assert "<html" not in piece and "<polyline" in piece and len(piece.encode()) < 12_000
    assert "37.6 ℃" in piece and "发热" in piece and "36.4 ℃" in piece
    whole = source_of(browser.get(url))
    assert "<html" in whole and "张甲，最近几天" in whole


def test_the_trend_of_somebody_elsewhere_is_not_found(office, four):
    visit = Visit.objects.filter(observation=four["甲"]).first()
    assert visit
    assert signed_in(office.bing).get(f"/quarantine/visits/{visit.uid}/trend/").status_code == 404
