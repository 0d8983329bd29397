"""Truth checks: who draws, who checks, what freezes, what goes back to the village, and where to look first."""

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

from grassroots.grid.models import AccessLog, Area, Staff
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.rollups import refresh_rollups
from grassroots.notices.models import Message
from households.models import Survey
from measures.check_board import look_first, results_of
from measures.frames import Period, frame_of
from measures.models import CheckItem, CheckOutcome, CheckSubject, Rectification, SpotCheck
from measures.rules.sampling import draw, frame_digest
from measures.services.checks import Finding, Wanted, check_draw, check_freeze, check_record
from measures.services.rectifications import (
    rectification_close,
    rectification_done,
    rectification_return,
    rectifications_escalate,
)
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db
RIGHT = Finding(CheckOutcome.MATCH, "CALL", quiz={"hands": True, "mask": False})
WRONG = Finding(CheckOutcome.MISMATCH, "VISIT", "NUMBER", "实际住 4 人", "户主本人告知")
AWAY = Finding(CheckOutcome.UNREACHED, "CALL")


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def sign(office: OfficeCast, area: Area, number: int, by: Any = None) -> None:
    """So many households of three that signed today."""
    now = timezone.now()
    for _ in range(number):
        home = make_household(area, survey_state="SIGNED", signed_at=now)
        for _member in range(3):
            make_person("", home)
        by = by or office.jia
        Survey.objects.create(
            household=home, area=area, visited_at=now, staff=by, recorded_by=by, outcome="SIGNED"
        )


def today() -> dt.date:
    return timezone.localdate()


def wanted(office: OfficeCast, number: int, subject: CheckSubject = CheckSubject.HOUSEHOLDS) -> Wanted:
    return Wanted(subject, office.street, Period(today(), today()), number)


def drawn(office: OfficeCast, here: int = 20, there: int = 10, number: int = 12) -> SpotCheck:
    sign(office, office.group, here)
    sign(office, office.other_group, there, office.bing)
    return check_draw(wanted=wanted(office, number), by=office.inspector)


def settle(check: SpotCheck, office: OfficeCast, wrong: int = 0, away: int = 0) -> None:
    """Check all: so many of them wrong, so many not reached."""
    for index, item in enumerate(check.items.all()):
        finding = WRONG if index < wrong else AWAY if index < wrong + away else RIGHT
        check_record(item=item, finding=finding, by=office.inspector)


# --- the draw -------------------------------------------------------------------------------------------------
def test_a_draw_is_shared_out_by_village_and_keeps_what_was_reported(office: OfficeCast) -> None:
    check = drawn(office)
    counts = [(row.village.name, row.listed, row.drawn) for row in results_of(check).villages]
    assert counts == [("城厢社区", 20, 8), ("龚家村", 10, 4)]
    item = check.items.select_related("household").first()
    assert item is not None and item.household is not None
    assert item.recorder == office.jia
    assert dict(item.reported)["现住人数"] == "3人"
    assert dict(item.reported)["签承诺书"] == f"{today():%Y-%m-%d}"
    frame = frame_of(check.subject, check.area, Period(check.since, check.until))
    again = {one for ids in draw(frame, check.wanted, check.seed).values() for one in ids}
    assert again == set(check.items.values_list("household_id", flat=True))
    assert (check.frame_size, check.frame_digest) == (30, frame_digest(frame))


