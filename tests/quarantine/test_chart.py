"""The temperature chart: every mark lies where the thermometer put it, and a gap stays a gap."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from itertools import pairwise

from quarantine.rules.chart import Axis, Chart, ChartDay, Column, Point, axis_of, charts_draw
from quarantine.rules.policy import HISTORICAL_POLICIES, PolicyTerms, policy_terms_from_json

FIRST = dt.date(2020, 1, 21)


def terms(**changes: object) -> PolicyTerms:
    data = next(one for one in HISTORICAL_POLICIES if one["code"] == "home-14")
    return policy_terms_from_json({**data, **changes})


def point(value: str, *symptoms: str) -> Point:
    return Point(Decimal(value), f"{value}℃", symptoms)


def column(value: str = "", *seconds: str, state: str = "") -> Column:
    first = point(value) if value else None
    return Column(
        "上午", first, [point(one) for one in seconds], state=state, state_words="漏测" if state else ""
    )


def drawn(*columns: Column, policy: PolicyTerms | None = None, axis: Axis | None = None) -> Chart:
    """Two slots a day."""
    policy = policy or terms()
    pairs = [columns[start : start + 2] for start in range(0, len(columns), 2)]
    days = [
        ChartDay(number, FIRST + dt.timedelta(days=number - 1), pair) for number, pair in enumerate(pairs, 1)
    ]
    told = [one.first.temperature for one in columns if one.first]
    [chart] = charts_draw(days=days, terms=policy, axis=axis or axis_of(told, [policy]), title="体温")
    return chart


def test_a_reading_of_the_threshold_lies_on_the_fever_line() -> None:
    chart = drawn(column("37.3"), column("36.5"))
    assert chart.marks[0].y == chart.fever_y
    assert chart.marks[1].y > chart.fever_y


def test_the_same_reading_is_fever_or_not_by_the_operator() -> None:
    at_least, above = drawn(column("37.3")), drawn(column("37.3"), policy=terms(fever_operator="GT"))
    assert (at_least.marks[0].kind, at_least.fever_words) == ("fever", "≥37.3 发热")
    assert (above.marks[0].kind, above.fever_words) == ("normal", "＞37.3 发热")


def test_a_reading_at_the_low_limit_lies_on_its_line_and_is_not_low() -> None:
    chart = drawn(column("35.5"), column("35.4"))
    assert chart.marks[0].y == chart.low_y
    assert [mark.kind for mark in chart.marks] == ["normal", "low"]


def test_degrees_are_spaced_evenly() -> None:
    chart = drawn(column("36.0"), column("36.5"), column("37.0"))
    first, second, third = (mark.y for mark in chart.marks)
    assert round(first - second, 2) == round(second - third, 2) > 0


def test_slots_lie_side_by_side_each_in_the_middle_of_its_column() -> None:
    chart = drawn(column("36.0"), column("36.5"), column("37.0"), column("36.4"))
    xs = [mark.x for mark in chart.marks]
    gaps = {round(after - before, 1) for before, after in pairwise(xs)}
    assert len(gaps) == 1
    assert chart.days[1].left == (xs[1] + xs[2]) / 2


def test_a_gap_is_not_joined_over_and_says_why() -> None:
    chart = drawn(column("36.0"), column("36.1"), column(state="漏"), column("36.2"), column("36.3"))
    assert [len(line.split()) for line in chart.lines] == [2, 2]
    [letter] = chart.letters
    assert (letter.letter, letter.words) == ("漏", "漏测")
    assert chart.marks[1].x < letter.x < chart.marks[2].x


def test_a_single_reading_between_two_gaps_is_a_mark_without_a_line() -> None:
    chart = drawn(column(state="漏"), column("36.1"), column(state="漏"))
    assert chart.lines == []
    assert len(chart.marks) == 1


def test_a_second_measurement_is_a_mark_of_its_own_joined_to_the_first() -> None:
    chart = drawn(column("37.6", "36.9"), column("36.5"))
    first, second = chart.marks[:2]
    assert (first.kind, second.kind) == ("fever", "second")
    assert second.x > first.x
    [join] = chart.joins
    assert (join.x1, join.y1, join.x2, join.y2) == (first.x, first.y, second.x, second.y)
    assert chart.lines == [f"{first.x},{first.y} {chart.marks[2].x},{chart.marks[2].y}"]


def test_a_symptom_at_a_normal_temperature_has_its_own_shape() -> None:
    chart = drawn(Column("上午", point("36.6", "干咳")), column("36.6"))
    assert [mark.kind for mark in chart.marks] == ["symptoms", "normal"]
    assert chart.marks[0].path != chart.marks[1].path


def test_a_corrected_slip_is_a_cross_at_the_edge_with_its_value_and_stretches_nothing() -> None:
    slip = Column("上午", point("36.9"), corrected=[point("41.9")])
    chart = drawn(slip, column("36.6"))
    cross = next(mark for mark in chart.marks if mark.kind == "corrected")
    assert (cross.y, cross.label) == (chart.top, "41.9")
    assert [len(line.split()) for line in chart.lines] == [2]
    assert chart.axis.high == Decimal("37.5")


def test_the_axis_holds_what_was_measured_and_both_lines() -> None:
    assert axis_of([], [terms()]) == Axis(Decimal("35.0"), Decimal("37.5"), Decimal("0.5"))
    hot = axis_of([Decimal("40.1")], [terms()])
    assert (hot.low, hot.high, hot.step) == (Decimal(35), Decimal(41), Decimal(1))
    assert [str(one) for one in hot.ticks()] == ["35", "36", "37", "38", "39", "40", "41"]


def test_a_long_observation_is_drawn_in_pieces_of_about_the_same_length() -> None:
    policy = terms()
    days = [
        ChartDay(number, FIRST + dt.timedelta(days=number), [column("36.5"), column("36.6")])
        for number in range(1, 36)
    ]
    charts = charts_draw(days=days, terms=policy, axis=axis_of([], [policy]), title="体温")
    assert [len(chart.days) for chart in charts] == [18, 17]
    assert [re.sub(r".*（", "（", chart.title) for chart in charts] == ["（1/2）", "（2/2）"]
    assert all(chart.right <= chart.width for chart in charts)


def test_it_is_told_in_words_for_those_who_cannot_see_it() -> None:
    chart = drawn(column("37.6", "36.9"), column("34.9"), column(state="漏"))
    assert chart.words == "1月21日至1月22日，测得2次，最高37.6℃，最低34.9℃，发热1次，复测1次；漏测1次。"
