"""Phone numbers as they stand in cells and on paper (DOMAIN.md §4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.rules.phones import Phone, PhoneKind, last_four, mask_phone, normalise_phone, parse_phone

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
near_numbers = st.text(st.sampled_from("0123456789+-() /、转.E*无\u3000"), max_size=30)
landlines = st.from_regex(r"(010|02[0-9]|0[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True)


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "1381 234 5678",
        "+86 13812345678",
        "+86-138-1234-5678",
        "008613812345678",
        "8613812345678",
        "013812345678",
        "１３８１２３４５６７８",
        "13812345678.0",
        "1.3812345678E10",
        "1.3812345678e+10",
        "电话:13812345678",
        "\u202d13812345678\u202c",
        "13812345678\t",
    ],
)
def test_a_mobile_is_one_number_however_it_was_typed(typed: str) -> None:
    read = parse_phone(typed)
    assert (read.kind, read.number, read.problems) == (PhoneKind.MOBILE, "13812345678", ())


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("028-84931234", "02884931234"),
        ("(028)84931234", "02884931234"),
        ("(028)8493 1234", "02884931234"),
        ("028—84931234", "02884931234"),
        ("+86 28 84931234", "02884931234"),
        ("0832-2234567", "08322234567"),
        ("010 65551234", "01065551234"),
        ("84931234", "84931234"),
        ("028-84931234-801", "02884931234转801"),
        ("02884931234转801", "02884931234转801"),
    ],
)
def test_a_landline_keeps_area_code_and_extension(typed: str, number: str) -> None:
    read = parse_phone(typed)
    assert (read.kind, read.number, read.problems) == (PhoneKind.LANDLINE, number, ())


def test_a_number_abroad_is_kept_with_its_country() -> None:
    for typed in ("+852 9123 4567", "00852-91234567"):
        read = parse_phone(typed)
        assert (read.kind, read.number, read.problems) == (PhoneKind.FOREIGN, "+85291234567", ())


@pytest.mark.parametrize("typed", ["", " ", "无", "无手机", "没有", "/", "-", "——", "暂无", "0", "0.0"])
def test_who_has_no_phone_has_an_empty_number_and_no_problem(typed: str) -> None:
    read = parse_phone(typed)
    assert (read.kind, read.number, read.problems) == (PhoneKind.NONE, "", ())


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("13812345678/13987654321", 2),
        ("13812345678、13987654321", 2),
        ("13812345678 13987654321", 2),
        ("13812345678\n13987654321", 2),
        ("13812345678,13987654321;13700001111", 3),
        ("13812345678或028-84931234", 2),
    ],
)
def test_of_several_numbers_the_first_counts_and_a_warning_names_how_many(typed: str, count: int) -> None:
    read = parse_phone(typed)
    assert read.number == "13812345678"
    assert [(problem.code, problem.is_warning) for problem in read.problems] == [("several", True)]
    assert f"{count}个号码" in read.problems[0].message


@pytest.mark.parametrize(
    "typed", ["儿子13812345678", "13812345678(儿子)", "13812345678 邻居", "无/13812345678"]
)
def test_words_beside_a_number_are_warned_of_as_they_are_dropped(typed: str) -> None:
    read = parse_phone(typed)
    assert (read.number, [problem.code for problem in read.problems]) == ("13812345678", ["remark"])
    assert read.problems[0].is_warning


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("1381234567", "length", "现在是10位"),
        ("138-2345-678", "length", "现在是10位"),
        ("138123456789", "length", "现在是12位"),
        ("138 1234 5678 9", "length", "现在是12位"),
        ("12345678901", "prefix", "号段"),
        ("12-3456789", "length", "现在是9位"),
        ("2884931", "", ""),
        ("288493", "form", "位数不对"),
        ("9884931234", "form", "位数不对"),
        ("儿子的", "form", "认不出"),
        ("138****1234", "masked", "星号"),
        ("1.38123E+10", "damaged", "Excel"),
    ],
)
def test_what_is_no_number_is_an_error_in_clear_words(typed: str, code: str, words: str) -> None:
    problems = parse_phone(typed).problems
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert all(words in problem.message and not problem.is_warning for problem in problems)


@given(mobiles)
def test_every_mobile_number_is_read(number: str) -> None:
    assert parse_phone(number).kind == PhoneKind.MOBILE
    assert normalise_phone(f"+86 {number[:3]}-{number[3:7]}-{number[7:]}") == number


@given(landlines)
def test_every_landline_with_area_code_is_read(number: str) -> None:
    read = parse_phone(number)
    assert (read.kind, read.number) == (PhoneKind.LANDLINE, number)


@given(st.one_of(near_numbers, st.text()))
def test_a_number_that_was_read_is_read_again_as_itself(text: str) -> None:
    read = parse_phone(text)
    if read.kind != PhoneKind.UNKNOWN:
        assert parse_phone(read.number) == Phone(read.kind, read.number)


def test_four_digits_typed_for_a_search_stay_as_they_are() -> None:
    assert normalise_phone(" 12-34 ") == "1234"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341234", "138****1234"),
        ("02884931234", "028****1234"),
        ("084931234567", "084*****4567"),
        ("84931234", "*****234"),
        ("02884931234转801", "028****1234转***"),
        ("+85291234567", "+85*****4567"),
        ("110", "***"),
        ("", ""),
    ],
)
def test_a_masked_phone_hides_its_middle(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_people_are_found_by_the_last_four_of_the_number_not_of_the_extension() -> None:
    assert [last_four(number) for number in ("13812345678", "02884931234转801", "12")] == ["5678", "1234", ""]
