"""The clock: where the count starts, which day it is, when it is over, and what the page says about it."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.rules.clock import (
    MeasureOff,
    MissingStart,
    check_dates,
    choose_start,
    day_number,
    extend,
    phase_spans,
    phase_test_dates,
    term,
    term_until,
)
from quarantine.rules.policy import (
    HISTORICAL_POLICIES,
    Phase,
    Place,
    ReleaseRules,
    StartBasis,
    policy_terms_from_json,
)
from quarantine.rules.words import day_words, explain_policy_choice, explain_term

TERMS = {data["code"]: policy_terms_from_json(data) for data in HISTORICAL_POLICIES}
FOURTEEN = TERMS["home-14"]
SEVEN_THREE = TERMS["hotel-7-home-3"]

days = st.dates(min_value=date(2019, 12, 1), max_value=date(2031, 12, 31))
phases = st.lists(
    st.builds(Phase, st.sampled_from(Place), st.integers(1, 30)),
    min_size=1,
    max_size=3,
).map(tuple)


def explained(terms, reference_year=None, extended_days=0, **dates):
    start = choose_start(terms, **dates)
    whole = term(terms, start, extended_days=extended_days)
    return explain_term(terms, start, whole, reference_year=reference_year)


@pytest.mark.parametrize(
    ("dates", "basis"),
    [
        (
            {"last_contact_on": 10, "left_on": 20, "arrived_on": 21, "controlled_on": 22},
            StartBasis.LAST_CONTACT,
        ),
        ({"left_on": 20, "arrived_on": 21, "controlled_on": 22}, StartBasis.LEFT_REGION),
        ({"arrived_on": 21, "controlled_on": 22}, StartBasis.ARRIVED),
        ({"controlled_on": 22}, StartBasis.CONTROLLED),
    ],
)
def test_the_first_date_that_is_known_starts_the_count(dates, basis):
    start = choose_start(FOURTEEN, **{name: date(2020, 1, day) for name, day in dates.items()})
    assert start.basis == basis
    assert start.basis_on == date(2020, 1, next(iter(dates.values())))
    assert start.day_one_on == start.basis_on + timedelta(days=1)


def test_the_policy_decides_the_order_of_the_bases():
    terms = replace(FOURTEEN, start_basis=(StartBasis.ARRIVED, StartBasis.LAST_CONTACT))
    start = choose_start(terms, last_contact_on=date(2020, 1, 10), arrived_on=date(2020, 1, 21))
    assert start.basis == StartBasis.ARRIVED


def test_a_date_that_the_policy_does_not_count_from_is_no_start():
    terms = replace(FOURTEEN, start_basis=(StartBasis.ARRIVED,))
    with pytest.raises(MissingStart, match=r"缺少起算日期.*返回/到达"):
        choose_start(terms, last_contact_on=date(2020, 1, 10))


def test_day_one_can_be_the_day_itself():
    terms = replace(FOURTEEN, day_one_is_next_day=False)
    start = choose_start(terms, left_on=date(2020, 1, 20))
    assert start.day_one_on == date(2020, 1, 20)
    assert term(terms, start).last_on == date(2020, 2, 2)


def test_fourteen_days_after_leaving_end_at_midnight_in_shanghai():
    start = choose_start(FOURTEEN, left_on=date(2020, 1, 20))
    whole = term(FOURTEEN, start)
    assert (whole.day_one_on, whole.last_on, whole.days) == (date(2020, 1, 21), date(2020, 2, 3), 14)
    assert whole.expires_at == datetime(2020, 2, 3, 16, tzinfo=UTC)  # 2月4日0时 in Shanghai
    assert whole.expires_at.isoformat() == "2020-02-04T00:00:00+08:00"


def test_the_policy_may_end_the_last_day_earlier():
    terms = replace(FOURTEEN, release=ReleaseRules(full_term_time="17:30"))
    whole = term(terms, choose_start(terms, left_on=date(2020, 1, 20)))
    assert whole.expires_at.isoformat() == "2020-02-03T17:30:00+08:00"
    assert explained(terms, left_on=date(2020, 1, 20)).endswith("2月3日17时30分期满")


@pytest.mark.parametrize(
    ("left_on", "last_on"),
    [
        (date(2020, 2, 15), date(2020, 2, 29)),  # ends on the leap day
        (date(2020, 2, 28), date(2020, 3, 13)),  # runs over the leap day
        (date(2021, 2, 15), date(2021, 3, 1)),  # no leap day
        (date(2019, 12, 25), date(2020, 1, 8)),
    ],
)
def test_months_and_years_end_where_the_calendar_says(left_on, last_on):
    assert term(FOURTEEN, choose_start(FOURTEEN, left_on=left_on)).last_on == last_on


def test_a_policy_that_is_switched_off_has_no_term():
    start = choose_start(FOURTEEN, left_on=date(2023, 1, 20))
    with pytest.raises(MeasureOff, match="不实行隔离观察"):
        term(TERMS["none"], start)


@given(phases=phases, left_on=days, extended=st.integers(0, 20))
def test_a_term_is_as_long_as_its_phases_and_its_extension(phases, left_on, extended):
    terms = replace(FOURTEEN, phases=phases)
    start = choose_start(terms, left_on=left_on)
    whole = term(terms, start, extended_days=extended)
    assert whole.days == sum(phase.days for phase in phases) + extended
    assert day_number(whole.day_one_on, whole.last_on) == whole.days
    assert term_until(terms, whole.day_one_on, whole.last_on) == whole


@given(phases=phases, day_one_on=days)
def test_phases_follow_each_other_day_by_day(phases, day_one_on):
    spans = phase_spans(replace(FOURTEEN, phases=phases), day_one_on)
    assert spans[0].from_on == day_one_on
    assert [(span.to_on - span.from_on).days + 1 for span in spans] == [phase.days for phase in phases]
    for earlier, later in itertools.pairwise(spans):
        assert later.from_on == earlier.to_on + timedelta(days=1)


def test_tests_fall_on_the_given_days_of_each_phase():
    found = phase_test_dates(SEVEN_THREE, date(2022, 7, 1))
    assert [on.day for on in found] == [1, 2, 3, 5, 7, 10]


@pytest.mark.parametrize(("on", "number"), [(19, -1), (20, 0), (21, 1), (22, 2), (31, 11)])
def test_days_are_numbered_from_one(on, number):
    assert day_number(date(2020, 1, 21), date(2020, 1, on)) == number


def test_an_extension_moves_the_last_day():
    assert extend(date(2020, 2, 27), 3) == date(2020, 3, 1)


@pytest.mark.parametrize("wrong", [0, -1])
def test_an_extension_of_no_days_is_refused(wrong):
    with pytest.raises(ValueError, match="至少为1天"):
        extend(date(2020, 2, 3), wrong)


def test_a_term_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="期满日期早于第1天"):
        term_until(FOURTEEN, date(2020, 2, 3), date(2020, 2, 2))


def test_a_term_is_not_extended_backwards():
    with pytest.raises(ValueError, match="不能为负数"):
        term(FOURTEEN, choose_start(FOURTEEN, left_on=date(2020, 1, 20)), extended_days=-1)


# --- dates that cannot be right ---


def wrong_fields(**dates):
    return [(problem.field, problem.message) for problem in check_dates(today=date(2020, 1, 29), **dates)]


def test_dates_in_their_order_raise_no_problem():
    assert not wrong_fields(
        birth_date=date(1980, 5, 1),
        last_contact_on=date(2020, 1, 18),
        left_on=date(2020, 1, 20),
        arrived_on=date(2020, 1, 20),
        controlled_on=date(2020, 1, 29),
    )


def test_arriving_before_leaving_is_said_beside_the_arrival():
    assert wrong_fields(left_on=date(2020, 1, 22), arrived_on=date(2020, 1, 20)) == [
        ("arrived_on", "返回日期2020年1月20日早于离开日期2020年1月22日，请核对")
    ]


@pytest.mark.parametrize("field", ["left_on", "arrived_on", "last_contact_on", "controlled_on", "birth_date"])
def test_a_date_in_the_future_is_said_beside_its_field(field):
    ((found, message),) = wrong_fields(**{field: date(2020, 1, 30)})
    assert found == field
    assert "2020年1月30日晚于今天" in message


def test_nobody_travels_before_birth():
    ((field, message),) = wrong_fields(birth_date=date(2020, 1, 25), left_on=date(2020, 1, 20))
    assert field == "left_on"
    assert "早于出生日期2020年1月25日" in message


def test_a_birth_of_another_age_is_questioned():
    ((field, message),) = wrong_fields(birth_date=date(1820, 1, 1))
    assert field == "birth_date"
    assert "超过130年" in message


# --- the sentence ---


def test_the_sentence_of_a_hubei_returnee():
    assert explained(FOURTEEN, left_on=date(2020, 1, 20)) == "离鄂 1月20日,次日为第1天,14天 → 2月3日24时期满"


def test_the_sentence_says_the_year_when_it_is_another():
    assert explained(FOURTEEN, reference_year=2020, left_on=date(2019, 12, 25)) == (
        "离鄂 2019年12月25日,次日为第1天,14天 → 1月8日24时期满"
    )
    assert explained(FOURTEEN, left_on=date(2019, 12, 25)).endswith("→ 2020年1月8日24时期满")


def test_the_sentence_says_that_day_one_is_the_day_itself():
    terms = replace(FOURTEEN, day_one_is_next_day=False)
    assert explained(terms, left_on=date(2020, 1, 20)) == "离鄂 1月20日,当日为第1天,14天 → 2月2日24时期满"


@pytest.mark.parametrize(
    ("regions", "words"),
    [(("湖北",), "离鄂"), (("武汉", "黄冈"), "离鄂"), (("湖北", "温州"), "离开疫区"), ((), "离开疫区")],
)
def test_only_a_policy_about_hubei_says_that_hubei_was_left(regions, words):
    assert explained(replace(FOURTEEN, regions=regions), left_on=date(2020, 1, 20)).startswith(
        f"{words} 1月20日"
    )


@pytest.mark.parametrize(
    ("field", "words"),
    [("last_contact_on", "末次接触"), ("arrived_on", "到达"), ("controlled_on", "开始管控")],
)
def test_the_sentence_names_the_other_bases(field, words):
    assert explained(FOURTEEN, **{field: date(2020, 1, 21)}).startswith(f"{words} 1月21日,次日为第1天")


def test_the_sentence_names_the_phases_and_the_extension():
    assert explained(SEVEN_THREE, extended_days=2, last_contact_on=date(2022, 7, 1)) == (
        "末次接触 7月1日,次日为第1天,集中隔离7天+居家3天,共10天,延长2天 → 7月13日24时期满"
    )


def test_a_shortened_term_says_so():
    start = choose_start(FOURTEEN, left_on=date(2020, 1, 20))
    short = term_until(FOURTEEN, start.day_one_on, date(2020, 1, 27))
    assert "14天,缩短7天 → 1月27日" in explain_term(FOURTEEN, start, short)


def test_a_single_phase_elsewhere_names_the_place():
    terms = replace(FOURTEEN, phases=(Phase(Place.HOTEL, 14),))
    assert ",集中隔离14天 →" in explained(terms, left_on=date(2020, 1, 20))


@given(phases=phases, left_on=days, reference_year=st.integers(2019, 2032), next_day=st.booleans())
def test_the_sentence_holds_the_dates_that_the_clock_found(phases, left_on, reference_year, next_day):
    terms = replace(FOURTEEN, phases=phases, day_one_is_next_day=next_day)
    start = choose_start(terms, left_on=left_on)
    whole = term(terms, start)
    sentence = explain_term(terms, start, whole, reference_year=reference_year)
    before, after = sentence.split(" → ")
    assert before.startswith(f"离鄂 {day_words(left_on, reference_year)},")
    assert after == f"{day_words(whole.last_on, reference_year)}24时期满"
    assert f"{whole.days}天" in before
    assert ("年" in after) == (whole.last_on.year != reference_year)


# --- why this policy ---


def test_the_choice_is_explained_by_region_arrival_and_dates():
    words = explain_policy_choice(FOURTEEN, origin_text="武汉市江夏区", arrived_on=date(2020, 1, 21))
    assert words == (
        "适用“14天居家医学观察（2020年2月）”：来自武汉市江夏区，属于管控地区（湖北），1月21日返回，"
        "在排查起始日期1月8日（含）之后，政策1月1日至12月31日执行。"
    )


def test_the_choice_says_when_it_is_the_native_place_that_counts():
    words = explain_policy_choice(
        FOURTEEN, origin_text="广东东莞", native_place="湖北荆州", arrived_on=date(2020, 1, 21)
    )
    assert "来自广东东莞，湖北籍，按管控地区（湖北）人员管理" in words


def test_a_policy_that_does_not_apply_says_every_reason():
    words = explain_policy_choice(FOURTEEN, origin_text="广东", arrived_on=date(2020, 1, 5))
    assert words.startswith("不适用")
    assert "早于排查起始日期2020年1月8日" in words
    assert "来源地不在管控地区（湖北）内" in words


def test_an_unknown_arrival_is_asked_for():
    assert "没有填写返回日期" in explain_policy_choice(FOURTEEN, origin_text="武汉")


def test_without_a_policy_nobody_is_observed():
    assert explain_policy_choice(None, origin_text="武汉") == "没有正在执行且适用于此人的政策，不安排观察。"


def test_a_policy_for_everyone_says_so():
    terms = replace(FOURTEEN, regions=(), cutoff_on=None, effective_to=None)
    words = explain_policy_choice(terms, origin_text="广东", arrived_on=date(2021, 3, 1))
    assert "来自广东，政策不限来源地" in words
    assert words.endswith("政策2020年1月1日起执行。")
