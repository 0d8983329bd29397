"""Text on its way into cells: what survives, what is masked, what sheets may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.engine import clean_text, guarded, mask_id, mask_name, mask_phone, unguarded
from grassroots.ledgers.engine.names import unique_sheet_names
from grassroots.ledgers.engine.text import CELL_LIMIT, shorten, text_width

anything = st.text(st.characters(codec=None), max_size=60)


def test_clean_text_keeps_rare_characters_and_drops_what_xml_forbids() -> None:
    assert clean_text("𬱖頔暐奡·\t\n\r") == "𬱖頔暐奡·\t\n\r"
    assert clean_text("a\x00b\x07c\x1f\ufffe\uffff") == "abc"
    assert clean_text("半\ud83d个") == "半\ufffd个"


def test_width_counts_chinese_characters_twice() -> None:
    assert text_width("张三ab") == 6


def test_text_over_excels_limit_is_cut_by_utf16_units_and_says_so() -> None:
    assert shorten("a" * CELL_LIMIT) == "a" * CELL_LIMIT
    cut = shorten("𬱖" * CELL_LIMIT)
    assert cut.endswith("…") and len(cut.encode("utf-16-le")) <= CELL_LIMIT * 2


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("51012119800101123X", "5101************3X"),
        ("510121800101123", "5101*********23"),
        ("E12345678", "E*******8"),
        ("", ""),
        ("1", "*"),
    ],
)
def test_an_id_number_shows_four_and_two_characters(number: str, masked: str) -> None:
    assert mask_id(number) == masked
    assert mask_id(masked) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341234", "138****1234"),
        ("13812341234、13900005678", "138****1234、139****5678"),
        ("李强 13812341234", "李强 138****1234"),
        ("无手机", "无手机"),
        ("", ""),
    ],
)
def test_a_phone_number_hides_its_middle(number: str, masked: str) -> None:
    assert mask_phone(number) == masked
    assert mask_phone(masked) == masked


@pytest.mark.parametrize("number", ["028-84921234", "84921234", "+86 138 1234 1234", "138-1234-1234"])
def test_no_written_form_of_a_phone_number_stays_whole(number: str) -> None:
    masked = mask_phone(number)
    assert "***" in masked and masked != number


def test_a_name_keeps_its_first_and_last_character() -> None:
    assert [mask_name(name) for name in ("王明", "王小明", "阿不都·买买提", "")] == [
        "王*",
        "王*明",
        "阿*****提",
        "",
    ]


@given(anything)
def test_a_guarded_csv_field_comes_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.sampled_from("=+-@\t\r"), anything)
def test_a_guarded_csv_field_never_starts_a_formula(start: str, rest: str) -> None:
    field = guarded(start + rest)
    assert field[0] == "'" or field in ("-", "+")


def test_sheet_names_are_safe_short_and_unique() -> None:
    names = unique_sheet_names(
        ["王芳", "王芳", "a[b]:c/d", "", "'x'", "A", "a", "阿" * 40, "阿" * 40, "history"]
    )
    assert names[:2] == ["王芳", "王芳(2)"]
    assert names[5:7] == ["A", "a(2)"]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name and len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


@given(st.lists(anything, max_size=8))
def test_any_names_become_names_that_excel_takes(given_names: list[str]) -> None:
    names = unique_sheet_names(given_names)
    assert len({name.casefold() for name in names}) == len(given_names)
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) <= 62
        assert not set(name) & set("[]:*?/\\") and name[0] != "'" != name[-1]
