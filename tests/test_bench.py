"""What the benchmarks make of their figures; the figures themselves come from `make bench`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from bench.clock import group as clock
from bench.exports.group import verdict
from bench.groups import Group, Section, groups
from bench.results import marker, readme_with, results_with


def nothing(options: argparse.Namespace) -> Section:
    return Section([])


ONE, TWO = Group("one", "First", nothing), Group("two", "Second", nothing)
ORDER = ["First", "Second"]


def test_a_group_replaces_its_own_section_and_no_other() -> None:
    text = results_with("", TWO, Section(["|b|"], ["before"], ["after"]), ORDER)
    text = results_with(text, ONE, Section(["|a|"]), ORDER)
    again = results_with(text, ONE, Section(["|c|"]), ORDER)
    assert again.count("## First") == again.count("## Second") == 1
    assert again.index("## First") < again.index("## Second")
    assert "|a|" not in again and "|b|" in again and "before" in again and "after" in again


def test_the_readme_shows_the_table_between_the_markers() -> None:
    results = results_with("", ONE, Section(["|a|"]), ORDER)
    shown = readme_with(f"x\n{marker('one')}\ny\n", results, "one")
    assert shown == f"x\n{marker('one')}\n|a|\n{marker('one')}\ny\n"
    newer = results_with(results, ONE, Section(["|b|"]), ORDER)
    assert readme_with(shown, newer, "one") == shown.replace("|a|", "|b|")


def test_a_readme_without_the_marker_is_told() -> None:
    with pytest.raises(ValueError, match="bench:one"):
        readme_with("x", results_with("", ONE, Section([]), ORDER), "one")


def test_every_group_has_its_markers_in_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert [key for key in groups() if marker(key) not in readme] == []


def answers(seconds: float, peak: float = 100, making: float = 0) -> list[dict[str, Any]]:
    return [{"seconds": seconds, "peak_mb": peak, "making": making}] * 3


@pytest.mark.parametrize(
    ("ours", "peak", "words"),
    [(4, 100, "All aims are met."), (6, 100, "11.7 times"), (11, 100, "2.75 floors"), (4, 151, "151 MB")],
)
def test_falling_short_is_said(ours: float, peak: float, words: str) -> None:
    """The making of a peer's rows is not counted against the peer."""
    found = {
        "ours_masked": answers(ours, peak), "ours_unmasked": answers(4), "floor": answers(4),
        "openpyxl_styled": answers(80, making=10),
    }  # fmt: skip
    assert words in verdict(found)


def city(idle: float = 20, opening: float = 30, peak: float = 300, page: float = 100) -> clock.City:
    return {
        "idle": [idle] * 30, "opening": {"seconds": opening, "peak_mb": peak}, "round": {"times": [page] * 30},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("large", "words"),
    [
        (city(), []),
        (city(idle=31), ["an idle tick costs 1.55 times as much (aim 1.5)"]),
        (city(opening=61, peak=501), ["opening takes 61 s (aim 60)", "opening needs 501 MB (aim 500)"]),
        (city(page=151), ["the round: p95 over 150 ms"]),
    ],
)
def test_a_city_whose_clock_is_slow_is_told(large: clock.City, words: list[str]) -> None:
    assert clock.verdict(city(), large) == words
