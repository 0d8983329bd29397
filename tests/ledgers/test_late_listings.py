"""更正 of residents, support, leaflets, services and pushed lists: what changed after publication, and by whom."""

from __future__ import annotations

import datetime as dt

import pytest

from grassroots.grid.models import Area
from grassroots.ledgers.models import Publication
from grassroots.ledgers.snapshots import Change, asof_of, change_lines, changes_since, snapshot
from households.models import Household, Residency, SupportKind, SupportStatus, Survey
from households.services.history import rows_update
from households.services.residency import residency_end, residency_open, residency_set_away
from households.services.supports import support_add, support_end
from quarantine.models import CameBy, PushedList, PushedPerson, ServiceRequest, ServiceStep
from quarantine.services.pushed import pushed_assign
from quarantine.services.service_requests import (
    service_assign,
    service_done,
    service_request,
    services_follow,
)
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.brief_cases import AFTER, DAY, publish
from tests.measures.cases import record
from tests.quarantine.cases import queries_of, signed_in
from tests.texts import text_of

pytestmark = pytest.mark.django_db
BEFORE, LATE = aware("2020-01-25 10:00"), AFTER + dt.timedelta(hours=2)


@pytest.fixture
def door(office: OfficeCast) -> Household:
    return make_household(office.compound, opened_on=BEFORE.date(), recorded_at=BEFORE)


def lives(office: OfficeCast, door: Household, at: dt.datetime = BEFORE) -> Residency:
    """Somebody who was entered at that hour and lives there since the 25th."""
    return residency_open(
        person=make_person(), household=door, by=office.jia, started_on=BEFORE.date(), at=at
    )


def changed(row: Publication, area: Area) -> dict[str, Change]:
    """The area's own figures that are others now; of those with entries nothing is left unexplained."""
    found = {
        change.key: change for change in changes_since(row, snapshot(area, asof_of(row))) if not change.where
    }
    assert not [change for change in found.values() if change.entries and change.unexplained]
    return found


def told(change: Change) -> set[tuple[str, int, str]]:
    return {(entry.what, entry.change, entry.by) for entry in change.entries}


# --- residents ------------------------------------------------------------------------------------------------
def test_residents_who_left_went_away_moved_or_were_entered_later_are_told_apart(
    office: OfficeCast, door: Household
) -> None:
    gone, away, moved, _stays = (lives(office, door) for _ in range(4))
    row = publish(office)
    residency_end(residency=gone, by=office.jia, on=BEFORE.date(), at=LATE)
    residency_set_away(residency=away, is_away=True, by=office.yi, at=LATE)
    moved.area = office.other_group
    rows_update([moved], ["area"], by=office.ding, at=LATE)
    for _ in range(2):
        lives(office, door, LATE)
    change = changed(row, office.village)["residents"]
    assert (change.before, change.after) == (4, 3)
    assert told(change) == {
        ("登记迁出", -1, "甲某"), ("登记外出未归", -1, "乙某"), ("改到别的区域", -1, "丁某"), ("补登人员", 2, "甲某"),
    }  # fmt: skip
    assert {entry.recorded_at for entry in change.entries} == {LATE}
    assert str(change) == "人数由4改为3（补登人员2条、改到别的区域1条、登记外出未归1条、登记迁出1条）"


def test_who_came_back_after_the_brief_counts_for_it_and_what_was_entered_before_tells_nothing(
    office: OfficeCast, door: Household
) -> None:
    back, ended = lives(office, door), lives(office, door)
    residency_set_away(residency=back, is_away=True, by=office.jia, at=BEFORE)
    residency_end(residency=ended, by=office.jia, on=DAY, at=AFTER)
    row = publish(office)
    assert "residents" not in changed(row, office.village)
    residency_set_away(residency=back, is_away=False, by=office.jia, at=LATE)
    assert told(changed(row, office.village)["residents"]) == {("登记返回或迁入", 1, "甲某")}


def test_another_village_is_told_of_nothing(office: OfficeCast, door: Household) -> None:
    row = publish(office, office.other_village, by=office.ding)
    lives(office, door, LATE)
    assert changed(row, office.other_village) == {}


