"""Rules of alerts: limits by kind out of the policy, and the ladder upward."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.rules.alerting import DEFAULT_LIMITS, AlertKind
from quarantine.rules.escalation import Cause, Due, Past, Standing, next_escalation, next_level
from quarantine.rules.policy import (
    HISTORICAL_POLICIES,
    Notify,
    PolicyError,
    PolicyTerms,
    policy_terms_from_json,
)

T0 = dt.datetime(2020, 1, 29, 8, 30, tzinfo=dt.UTC)


def terms(steps: list[dict[str, Any]] | None = None, **alerts: Any) -> PolicyTerms:
    return policy_terms_from_json({**HISTORICAL_POLICIES[0], "alerts": alerts, "escalation": steps or []})


def test_a_policy_that_says_nothing_has_limits_for_every_kind_and_reads_back_the_same():
    usual = policy_terms_from_json(HISTORICAL_POLICIES[0])
    assert {one.kind for one in usual.alerts.limits} == set(AlertKind)
    assert policy_terms_from_json(usual.to_json()) == usual


def test_one_number_may_be_set_and_the_others_keep_their_default():
    rules = terms(limits={"FEVER": {"acknowledge_minutes": 5}}, identical_days=4).alerts
    usual = {one.kind: one for one in DEFAULT_LIMITS}
    assert rules.limits_of("FEVER").acknowledge_minutes == 5
    assert rules.limits_of("FEVER").handle_minutes == usual[AlertKind.FEVER].handle_minutes
    assert rules.limits_of("MISSED") == usual[AlertKind.MISSED]
    assert rules.identical_days == 4


@pytest.mark.parametrize(
    ("alerts", "field"),
    [
        ({"limits": {"FEVER": {"acknowledge_minutes": 0}}}, "alerts.limits.FEVER.acknowledge_minutes"),
        ({"limits": {"FEVER": {"handle_minutes": 5}}}, "alerts.limits.FEVER.handle_minutes"),
        ({"limits": {"FEVRE": {}}}, "alerts.limits.FEVRE"),
        ({"identical_days": 1}, "alerts.identical_days"),
        ({"next_level": 30}, "alerts.next_level"),
    ],
)
def test_a_wrong_number_is_named(alerts, field):
    with pytest.raises(PolicyError) as found:
        terms(**alerts)
    assert [problem.field for problem in found.value.problems] == [field]


# --- the ladder -------------------------------------------------------------------------------------------
def climb(
    one: PolicyTerms, levels: list[int], acknowledged_after: int | None = None
) -> list[tuple[str, int]]:
    """(cause and minutes, level) of everything that goes up while nobody closes the alert."""
    past: list[Past] = []
    found: list[tuple[str, int]] = []
    top = min(levels, default=0)
    for _ in range(50):
        due = next_escalation(one, Standing("FEVER", T0, False, past), top)
        minutes = int((due.due_at - T0).total_seconds() // 60) if due else 0
        if acknowledged_after is not None and (due is None or minutes >= acknowledged_after):
            due = next_escalation(one, Standing("FEVER", T0, True, past), top)
        if due is None:
            return found
        level = next_level(levels, past) if due.cause != Cause.STEP else 1000
        past.append(Past(due.cause, due.stage, level or 0))
        found.append((f"{due.cause} {int((due.due_at - T0).total_seconds() // 60)}", level or 0))
    raise AssertionError("it never ends")


def test_unnoticed_it_climbs_level_by_level_to_the_street_and_then_for_not_being_closed():
    assert climb(terms(), [5, 3, 1, 0]) == [
        ("UNNOTICED 15", 5), ("UNNOTICED 45", 3), ("UNNOTICED 75", 1), ("UNNOTICED 105", 0), ("UNHANDLED 120", 0),
    ]  # fmt: skip


def test_once_noticed_only_the_time_for_closing_counts():
    assert climb(terms(), [5, 3, 0], acknowledged_after=20) == [
        ("UNNOTICED 15", 5), ("UNHANDLED 120", 3), ("UNHANDLED 150", 0),
    ]  # fmt: skip


def test_steps_that_the_policy_names_come_beside_the_ladder_while_nobody_has_noticed():
    steps = [
        {"stage": 1, "after_minutes": 0, "notify": "STREET"},
        {"stage": 2, "after_minutes": 30, "notify": "POLICE"},
    ]
    assert ("STEP 30", 1000) in climb(terms(steps), [5, 0])
    assert "STEP" not in str(climb(terms(steps), [5, 0], acknowledged_after=20))
    due = next_escalation(terms(steps), Standing("FEVER", T0, False, [Past(Cause.UNNOTICED, 1, 5)]), 0)
    assert due == Due(Cause.STEP, 2, T0 + dt.timedelta(minutes=30), (Notify.POLICE,))


@given(
    levels=st.lists(st.integers(0, 9), max_size=6, unique=True),
    acknowledged=st.none() | st.integers(0, 300),
    first=st.integers(1, 60),
    between=st.integers(1, 60),
)
def test_it_always_ends_each_stage_comes_once_and_nobody_below_is_told_after_somebody_above(
    levels, acknowledged, first, between
):
    limits = {"FEVER": {"acknowledge_minutes": first, "handle_minutes": first + 60}}
    found = climb(terms(limits=limits, next_level_minutes=between), levels, acknowledged)
    told = [level for _words, level in found]
    assert told == sorted(told, reverse=True)
    assert len({words for words, _level in found}) == len(found)
    assert not levels or told[-1] == min(levels)
