"""What comes out of orders and incidents: their ledgers, and figures as of a day."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, indicator
from grassroots.ledgers.engine import Column, ledger_registry
from grassroots.ledgers.engine.tailored import bare_layout
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.layout_choice import context_for
from grassroots.ledgers.layout_editor import LayoutEditor
from grassroots.ledgers.services.briefs import publication_correct
from grassroots.ledgers.services.layouts import LayoutDraft, layout_create
from grassroots.ledgers.sheet import statistics_layout
from grassroots.ledgers.snapshots import asof_of, changes_since, snapshot, table_published
from measures.models import Order
from measures.services.incidents import incident_close, incident_instruct
from measures.services.orders import OrderData, order_amend, order_withdraw
from measures.services.receipts import receipt_accept, receipt_answer, receipt_sign
from tests.factories import OfficeCast, aware, make_office
from tests.ledgers.brief_cases import publish, text_of
from tests.measures.order_cases import HOUR, incident, order, signed

pytestmark = pytest.mark.django_db
KEYS = (
    "orders_today", "orders_received", "orders_unanswered", "incidents_today", "incidents_reported", "incidents_open",
)  # fmt: skip


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def rows_of(office: OfficeCast, key: str, staff: Any = None, **options: Any) -> list[list[Any]]:
    file = io.BytesIO()
    given = {"on": timezone.localdate(), "area": office.street, **options}
    export_run(key=key, staff=staff or office.ding, target=file, **given)
    return [
        list(row) for row in load_workbook(file).active.iter_rows(values_only=True) if str(row[0]).isdecimal()
    ]


def noon(days: int) -> dt.datetime:
    """Noon so many days ago."""
    day = timezone.localdate() - dt.timedelta(days=days)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


def figures(office: OfficeCast, on: dt.date | None = None) -> tuple[int, ...]:
    areas, asof = Area.objects.within(office.street).order_by(), AsOf.day(on or timezone.localdate())
    return tuple(sum(indicator(key).count(areas, asof).values()) for key in KEYS)


def test_the_ledger_of_orders_has_a_row_a_receiver_with_where_it_stands(office: OfficeCast) -> None:
    one = order(office, asks_number="车辆数")
    row = signed(office, one)
    receipt_answer(receipt=row, words="清点完", number=3, by=office.jia)
    receipt_accept(receipt=row, by=office.ding)
    early = timezone.now() - 30 * HOUR
    order(office, office.other_group, at=early, due_at=early + HOUR, urgency="URGENT")
    late, done = rows_of(office, "orders")
    assert late[3] == "紧急" and late[11] == "逾期" and "2组" in late[5]
    assert done[1:4] == [one.code, "核查外地车辆", "普通"]
    assert done[7].startswith("甲某 ") and done[9:12] == ["清点完", 3, "办结"]
    assert len(rows_of(office, "orders", office.bing, area=office.other_village)) == 1
    assert [row[1] for row in rows_of(office, "orders", filters={"state": ["CLOSED"]})] == [one.code]
    order_withdraw(order=one, reason="另有安排", version=1, by=office.ding)
    assert rows_of(office, "orders")[1][12] == "已撤回：另有安排"


def test_the_ledger_of_incidents_tells_what_was_said(office: OfficeCast) -> None:
    row = incident(office, place="村口")
    incident_instruct(incident=row, words="请民警到场", by=office.ding)
    incident_close(incident=row, words="和解", by=office.ding)
    (line,) = rows_of(office, "incidents")
    assert line[2:5] == ["村口", "纠纷", "一般"] and line[6:8] == ["两家因封路争吵", "已劝开"]
    assert line[9:11] == ["丁某", "请民警到场"] and line[12] == "和解" and line[14] == "办结"
    assert rows_of(office, "incidents", filters={"severity": ["MAJOR"]}) == []


@pytest.mark.parametrize("key", ["orders", "incidents"])
def test_the_ledgers_cost_the_same_for_many(office: OfficeCast, key: str) -> None:
    def grow(number: int) -> None:
        for _ in range(number):
            signed(office, order(office))
            incident(office)

    grow(1)
    rows_of(office, key)
    with CaptureQueriesContext(connection) as few:
        rows_of(office, key)
    grow(4)
    with CaptureQueriesContext(connection) as many:
        assert len(rows_of(office, key)) == 5
    assert len(few) == len(many)


def test_the_figures_are_as_of_the_day(office: OfficeCast) -> None:
    early = noon(2)
    old = order(office, office.group, office.other_group, at=early, due_at=early + HOUR)
    event = incident(office, at=early)
    assert figures(office) == (0, 2, 2, 0, 1, 1)
    row = old.receipts.get(area=office.group)
    receipt_sign(receipt=row, revision=1, by=office.jia)
    receipt_answer(receipt=row, words="办完", by=office.jia)
    incident_close(incident=event, words="和解", by=office.ding)
    order(office)
    incident(office)
    assert figures(office) == (1, 3, 1, 1, 2, 1)
    assert figures(office, timezone.localdate(early)) == (2, 2, 2, 1, 1, 1)


def test_what_is_amended_later_changes_nothing_of_a_day_that_is_over(office: OfficeCast) -> None:
    early = noon(2)
    day = timezone.localdate(early)
    late = order(office, office.group, office.other_group, at=early - HOUR, due_at=early)
    answered = late.receipts.get(area=office.group)
    receipt_sign(receipt=answered, revision=1, by=office.jia, at=early - HOUR / 2)
    receipt_answer(receipt=answered, words="办完", by=office.jia, at=early - HOUR / 2)
    unanswered = KEYS.index("orders_unanswered")
    assert figures(office, day)[unanswered] == 1
    data = OrderData("核查外地车辆", "连同摩托车。", due_at=timezone.now() + HOUR)
    order_amend(order=late, data=data, reason="补充", version=1, by=office.ding)
    assert figures(office, day)[unanswered] == 1
    assert figures(office)[unanswered] == 0  # the new version is not due yet


# --- 统计表 and 日报 -------------------------------------------------------------------------------------------
AT = aware("2020-01-26 10:00")


def test_they_stand_in_the_brief_and_below_the_table_and_are_frozen_with_both(office: OfficeCast) -> None:
    zero = (
        "上传下达：指令今日无下达，累计下达0处，逾期未反馈0处；突发情况今日无上报，累计上报0件，处理中0件。"
    )
    assert zero in text_of(office.village) and "暂未登记" not in text_of(office.village)
    order(office, at=AT, due_at=AT + HOUR)
    incident(office, at=AT, place="王家院子")
    said = "指令今日下达1处，累计下达1处，逾期未反馈1处；突发情况今日上报1件，累计上报1件，处理中1件。"
    row = publish(office)
    assert said in row.text and "核查外地车辆" not in row.text and "王家院子" not in row.text
    table = table_published(row)
    assert not {column.group for column in table.columns} & {"上传下达"}
    assert table.further and [column.key for column in table.further.columns] == list(KEYS)
    assert table.further.total.values == [1, 1, 1, 1, 1, 1]
    assert [(line.name, line.cells[0]) for line in table.further.rows] == [("1组", "1")]
    order_amend(
        order=Order.objects.get(), data=OrderData("核查", "再查。", due_at=timezone.now() + HOUR),
        reason="补充", version=1, by=office.ding,
    )  # fmt: skip
    assert changes_since(row, snapshot(office.village, asof_of(row))) == []


def test_a_figure_that_is_another_now_is_named_by_a_correction(office: OfficeCast) -> None:
    row = publish(office)
    order(office, at=AT, asks_answer=False, due_at=None)
    second = publication_correct(publication=row, by=office.ding)
    assert "上传下达今日收到指令由0改为1" in second.text and "指令今日下达1处" in second.text
    assert table_published(row).further.total.values[0] == 0  # type: ignore[union-attr]
    assert table_published(second).further.total.values[0] == 1  # type: ignore[union-attr]


def test_a_layout_of_the_office_takes_them_in_and_the_form_stays_as_it_is(office: OfficeCast) -> None:
    order(office)
    before = [column.key for column in statistics_layout().columns]
    assert not set(KEYS) & set(before)
    context = context_for(office.street, office.ding)
    editor = LayoutEditor.shown(
        ledger_registry.get("statistics"), office.ding, office.street, source=None, row=None
    )
    offered = {row.key: row.is_in for row in editor.rows}
    assert [key for key in offered if key in KEYS] == list(KEYS)
    assert not any(offered[key] for key in KEYS) and all(offered[key] for key in before)
    wanted = [Column("name", "村(社区)"), Column("orders_today", "今日指令"), Column("note", "备注")]
    draft = LayoutDraft(
        "上传下达日统计", replace(bare_layout(statistics_layout(context)), columns=tuple(wanted))
    )
    row = layout_create(ledger="statistics", area=office.street, draft=draft, by=office.admin)
    file = io.BytesIO()
    export_run(
        key="statistics",
        staff=office.ding,
        target=file,
        on=context.on,
        area=office.street,
        layout=str(row.uid),
    )
    lines = [list(line) for line in load_workbook(file).active.iter_rows(values_only=True)]
    assert ["城厢社区", 1, None] in lines and ["龚家村", 0, None] in lines and ["合计", 1, None] in lines