def test_a_change_that_left_no_line_is_said_to_be_one(office: OfficeCast, door: Household) -> None:
    one = lives(office, door)
    row = publish(office)
    lives(office, door, LATE)
    lives(office, door, LATE)
    Residency.objects.filter(pk=one.pk).update(is_away=True)
    [change] = [
        each for each in changes_since(row, snapshot(office.village, asof_of(row))) if each.key == "residents"
    ][:1]
    assert change.unexplained == -1 and "（补登人员2条、已有登记改动-1）" in str(change)
    page = text_of(signed_in(office.ding).get(f"/ledgers/briefs/{row.uid}/correction/"))
    assert "补登人员 2：" in page and "甲某 录入" in page and "另有 -1：已有的登记有改动" in page


# --- support --------------------------------------------------------------------------------------------------
def test_support_that_began_ended_or_went_with_its_person_is_told(
    office: OfficeCast, door: Household
) -> None:
    anew, ends, leaves, stays = (lives(office, door).person for _ in range(4))
    for person in (ends, leaves, stays):
        support_add(person=person, kind="DESTITUTE", by=office.jia, started_on=BEFORE.date(), at=BEFORE)
    row = publish(office)
    support_add(
        person=anew, kind=SupportKind.DESTITUTE, by=office.yi, started_on=DAY - dt.timedelta(1), at=LATE
    )
    support_end(support=SupportStatus.objects.get(person=ends), by=office.ding, on=DAY, at=LATE)
    residency_end(residency=leaves.residencies.get(), by=office.jia, on=BEFORE.date(), at=LATE)
    change = changed(row, office.village)["destitute"]
    assert (change.before, change.after) == (3, 2)
    assert told(change) == {
        ("补登特困供养", 1, "乙某"), ("不再计入特困供养", -1, "丁某"), ("登记迁出", -1, "甲某"),
    }  # fmt: skip
    assert "low_income" not in changed(row, office.village)


# --- leaflets -------------------------------------------------------------------------------------------------
def test_leaflets_of_late_knocks_and_late_records_are_told_with_their_rows(
    office: OfficeCast, door: Household
) -> None:
    row = publish(office)
    for leaflets in (2, 3):
        Survey.objects.create(
            household=door, area=door.area, visited_at=aware("2020-01-26 16:00"), recorded_at=LATE, staff=office.jia,
            recorded_by=office.yi, outcome="SIGNED", leaflets=leaflets,
        )  # fmt: skip
    record(office, "leaflet", 40, on=DAY - dt.timedelta(2), at=LATE)
    found = changed(row, office.village)
    assert told(found["leaflets_today"]) == {("补登入户时发放", 5, "乙某")}
    assert told(found["leaflets"]) == {("补登入户时发放", 5, "乙某"), ("补登宣传单", 40, "甲某")}
    said = [line for line in change_lines(list(found.values())) if "宣传单" in line]
    assert said == [  # in the order of the 统计表, however the database keeps JSON
        "今日发放宣传单由0改为5（补登入户时发放2条）",
        "累计发放宣传单由0改为45（补登入户时发放2条、补登宣传单1条）",
    ]
    assert [entry.happened_words for entry in found["leaflets"].entries] == ["1月26日 16:00", "1月24日"]


# --- services -------------------------------------------------------------------------------------------------
def asked(
    office: OfficeCast, at: str, *, recorded_at: dt.datetime | None = None, hours: int = 0
) -> ServiceRequest:
    """A service that was asked for at that hour, and known from then or from `recorded_at`."""
    when = aware(at)
    due_at = when + dt.timedelta(hours=hours) if hours else None
    one = service_request(
        person=make_person(),
        area=office.compound,
        kind="SHOPPING",
        request="米",
        by=office.jia,
        at=when,
        due_at=due_at,
    )
    ServiceRequest.objects.filter(pk=one.pk).update(recorded_at=recorded_at or when)
    ServiceStep.objects.filter(service=one).update(recorded_at=recorded_at or when)
    return one


