"""What is told from an identity number, and what is said when it is wrong (DOMAIN.md §4)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from households.rules.identity import (
    IdKind,
    birth_and_sex,
    check_digit,
    flawless_residents,
    last_four,
    make_resident_id,
    mask_id_number,
    normalise_id_number,
    parse_id_number,
)

TODAY = dt.date(2020, 1, 29)
BIRTH = dt.date(1990, 3, 7)
MAN = make_resident_id("510121", BIRTH, 1)
births = st.dates(dt.date(1900, 1, 1), TODAY)
twentieth_century = st.dates(dt.date(1900, 1, 1), dt.date(1999, 12, 31))
regions = st.sampled_from(["510121", "420106", "110101", "710000", "910000"])
sequences = st.integers(0, 999)


def codes(text: str, kind: str | None = None) -> list[str]:
    return [problem.code for problem in parse_id_number(text, kind, TODAY).problems]


def wrong(number: str) -> str:
    """The number with another check digit; not 0, which could look like Excel's zeros."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


@given(st.from_regex(r"[0-9]{17}", fullmatch=True))
def test_the_check_digit_is_the_one_of_python_stdnum(first17: str) -> None:
    assert check_digit(first17) == str(ric.calc_check_digit(first17 + "0"))


@given(st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True), st.sampled_from([None, "", "RESIDENT_ID"]))
def test_a_number_without_signs_reads_as_one_with_them(number: str, kind: str | None) -> None:
    """Numbers that need no tidying take a shorter way through the rules."""
    assert parse_id_number(number, kind, TODAY) == parse_id_number(f" {number[:6]}-{number[6:]}", kind, TODAY)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_check_digit_is_that_of_the_standards_own_examples(number: str) -> None:
    assert check_digit(number[:17]) == number[17]


@given(regions, births, sequences)
def test_a_made_number_is_read_back_without_a_problem(region: str, birth: dt.date, sequence: int) -> None:
    read = parse_id_number(make_resident_id(region, birth, sequence), None, TODAY)
    assert (read.kind, read.birth_date, read.region_code) == (IdKind.RESIDENT_ID, birth, region)
    assert read.sex == ("M" if sequence % 2 else "F")
    assert read.problems == ()


made = st.builds(
    make_resident_id,
    st.sampled_from(["510121", "820000", "990101"]),
    st.dates(dt.date(1880, 1, 1), dt.date(2030, 1, 1)),
    sequences,
)
cells = st.one_of(
    made, made.map(wrong), st.none(), st.floats(), st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True)
)


@given(st.lists(st.tuples(cells, st.sampled_from([None, "", "RESIDENT_ID", "PASSPORT"]))))
def test_many_at_once_are_read_as_one_by_one(column: list[tuple[str | float | None, str | None]]) -> None:
    for (cell, kind), found in zip(column, flawless_residents(column, TODAY), strict=True):
        alone = parse_id_number(str(cell), kind, TODAY)
        may_be = isinstance(cell, str) and kind in (None, "RESIDENT_ID") and not alone.problems
        is_flawless = may_be and alone.kind == IdKind.RESIDENT_ID and alone.number == cell
        assert found == (alone if is_flawless else None)


