"""The tick: steps apart from each other, a heartbeat, the command, the sweep, and the page that shows it all."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import OuterRef
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.models import Role, Staff
from grassroots.grid.registry import Step
from grassroots.notices.models import TickRun
from grassroots.notices.reminders import remind, reminder_expire
from grassroots.notices.sweep import sweep_ticks
from grassroots.notices.tick import HEARTBEAT, clock_warning, first_tick_at, tick, tick_age
from tests.due_watch import watched
from tests.factories import OfficeCast, aware, make_office, make_staff
from tests.households.door_pages import signed_in
from tests.texts import text_of

pytestmark = pytest.mark.django_db
AT = aware("2020-01-29 06:00")


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


# --- the engine -------------------------------------------------------------------------------------------
def test_a_broken_step_is_recorded_and_stops_none_of_the_others(monkeypatch):
    ran = []

    def broken(at: dt.datetime) -> dict[str, int]:
        raise RuntimeError("secret words of a person")

    monkeypatch.setattr(registry, "_steps", {})
    registry.register_step("a", broken, order=1)
    registry.register_step("b", lambda at: {"done": ran.append(at) or 3}, order=2)
    assert tick(AT) == {"a": {}, "b": {"done": 3}}
    assert ran == [AT]
    failed = TickRun.objects.get(step="a")
    assert failed.error == "RuntimeError"  # the words themselves stay out of the record


def test_a_step_with_nothing_due_is_left_out_until_there_is_something(monkeypatch):
    ran: list[str] = []

    def taken() -> list[str]:
        found = list(ran)
        ran.clear()
        return found

    def step(name: str, number: int = 0):
        return lambda at: {"done": number} if ran.append(name) is None else {}

    staff = Staff.objects.order_by("pk")
    monkeypatch.setattr(registry, "_steps", {})
    registry.register_step(
        "x.nobody", step("nobody"), due=lambda at: [staff.none(), staff.filter(name="没有")]
    )
    registry.register_step("x.always", step("always"), due=lambda at: None)
    registry.register_step("x.plain", step("plain"))
    tick(AT)  # the very first one leaves out nobody
    assert taken() == ["always", "nobody", "plain"]
    assert tick(AT) == {"x.always": {"done": 0}, "x.nobody": {}, "x.plain": {"done": 0}}
    assert taken() == ["always", "plain"]
    registry.register_step(
        "x.nobody", step("nobody"), due=lambda at: [staff.none(), TickRun.objects.order_by("pk")]
    )
    tick(AT)
    assert taken() == ["always", "nobody", "plain"]


def test_what_a_step_does_may_be_work_for_those_after_it(monkeypatch):
    monkeypatch.setattr(registry, "_steps", {})
    registry.register_step("a", lambda at: {"done": int(at > AT)}, order=1)
    registry.register_step("b", lambda at: {"also": 1}, order=2, due=lambda at: [Staff.objects.none()])
    tick(AT)
    assert tick(AT) == {"a": {"done": 0}, "b": {}}
    assert tick(AT + dt.timedelta(minutes=1)) == {"a": {"done": 1}, "b": {"also": 1}}


def test_what_cannot_be_asked_leaves_nobody_out(monkeypatch):
    def broken(at: dt.datetime) -> list[Any]:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(registry, "_steps", {})
    registry.register_step("a", lambda at: {"done": 1}, due=broken)
    tick(AT)
    assert tick(AT)["a"] == {"done": 1}
    # A question that no query can be made of stops neither its own step nor the others.
    registry.register_step(
        "b", lambda at: {"done": 2}, due=lambda at: [Staff.objects.filter(pk=OuterRef("nothing"))]
    )
    registry.register_step("c", lambda at: {"done": 0}, due=lambda at: [Staff.objects.none()])
    assert tick(AT) == {"a": {"done": 1}, "b": {"done": 2}, "c": {"done": 0}}


def test_a_watched_step_that_did_not_say_so_is_found_out():
    step = Step("a", lambda at: {"done": 1}, due=lambda at: [Staff.objects.none()])
    with pytest.raises(AssertionError, match="had not said"):
        watched(step)(AT)


def test_an_idle_tick_asks_few_questions_whatever_the_office_does(office):
    """Steps that need a query each of their own, rather than to be asked together with the others, are not many."""
    for minute in range(2):  # figures of the day are made, digests settled
        tick(AT + dt.timedelta(minutes=minute))
    with CaptureQueriesContext(connection) as asked:
        tick(AT + dt.timedelta(minutes=3))
    assert len(asked) <= 10, [query["sql"][:80] for query in asked]


def test_a_tick_that_does_nothing_leaves_its_heartbeat_only(monkeypatch):
    monkeypatch.setattr(registry, "_steps", {})
    for minutes in range(5):
        tick(AT + dt.timedelta(minutes=minutes))
    beat = TickRun.objects.get()
    assert beat.step == HEARTBEAT
    assert first_tick_at() == AT
    assert beat.at == AT + dt.timedelta(minutes=4)


def test_the_clocks_age_is_told_by_the_clock_and_not_by_the_time_of_the_tick(monkeypatch):
    monkeypatch.setattr(registry, "_steps", {})
    assert tick_age() is None
    assert "还没有运行过" in clock_warning()
    with time_machine.travel(aware("2020-01-29 12:00"), tick=False):
        tick(AT)
        assert tick_age() == dt.timedelta(0)
        assert clock_warning() == ""
    with time_machine.travel(aware("2020-01-29 12:08"), tick=False):
        assert tick_age() == dt.timedelta(minutes=8)
        assert "8分钟" in clock_warning()
    with time_machine.travel(aware("2020-01-29 22:30"), tick=False):
        assert "10小时" in clock_warning()


# --- the command ------------------------------------------------------------------------------------------
def command(*arguments: str) -> dict[str, object]:
    out = StringIO()
    call_command("tick", *arguments, stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def test_the_command_prints_one_line_of_counts():
    told = command("--at", "2020-01-29T12:05")
    assert told["at"] == "2020-01-29T12:05:00+08:00"
    assert told["steps"]["quarantine.missed"] == {"missed": 0, "alerts": 0}


def test_a_time_may_carry_its_zone_and_without_one_is_the_offices():
    assert command("--at", "2020-01-29T04:05:00Z")["at"] == "2020-01-29T12:05:00+08:00"
    assert command("--at", "2020-01-29 12:05")["at"] == "2020-01-29T12:05:00+08:00"


@pytest.mark.parametrize("typed", ["tomorrow", "2020-13-01T00:00", "12:05"])
def test_a_time_that_cannot_be_read_is_refused_with_an_example(typed):
    with pytest.raises(CommandError, match="看不懂"):
        call_command("tick", "--at", typed)
    assert not TickRun.objects.exists()


def test_without_a_time_it_is_now():
    with time_machine.travel(AT, tick=False):
        assert command()["at"] == "2020-01-29T06:00:00+08:00"


# --- the sweep --------------------------------------------------------------------------------------------
def test_old_records_go_and_markers_of_the_last_days_and_the_heartbeat_stay():
    for days in (40, 31, 29, 1):
        TickRun.objects.create(step=f"digest x {days}", at=AT - dt.timedelta(days=days))
    TickRun.objects.create(step=HEARTBEAT, at=AT - dt.timedelta(days=40))
    assert sweep_ticks(AT) == {"swept": 2}
    assert set(TickRun.objects.values_list("step", flat=True)) == {"digest x 29", "digest x 1", HEARTBEAT}
    assert sweep_ticks(AT) == {"swept": 0}


# --- the page ---------------------------------------------------------------------------------------------
def test_administrators_and_auditors_see_who_was_told_what_and_why_not(office):
    facts = {"kind": "round", "due_at": AT, "at": AT, "recipient": office.health}
    remind(**facts, subject="slot:2020-01-29:AM:0600-1200", title="上午有7户待测")
    reminder_expire(**facts, subject="slot:2020-01-28:PM:1200-2100", reason="系统恢复时太晚")
    TickRun.objects.create(step="quarantine.missed", at=AT, finished_at=timezone.now(), counts={"missed": 3})
    for staff in (office.admin, office.auditor):
        page = text_of(signed_in(staff).get("/notices/clock/"))
        assert "上午有7户待测" in page
        assert "系统恢复时太晚" in page
        assert "测温提醒 2020-01-28 PM" in page
        assert "missed 3" in page
        assert "还没有运行过" in page


def test_reminders_can_be_narrowed_by_state(office):
    facts = {"kind": "round", "due_at": AT, "at": AT, "recipient": office.health}
    remind(**facts, subject="slot:a", title="上午有7户待测")
    page = text_of(signed_in(office.admin).get("/notices/clock/", {"state": "EXPIRED"}))
    assert "上午有7户待测" not in page


def test_an_auditor_of_one_village_sees_reminders_of_its_staff_only(office):
    auditor = make_staff("村审", Role.AUDITOR, office.other_village)
    facts = {"kind": "round", "due_at": AT, "at": AT, "subject": "slot:a"}
    remind(**facts, recipient=office.health, title="给卫某的")
    remind(**facts, recipient=office.bing, title="给丙某的")
    page = text_of(signed_in(auditor).get("/notices/clock/"))
    assert "给丙某的" in page
    assert "给卫某的" not in page


def test_nobody_else_sees_it(office):
    for staff in (office.jia, office.ding, office.health, office.police, office.inspector):
        assert signed_in(staff).get("/notices/clock/").status_code == 403
