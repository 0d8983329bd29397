"""The virtual staff of the bench read a page as a browser does, and what falls short of the aims is said."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.test import Client

from bench.pages.html_forms import FormReader
from bench.staff import group
from bench.staff.group import READING, SAVE
from bench.staff.reading import forms_of
from tests.factories import make_household, make_office, make_person
from tests.permissions.test_table import client_of
from tests.quarantine.cases import running, switch_on

ODD = """
<form action="/a?x=1&amp;y=2"><input name="one" value="&lt;王&gt;"><input type="checkbox" name="tick" value="2">
<input type="checkbox" name="ticked" checked><input name="off" disabled value="3"><button name="save">保存</button>
<select name="kind"><option value="A">甲</option><option value="B" selected>乙</option></select>
<select name="first"><option value="C">丙</option><option value="D">丁</option></select>
<textarea name="note">
第一行 &amp; 更多</textarea></form>
<form><input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked></form>
"""


def test_a_form_is_read_as_a_browser_sends_it() -> None:
    assert forms_of(ODD) == [
        (
            "/a?x=1&y=2",
            {"one": ["<王>"], "ticked": ["on"], "kind": ["B"], "first": ["C"], "note": ["第一行 & 更多"]},
        ),
        ("", {"r": ["2"]}),
    ]


@pytest.mark.django_db
def test_the_pages_of_the_bench_are_read_alike_by_the_slow_reader() -> None:
    office = make_office()
    switch_on(office.admin)
    running(office)
    home = make_household(office.group)
    make_person("张三", home)
    client: Client = client_of(office.jia)
    for page in (f"/households/{home.uid}/survey/", "/quarantine/round/"):
        text = client.get(page).content.decode()
        slow = FormReader()
        slow.feed(text)
        assert [fields for _to, fields in forms_of(text)] == slow.forms and len(slow.forms) > 2


def found() -> dict[str, Any]:
    entry = {"requests": 10, "rate": 12.0, "p50": 20, "p95": 80}
    phase = {"seconds": 180, "errors": 0, "words": [], "p95": 90, "entries": {SAVE: entry}}
    steps = [{**phase, "wanted": 14.0, "reached": 14.1}, {**phase, "wanted": 17.0, "reached": 15.0}]
    saved = {SAVE: 100, READING: 300}
    parts = {"beginning": phase, "held": phase, "steps": steps, "saved": saved, "held_in_database": saved}
    return {name: copy.deepcopy(part) for name, part in parts.items()}


def test_all_aims_met_says_nothing_and_the_fastest_step_without_an_error_counts() -> None:
    told = found()
    assert group.verdict(told) == []
    assert "as fast as it goes** | 15.0 |" in group.table(told)[-1]
    told["steps"][1]["errors"] = 1
    assert "as fast as it goes** | 14.1 |" in group.table(told)[-1]
    told["steps"][0]["errors"] = 1
    assert "as fast as it goes" not in group.table(told)[-1]


def test_what_falls_short_is_said() -> None:
    told = found()
    told["held"] |= {"errors": 2, "words": ["status 500"], "p95": 1200}
    told["held_in_database"][SAVE] = 101
    assert group.verdict(told) == [
        "2 errors (status 500)", "p95 1200 ms (aim 1000)", f"{SAVE}: 100 counted, 101 in the database",
    ]  # fmt: skip
