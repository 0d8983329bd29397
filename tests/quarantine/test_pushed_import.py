"""Taking in a pushed list: who each row is, what is proposed and why, who checks it; nothing is lost."""

from __future__ import annotations

import datetime as dt

import pytest

from grassroots.grid.models import AreaDuty, Role
from grassroots.ledgers.intake.outcome import outcome_of
from grassroots.ledgers.intake.services import ImportRefused, batch_undo
from households.models import Residency
from quarantine.models import (
    Observation,
    PushedAnswer,
    PushedCode,
    PushedFile,
    PushedList,
    PushedPerson,
    PushedState,
    Returnee,
)
from quarantine.pushed_answers import file_unpack
from quarantine.services.pushed import pushed_answer
from tests.factories import OfficeCast, make_household, make_office, make_person, make_staff
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.quarantine.pushed_cases import AT, OTHER_ID, line, planned, rows_of, sheet, taken_in, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None, settings, tmp_path) -> OfficeCast:
    settings.IMPORT_ROOT = tmp_path / "imports"
    return make_office()


def one_row(office: OfficeCast, data: bytes, **options) -> PushedPerson:
    (row,) = rows_of(taken_in(office.street, office.ding, data, **options))
    return row


# --- what is proposed -----------------------------------------------------------------------------------------
def test_somebody_on_file_is_answered_at_once_by_his_number(office):
    returnee = make_returnee(office)
    row = one_row(office, sheet(line(returnee.person, place="")))
    assert (row.state, row.code, row.returnee) == (PushedState.ANSWERED, PushedCode.KNOWN, returnee)
    assert (row.answered_by, row.answered_at) == (office.ding, AT)
    answer = row.answers.get()
    assert (answer.code, answer.is_automatic) == (PushedCode.KNOWN, True)
    assert "1月21日返回" in row.reason


def test_somebody_on_file_found_by_name_and_phone_only_is_proposed(office):
    returnee = make_returnee(office)
    row = one_row(office, sheet(line(returnee.person, id_number="")))
    assert (row.state, row.proposed, row.person) == (PushedState.OPEN, PushedCode.KNOWN, returnee.person)
    assert "请核实" in row.reason


def test_a_resident_without_a_file_was_missed_and_is_checked_by_his_group(office):
    person = make_person("", make_household(office.compound))
    row = one_row(office, sheet(line(person)))
    assert (row.state, row.proposed, row.code) == (PushedState.OPEN, PushedCode.OMITTED, "")
    assert (row.area, row.assigned_to) == (office.compound, office.jia)
    assert row.told_at is None


def test_somebody_of_whom_nothing_is_known_is_to_be_checked_by_who_took_the_list_in(office):
    row = one_row(office, sheet(line()))
    assert (row.person, row.proposed, row.state) == (None, PushedCode.OMITTED, PushedState.OPEN)
    assert (row.area, row.assigned_to, row.told_at) == (office.street, office.ding, AT)


def test_the_village_that_a_row_names_checks_it(office):
    row = one_row(office, sheet(line(place="金堂县淮口街道城厢社区1组")))
    assert (row.area, row.assigned_to) == (office.group, office.jia)


def test_a_damaged_number_of_nobody_is_wrong(office):
    row = one_row(office, sheet(line(id_number="5.11024E+17", name="某人", phone="")))
    assert (row.proposed, row.person, row.id_number) == (PushedCode.WRONG, None, "")


def test_a_damaged_number_does_not_hide_a_person_found_by_phone(office):
    person = make_person("", make_household(office.group))
    row = one_row(office, sheet(line(person, id_number="5.11024E+17")))
    assert (row.person, row.matched_by, row.proposed) == (person, "PHONE", PushedCode.OMITTED)


def test_who_lives_elsewhere_or_is_away_does_not_live_here(office):
    far = make_person("", make_household(office.other_group))
    away = make_person("", make_household(office.group))
    Residency.objects.filter(person=away).update(is_away=True, away_where="武汉")
    rows = rows_of(taken_in(office.village, office.ding, sheet(line(far, place=""), line(away, place=""))))
    assert [row.proposed for row in rows] == [PushedCode.ELSEWHERE, PushedCode.ELSEWHERE]
    assert "武汉" in rows[1].reason and rows[0].area == office.village