def test_services_asked_or_brought_before_and_entered_after_are_told(office: OfficeCast) -> None:
    first = asked(office, "2020-01-26 09:00")
    row = publish(office)
    asked(office, "2020-01-26 16:00", recorded_at=LATE)
    service_done(service=first, note="已送到", by=office.yi, at=aware("2020-01-26 16:30"))
    ServiceStep.objects.filter(service=first, state="DONE").update(recorded_at=LATE)
    found = changed(row, office.village)
    assert told(found["services_today"]) == {("补登代办服务", 1, "甲某")}
    assert told(found["services_done_today"]) == {("补登服务已办，待签收", 1, "乙某")}
    assert "services_open" not in found  # one more, one less


def test_a_new_limit_or_another_village_afterwards_changes_no_figure_of_the_day(office: OfficeCast) -> None:
    late, goes = asked(office, "2020-01-26 09:00", hours=2), asked(office, "2020-01-26 09:00")
    row = publish(office)
    assert [row.figures["figures"][key] for key in ("services_open", "services_overdue")] == [2, 1]
    service_assign(
        service=late, assigned_to=office.yi, by=office.jia, due_at=LATE + dt.timedelta(hours=5), at=LATE
    )
    services_follow(person=goes.person, area=office.other_group, by=office.ding, at=LATE)
    assert changed(row, office.village) == {}
    tomorrow = publish(office, on=DAY + dt.timedelta(1), at=AFTER + dt.timedelta(1)).figures["figures"]
    assert [tomorrow[key] for key in ("services_open", "services_overdue")] == [1, 1]


# --- pushed lists ---------------------------------------------------------------------------------------------
def pushed(office: OfficeCast, recorded_at: dt.datetime, number: int = 1) -> PushedPerson:
    """A row of a list that came at 15:00 and was entered later."""
    one = PushedList.objects.create(
        area=office.street, title="推送", came_by=CameBy.SENT, received_at=aware("2020-01-26 15:00"),
        content_digest=str(number), recorded_by=office.ding, recorded_at=recorded_at,
    )  # fmt: skip
    return PushedPerson.objects.create(
        list=one, number=1, row=1, name="黄某", area=office.group, proposed="OMITTED", recorded_at=recorded_at
    )


def test_a_list_that_was_entered_later_is_told_and_one_that_was_handed_on_is_not(office: OfficeCast) -> None:
    there = pushed(office, aware("2020-01-26 15:10"))
    row = publish(office)
    pushed_assign(row=there, area=office.other_group, by=office.ding, to=office.bing, at=LATE)
    assert changed(row, office.village) == {}
    pushed(office, LATE, number=2)
    found = changed(row, office.village)
    assert (
        told(found["pushed_received"])
        == told(found["pushed_received_today"])
        == {("补登上级推送名单", 1, "丁某")}
    )
    there_now = publish(office, office.other_village, on=DAY + dt.timedelta(1), at=AFTER + dt.timedelta(1))
    assert there_now.figures["figures"]["pushed_received"] == 1


# --- cost -----------------------------------------------------------------------------------------------------
def test_the_page_asks_as_often_for_many_late_entries_as_for_one(office: OfficeCast, door: Household) -> None:
    homes = [lives(office, door) for _ in range(8)]
    for home in homes:
        support_add(person=home.person, kind="DESTITUTE", by=office.jia, started_on=BEFORE.date(), at=BEFORE)
    row = publish(office)
    client, url = signed_in(office.ding), f"/ledgers/briefs/{row.uid}/correction/"

    def all_of_them(number: int, homes: list[Residency]) -> None:
        for home in homes:
            residency_end(residency=home, by=office.jia, on=BEFORE.date(), at=LATE)
            asked(office, "2020-01-26 16:00", recorded_at=LATE)
        for _ in range(2):
            lives(office, door, LATE)
        pushed(office, LATE, number)
        Survey.objects.create(
            household=door, area=door.area, visited_at=aware("2020-01-26 16:00"), recorded_at=LATE, staff=office.jia,
            recorded_by=office.yi, outcome="ABSENT", leaflets=1,
        )  # fmt: skip

    all_of_them(1, homes[:1])
    one = queries_of(client, url)
    all_of_them(2, homes[1:])
    assert queries_of(client, url) == one <= 240
