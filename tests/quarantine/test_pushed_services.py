"""Answering, taking back, handing over, confirming; who is told; what happens when areas move; the figures."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from grassroots.grid.areas import area_close, area_move
from grassroots.grid.models import AreaDuty, Role
from grassroots.grid.versions import StaleVersion
from grassroots.notices.models import Message, Reminder
from grassroots.notices.tick import tick
from quarantine.models import PushedCode, PushedList, PushedPerson, PushedState
from quarantine.services.pushed import (
    pushed_answer,
    pushed_assign,
    pushed_confirm,
    pushed_list_edit,
    pushed_withdraw,
)
from tests.factories import OfficeCast, aware, make_household, make_office, make_person, make_staff
from tests.quarantine.cases import make_returnee
from tests.quarantine.pushed_cases import AT, OTHER_ID, line, rows_of, sheet, taken_in

pytestmark = pytest.mark.django_db
LATER = AT + dt.timedelta(hours=2)


@pytest.fixture
def office(db: None, settings, tmp_path) -> OfficeCast:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return make_office()


@pytest.fixture
def row(office) -> PushedPerson:
    """A resident of 甲's group, to be checked by 甲."""
    person = make_person("", make_household(office.group))
    return rows_of(taken_in(office.street, office.ding, sheet(line(person))))[0]


def history(row: PushedPerson) -> list[tuple[str, str, str]]:
    return [(one.code, one.note, one.by.name) for one in row.answers.order_by("pk")]


# --- answering ------------------------------------------------------------------------------------------------
def test_a_row_has_exactly_one_code_and_the_earlier_ones_in_its_history(office, row):
    pushed_answer(row=row, code=PushedCode.OMITTED, note="  已上门 核实", by=office.jia, at=LATER)
    pushed_answer(row=row, code=PushedCode.ELSEWHERE, note="", by=office.ding, at=LATER)
    row.refresh_from_db()
    assert (row.state, row.code, row.note, row.answered_by) == (
        PushedState.ANSWERED,
        "ELSEWHERE",
        "",
        office.ding,
    )
    assert history(row) == [("OMITTED", "已上门 核实", "甲某"), ("ELSEWHERE", "", "丁某")]
    assert row.version == 3


def test_the_same_answer_twice_is_one(office, row):
    for _ in range(2):
        pushed_answer(row=row, code=PushedCode.OMITTED, by=office.jia)
    row.refresh_from_db()
    assert len(history(row)) == 1 and row.version == 2


def test_who_was_overtaken_writes_nothing(office, row):
    pushed_answer(row=row, code=PushedCode.OMITTED, by=office.jia, version=1)
    with pytest.raises(StaleVersion):
        pushed_answer(row=row, code=PushedCode.TRANSIT, by=office.ding, version=1)
    row.refresh_from_db()
    assert row.code == PushedCode.OMITTED and len(history(row)) == 1


@pytest.mark.parametrize(
    "code, note, field", [("", "", "code"), ("漏排", "", "code"), ("OMITTED", "长" * 101, "note")]
)
def test_what_is_no_answer_is_refused_in_words(office, row, code, note, field):
    with pytest.raises(ValidationError) as refused:
        pushed_answer(row=row, code=code, note=note, by=office.jia)
    assert field in refused.value.message_dict
    assert history(row) == []


def test_an_answer_taken_back_leaves_the_row_open_and_a_line(office, row):
    pushed_answer(row=row, code=PushedCode.OMITTED, by=office.jia)
    pushed_withdraw(row=row, by=office.jia, note="点错了")
    row.refresh_from_db()
    assert (row.state, row.code, row.answered_by, row.answered_at) == (PushedState.OPEN, "", None, None)
    assert history(row)[-1] == ("", "点错了", "甲某")
    with pytest.raises(ValidationError):
        pushed_withdraw(row=row, by=office.jia)


