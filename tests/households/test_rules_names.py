"""Names: rare characters survive, separators become one, initials find them (DOMAIN.md §4)."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.rules.names import check_name, mask_name, name_initials, normalise_name

ROOT = Path(__file__).parents[2]
RARE = "𬱖頔暐奡㛃䶮𠮷"
names = st.text(st.sampled_from(f"张王曾单阿买提欧阳{RARE} \u3000·‧•・．.‧ABcé1\u200b\ufeff"), max_size=12)


@pytest.mark.parametrize("dot", ["‧", "•", "・", "．", ".", "·", " · ", "・・", "∙"])
def test_every_separator_between_chinese_characters_becomes_the_middle_dot(dot: str) -> None:
    assert normalise_name(f"阿卜杜{dot}热合曼") == "阿卜杜\u00b7热合曼"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  张三\u3000", "张三"),
        ("张　三", "张三"),
        ("张\t三\r\n", "张三"),
        ("\ufeff张\u200b三", "张三"),
        ("John   Smith", "John Smith"),
        ("J. R. Smith", "J. R. Smith"),
        ("Ｊｏｈｎ", "John"),
        (RARE, RARE),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("﨑", "﨑"),
    ],
)
def test_names_are_tidied_and_nothing_of_them_is_lost(typed: str, name: str) -> None:
    assert normalise_name(typed) == name


@given(st.one_of(names, st.text()))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("张三", []),
        (RARE, []),
        ("古丽巴哈尔·买买提", []),
        ("𬱖" * 50, []),
        ("买" * 51, ["long"]),
        ("", ["empty"]),
        ("张\x07三", ["control"]),
        ("张\ud800", ["control"]),
        ("王?", ["garbled"]),
        ("王\ufffd", ["garbled"]),
        ("510121199003070019", ["digits"]),
    ],
)
def test_what_is_no_name_is_refused_with_its_reason(name: str, codes: list[str]) -> None:
    problems = check_name(name)
    assert [problem.code for problem in problems] == codes
    assert not any(problem.is_warning for problem in problems)


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("张三", "zs"),
        ("曾小明", "zxm"),
        ("单雄信", "sxx"),
        ("仇英", "qy"),
        ("解缙", "xj"),
        ("查良镛", "zly"),
        ("区大相", "odx"),
        ("朴树", "ps"),
        ("盖叫天", "gjt"),
        ("翟志刚", "zzg"),
        ("覃辉", "qh"),
        ("种师道", "csd"),
        ("万俟卨", "mqx"),
        ("尉迟恭", "ycg"),
        ("单于雄", "cyx"),
        ("欧阳娜娜", "oynn"),
        ("小单", "xd"),
        ("阿卜杜·热合曼", "abdrhm"),
        ("John Smith", "js"),
        ("José María", "jm"),
        ("张三12", "zs12"),
        ("", ""),
        ("·", ""),
    ],
)
def test_initials_read_surnames_as_surnames(name: str, initials: str) -> None:
    assert name_initials(name) == initials


def test_characters_without_a_reading_are_left_out() -> None:
    assert name_initials("王\U0003134a三") == "ws"


@given(st.one_of(names, st.text()))
def test_initials_are_ascii_and_no_longer_than_the_name(name: str) -> None:
    initials = name_initials(name)
    assert all(letter.isascii() and letter.isalnum() and letter == letter.lower() for letter in initials)
    assert len(initials) <= min(len(name), 50)


def test_the_initials_of_a_whole_street_take_less_than_two_seconds() -> None:
    rng = random.Random(1)
    street = ["".join(rng.choices("王李张曾单陈伟芳娜秀英敏静丽强磊", k=3)) for _ in range(125_000)]
    start = time.process_time()
    for name in street:
        name_initials(name)
    assert time.process_time() - start < 2


def test_the_dictionaries_of_pinyin_are_not_read_before_somebody_needs_them() -> None:
    """They take 57 MB, which every web process and every export would hold."""
    asked = "import django, sys; django.setup(); import grassroots.urls; sys.exit('pypinyin' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    assert (
        subprocess.run([sys.executable, "-c", asked], env=environment, cwd=ROOT, timeout=60).returncode == 0
    )


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张小三", "张*三"),
        ("张", "张*"),
        ("欧阳明", "欧阳*"),
        ("欧阳小明", "欧阳*明"),
        ("欧阳", "欧*"),
        ("古丽买买提", "古***提"),
        ("阿依·买买提", "阿*·***"),
        ("阿·艾力·买买提", "阿·**·***"),
        ("John Smith", "J*** S****"),
        ("𬱖頔", "𬱖*"),
        ("", ""),
    ],
)
def test_public_papers_show_a_name_in_part(name: str, masked: str) -> None:
    assert mask_name(name) == masked
