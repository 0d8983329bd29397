"""Venues: the register, what happened from day to day, the ledger."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.areas import area_move
from grassroots.grid.models import AccessLog
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.models import DirtyArea
from measures.models import Venue
from measures.services.plans import plan_lay
from measures.services.venues import venue_event, venue_event_void, venue_remove
from tests.factories import OfficeCast, make_office
from tests.measures.cases import days_ago, happen, kind_of, make_venue, record
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import queries_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def rows_of(office: OfficeCast, staff: Any = None, **options: Any) -> list[list[Any]]:
    """The ledger's rows of the street as a workbook has them."""
    file = io.BytesIO()
    options = {"on": timezone.localdate(), "area": office.street, **options}
    export_run(key="venues", staff=staff or office.ding, target=file, **options)
    sheet = load_workbook(file).active
    return [list(row) for row in sheet.iter_rows(values_only=True) if str(row[0]).isdecimal()]


def standing(venue: Venue) -> tuple[Any, ...]:
    venue.refresh_from_db()
    return venue.state, venue.noticed_on, venue.closed_on, venue.patrolled_on, venue.reopened_on


# --- what happens at a venue --------------------------------------------------------------------------------
def test_a_venue_stands_as_its_events_say(office: OfficeCast) -> None:
    venue = make_venue(office)
    happen(venue, "NOTICE", office.jia, 3)
    happen(venue, "CLOSED", office.jia, 2)
    happen(venue, "PATROLLED", office.yi, 1)
    assert standing(venue) == ("CLOSED", days_ago(3), days_ago(2), days_ago(1), None)
    happen(venue, "REOPENED", office.ding)
    assert standing(venue) == ("OPEN", days_ago(3), days_ago(2), days_ago(1), days_ago(0))


def test_an_event_entered_late_takes_its_place_by_its_date(office: OfficeCast) -> None:
    venue = make_venue(office)
    happen(venue, "CLOSED", office.jia, 5)
    happen(venue, "REOPENED", office.jia, 1)
    happen(venue, "PATROLLED", office.jia, 3)
    assert standing(venue)[0] == "OPEN" and venue.patrolled_on == days_ago(3)


def test_annulling_an_event_puts_the_venue_back(office: OfficeCast) -> None:
    venue = make_venue(office)
    happen(venue, "CLOSED", office.jia, 2)
    reopened = happen(venue, "REOPENED", office.jia)
    venue_event_void(event=reopened, reason="登记错了场所", by=office.yi)
    assert standing(venue)[0] == "CLOSED" and venue.reopened_on is None
    with pytest.raises(ValidationError, match="已经撤销"):
        venue_event_void(event=reopened, reason="再来", by=office.yi)


@pytest.mark.parametrize(
    ("action", "ago", "words"),
    [
        ("CLOSED", 0, "已经关停"),
        ("REOPENED", 5, "那天没有关停"),
        ("CLOSED", 5, "已登记关停，请先撤销"),
        ("PATROLLED", -1, "日期还没有到"),
        ("PATROLLED", 400, "一年以前"),
    ],
)
def test_what_cannot_have_happened_is_refused(office: OfficeCast, action: str, ago: int, words: str) -> None:
    venue = make_venue(office)
    happen(venue, "CLOSED", office.jia, 3)
    with pytest.raises(ValidationError, match=words):
        happen(venue, action, office.jia, ago)


def test_a_breach_needs_words_and_marks_the_area_for_the_figures(office: OfficeCast) -> None:
    venue = make_venue(office)
    happen(venue, "CLOSED", office.jia)
    DirtyArea.objects.all().delete()
    with pytest.raises(ValidationError, match="写明情况"):
        venue_event(venue=venue, action="PATROLLED", on=days_ago(0), by=office.jia, is_breach=True)
    happen(venue, "PATROLLED", office.jia, note="卷帘门半开，已劝离8人", is_breach=True)
    assert list(DirtyArea.objects.values_list("area", flat=True)) == [office.group.pk]


def test_the_register_refuses_the_same_name_twice_in_an_area(office: OfficeCast) -> None:
    venue = make_venue(office)
    with pytest.raises(ValidationError, match="已经登记了“桥头茶馆”"):
        make_venue(office)
    for wrong, field in ({"phone": "138123"}, "phone"), ({"contact": "王某13812341234"}, "contact"):
        with pytest.raises(ValidationError) as refused:
            make_venue(office, "茶馆二", **wrong)
        assert list(refused.value.message_dict) == [field]
    venue_remove(venue=venue, reason="已搬走", by=office.jia)
    assert make_venue(office).pk != venue.pk
    with pytest.raises(ValidationError, match="已从登记中撤出"):
        happen(venue, "PATROLLED", office.jia)


def test_venues_follow_their_area_to_its_successor(office: OfficeCast) -> None:
    venue = make_venue(office)
    flow, stock = record(office, "banquet", 20), record(office, "volunteers", 8)
    plan = plan_lay(kind=kind_of("rubbish"), area=office.group, place="垃圾房", every=1, by=office.jia)
    moved = area_move(area=office.group, parent=office.other_village, by=office.admin)
    venue.refresh_from_db()
    flow.refresh_from_db()
    stock.refresh_from_db()
    plan.refresh_from_db()
    assert {venue.area_id, stock.area_id, plan.area_id} == {moved.pk} != {office.group.pk}
    assert flow.area_id == office.group.pk