def test_drawing_many_takes_no_more_queries_than_drawing_few(office: OfficeCast) -> None:
    sign(office, office.group, 12)

    def queries(number: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            check_draw(wanted=wanted(office, number), by=office.inspector)
        return len(asked)

    assert queries(2) == queries(12)


def test_there_must_be_something_to_draw_from(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="淮口街道在这段时间里没有已签承诺书的户"):
        check_draw(wanted=wanted(office, 5), by=office.inspector)
    for period, field in (
        (Period(today(), today() - dt.timedelta(days=1)), "until"),
        (Period(today(), today() + dt.timedelta(days=1)), "until"),
        (Period(today() - dt.timedelta(days=100), today()), "since"),
    ):
        with pytest.raises(ValidationError) as refused:
            check_draw(wanted=Wanted(CheckSubject.HOUSEHOLDS, office.street, period, 5), by=office.inspector)
        assert set(refused.value.message_dict) == {field}
    assert not SpotCheck.objects.exists()


def test_reported_figures_are_drawn_from_the_villages_statistics(office: OfficeCast) -> None:
    sign(office, office.group, 3)
    refresh_rollups(timezone.now())
    check = check_draw(wanted=wanted(office, 500, CheckSubject.FIGURES), by=office.inspector)
    figures = {(item.village.name, item.title): item.reported[0][1] for item in check.items.all()}
    assert figures["城厢社区", "总户数"] == "3"
    assert figures["龚家村", "总户数"] == "0"


# --- the finding ----------------------------------------------------------------------------------------------
def test_nobody_checks_what_he_recorded_himself(office: OfficeCast) -> None:
    item = drawn(office).items.first()
    assert item is not None
    with pytest.raises(ValidationError, match="您自己登记的"):
        check_record(item=item, finding=RIGHT, by=office.jia)
    typed = Survey.objects.get(household=item.household)
    Survey.objects.filter(pk=typed.pk).update(recorded_by=office.ding)
    with pytest.raises(ValidationError, match="您自己登记的"):
        check_record(item=item, finding=RIGHT, by=office.ding)  # typed it for another
    assert check_record(item=item, finding=RIGHT, by=office.inspector).checked_by == office.inspector


def test_what_does_not_agree_needs_what_was_found_and_how_it_is_known(office: OfficeCast) -> None:
    item = drawn(office).items.first()
    assert item is not None
    with pytest.raises(ValidationError) as refused:
        check_record(item=item, finding=Finding(CheckOutcome.MISMATCH, "CALL"), by=office.inspector)
    assert set(refused.value.message_dict) == {"mismatch", "found", "evidence"}
    other_subject = Finding(CheckOutcome.MISMATCH, "CALL", "TEMPERATURE", "37.9", "本人")
    with pytest.raises(ValidationError, match="请选择哪里不一致"):
        check_record(item=item, finding=other_subject, by=office.inspector)
    check_record(item=item, finding=WRONG, by=office.inspector)
    row = check_record(
        item=item, finding=RIGHT, by=office.inspector
    )  # rung up again: the first stays in history
    assert (row.outcome, row.mismatch, row.found) == ("MATCH", "", "")
    assert [old.outcome for old in row.history.order_by("pk")] == ["MISMATCH", "MATCH"]


def test_the_rate_leaves_out_who_was_not_reached_and_counts_the_quiz(office: OfficeCast) -> None:
    check = drawn(office)
    settle(check, office, wrong=2, away=3)
    total = results_of(check).total
    assert (total.matched, total.mismatched, total.unreached, total.waiting) == (7, 2, 3, 0)
    assert total.interval is not None
    assert round(total.interval.rate, 3) == round(7 / 9, 3)
    results = results_of(check)
    assert results.mismatches == [("人数不符", 2)]
    assert results.quiz == [("回家后先做什么？", 7, 7), ("出门要戴什么？", 0, 7)]


# --- freezing, and what follows --------------------------------------------------------------------------------
def freeze(check: SpotCheck, office: OfficeCast, days: int = 3) -> list[Rectification]:
    due_on = today() + dt.timedelta(days=days)
    check_freeze(check=check, due_on=due_on, demand="重新入户", by=office.inspector)
    return list(Rectification.objects.order_by("pk"))


def test_results_freeze_whole_and_mismatches_go_back_to_their_village(office: OfficeCast) -> None:
    check = drawn(office)
    with pytest.raises(ValidationError, match="还有 12 个没有核实"):
        freeze(check, office)
    settle(check, office, wrong=1)
    (row,) = freeze(check, office)
    assert row.area == office.village
    assert "实际住 4 人" in row.problem
    told = Message.objects.get(recipient=office.ding)
    assert told.title.startswith("城厢社区有一项整改")
    item = check.items.first()
    assert item is not None
    with pytest.raises(ValidationError, match="已经定稿"):
        check_record(item=item, finding=RIGHT, by=office.inspector)
    with pytest.raises(ValidationError, match="已经定稿"):
        freeze(check, office)


def test_who_put_it_right_does_not_close_it(office: OfficeCast) -> None:
    check = drawn(office)
    settle(check, office, wrong=1)
    (row,) = freeze(check, office)
    with pytest.raises(ValidationError, match="还没有登记整改"):
        rectification_close(rectification=row, words="看过", by=office.inspector)
    rectification_done(rectification=row, words="已重新入户，改为 4 人", by=office.ding)
    with pytest.raises(ValidationError, match="请由别人复核"):
        rectification_close(rectification=row, words="看过", by=office.ding)
    later = today() + dt.timedelta(days=5)
    rectification_return(rectification=row, words="台账没有改", due_on=later, by=office.inspector)
    rectification_done(rectification=row, words="台账已改", by=office.jia)
    closed = rectification_close(rectification=row, words="台账和实际一致", by=office.inspector)
    assert (closed.state, closed.closed_by, closed.due_on) == ("CLOSED", office.inspector, later)
    assert [step.action for step in row.steps.all()] == ["DONE", "RETURNED", "DONE", "CLOSED"]


def test_what_is_late_goes_a_level_up_a_day_and_whoever_raised_it_hears(office: OfficeCast) -> None:
    check = drawn(office)
    settle(check, office, wrong=1)
    (row,) = freeze(check, office, days=0)
    assert rectifications_escalate(timezone.now()) == {"told": 0}
    tomorrow = timezone.now() + dt.timedelta(days=1)
    assert rectifications_escalate(tomorrow)["told"] >= 1
    assert rectifications_escalate(tomorrow) == {"told": 0}
    assert Message.objects.filter(recipient=office.inspector, title__contains="已超期1天").count() == 1
    rectification_done(rectification=row, words="已改", by=office.jia)
    assert rectifications_escalate(tomorrow + dt.timedelta(days=1)) == {"told": 0}


def test_where_to_look_first_and_why(office: OfficeCast) -> None:
    check = drawn(office)
    settle(check, office, wrong=3)
    freeze(check, office)
    first, second = look_first(office.inspector, today())
    assert (first.village, second.village) == (office.village, office.other_village)
    words = [reason for _weight, reason, _url in first.reasons]
    assert words[0].startswith("抽查 8 个，3 个不一致：真实率 62%（")
    assert "3 项整改没有销号" in words
    assert second.reasons == []
    with CaptureQueriesContext(connection) as asked:
        look_first(office.inspector, today())
    assert len(asked) == 5


def test_the_ledger_has_frozen_checks_only_and_only_for_those_who_may_see_samples(office: OfficeCast) -> None:
    def rows(staff: Staff, area: Area = office.street) -> list[list[Any]]:
        file = io.BytesIO()
        export_run(key="spot-checks", staff=staff, target=file, on=today(), area=area)
        sheet = load_workbook(file).active
        return [list(row) for row in sheet.iter_rows(values_only=True) if str(row[0]).isdecimal()]

    check = drawn(office, number=3)
    settle(check, office, wrong=1)
    assert rows(office.ding) == []
    freeze(check, office)
    found = rows(office.ding)
    assert len(found) == 3
    assert found[0][1:3] == ["城厢社区", "已签承诺书的户"]
    assert found[0][5:10] == ["实际住 4 人", "不一致", "人数不符", "户主本人告知", "上门"]
    assert "现住人数3人" in found[0][4]
    assert rows(office.jia, office.group) == []


# --- pages ----------------------------------------------------------------------------------------------------
def test_the_pages_from_the_draw_to_the_closed_rectification(office: OfficeCast) -> None:
    sign(office, office.group, 2)
    inspector = client_of(office.inspector)
    data = {
        "subject": "HOUSEHOLDS",
        "area": office.street.pk,
        "since": today(),
        "until": today(),
        "number": 2,
    }
    assert post(inspector, reverse("measures:check_create"), data).status_code == 302
    check = SpotCheck.objects.get()
    page = reverse("measures:check_detail", args=[check.uid])
    assert "未核实" in text_of(inspector.get(page))
    first, last = check.items.all()
    wrong = {"outcome": "MISMATCH", "method": "CALL"}
    refused = post(inspector, reverse("measures:check_item", args=[first.uid]), wrong)
    assert refused.status_code == 422
    assert "请写依据" in text_of(refused)
    wrong |= {"mismatch": "NUMBER", "found": "实际住 4 人", "evidence": "户主告知", "quiz_hands": "0"}
    answer = post(inspector, reverse("measures:check_item", args=[first.uid]), wrong)
    assert answer["Location"] == reverse("measures:check_item", args=[last.uid])  # goes on with the next
    right = {"outcome": "MATCH", "method": "VISIT"}
    assert post(inspector, answer["Location"], right)["Location"] == page
    sheet = text_of(inspector.get(reverse("measures:check_sheet", args=[check.uid])))
    assert "实际住 4 人" in sheet
    assert AccessLog.objects.filter(action="PRINT", staff=office.inspector).count() == 1
    freeze_page = reverse("measures:check_fix", args=[check.uid])
    due = {"due_on": today(), "demand": "重新入户"}
    assert post(inspector, freeze_page, due).status_code == 302
    assert "50%（9%–91%）" in text_of(inspector.get(page))
    row = Rectification.objects.get()
    act = lambda name: reverse("measures:rectification_act", args=[row.uid, name])  # noqa: E731
    ding = client_of(office.ding)
    assert post(ding, act("done"), {"words": "已改"}).status_code == 302
    assert post(ding, act("close"), {"words": "已看"}).status_code == 422
    assert post(inspector, act("close"), {"words": "已看"}).status_code == 302
    assert "已销号" in text_of(ding.get(reverse("measures:rectification_detail", args=[row.uid])))
    assert "没有待整改的" in text_of(ding.get(reverse("measures:rectification_list")))


def test_a_village_does_not_see_whom_the_lot_fell_on(office: OfficeCast) -> None:
    check = drawn(office, here=3, there=0, number=2)
    for name in ("check_list", "first_look", "check_create"):
        assert client_of(office.jia).get(reverse(f"measures:{name}")).status_code == 403
    # the check is of the street, which lies above what the officer sees
    assert client_of(office.jia).get(reverse("measures:check_detail", args=[check.uid])).status_code == 404
    assert CheckItem.objects.filter(check_of=check).count() == 2
