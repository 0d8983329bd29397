"""Readings: what is a temperature, and what it says under a policy."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.rules.policy import HISTORICAL_POLICIES, FeverOperator, policy_terms_from_json
from quarantine.rules.readings import (
    ReadingClass,
    check_temperature,
    classify,
    is_fever,
    is_low,
    needs_second,
    present_symptoms,
)

TERMS = policy_terms_from_json(HISTORICAL_POLICIES[0])
STRICTLY_ABOVE = replace(TERMS, fever_operator=FeverOperator.GT)


@pytest.mark.parametrize(
    "typed",
    [
        "36.5", "３６.５", "３６．５", "36。5", "36,5", "36，5", "36·5", " 36.5 ", "36.5℃", "36.5 ℃",
        "36.5°C", "36.5c", "36.5度", "36.5摄氏度", "36度5", "36.50", "036.5", Decimal("36.5"),
        Decimal("36.50"), 36.5, 36.499999999999996,
    ],
)  # fmt: skip
def test_the_ways_to_write_one_temperature(typed):
    assert check_temperature(typed) == (Decimal("36.5"), "")


@pytest.mark.parametrize(
    ("typed", "found"), [("37", "37.0"), ("37.", "37.0"), (38, "38.0"), ("30", "30.0"), ("43.0", "43.0")]
)
def test_a_temperature_has_one_decimal(typed, found):
    temperature, problem = check_temperature(typed)
    assert (str(temperature), problem) == (found, "")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("365", "365 不在30.0至43.0℃之间，请对照体温计重填：是否漏了小数点"),
        ("63.5", "63.5 不在30.0至43.0℃之间，请对照体温计重填：前两位数字是否写反"),
        ("3.65", "3.65 不在30.0至43.0℃之间，请对照体温计重填：小数点的位置是否写错"),
        ("97.7", "97.7 不在30.0至43.0℃之间，请对照体温计重填：体温计是否显示华氏度"),
        ("29.9", "29.9 不在30.0至43.0℃之间，请对照体温计重填"),
        ("43.1", "43.1 不在30.0至43.0℃之间"),
        ("0", "0 不在30.0至43.0℃之间，请对照体温计重填"),
        ("36.55", "36.55 小数太多，体温只填一位小数"),
        ("正常", "“正常”不是一个体温读数"),
        ("-36.5", "不是一个体温读数"),
        ("36.5/36.8", "不是一个体温读数"),
        ("1e2", "不是一个体温读数"),
        ("NaN", "不是一个体温读数"),
        (float("nan"), "不是一个体温读数"),
        (float("inf"), "不是一个体温读数"),
        ("9" * 200, "“999999999999…”不是一个体温读数"),
        ("", "请填写体温"),
        ("   ", "请填写体温"),
        (None, "请填写体温"),
    ],
)
def test_what_is_no_temperature_is_refused_with_what_to_check(typed, words):
    temperature, problem = check_temperature(typed)
    assert temperature is None
    assert problem.startswith(words) or words in problem


@given(
    tenths=st.integers(300, 430),
    digits=st.sampled_from(["０１２３４５６７８９", "0123456789"]),
    point=st.sampled_from(".。．,，"),
)
def test_every_plausible_tenth_is_read_as_it_is_written(tenths, digits, point):
    whole, tenth = divmod(tenths, 10)
    typed = f"{whole}{point}{tenth}".translate(str.maketrans("0123456789", digits))
    assert check_temperature(typed) == (Decimal(tenths) / 10, "")


@given(typed=st.text(max_size=20))
def test_any_text_is_either_a_plausible_temperature_or_a_problem(typed):
    temperature, problem = check_temperature(typed)
    assert (temperature is None) == bool(problem)
    if temperature is not None:
        assert Decimal(30) <= temperature <= Decimal(43)
        assert temperature.as_tuple().exponent == -1


@pytest.mark.parametrize(
    ("typed", "fever", "above"), [("37.2", False, False), ("37.3", True, False), ("37.4", True, True)]
)
def test_the_stored_operator_decides_at_the_threshold(typed, fever, above):
    assert is_fever(Decimal(typed), TERMS) is fever
    assert is_fever(Decimal(typed), STRICTLY_ABOVE) is above


def test_another_policy_has_another_threshold():
    assert not is_fever(Decimal("37.3"), replace(TERMS, fever_threshold=Decimal("37.5")))


@pytest.mark.parametrize(("typed", "low"), [("35.4", True), ("35.5", False), ("36.5", False)])
def test_low_is_below_the_limit(typed, low):
    assert is_low(Decimal(typed), TERMS) is low


@pytest.mark.parametrize(
    ("typed", "second"), [("34.0", True), ("35.5", False), ("37.2", False), ("37.3", True)]
)
def test_fever_and_a_low_reading_ask_for_a_second_one(typed, second):
    assert needs_second(Decimal(typed), TERMS) is second


@pytest.mark.parametrize(
    ("typed", "symptoms", "found"),
    [
        ("36.5", [], ReadingClass.NORMAL),
        ("36.5", ["无"], ReadingClass.NORMAL),
        ("34.1", [], ReadingClass.LOW),
        ("34.1", ["干咳"], ReadingClass.SYMPTOMS),
        ("36.5", ["干咳"], ReadingClass.SYMPTOMS),
        ("36.5", ["说不清的难受"], ReadingClass.SYMPTOMS),
        ("38.5", ["干咳"], ReadingClass.FEVER),
        (None, ["呼吸困难"], ReadingClass.SYMPTOMS),
        (None, [], ReadingClass.NOT_MEASURED),
    ],
)
def test_the_gravest_finding_names_the_reading(typed, symptoms, found):
    assert classify(Decimal(typed) if typed else None, symptoms, TERMS) is found


def test_fever_and_symptoms_are_abnormal_and_a_low_reading_is_not_yet():
    assert {kind for kind in ReadingClass if kind.is_abnormal} == {ReadingClass.FEVER, ReadingClass.SYMPTOMS}


@given(tenths=st.integers(300, 354))
def test_a_low_reading_is_never_called_normal(tenths):
    assert classify(Decimal(tenths) / 10, [], TERMS) is ReadingClass.LOW


def test_symptoms_are_named_once_in_their_order():
    assert present_symptoms(["干咳", "无", " 乏力 ", "", "干咳"]) == ("干咳", "乏力")
