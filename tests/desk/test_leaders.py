"""领导看板: every number leads to as many rows, sentences say what is wrong, and it costs the same for many areas."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import resolve

from grassroots.desk.demo.build import load
from grassroots.desk.leaders import Cell, Screen, screen_of
from grassroots.grid.models import Area, Level, Role, Staff
from grassroots.ledgers.live import live_sources
from grassroots.ledgers.models import AreaRollup
from grassroots.ledgers.rollups import refresh_rollups
from households.layers import bands_of, layers_of
from households.models import SurveyState
from measures.models import Kind, OrderReceipt, Rectification
from measures.services.rectifications import rectification_raise
from quarantine.models import Alert, ServiceRequest
from tests.factories import OfficeCast, aware, make_area, make_household, make_office, make_staff
from tests.households.door_pages import signed_in
from tests.households.test_pages_doors import _queries
from tests.measures.order_cases import incident, order
from tests.texts import source_of, text_of

URL = "/leaders/"
AT = aware("2020-01-29 19:00")
DAY = dt.timedelta(days=1)
LISTS = {
    "households:household_list": "page", "households:absent_list": "rows", "quarantine:observation_list": "rows",
    "quarantine:round": "rows", "quarantine:alert_list": "alerts", "quarantine:service_list": "stops",
    "measures:care_list": "rows", "measures:venue_list": "rows", "measures:rectification_list": "rows",
    "measures:order_receipt_list": "rows", "measures:incident_list": "rows",
}  # fmt: skip


def pages(client: Client, url: str) -> Iterator[dict]:
    """What the page and those behind it were rendered from."""
    while url:
        response = client.get(url)
        assert response.status_code == 200, url
        yield response.context
        onward = response.context.get("next_url") or ""
        url = f"{urlsplit(url).path}{onward}" if onward.startswith("?") else onward


def rows_behind(client: Client, url: str) -> int:
    """How many rows the page that a number leads to lists."""
    name = resolve(urlsplit(url).path).view_name
    if name == "measures:due_list":
        return sum(len(unit.undone) for page in pages(client, url) for unit in page["units"])
    if name == "households:household_list" and "state" not in parse_qs(urlsplit(url).query):
        return next(chip["count"] for page in pages(client, url) for chip in page["chips"] if chip["is_on"])
    return sum(len(page[LISTS[name]]) for page in pages(client, url))


def check(client: Client, cell: Cell) -> None:
    if resolve(urlsplit(cell.url).path).view_name == "ledgers:statistics":
        table = client.get(cell.url).context["table"]
        shown = table.figures[cell.figure.kept] if cell.figure.kept else table.total.cells
        assert shown == cell.number if cell.figure.kept else cell.shown in shown
        return
    assert rows_behind(client, cell.url) == cell.number, f"{cell.figure.key} {cell.url}"


def check_layers(client: Client, area: Area) -> None:
    """Each layer of the picture: its numbers and its sum lead to so many rows, and the tiles say them."""
    for layer in layers_of(Staff.objects.get(username="supervisor")):
        response = client.get(f"/households/picture/{area.pk}/?layer={layer.code}")
        laid, coverage = response.context["laid"], response.context["coverage"]
        if laid.total:
            assert rows_behind(client, laid.total_url) == laid.total, layer.code
        for patch in coverage.patches:
            if patch.number:
                assert rows_behind(client, patch.number_url) == patch.number, f"{layer.code} {patch.name}"
            words = f"{patch.name}，{patch.figures.doors} 户，{layer.title} {patch.number} {layer.unit}"
            assert words in text_of(response)
        assert laid.total == sum(patch.number for patch in coverage.patches) + laid.rest


@pytest.fixture
def demo(db: None) -> Iterator[Staff]:
    """The supervisor of the demo village, where besides somebody is late with everything."""
    with time_machine.travel(AT, tick=False):
        load("village", AT.date())
        _trouble()
        refresh_rollups(AT)
        yield Staff.objects.get(username="supervisor")


def _trouble() -> None:
    village = Area.objects.filter(level=Level.VILLAGE).order_by("path")[0]
    group = Area.objects.filter(level=Level.GROUP, path__startswith=village.path).order_by("path")[0]
    by = Staff.objects.get(username="inspector")
    for area, due in ((village, AT.date()), (group, AT.date() + DAY)):
        rectification_raise(
            area=area, problem="无人值守", demand="立即到岗", due_on=due, by=by, at=AT - 3 * DAY
        )
    Rectification.objects.filter(area=village).update(due_on=AT.date() - DAY)
    ServiceRequest.objects.open().update(due_at=AT - DAY)
    office: Any = SimpleNamespace(
        street=Area.objects.get(level=Level.STREET),
        village=village,
        group=group,
        ding=Staff.objects.get(username="supervisor"),
        jia=Staff.objects.get(username="cadre"),
    )
    order(office, village)
    OrderReceipt.objects.update(due_at=AT - dt.timedelta(hours=1))
    incident(office)
    first = Alert.objects.open()[0]
    for number, age in enumerate((0.5, 3, 30), start=1):
        Alert.objects.create(
            observation=first.observation, area=first.area, kind="MISSED", raised_at=AT - dt.timedelta(hours=age),
            acknowledge_due_at=AT - dt.timedelta(minutes=number), handle_due_at=AT + DAY,
        )  # fmt: skip


def _every(screen: Screen) -> Iterator[Cell]:
    assert screen.total is not None
    for line in [*screen.lines, screen.total]:
        yield from (cell for cell in line.cells if cell.url)


def test_every_number_leads_to_so_many_rows_and_the_lines_add_up(demo: Staff):
    village = Area.objects.filter(level=Level.VILLAGE).order_by("path")[0]
    group = Area.objects.filter(level=Level.GROUP, path__startswith=village.path).order_by("path")[0]
    client, seen = signed_in(demo), set()
    told = [sentence.words for sentence in screen_of(demo, None, AT).sentences]
    assert told[:4] == [
        "城厢社区 3 件异常事件超过时限没有处置",
        "城厢社区 2 件突发情况没有办结",
        "城厢社区 1 件异常事件拖过24小时没有办结",
        "城厢社区 4 项整改超期没有完成",
    ]
    for area in (None, village, group):
        screen = screen_of(demo, area, AT)
        assert screen.total is not None
        for cell in _every(screen):
            seen.add(cell.figure.key)
            check(client, cell)
        for sentence in screen.sentences:
            number = int(re.search(r"([0-9]+) [^0-9]*(?:24小时[^0-9]*)?$", sentence.words)[1])
            assert rows_behind(client, sentence.url) == number, sentence.words
        for place, cell in enumerate(screen.total.cells):
            if cell.figure.key != "completion":
                assert cell.number == sum(line.cells[place].number or 0 for line in screen.lines), cell.figure
    for area in (Area.objects.get(level=Level.STREET), village):
        check_layers(client, area)
    shown = {figure.key for source in live_sources() for figure in source.figures if figure.is_shown}
    assert shown - seen <= {"release_due"}, "the demo has none of it: nothing was followed"


@pytest.fixture
def office(db: None) -> Iterator[OfficeCast]:
    with time_machine.travel(AT, tick=False):
        yield make_office()


def test_where_nothing_is_late_it_says_so(office: OfficeCast):
    Kind.objects.update(due_every=None)
    page = text_of(signed_in(office.ding).get(URL))
    assert "现在没有要您过问的事" in page
    assert "今天还没有算出" in page


def test_a_village_leader_sees_his_groups_and_what_hangs_on_the_village_itself(office: OfficeCast):
    make_household(office.compound, "101", survey_state=SurveyState.SIGNED)
    make_household(office.village, "2")
    screen = screen_of(office.health, None, AT)
    assert [line.name for line in screen.lines] == ["1组", "城厢社区本级"]
    assert [line.cells[0].number for line in screen.lines] == [1, 1]
    for line in screen.lines:
        check(signed_in(office.health), line.cells[0])


def test_a_county_reads_the_rollups_and_does_not_count_care(office: OfficeCast):
    make_household(office.compound, "101")
    refresh_rollups(AT)
    for row in AreaRollup.objects.filter(area__in=[office.county, office.street]):
        AreaRollup.objects.filter(pk=row.pk).update(total={**row.total, "care_overdue": 7})
    client = signed_in(make_staff("县某", Role.SUPERVISOR, office.county))
    screen = client.get(URL).context["screen"]
    assert [line.name for line in screen.lines] == ["淮口街道"]
    county = {cell.figure.key: cell for cell in screen.total.cells}
    assert (county["households"].number, county["care_overdue"].number) == (1, 7)
    for key in ("households", "care_overdue"):
        check(client, county[key])
    assert "layer=care_overdue" not in text_of(client.get("/households/picture/"))
    assert "layer=observed" in text_of(client.get("/households/picture/"))


def test_who_answers_stands_beside_each_area_with_a_button_to_dial(office: OfficeCast):
    office.ding.phone = "13800000001"
    office.ding.save()
    page = source_of(signed_in(office.ding).get(URL))
    row = page[page.index('<th scope="row">') : page.index("</tr>", page.index('<th scope="row">'))]
    assert office.ding.name in row
    assert f"/staff/{office.ding.uid}/dial/" in row


def test_an_area_of_others_is_not_found(office: OfficeCast):
    assert signed_in(office.bing).get(f"{URL}?area={office.village.pk}").status_code == 404
    assert signed_in(office.bing).get(f"{URL}?area=x").status_code == 404


def test_a_layer_is_kept_on_the_way_down_and_up(office: OfficeCast):
    make_household(office.compound, "101")
    refresh_rollups(AT)
    client = signed_in(office.ding)
    page = text_of(client.get("/households/picture/?layer=observed"))
    assert f'href="/households/picture/{office.village.pk}/?layer=observed"' in page
    assert page.count('class="tile tile--n0"') == 2  # one picture for a desk, one for a phone
    page = text_of(client.get(f"/households/picture/{office.village.pk}/?layer=observed"))
    assert f'href="/households/picture/{office.compound.pk}/?layer=observed"' in page
    page = text_of(client.get(f"/households/picture/{office.compound.pk}/?layer=observed"))
    assert "在管人数：没有" in page
    assert f'href="/households/picture/{office.village.pk}/?layer=observed"' in page
    assert "tile--n0" not in text_of(client.get("/households/picture/?layer=nonsense"))


def test_bands_part_the_numbers_that_there_are():
    assert [words for _least, _code, words in bands_of(128)] == ["87 以上", "44–86", "1–43", "没有"]
    assert [words for _least, _code, words in bands_of(9)] == ["6 以上", "3–5", "1–2", "没有"]


def test_a_layer_that_somebody_may_not_see_is_not_offered(office: OfficeCast):
    page = text_of(signed_in(office.admin).get("/households/picture/"))
    assert "layer=care_overdue" in page
    assert "layer=rectifications_open" not in page


def test_it_costs_the_same_for_one_village_and_for_thirty(office: OfficeCast):
    few = _queries(signed_in(office.ding), URL)
    for number in range(30):
        village = make_area(office.street, Level.VILLAGE, f"{number}村")
        make_household(make_area(village, Level.GROUP, "1组"), "1")
    assert _queries(signed_in(office.ding), URL) == few
    assert few <= 60
    make_household(office.group, "1")
    one, layer = (
        _queries(signed_in(office.health), url) for url in (URL, "/households/picture/?layer=observed")
    )
    for number in range(30):
        make_household(make_area(office.village, Level.GROUP, f"{number + 2}组"), "1")
    assert _queries(signed_in(office.health), URL) == one
    assert _queries(signed_in(office.health), "/households/picture/?layer=observed") == layer