def test_an_arrival_whose_term_is_over_is_past(office):
    switch_on(office.admin)
    person = make_person("", make_household(office.group))
    header = "姓名,身份证号,手机号,数据来源,疑似来源地,落脚地,到达日期"
    data = sheet(line(person, on="2020-01-09"), header=header)
    row = one_row(office, data)
    assert (row.proposed, row.arrived_on) == (PushedCode.PAST, dt.date(2020, 1, 9))
    assert "14天" in row.reason


def test_a_second_return_is_not_the_first(office):
    returnee = make_returnee(office)
    header = "姓名,身份证号,手机号,数据来源,疑似来源地,落脚地,到达日期"
    row = one_row(office, sheet(line(returnee.person, on="1月28日"), header=header))
    assert (row.proposed, row.state) == (PushedCode.OMITTED, PushedState.OPEN)
    assert "1月21日" in row.reason and "1月28日" in row.reason


def test_an_observation_without_a_file_counts_as_checked(office):
    switch_on(office.admin)
    observation = make_observation(office)
    Observation.objects.update(returnee=None)
    Returnee.objects.update(voided_at=AT)
    row = one_row(office, sheet(line(observation.person)))
    assert row.code == PushedCode.KNOWN and "居家观察" in row.reason


def test_the_senders_own_words_count_for_a_stranger(office):
    header = "姓名,身份证号,手机号,数据来源,疑似来源地,落脚地,轨迹"
    rows = rows_of(
        taken_in(
            office.street, office.ding,
            sheet(
                line(trace="高速过境无停留"), line(name="甲", id_number=OTHER_ID, trace="在淮口站中转"), header=header
            ),
        )
    )  # fmt: skip
    assert [row.proposed for row in rows] == [PushedCode.NO_STAY, PushedCode.TRANSIT]


# --- nothing is lost, nothing doubled -------------------------------------------------------------------------
def test_every_row_is_counted_and_kept_in_the_senders_order(office):
    known = make_returnee(office).person
    data = sheet(
        line(known),
        line(name="无名氏"),
        line(name="", id_number="", phone="13800001234"),
        line(place="金堂县淮口街道不知道村3组", id_number=OTHER_ID),
        "",
        line(name="最后", id_number="510121196810219659"),
    )
    batch = write(planned(office.street, office.ding, data))
    told = outcome_of(batch)
    rejected = {one["row"]: one for one in told["rejected"]}
    assert (told["rows"], told["created"], told["unchanged"], len(rejected)) == (5, 3, 0, 2)
    assert set(rejected) == {4, 5} and "不知道村" in rejected[5]["message"]
    rows = rows_of(PushedList.objects.get())
    assert [(row.number, row.row) for row in rows] == [(1, 2), (2, 3), (3, 4), (4, 5), (5, 7)]
    assert [bool(row.left_out) for row in rows] == [False, False, True, True, False]
    assert [row.proposed for row in rows][2:4] == [PushedCode.WRONG, PushedCode.ELSEWHERE]
    assert {row.assigned_to for row in rows[2:4]} == {office.ding}


def test_the_same_list_again_changes_nothing_whatever_its_format(office):
    returnee = make_returnee(office)
    lines = (line(returnee.person), line())
    taken_in(office.street, office.ding, sheet(*lines))
    before = list(PushedPerson.objects.values())
    again = outcome_of(write(planned(office.street, office.ding, sheet(*lines, encoding="utf-8-sig"))))
    assert (again["rows"], again["unchanged"], again["created"]) == (2, 2, 0)
    assert list(PushedPerson.objects.values()) == before
    assert PushedList.objects.count() == 1


def test_a_longer_list_is_another_one_and_says_what_was_answered(office):
    returnee = make_returnee(office)
    taken_in(office.street, office.ding, sheet(line(returnee.person)))
    second = taken_in(office.street, office.ding, sheet(line(returnee.person), line()))
    assert len(rows_of(second)) == 2 and PushedList.objects.count() == 2


def test_somebody_twice_on_a_list_is_answered_twice(office):
    person = make_person("", make_household(office.group))
    batch = planned(office.street, office.ding, sheet(line(person), line(person)))
    assert [one["row"] for one in outcome_of(batch)["warnings"]] == [3]
    write(batch)
    assert PushedPerson.objects.filter(person=person).count() == 2


