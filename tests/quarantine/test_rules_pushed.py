"""What is proposed for a row of a pushed list, and in which order the reasons count."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from quarantine.rules.policy import policy_terms_from_json
from quarantine.rules.pushed import FileFact, MatchBy, PushedCode, RowFacts, propose
from quarantine.rules.templates import HISTORICAL_POLICIES

TODAY = dt.date(2020, 1, 29)
ON_FILE = (FileFact(dt.date(2020, 1, 21), is_observed=True),)
HERE = RowFacts(matched_by=MatchBy.NUMBER, lives_here=True, origin="武汉")
STRANGER = RowFacts(origin="武汉")


def policy(**changes):
    terms = policy_terms_from_json(next(one for one in HISTORICAL_POLICIES if one["code"] == "home-14"))
    values = {"effective_from": dt.date(2020, 1, 1), "cutoff_on": dt.date(2020, 1, 8), "regions": ("湖北",)}
    return dataclasses.replace(terms, **{**values, **changes})


def code(facts: RowFacts, *policies) -> str:
    return propose(facts, policies, TODAY).code


def changed(facts: RowFacts, **values) -> RowFacts:
    return dataclasses.replace(facts, **values)


@pytest.mark.parametrize(
    "facts, expected",
    [
        (changed(HERE, files=ON_FILE), PushedCode.KNOWN),
        (changed(HERE, is_observed=True), PushedCode.KNOWN),
        (HERE, PushedCode.OMITTED),
        (changed(HERE, is_away=True, away_where="武汉"), PushedCode.ELSEWHERE),
        (changed(HERE, lives_here=False), PushedCode.ELSEWHERE),
        (changed(HERE, lives_here=False, files=ON_FILE), PushedCode.KNOWN),
        (STRANGER, PushedCode.OMITTED),
        (changed(STRANGER, has_bad_id=True), PushedCode.WRONG),
        (changed(STRANGER, words="途经淮口"), PushedCode.TRANSIT),
        (changed(STRANGER, words="高速路过,未下车"), PushedCode.NO_STAY),
        (changed(STRANGER, outside="红旗社区"), PushedCode.ELSEWHERE),
        (changed(HERE, outside="红旗社区"), PushedCode.OMITTED),
        (changed(HERE, words="途经武汉"), PushedCode.OMITTED),
        (RowFacts(names_nobody=True, words="途经"), PushedCode.WRONG),
    ],
)
def test_the_code_that_is_proposed(facts, expected):
    proposal = propose(facts, [], TODAY)
    assert proposal.code == expected
    assert proposal.reason


@pytest.mark.parametrize(
    "arrived, expected",
    [
        ("2020-01-07", PushedCode.PAST),  # before the first day that anybody asks about
        ("2020-01-14", PushedCode.PAST),  # the fourteenth day was yesterday
        ("2020-01-15", PushedCode.OMITTED),  # today is the last day
        ("2020-01-30", PushedCode.OMITTED),  # not yet: a slip of the pen proves nothing
    ],
)
def test_when_the_term_is_over(arrived, expected):
    facts = changed(HERE, arrived_on=dt.date.fromisoformat(arrived))
    assert code(facts, policy()) == expected


def test_without_a_policy_in_force_no_term_is_over():
    assert code(changed(HERE, arrived_on=dt.date(2019, 12, 1))) == PushedCode.OMITTED


def test_what_the_register_proves_comes_before_the_dates():
    facts = changed(HERE, files=ON_FILE, arrived_on=dt.date(2020, 1, 21))
    assert code(facts, policy(effective_from=dt.date(2020, 1, 25))) == PushedCode.KNOWN


@pytest.mark.parametrize(
    "by, certain", [(MatchBy.NUMBER, True), (MatchBy.PHONE, False), (MatchBy.ADDRESS, False)]
)
def test_only_a_number_proves_who_it_is(by, certain):
    proposal = propose(changed(HERE, matched_by=by, files=ON_FILE), [], TODAY)
    assert (proposal.code, proposal.is_certain) == (PushedCode.KNOWN, certain)


@pytest.mark.parametrize(
    "told, expected", [(24, PushedCode.KNOWN), (18, PushedCode.KNOWN), (25, PushedCode.OMITTED)]
)
def test_two_sheets_may_differ_by_three_days(told, expected):
    facts = changed(HERE, files=ON_FILE, arrived_on=dt.date(2020, 1, told))
    assert code(facts) == expected


def test_a_file_without_a_date_is_that_of_the_arrival():
    facts = changed(HERE, files=(FileFact(None, is_observed=False),), arrived_on=dt.date(2020, 1, 28))
    assert code(facts) == PushedCode.KNOWN
