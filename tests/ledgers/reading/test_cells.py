"""Single cells as clerks fill them in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from grassroots.ledgers.reading import (
    parse_date,
    parse_datetime,
    parse_id,
    parse_int,
    parse_phone,
    parse_sex,
    parse_temperature,
    parse_text,
    parse_yes_no,
)

REFERENCE = dt.date(2020, 1, 29)


@pytest.mark.parametrize(
    "typed",
    [
        dt.date(2020, 1, 21), dt.datetime(2020, 1, 21, 8, 30), 43851, 43851.0, "43851", "1月21日",
        "1月21号", "1.21", 1.21,
        "1/21", "1-21", "2020.1.21", "2020-01-21", "2020/1/21", "2020年1月21日",
        "2020年01月21日", "20200121", 20200121.0,
        "20.1.21", "２０２０．１．２１", " 2020 年 1 月 21 日 ", "2020-01-21 15:30", "1月21日下午",
        "2020年1月21日(星期二)", "2020年1月21日（星期二）", "1月21日，15：30",
        "2020-01-21T15:30:00", "2020。1。21", "1月21日 15时30分",
    ],
)  # fmt: skip
def test_every_habit_of_writing_a_day_is_the_same_day(typed: object) -> None:
    assert parse_date(typed, reference=REFERENCE).value == dt.date(2020, 1, 21)


@pytest.mark.parametrize(
    ("typed", "day"), [("12月30日", dt.date(2019, 12, 30)),
     ("2月11日", dt.date(2020, 2, 11)), ("2月29日", dt.date(2020, 2, 29))]
)  # fmt: skip
def test_a_day_without_a_year_lies_around_the_sheets_own_day(typed: str, day: dt.date) -> None:
    assert parse_date(typed, reference=REFERENCE).value == day


def test_how_far_ahead_a_day_may_lie_is_the_callers_choice() -> None:
    assert parse_date("2月11日", reference=REFERENCE, ahead_days=3).value == dt.date(2019, 2, 11)


@pytest.mark.parametrize(
    "typed", ["2月30日", "2020.2.30", "20201301", "13月1日", "昨天", "2020年1月", "1.2号晚点", True]
)
def test_what_is_no_day_is_a_problem_with_the_cell_as_typed(typed: object) -> None:
    parsed = parse_date(typed, reference=REFERENCE)
    assert parsed.value is None
    assert parsed.problem
    assert parsed.original in {str(typed), "是"}


def test_a_day_without_a_year_needs_a_reference() -> None:
    assert "没有年份" in parse_date("1月21日", reference=None).problem


def test_a_number_that_lost_its_nought_is_not_guessed() -> None:
    """1.20 typed into Excel becomes the number 1.2: 2 or 20 January."""
    assert "1月20日" in parse_date(1.2, reference=REFERENCE).problem
    assert parse_date("1.2", reference=REFERENCE).value == dt.date(2020, 1, 2)


def test_serial_numbers_of_a_mac_count_from_1904() -> None:
    assert parse_date(42389, reference=None, is_1904=True).value == dt.date(2020, 1, 21)


@pytest.mark.parametrize(
    ("typed", "clock"),
    [
        ("2020-01-21 15:30", "15:30"), ("2020年1月21日15时30分", "15:30"), ("1月21日下午3点半", "15:30"),
        ("1月21日 上午8:05", "08:05"), (43851.5, "12:00"), ("1.21", "00:00"), (dt.datetime(2020, 1, 21, 7), "07:00"),
    ],
)  # fmt: skip
def test_a_day_with_its_time(typed: object, clock: str) -> None:
    parsed = parse_datetime(typed, reference=REFERENCE)
    assert parsed.value == dt.datetime.combine(dt.date(2020, 1, 21), dt.time.fromisoformat(clock))


@pytest.mark.parametrize(
    "typed",
    [
        36.5,
        "36.5",
        "36.5℃",
        "36。5",
        "36,5",
        "３６．５",
        "36.5 ℃",
        "36度5",
        "36.5°C",
        "体温36.5",
        "36·5",
    ],
)
def test_every_habit_of_writing_a_temperature(typed: object) -> None:
    assert parse_temperature(typed).value == Decimal("36.5")


@pytest.mark.parametrize("typed", ["63.5", 63.5, "365", 365, "3.65", "不在家", "正常", "36.5/36.8", 29.9])
def test_what_is_no_temperature_is_a_problem(typed: object) -> None:
    parsed = parse_temperature(typed)
    assert parsed.value is None
    assert parsed.problem


@pytest.mark.parametrize("typed", [None, "", "/", "无", " ", "未测", "—"])
def test_a_temperature_that_was_not_taken_is_nothing(typed: object) -> None:
    assert parse_temperature(typed).value is None
    assert parse_temperature(typed).problem == ""


@pytest.mark.parametrize(
    "typed",
    [13813971400, 13813971400.0, "13813971400", "138-1397-1400", "138 1397 1400", "+86 13813971400", "8613813971400",
     "１３８１３９７１４００", "13813971400.0", "1.38139714E10", "\t13813971400", "儿子13813971400"],
)  # fmt: skip
def test_every_habit_of_writing_a_phone(typed: object) -> None:
    parsed = parse_phone(typed)
    assert (parsed.value, parsed.problem) == ("13813971400", "")


def test_of_several_phones_the_first_is_taken_and_the_cell_is_kept() -> None:
    parsed = parse_phone("13813971400/18943797930")
    assert parsed.value == "13813971400"
    assert "2个号码" in parsed.problem
    assert parsed.original == "13813971400/18943797930"


@pytest.mark.parametrize(
    "typed", ["1381397140", "138139714001", "12013971400", "1.38E+10", "138****1400", "不记得"]
)
def test_what_is_no_phone_is_a_problem(typed: object) -> None:
    assert parse_phone(typed).value is None
    assert parse_phone(typed).problem


def test_a_landline_keeps_its_area_code() -> None:
    assert parse_phone("028-84931234").value == "02884931234"


@pytest.mark.parametrize(
    "typed",
    ["51012120160816642X", "51012120160816642x", "５１０１２１２０１６０８１６６４２Ｘ", " 510121 20160816 642X ",
     "51012120160816642X\t", "'51012120160816642X", "51012120160816642×"],
)  # fmt: skip
def test_every_habit_of_writing_an_identity_number(typed: object) -> None:
    parsed = parse_id(typed)
    assert (parsed.value, parsed.problem) == ("51012120160816642X", "")


@pytest.mark.parametrize("typed", [5.10112198307058e17, "5.10112E+17", "510112198307058000"])
def test_digits_that_excel_destroyed_are_no_number(typed: object) -> None:
    parsed = parse_id(typed)
    assert parsed.value is None
    assert "Excel" in parsed.problem
    assert parsed.original


def test_a_number_that_really_ends_in_three_noughts_is_one() -> None:
    assert parse_id("510121199001170007"[:14] + "6000").problem  # does not fit its check digit
    right = next(
        number for k in range(1000) if (number := f"510121199001{k:03}000") and not parse_id(number).problem
    )
    assert parse_id(right).value == right


@pytest.mark.parametrize(
    ("typed", "value"), [("3人", 3), (3.0, 3), ("３", 3), ("1,200", 1200), ("", None), ("/", None)]
)
def test_whole_numbers(typed: object, value: int | None) -> None:
    assert (parse_int(typed).value, parse_int(typed).problem) == (value, "")


def test_half_a_person_is_a_problem() -> None:
    assert parse_int("2.5").problem


@pytest.mark.parametrize("typed", ["是", "有", "√", "✓", "✔", "☑", "Y", "1", True, "已签"])
def test_ways_to_say_yes(typed: object) -> None:
    assert parse_yes_no(typed).value is True


@pytest.mark.parametrize("typed", ["否", "无", "×", "/", "N", "0", False, "没有", "-"])
def test_ways_to_say_no(typed: object) -> None:
    assert parse_yes_no(typed).value is False


def test_a_word_that_is_neither_is_a_problem() -> None:
    assert parse_yes_no("不清楚").problem


@pytest.mark.parametrize(
    ("typed", "value"), [("男", "M"), ("女 ", "F"), ("Male", "M"), ("女性", "F"), (1.0, "M"), ("", None)]
)
def test_sex(typed: object, value: str | None) -> None:
    assert (parse_sex(typed).value, parse_sex(typed).problem) == (value, "")


def test_text_is_kept_as_it_is_but_for_blanks_and_errors() -> None:
    assert parse_text(" 王𬱖\n(小) ").value == "王𬱖 (小)"
    assert parse_text(3.0).value == "3"
    assert parse_text("#REF!").problem