# --- the ledger ---------------------------------------------------------------------------------------------
def test_the_ledger_tells_each_venue_as_of_the_day(office: OfficeCast) -> None:
    at = timezone.now() - dt.timedelta(days=9)
    venue = make_venue(office, address="河边路3号", contact="王某", phone="13812341234", at=at)
    make_venue(office, "星光KTV", "ktv", area=office.other_group, by=office.bing, at=at)
    happen(venue, "CLOSED", office.jia, 3, at=timezone.now() - dt.timedelta(days=3))
    happen(venue, "PATROLLED", office.jia, 1, note="已锁门", at=timezone.now() - dt.timedelta(days=1))
    found = rows_of(office)
    assert [row[1:4] for row in found] == [["城厢社区", "桥头茶馆", "茶馆"], ["龚家村", "星光KTV", "KTV"]]
    assert found[0][4:7] == ["河边路3号", "王某", "138****1234"] and found[0][10] == "已锁门"
    assert found[0][7].date() == days_ago(3) and found[0][12] == "甲某"
    assert rows_of(office, on=days_ago(2))[0][9] is None
    assert [row[2] for row in rows_of(office, filters={"state": ["CLOSED"]})] == ["桥头茶馆"]
    assert [row[2] for row in rows_of(office, filters={"类型": "KTV"})] == ["星光KTV"]
    assert rows_of(office, office.bing, area=office.other_village)[0][2] == "星光KTV"


def test_the_ledger_costs_the_same_for_one_venue_and_for_many(office: OfficeCast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as counted:
            rows_of(office)
        return len(counted)

    make_venue(office)
    cost()
    few = cost()
    for number in range(8):
        happen(make_venue(office, f"茶馆{number}", area=office.compound), "CLOSED", office.jia)
    assert cost() == few


# --- pages --------------------------------------------------------------------------------------------------
def test_a_venue_is_registered_closed_and_patrolled_from_the_phone(office: OfficeCast) -> None:
    client = client_of(office.jia)
    page = text_of(client.get(reverse("measures:venue_create")))
    assert "登记场所" in page and "桥头茶馆" not in page.replace("如：桥头茶馆", "")
    kind = make_venue(office, "旧茶馆").kind_id
    answer = post(client, reverse("measures:venue_create"),
                  {"kind": kind, "name": "新茶馆", "area": office.group.pk, "phone": "138 1234 1234"})  # fmt: skip
    venue = Venue.objects.get(name="新茶馆")
    assert answer.status_code == 302 and venue.phone == "13812341234"
    for action in ("close", "patrol"):
        url = reverse("measures:venue_act", args=[venue.uid, action])
        assert post(client, url, {"on": days_ago(0).isoformat()}).status_code == 302
    page = text_of(client.get(reverse("measures:venue_detail", args=[venue.uid])))
    assert "已关停" in page and "今日已巡" in page and "138****1234" in page and "13812341234" not in page
    again = post(
        client, reverse("measures:venue_act", args=[venue.uid, "close"]), {"on": days_ago(0).isoformat()}
    )
    assert again.status_code == 422 and "已经关停" in text_of(again)


def test_a_stale_change_shows_both_values_and_keeps_what_was_typed(office: OfficeCast) -> None:
    venue = make_venue(office, phone="13812341234")
    client, url = client_of(office.jia), reverse("measures:venue_edit", args=[venue.uid])
    data = {"kind": venue.kind_id, "name": "桥头茶馆", "area": office.group.pk, "version": 1}
    assert post(client, url, {**data, "address": "河边路1号"}).status_code == 302
    stale = post(client, url, {**data, "address": "河边路2号"})
    assert stale.status_code == 409
    assert "河边路1号" in text_of(stale) and 'value="河边路2号"' in text_of(stale)
    venue.refresh_from_db()
    assert (venue.address, venue.phone) == ("河边路1号", "13812341234")


def test_the_list_is_narrowed_by_state_village_and_kind(office: OfficeCast) -> None:
    closed = make_venue(office)
    happen(closed, "CLOSED", office.jia)
    make_venue(office, "星光KTV", "ktv", area=office.other_group, by=office.bing)
    client, url = client_of(office.ding), reverse("measures:venue_list")

    def shown(**query: Any) -> set[str]:
        page = text_of(client.get(url, query))
        return {name for name in ("桥头茶馆", "星光KTV") if name in page}

    assert shown() == {"桥头茶馆", "星光KTV"}
    assert (
        shown(state="closed") == shown(state="unpatrolled") == shown(area=office.village.pk) == {"桥头茶馆"}
    )
    assert shown(kind="ktv") == shown(state="open") == {"星光KTV"}
    assert shown(area="x", kind="?", after="~", state="?") == {"桥头茶馆", "星光KTV"}
    happen(closed, "PATROLLED", office.jia)
    assert shown(state="unpatrolled") == set()


def test_the_list_costs_the_same_for_one_venue_and_for_many(office: OfficeCast) -> None:
    make_venue(office)
    url = reverse("measures:venue_list")
    few = queries_of(client_of(office.ding), url)
    for number in range(60):
        make_venue(office, f"茶馆{number}", area=office.compound)
    client = client_of(office.ding)
    assert queries_of(client, url) == few
    page = client.get(url)
    rest = client.get(page.context["next_url"])
    assert len(page.context["rows"]) == 50 and len(rest.context["rows"]) == 11


def test_a_call_is_logged_and_names_nobody(office: OfficeCast) -> None:
    venue = make_venue(office, contact="王某", phone="13812341234")
    answer = post(client_of(office.jia), reverse("measures:venue_dial", args=[venue.uid]), {})
    assert "tel:13812341234" in text_of(answer)
    line = AccessLog.objects.get(action="DIAL")
    assert (line.subject_type, line.subject_uid, line.detail) == ("measures.venue", str(venue.uid), {})