@given(births, sequences, st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_fails_the_check(birth: dt.date, sequence: int, place: int, by: int) -> None:
    number = make_resident_id("510121", birth, sequence)
    slip = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert check_digit(slip[:17]) != slip[17]


@given(births, sequences, st.integers(0, 15))
def test_two_swapped_neighbours_fail_the_check(birth: dt.date, sequence: int, place: int) -> None:
    number = make_resident_id("510121", birth, sequence)
    slip = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert slip == number or check_digit(slip[:17]) != slip[17]


@given(regions, twentieth_century, sequences)
def test_the_old_form_of_fifteen_digits_becomes_the_number_of_eighteen(
    region: str, birth: dt.date, sequence: int
) -> None:
    number = make_resident_id(region, birth, sequence)
    old = number[:6] + number[8:17]
    assert parse_id_number(old, None, TODAY).number == number
    assert birth_and_sex(old) == birth_and_sex(number)


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise_id_number(text)
    assert normalise_id_number(once) == once


@given(
    st.text(st.sampled_from("0123456789Xx*.EeHM+- 无\u200b"), max_size=22),
    st.sampled_from([None, *IdKind.values]),
)
def test_reading_never_raises(text: str, kind: str | None) -> None:
    read = parse_id_number(text, kind, TODAY)
    assert all(problem.message for problem in read.problems)


@pytest.mark.parametrize(
    "typed",
    [
        "51012119491231002X".lower(),
        "51012119491231002X",
        " 510121 19491231 002x\t",
        "510121-19491231-002X",
        "'51012119491231002X",
        "51012119491231\u200b002X\ufeff",
        "51012119491231002×",
        "51012119491231002Х",
        "51012119491231002Ⅹ",
        "\u202d51012119491231002X\u202c",
    ],
)
def test_one_number_is_one_however_it_was_typed(typed: str) -> None:
    assert normalise_id_number(typed) == "51012119491231002X"


def test_a_number_cell_of_a_fifteen_digit_number_loses_its_decimal() -> None:
    assert normalise_id_number("510121900307001.0") == "510121900307001"


def test_a_wrong_check_digit_is_a_warning_that_keeps_number_birth_and_sex() -> None:
    read = parse_id_number(wrong(MAN), None, TODAY)
    assert [(problem.code, problem.is_warning) for problem in read.problems] == [("check_digit", True)]
    assert (read.number, read.birth_date, read.sex, read.has_errors) == (wrong(MAN), BIRTH, "M", False)


def test_no_message_repeats_digits_of_the_number() -> None:
    for text in (wrong(MAN), MAN[:-3] + "000", MAN[:10] + "1345" + MAN[14:], MAN[:-2], "9" + MAN[1:]):
        for problem in parse_id_number(text, None, TODAY).problems:
            assert not any(text[start : start + 4] in problem.message for start in range(len(text) - 3))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (MAN[:-1], "length"),
        (MAN + "1", "length"),
        ("51012119901332001" + check_digit("51012119901332001"), "birth"),
        ("510121900230001", "birth"),
        (make_resident_id("510121", TODAY + dt.timedelta(days=1), 1), "birth_future"),
        (make_resident_id("510121", dt.date(1880, 1, 1), 1), "birth_early"),
        ("5101211990O307001X", "characters"),
        ("51012119900307I", "characters"),
        ("5101**********1X", "masked"),
        ("5.10121E+17", "damaged"),
        ("5.10121199003070e+17", "damaged"),
        ("5.1012E17", "damaged"),
    ],
)
def test_what_cannot_be_is_an_error_with_its_reason(typed: str, code: str) -> None:
    read = parse_id_number(typed, None, TODAY)
    assert [problem.code for problem in read.problems] == [code]
    assert read.has_errors


def test_somebody_born_today_is_not_from_the_future() -> None:
    assert codes(make_resident_id("510121", TODAY, 1)) == []


def test_digits_that_excel_made_zero_are_damage_and_tell_no_sex() -> None:
    damaged = next(
        f"{stem}000" for stem in ("510121199003071", "510121199003072") if check_digit(f"{stem}00") != "0"
    )
    read = parse_id_number(damaged, None, TODAY)
    assert [problem.code for problem in read.problems] == ["damaged"]
    assert "Excel" in read.problems[0].message
    assert (read.birth_date, read.sex) == (BIRTH, "")


def test_a_true_number_may_end_in_three_zeros() -> None:
    number = next(
        made
        for day in range(400)
        if (made := make_resident_id("510121", BIRTH + dt.timedelta(days=day), 100)).endswith("000")
    )
    assert codes(number) == []


def test_a_province_that_does_not_exist_is_a_warning() -> None:
    number = make_resident_id("990121", BIRTH, 1)
    problems = parse_id_number(number, None, TODAY).problems
    assert [(problem.code, problem.is_warning) for problem in problems] == [("region", True)]


