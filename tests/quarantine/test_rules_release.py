"""Why somebody cannot be released yet, and the follow-ups after a release."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from quarantine.rules.clock import SHANGHAI
from quarantine.rules.policy import HISTORICAL_POLICIES, ReleaseRules, policy_terms_from_json
from quarantine.rules.release import followup_dates, release_blockers

TERMS = policy_terms_from_json(HISTORICAL_POLICIES[0])
LAST_ON = date(2020, 2, 3)
OVER = datetime(2020, 2, 4, tzinfo=SHANGHAI)


def blockers(terms=TERMS, at=OVER, **facts):
    return release_blockers(terms, at=at, last_on=LAST_ON, expires_at=OVER, **facts)


def test_nothing_blocks_a_full_term_without_findings():
    assert blockers() == []


def test_a_term_blocks_until_its_last_second():
    assert blockers(at=OVER - timedelta(seconds=1)) == ["观察期未满，2月3日24时期满"]


def test_the_year_is_said_when_it_is_another():
    assert blockers(at=datetime(2019, 12, 31, 12, tzinfo=SHANGHAI)) == ["观察期未满，2020年2月3日24时期满"]


def test_missed_slots_are_named_in_their_order():
    missed = [(date(2020, 1, 23), "PM"), (date(2020, 1, 22), "PM"), (date(2020, 1, 22), "AM")]
    assert blockers(missed_slots=missed) == ["有3次漏测没有说明原因：1月22日上午、1月22日下午、1月23日下午"]


def test_a_long_list_of_missed_slots_is_cut_but_counted():
    missed = [(date(2020, 1, day), "AM") for day in range(21, 31)]
    (words,) = blockers(missed_slots=missed)
    assert words.startswith("有10次漏测没有说明原因：1月21日上午、")
    assert words.endswith("1月26日上午等")


def test_a_slot_of_an_older_policy_is_named_by_its_code():
    assert blockers(missed_slots=[(date(2020, 1, 22), "N1")]) == ["有1次漏测没有说明原因：1月22日N1"]


def test_an_open_alert_blocks():
    assert blockers(open_alerts=2) == ["有2起异常事件没有办结"]


def test_a_pending_extension_blocks():
    assert blockers(is_extension_pending=True) == ["延长观察的建议还没有处理"]


def test_every_obstacle_is_said():
    words = blockers(
        at=OVER - timedelta(days=1),
        missed_slots=[(date(2020, 1, 22), "AM")],
        open_alerts=1,
        is_extension_pending=True,
    )
    assert len(words) == 4


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("block_on_missed", {"missed_slots": [(date(2020, 1, 22), "AM")]}),
        ("block_on_open_alert", {"open_alerts": 1}),
        ("block_on_pending_extension", {"is_extension_pending": True}),
    ],
)
def test_a_policy_can_leave_an_obstacle_out(rule, facts):
    lenient = replace(TERMS, release=ReleaseRules(**{rule: False}))
    assert blockers(**facts)
    assert blockers(lenient, **facts) == []


def test_no_policy_releases_before_the_term_is_over():
    lenient = replace(
        TERMS,
        release=ReleaseRules(
            block_on_missed=False, block_on_open_alert=False, block_on_pending_extension=False
        ),
    )
    assert blockers(lenient, at=OVER - timedelta(minutes=1))


def test_follow_ups_are_counted_from_the_day_after_the_release():
    assert followup_dates(TERMS, date(2020, 2, 27)) == [
        date(2020, 2, 28),
        date(2020, 2, 29),
        date(2020, 3, 1),
        date(2020, 3, 5),
        date(2020, 3, 12),
    ]


MIXED = policy_terms_from_json(HISTORICAL_POLICIES[1])


def test_a_term_of_several_phases_says_where_it_stands_and_what_is_to_come():
    words = release_blockers(
        MIXED, at=datetime(2021, 2, 26, 12, tzinfo=SHANGHAI), last_on=date(2021, 3, 12),
        expires_at=datetime(2021, 3, 13, tzinfo=SHANGHAI), day_one_on=date(2021, 2, 20),
    )  # fmt: skip
    assert words == ["观察期未满，3月12日24时期满；现在是集中隔离14天的第7天，之后还有居家7天"]


def test_a_recalculation_and_a_handover_that_wait_block():
    assert blockers(is_recalculation_pending=True) == ["按新政策重算的建议还没有处理"]
    assert blockers(handed_over_to="龚家村") == ["已提请移交给龚家村，对方还没有答复"]
    lenient = replace(TERMS, release=ReleaseRules(block_on_pending_extension=False))
    assert blockers(lenient, is_recalculation_pending=True) == []
    assert blockers(lenient, handed_over_to="龚家村")