def test_a_preview_writes_nothing(office):
    planned(office.street, office.ding, sheet(line()))
    assert not PushedList.objects.exists() and not PushedPerson.objects.exists()


def test_the_original_is_kept_sealed(office):
    data = sheet(line(name="王𬱖"))
    one = taken_in(office.street, office.ding, data, name="张三名单.csv")
    kept = PushedFile.objects.get(list=one)
    assert file_unpack(kept.content) == data and kept.name == "张三名单.csv"
    stored = PushedFile.objects.raw("SELECT id, content AS stored FROM quarantine_pushedfile")[0].stored
    assert stored.startswith("g1:")
    (row,) = rows_of(one)
    assert row.senders_cells == (
        "王𬱖",
        "511024198001189406\t",
        "17774239346",
        "公安大数据",
        "武汉",
        "金堂县",
    )


# --- scope and rights -----------------------------------------------------------------------------------------
def test_a_village_takes_in_rows_of_its_own_only(office):
    data = sheet(
        line(place="金堂县淮口街道龚家村2组"),
        line(name="近", id_number=OTHER_ID, place="城厢社区1组"),
    )
    cadre = make_staff("村干部", Role.OFFICER, office.village)
    told = outcome_of(write(planned(office.village, cadre, data)))
    assert [one["row"] for one in told["rejected"]] == [2]
    assert "龚家村" in told["rejected"][0]["value"] and "城厢社区" in told["rejected"][0]["message"]
    assert not PushedPerson.objects.filter(area=office.other_group).exists()


def test_another_street_is_outside(office):
    told = outcome_of(planned(office.street, office.ding, sheet(line(place="金堂县官仓街道"))))
    assert [one["row"] for one in told["rejected"]] == [2]


@pytest.mark.parametrize("who", ["health", "police", "inspector", "auditor", "admin"])
def test_who_may_not_take_lists_in_cannot_import_one(office, who):
    with pytest.raises(ImportRefused):
        planned(office.village if who == "health" else office.street, getattr(office, who), sheet(line()))


def test_nobody_takes_a_list_into_a_foreign_area(office):
    with pytest.raises(ImportRefused):
        planned(office.other_village, office.jia, sheet(line()))


# --- taking back ----------------------------------------------------------------------------------------------
def test_it_can_be_taken_back_while_nobody_has_answered(office):
    batch = write(planned(office.street, office.ding, sheet(line(make_returnee(office).person), line())))
    batch_undo(batch=batch, by=office.ding)
    for model in (PushedList, PushedPerson, PushedFile, PushedAnswer):
        assert not model.objects.exists()
    taken_in(office.street, office.ding, sheet(line()))


def test_an_answer_stands_in_the_way_of_taking_it_back(office):
    batch = write(planned(office.street, office.ding, sheet(line())))
    pushed_answer(row=PushedPerson.objects.get(), code=PushedCode.TRANSIT, by=office.ding)
    with pytest.raises(Exception) as refused:
        batch_undo(batch=batch, by=office.ding)
    assert "答复" in refused.value.reasons[0]
    assert PushedPerson.objects.exists()


# --- cost -----------------------------------------------------------------------------------------------------
def test_it_asks_as_often_for_three_rows_as_for_many(office, django_assert_max_num_queries):
    def lists(count):
        people = [make_returnee(office).person for _ in range(count)]
        people += [make_person("", make_household(office.group)) for _ in range(count)]
        return sheet(*(line(person) for person in people), line())

    small, large = lists(1), lists(30)
    planned(office.street, office.ding, small)
    with django_assert_max_num_queries(48) as few:
        planned(office.street, office.ding, small)
    with django_assert_max_num_queries(48) as many:
        planned(office.street, office.ding, large)
    assert len(many) <= len(few) + 2  # pages of the preview


def test_who_answers_for_an_area_without_an_account_gives_way_to_the_next(office):
    jia_duty = AreaDuty.objects.get(staff=office.jia)
    officer = make_staff("无账号", Role.OFFICER, None)
    officer.set_unusable_password()
    officer.save()
    jia_duty.staff = officer
    jia_duty.save()
    row = one_row(office, sheet(line(place="城厢社区1组")))
    assert row.assigned_to == office.ding