@pytest.mark.parametrize("prefix", ["810000", "820000", "830000"])
def test_a_residence_permit_is_known_by_its_prefix_and_tells_birth_and_sex(prefix: str) -> None:
    for kind in (None, IdKind.RESIDENT_ID, IdKind.HMT_RESIDENCE):
        read = parse_id_number(make_resident_id(prefix, BIRTH, 2), kind, TODAY)
        assert (read.kind, read.birth_date, read.sex) == (IdKind.HMT_RESIDENCE, BIRTH, "F")
        assert read.problems == ()


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("H12345678", IdKind.HOME_RETURN),
        ("m1234567801", IdKind.HOME_RETURN),
        ("12345678", IdKind.TAIWAN),
        ("0123456789", IdKind.TAIWAN),
        ("0123456789(B)", IdKind.TAIWAN),
        ("E12345678", IdKind.PASSPORT),
        ("EA1234567", IdKind.PASSPORT),
        ("C01X00T47", IdKind.PASSPORT),
        ("123456789", IdKind.PASSPORT),
    ],
)
def test_documents_of_other_kinds_are_taken_as_they_are(typed: str, kind: IdKind) -> None:
    read = parse_id_number(typed, kind, TODAY)
    assert (read.kind, read.problems, read.birth_date, read.sex) == (kind, (), None, "")


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("H1234567", IdKind.HOME_RETURN),
        ("X12345678", IdKind.HOME_RETURN),
        ("1234567", IdKind.TAIWAN),
        ("张三", IdKind.PASSPORT),
        ("ABCDEF", IdKind.PASSPORT),
        (MAN, IdKind.HMT_RESIDENCE),
        ("E12345678", IdKind.RESIDENT_ID),
    ],
)
def test_a_number_of_another_form_than_its_kind_is_an_error(typed: str, kind: IdKind) -> None:
    assert parse_id_number(typed, kind, TODAY).has_errors


def test_a_number_of_another_kind_names_that_kind() -> None:
    assert "回乡证" in parse_id_number("H12345678", IdKind.RESIDENT_ID, TODAY).problems[0].message


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("H12345678", IdKind.HOME_RETURN),
        ("E12345678", IdKind.PASSPORT),
        (MAN, IdKind.RESIDENT_ID),
        ("820000199003070012", IdKind.HMT_RESIDENCE),
    ],
)
def test_the_kind_is_told_by_the_number_where_nobody_said_it(typed: str, kind: IdKind) -> None:
    assert parse_id_number(typed, None, TODAY).kind == kind


def test_digits_as_long_as_a_taiwan_permit_are_taken_with_a_warning_but_a_birth_date_is_not() -> None:
    read = parse_id_number("12345678", None, TODAY)
    assert (read.kind, read.has_errors, codes("12345678")) == (IdKind.TAIWAN, False, ["kind_guessed"])
    assert codes("19900307") == ["length"]


@pytest.mark.parametrize("typed", ["", "  ", "无", "待补", "无证件", "/", "\u200b"])
def test_no_document_is_no_number_and_no_problem(typed: str) -> None:
    read = parse_id_number(typed, None, TODAY)
    assert (read.kind, read.number, read.problems) == (IdKind.NONE, "", ())


def test_an_unknown_kind_is_told_from_the_number() -> None:
    assert parse_id_number(MAN, "LIBRARY_CARD", TODAY).kind == IdKind.RESIDENT_ID


@pytest.mark.parametrize(
    ("region", "sequence"), [("5101", 1), ("510121", 1000), ("51012A", 1), ("510121", -1)]
)
def test_a_number_is_not_made_from_parts_that_do_not_fit(region: str, sequence: int) -> None:
    with pytest.raises(ValueError, match="region"):
        make_resident_id(region, BIRTH, sequence)


def test_a_masked_number_keeps_the_first_four_and_the_last_two() -> None:
    assert mask_id_number("51012119491231002X") == "5101************2X"
    assert mask_id_number("H12345678") == "H*******8"
    assert mask_id_number("") == ""


@given(st.text(st.sampled_from("0123456789X"), min_size=1, max_size=20))
def test_a_mask_never_shows_more_than_six_characters_nor_half_of_a_short_number(number: str) -> None:
    shown = len(mask_id_number(number).replace("*", ""))
    assert shown <= 6 and shown <= len(number) / 2


def test_people_are_found_by_the_last_four() -> None:
    assert (last_four("51012119491231002X"), last_four("12")) == ("002X", "")
