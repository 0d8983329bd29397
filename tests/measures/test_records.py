"""Records of any kind: written once, corrected by a further one, counted into the figures as known when."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import count_all, late_entries
from measures.catalogue import ship_kinds
from measures.models import Counting, Kind, Record
from measures.services.records import RecordData, measure_correct, measure_void
from measures.services.venues import venue_event_void, venue_remove
from tests.factories import OfficeCast, make_office
from tests.measures.cases import days_ago, happen, kind_of, make_venue, record
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import queries_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db
KEYS = ("banquet_tables_cancelled", "banquets_today", "venues_closed", "venues_closed_today", "ktvs_closed")


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def figures(area: Area, on: dt.date | None = None, known_at: dt.datetime | None = None) -> dict[str, int]:
    """The figures in question of an area; the others are not counted, which would take long."""
    counted = count_all(
        area, AsOf.day(on or timezone.localdate(), known_at), (*KEYS, "venues_patrolled_today")
    )
    return counted.total(area.path)


def better(one: Record, quantity: int, reason: str = "数量填错", by: Any = None) -> Record:
    data = RecordData(area=one.area, on=one.on, quantity=quantity)
    return measure_correct(record=one, data=data, reason=reason, by=by or one.by)


# --- writing ------------------------------------------------------------------------------------------------
def test_a_correction_stands_in_the_place_of_the_first_and_leaves_it_to_be_read(office: OfficeCast) -> None:
    first = record(office, "banquet", 20, values={"occasion": "婚宴", "host": "王某"})
    second = better(first, 12, by=office.yi)
    first.refresh_from_db()
    assert (first.quantity, first.void_reason, first.voided_by) == (20, "数量填错", office.yi)
    assert (second.quantity, second.corrects, second.by) == (12, first, office.jia)
    assert list(Record.objects.standing()) == [second]
    with pytest.raises(ValidationError, match="已经更正或作废"):
        better(first, 15)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on": dt.date(2100, 1, 1)}, "on"),
        ({"on": dt.date(2000, 1, 1)}, "on"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 10_000_001}, "quantity"),
        ({"values": {"occasion": "葬礼"}}, "occasion"),
        ({"note": "店主 138 1234 1234"}, "note"),
        ({"values": {"host": "王某510121198001011234"}}, "host"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(
    office: OfficeCast, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        record(office, "banquet", **{"quantity": 3, **change})
    assert list(refused.value.message_dict) == [field]
    assert not Record.objects.exists()


def test_an_offices_landline_and_a_hotline_may_be_told(office: OfficeCast) -> None:
    record(
        office,
        "question",
        None,
        values={"asked": "问谁？", "answer": "打 028-84901234 或 12320"},
        note="G1719次",
    )
    assert Record.objects.count() == 1


def test_a_venue_of_another_village_and_a_kind_out_of_use_are_refused(office: OfficeCast) -> None:
    far = make_venue(office, area=office.other_group, by=office.bing)
    with pytest.raises(ValidationError, match="不在1组"):
        record(office, "banquet", 3, venue=far)
    Kind.objects.filter(code="banquet").update(closed_at=timezone.now())
    with pytest.raises(ValidationError, match="已停用"):
        record(office, "banquet", 3)


def test_what_ships_comes_in_once_and_leaves_the_offices_words(office: OfficeCast) -> None:
    Kind.objects.filter(code="banquet").update(name="停办酒席")
    Kind.objects.filter(code="ktv").delete()
    assert ship_kinds() == 1 and ship_kinds() == 0
    assert kind_of("banquet").name == "停办酒席" and kind_of("ktv").column == "ktvs_closed"


# --- figures ------------------------------------------------------------------------------------------------
def test_figures_of_records_and_venues_add_up_by_area(office: OfficeCast) -> None:
    record(office, "banquet", 20, on=days_ago(2))
    record(office, "banquet", 5)
    record(office, "banquet", 7, area=office.other_group, by=office.bing)
    measure_void(record=record(office, "banquet", 99), reason="重复", by=office.jia)
    happen(make_venue(office, "星光KTV", "ktv"), "CLOSED", office.jia)
    shut = make_venue(office, "夜色KTV", "ktv")
    happen(shut, "CLOSED", office.jia, 2)
    found = figures(office.street)
    assert [found[key] for key in KEYS] == [32, 12, 2, 1, 2]
    assert [figures(office.village)[key] for key in KEYS] == [25, 5, 2, 1, 2]
    happen(shut, "REOPENED", office.jia)
    assert figures(office.village)["venues_closed"] == 1
    assert figures(office.village, days_ago(1))["banquet_tables_cancelled"] == 20


def test_a_figure_as_known_then_and_what_came_late_make_the_figure_as_known_now(office: OfficeCast) -> None:
    day, then = days_ago(1), timezone.now() - dt.timedelta(hours=8)
    earlier = timezone.now() - dt.timedelta(days=1, minutes=5)
    wrong = record(office, "banquet", 20, on=day, at=earlier)
    void = record(office, "banquet", 4, on=day, at=earlier)
    venue = make_venue(office, "星光KTV", "ktv", at=earlier)
    shut = make_venue(office, at=earlier)
    mistaken = happen(shut, "CLOSED", office.jia, 1, at=earlier)
    better(wrong, 12)
    measure_void(record=void, reason="重复", by=office.jia)
    record(office, "banquet", 3, on=day)
    happen(venue, "CLOSED", office.jia, 1)
    happen(venue, "PATROLLED", office.jia, 1)
    venue_event_void(event=mistaken, reason="登记错了", by=office.jia)
    now = timezone.now()
    known_then, known_now = figures(office.village, day, then), figures(office.village, day, now)
    late = late_entries(office.village, AsOf.day(day, now), then, keys=(*KEYS, "venues_patrolled_today"))
    assert {key: known_then[key] for key in KEYS} != {key: known_now[key] for key in KEYS}
    for key in (*KEYS, "venues_patrolled_today"):
        assert known_then[key] + sum(row.change for row in late.get(key, [])) == known_now[key], key
    assert "更正或作废取消宴席" in {row.what for row in late["banquet_tables_cancelled"]}


def test_of_a_stock_the_last_record_of_each_area_counts(office: OfficeCast) -> None:
    Kind.objects.filter(code="banquet").update(counting=Counting.STOCK)
    record(office, "banquet", 3, on=days_ago(3))
    latest = record(office, "banquet", 5, on=days_ago(1))
    record(office, "banquet", 4, on=days_ago(2))
    record(office, "banquet", 2, area=office.compound)
    assert figures(office.village)["banquet_tables_cancelled"] == 7
    then = timezone.now()
    better(latest, 6)
    measure_void(
        record=record(office, "banquet", 0, area=office.other_group, by=office.bing),
        reason="误",
        by=office.bing,
    )
    now = AsOf.day(timezone.localdate())
    assert figures(office.street)["banquet_tables_cancelled"] == 8
    late = late_entries(office.street, now, then, keys={"banquet_tables_cancelled"})
    assert [row.change for row in late["banquet_tables_cancelled"]] == [1]


def test_a_venue_off_the_register_counts_no_more(office: OfficeCast) -> None:
    venue = make_venue(office)
    happen(venue, "CLOSED", office.jia)
    venue_remove(venue=venue, reason="重复登记", by=office.jia)
    assert figures(office.village)["venues_closed"] == 0 == figures(office.village)["venues_closed_today"]


def test_figures_of_records_share_their_queries(office: OfficeCast, django_assert_num_queries: Any) -> None:
    record(office, "banquet", 3)
    keys = ("banquet_tables_cancelled", "banquets_today", "gatherings_cancelled")
    with django_assert_num_queries(3):  # the areas, the flows, the stocks
        counted = count_all(office.street, AsOf.day(timezone.localdate()), keys)
    assert counted.total(office.street.path)["banquets_today"] == 3


# --- pages --------------------------------------------------------------------------------------------------
def form_of(office: OfficeCast, **more: Any) -> dict[str, Any]:
    return {"area": office.group.pk, "on": days_ago(0).isoformat(), "quantity": "12", **more}


def test_who_may_record_and_for_which_kinds(office: OfficeCast) -> None:
    officers = {"jia", "yi", "bing", "ding"}
    for name, code, may in (
        ("record_create", "banquet", officers | {"health", "police"}),
        ("plan_create", "rubbish", officers),
    ):
        url, answers = reverse(f"measures:{name}", args=[code]), {}
        for role, staff in office.everyone().items():
            client = client_of(staff)
            answers[role] = client.get(url).status_code, post(client, url, {}).status_code
        assert {role for role, both in answers.items() if both == (200, 422)} == may
        assert {both for both in answers.values() if both != (200, 422)} == {(403, 403)}
        for other in ("teahouse", "nothing"):
            assert client_of(office.jia).get(reverse(f"measures:{name}", args=[other])).status_code == 404


def test_a_record_is_sent_once_and_what_is_wrong_stands_beside_its_field(office: OfficeCast) -> None:
    client, url = client_of(office.jia), reverse("measures:record_create", args=["banquet"])
    wrong = post(client, url, form_of(office, x_occasion="葬礼", x_host="王某"))
    assert (
        wrong.status_code == 422
        and "事由没有“葬礼”这一项" in text_of(wrong)
        and 'value="王某"' in text_of(wrong)
    )
    data = form_of(office, x_occasion="婚宴", place="桥头酒楼", submission_id=str(uuid.uuid4()))
    assert [client.post(url, data).status_code for _ in range(2)] == [302, 302]
    row = Record.objects.get()
    assert (row.quantity, row.values, row.place, row.by) == (12, {"occasion": "婚宴"}, "桥头酒楼", office.jia)
    page = text_of(client.get(reverse("measures:gatherings")))
    assert "12桌" in page and "婚宴" in page and "城厢社区" in page


def test_a_correction_by_the_page_links_both_ways(office: OfficeCast) -> None:
    first = record(office, "banquet", 20, values={"occasion": "婚宴"})
    client, url = client_of(office.jia), reverse("measures:record_correct", args=[first.uid])
    form = client.get(url).context["form"]
    assert (form["quantity"].value(), form["x_occasion"].value()) == (20, "婚宴")
    answer = post(client, url, form_of(office, x_occasion="寿宴", reason="事由填错"))
    second = Record.objects.standing().get()
    assert answer.url == reverse("measures:record_detail", args=[second.uid]) and second.values == {
        "occasion": "寿宴"
    }
    assert "更正以前" in text_of(client.get(answer.url))
    assert "这条已经更正" in text_of(client.get(reverse("measures:record_detail", args=[first.uid])))
    assert client.get(url).status_code == 302


def test_the_list_costs_the_same_for_one_record_and_for_many(office: OfficeCast) -> None:
    record(office, "banquet", 1)
    client, url = client_of(office.ding), reverse("measures:gatherings")
    few = queries_of(client, url)
    for number in range(55):
        record(office, "banquet", 1 + number, area=office.compound, on=days_ago(number % 5))
    client = client_of(office.ding)
    assert queries_of(client, url) == few
    page = client.get(url)
    assert len(client.get(page.context["next_url"]).context["rows"]) == 6
    assert "没有符合条件" in text_of(client.get(url, {"kind": "gathering"}))
