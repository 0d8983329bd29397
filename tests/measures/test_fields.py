"""Extra fields of kinds: what may be asked, and what an answer must look like."""

from __future__ import annotations

from typing import Any

import pytest

from measures.catalogue import SHIPPED
from measures.models import Family
from measures.rules.fields import (
    MOST_FIELDS,
    FieldRule,
    WrongFields,
    WrongValues,
    clean_values,
    next_key,
    read_fields,
    shown,
)

RULES = (
    FieldRule("agent", "消毒剂", required=True),
    FieldRule("minutes", "作用时间", "integer", unit="分钟"),
    FieldRule("litres", "用药量", "decimal", unit="升"),
    FieldRule("how", "方式", "choice", choices=("喷洒", "擦拭")),
    FieldRule("done", "已完成", "yes_no"),
    FieldRule("at", "时间", "time"),
    FieldRule("story", "经过", "long"),
)


def test_what_is_stored_reads_back_as_the_same_fields() -> None:
    assert read_fields([rule.to_json() for rule in RULES]) == RULES


def test_answers_are_kept_in_their_plain_form_and_empty_ones_left_out() -> None:
    given = {"agent": " 84  消毒液 ", "minutes": "30", "litres": "2.50", "how": "喷洒", "done": "否", "at": "8：05",
             "story": "早上\r\n晚上 ", "unknown": "x"}  # fmt: skip
    with pytest.raises(WrongValues) as wrong:
        clean_values(RULES, given)
    assert wrong.value.errors == {"at": "时间请写成 08:30 的样子，“8：05”看不懂。"}
    kept = clean_values(RULES, {**given, "at": "08：05"})
    assert kept == {"agent": "84 消毒液", "minutes": 30, "litres": "2.5", "how": "喷洒", "done": False, "at": "08:05",
                    "story": "早上\n晚上"}  # fmt: skip
    assert clean_values(RULES, {"agent": "酒精", "minutes": " "}) == {"agent": "酒精"}
    assert [shown(rule, kept[rule.key]) for rule in RULES[1:5]] == ["30分钟", "2.5升", "喷洒", "否"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("agent", "", "请填写消毒剂。"),
        ("agent", "长" * 101, "消毒剂最多 100 个字，现在有 101 个。"),
        ("minutes", "3.5", "作用时间要填整数，“3.5”不是。"),
        ("minutes", "9" * 30, "作用时间要填整数，“99999999999999999999”不是。"),
        ("litres", "NaN", "用药量要填数字，如 2.5，“NaN”不是。"),
        ("litres", "-1", "用药量要填数字，如 2.5，“-1”不是。"),
        ("how", "泼", "方式没有“泼”这一项，可选：喷洒、擦拭。"),
        ("done", "maybe", "已完成请选择是或否。"),
    ],
)
def test_an_answer_that_does_not_fit_is_named(key: str, value: str, words: str) -> None:
    with pytest.raises(WrongValues) as wrong:
        clean_values(RULES, {"agent": "酒精", key: value})
    assert wrong.value.errors == {key: words}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"key": "f1", "label": ""}], "请填写栏目名称。"),
        ([{"key": "F 1", "label": "方式"}], "“方式”的标识不对。"),
        ([{"key": "f1", "label": "方式", "type": "image"}], "“方式”的类型不认识。"),
        (
            [{"key": "f1", "label": "方式", "type": "choice", "choices": ["喷洒", "喷洒"]}],
            "2 至 20 个不同的选项",
        ),
        ([{"key": "f1", "label": "方式", "choices": ["喷洒"]}], "“方式”不是单选，不能带选项。"),
        ([{"key": "f1", "label": "方式"}, {"key": "f2", "label": "方式"}], "“方式”已经有了"),
        (
            [{"key": f"f{n}", "label": f"栏{n}"} for n in range(MOST_FIELDS + 1)],
            "栏目最多 12 项，现在有 13 项",
        ),
        (["方式"], "请填写栏目名称。"),
    ],
)
def test_definitions_that_cannot_be_used_are_refused_in_words(rows: list[Any], words: str) -> None:
    with pytest.raises(WrongFields, match=words):
        read_fields(rows)


def test_a_new_field_never_takes_the_key_of_one_that_was_removed() -> None:
    assert next_key(["f1", "f7", "occasion"]) == "f8" and next_key([]) == "f1"


def test_the_kinds_that_ship_can_be_used() -> None:
    names = {(kind["family"], kind["name"]) for kind in SHIPPED}
    assert len(names) == len(SHIPPED) == len({kind["code"] for kind in SHIPPED})
    for kind in SHIPPED:
        assert kind["family"] in Family.values and len(kind["name"]) <= 20
        read_fields(kind["fields"])
