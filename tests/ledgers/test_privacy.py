"""What is personal in a text that people write: numbers, doors, names; and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.privacy import numbers_in
from households.rules.identity import make_resident_id


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("510121198001011234", "证件号码"),
        ("５１０１２１１９８００１０１１２３Ｘ", "证件号码"),
        ("身份证 510121 19800101 123x 的", "证件号码"),
        ("510121800101123", "证件号码"),
        ("护照E12345678", "证件号码"),
        ("H12345678", "证件号码"),
        ("13800001234", "电话号码"),
        ("138-0000-1234", "电话号码"),
        ("+86 13800001234", "电话号码"),
        ("028-84931234", "电话号码"),
        ("(028)84931234", "电话号码"),
        ("座机84931234", "电话号码"),
        ("400-123-4567", "电话号码"),
        ("3栋2单元501", "门牌号"),
        ("3 栋 2 单元 501 室", "门牌号"),
        ("2单元501的住户", "门牌号"),
        ("501室", "门牌号"),
        ("3-2-501", "门牌号"),
        ("5组12号", "门牌号"),
        ("门牌号12", "门牌号"),
    ],
)
def test_it_is_found(text: str, what: str) -> None:
    assert [found.what for found in numbers_in(f"请核实{text}。")] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-29 17:00前完成", "1月29日3栋、5栋消杀", "3栋25户未签", "2单元3人", "第12号文件", "5组25户、63人",
        "共43171户、125587人", "20200129前", "宣传单50000份", "3号楼消毒", "2020年第3期", "发放口罩1200只,3栋2次",
        "完成率98.5%", "14天", "37.3℃以上2人", "G75高速路2号卡点", "5组1月29日开会",
    ],
)  # fmt: skip
def test_figures_and_dates_are_nobodys(text: str) -> None:
    assert numbers_in(text) == []


@given(
    st.dates(min_value=__import__("datetime").date(1930, 1, 1)),
    st.integers(0, 999),
    st.sampled_from(["", " ", "-"]),
)
def test_any_id_number_is_found_however_it_is_spaced(birth: object, serial: int, gap: str) -> None:
    number = make_resident_id("510121", birth, serial)  # type: ignore[arg-type]
    spaced = gap.join((number[:6], number[6:14], number[14:]))
    found = numbers_in(f"请核实{spaced}。")
    assert [one.what for one in found] == ["证件号码"] and number not in str(found[0])