@pytest.mark.parametrize(
    "values",
    [{"state": "ANSWERED"}, {"code": "OMITTED"}, {"state": "ANSWERED", "code": "XX", "answered_at": AT}],
)
def test_the_database_refuses_a_row_that_is_half_answered(office, row, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        PushedPerson.objects.filter(pk=row.pk).update(**values)


# --- confirming at once ---------------------------------------------------------------------------------------
def test_what_rests_on_the_register_is_confirmed_at_once_and_what_was_missed_never(office):
    known = make_returnee(office).person
    resident = make_person("", make_household(office.group))
    one = taken_in(
        office.street, office.ding,
        sheet(line(known, id_number=""), line(resident), line(), line(id_number="5.1E+17", name="某", phone="")),
    )  # fmt: skip
    assert [row.proposed for row in rows_of(one)] == ["KNOWN", "OMITTED", "OMITTED", "WRONG"]
    done = {code: pushed_confirm(pushed_list=one, code=code, by=office.ding) for code in PushedCode.values}
    assert {code: count for code, count in done.items() if count} == {"KNOWN": 1}
    assert [row.code for row in rows_of(one)] == ["KNOWN", "", "", ""]
    assert history(rows_of(one)[0]) == [("KNOWN", "", "丁某")]


def test_nobody_confirms_rows_outside_his_scope(office):
    known = make_returnee(office).person
    one = taken_in(office.street, office.ding, sheet(line(known, id_number="")))
    assert pushed_confirm(pushed_list=one, code="KNOWN", by=office.bing) == 0
    assert rows_of(one)[0].is_open


# --- handing over ---------------------------------------------------------------------------------------------
def test_a_row_handed_to_a_group_goes_to_who_answers_there(office):
    (row,) = rows_of(taken_in(office.street, office.ding, sheet(line())))
    pushed_assign(row=row, area=office.group, by=office.ding)
    row.refresh_from_db()
    assert (row.area, row.assigned_to, row.told_at) == (office.group, office.jia, None)


def test_where_nobody_answers_somebody_must_be_named(office):
    (row,) = rows_of(taken_in(office.street, office.ding, sheet(line())))
    AreaDuty.objects.all().delete()
    with pytest.raises(ValidationError, match="没有人负责"):
        pushed_assign(row=row, area=office.other_group, by=office.ding)
    pushed_assign(row=row, area=office.other_group, to=office.bing, by=office.ding)
    assert PushedPerson.objects.get().assigned_to == office.bing


def test_an_answered_row_is_not_handed_over(office, row):
    pushed_answer(row=row, code=PushedCode.OMITTED, by=office.jia)
    with pytest.raises(ValidationError, match="已经答复"):
        pushed_assign(row=row, area=office.village, by=office.ding)


def test_who_may_open_files_is_asked_before_who_may_not(office):
    police = make_staff("派某", Role.POLICE, office.village)
    kind = AreaDuty.objects.get(staff=office.jia).kind
    AreaDuty.objects.filter(area=office.group).delete()
    AreaDuty.objects.create(kind=kind, staff=police, area=office.group)
    (row,) = rows_of(taken_in(office.street, office.ding, sheet(line(place="城厢社区1组"))))
    assert row.assigned_to == office.ding


# --- who is told ----------------------------------------------------------------------------------------------
def test_the_tick_tells_each_officer_once_how_many_and_no_name(office):
    people = [make_person("张三丰", make_household(office.group)) for _ in range(2)]
    one = taken_in(office.street, office.ding, sheet(*(line(person) for person in people), line()))
    for _ in range(2):
        tick(LATER)
    message = Message.objects.get(recipient=office.jia)
    assert message.title == "上级推送名单有2人待您核查" and str(one.uid) in message.url
    words = message.title + message.body + message.url
    assert "张三丰" not in words and not any(person.phone in words for person in people)
    assert not Message.objects.filter(recipient=office.ding).exists()  # who took it in knows


def test_a_row_handed_over_is_told_to_the_next_one(office, row):
    tick(LATER)
    pushed_assign(row=row, area=office.village, to=office.ding, by=office.jia)
    tick(LATER + dt.timedelta(minutes=1))
    assert [one.title for one in Message.objects.filter(recipient=office.ding)] == [
        "上级推送名单有1人待您核查"
    ]
    pushed_assign(row=PushedPerson.objects.get(), area=office.group, by=office.ding)
    tick(LATER + dt.timedelta(minutes=2))
    assert Message.objects.filter(recipient=office.jia).count() == 2


def test_on_the_last_day_what_is_open_is_told_once_more_from_eight_on(office, row):
    PushedList.objects.update(due_on=dt.date(2020, 1, 30))
    tick(LATER)
    before = Message.objects.filter(recipient=office.jia).count()
    for at in ("2020-01-30 07:59", "2020-01-30 08:00", "2020-01-30 15:00", "2020-01-31 09:00"):
        tick(aware(at))
    told = Message.objects.filter(recipient=office.jia).order_by("pk")[before:]
    assert [one.title for one in told] == ["上级推送名单今天到期，还有1人未答复"]
    assert {one.kind_label for one in Reminder.objects.filter(kind="pushed")} == {"推送核查提醒"}


def test_answered_rows_are_told_to_nobody(office, row):
    pushed_answer(row=row, code=PushedCode.OMITTED, by=office.jia)
    PushedList.objects.update(due_on=dt.date(2020, 1, 30))
    tick(aware("2020-01-30 09:00"))
    assert not Message.objects.filter(recipient=office.jia, title__contains="推送").exists()


# --- the list, and areas that move ----------------------------------------------------------------------------
def test_name_sender_and_deadline_can_be_put_right(office, row):
    one = pushed_list_edit(
        pushed_list=row.list, title=" 公安推送 ", sender="县公安局", due_on=None, version=1
    )
    assert (one.title, one.sender, one.version) == ("公安推送", "县公安局", 2)
    with pytest.raises(StaleVersion):
        pushed_list_edit(pushed_list=row.list, title="别的", sender="", due_on=None, version=1)
    with pytest.raises(ValidationError):
        pushed_list_edit(pushed_list=row.list, title=" ", sender="", due_on=None, version=2)


def test_open_rows_follow_an_area_that_moves_and_answered_ones_stay(office):
    residents = [make_person("", make_household(office.group)) for _ in range(2)]
    one = taken_in(office.street, office.ding, sheet(*(line(person) for person in residents)))
    open_row, answered = rows_of(one)
    pushed_answer(row=answered, code=PushedCode.OMITTED, by=office.jia)
    moved = area_move(area=office.group, parent=office.other_village, by=office.admin)
    open_row.refresh_from_db(), answered.refresh_from_db()
    assert open_row.area_id == moved.pk and answered.area_id == office.group.pk


def test_an_area_with_somebody_to_be_checked_cannot_be_closed(office):
    AreaDuty.objects.filter(area=office.other_group).delete()
    taken_in(office.street, office.ding, sheet(line(place="淮口街道龚家村2组", id_number=OTHER_ID)))
    assert PushedPerson.objects.get().area == office.other_group
    with pytest.raises(ValidationError):
        area_close(area=office.other_group, by=office.admin)
