"""How a running term changes: by date, over month ends and the leap day of 2020."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quarantine.rules.clock import Start, StartBasis
from quarantine.rules.life import (
    NewTerm,
    RestartCause,
    change_words,
    home_days,
    phase_left_words,
    recalculate,
    restart,
    returned,
    shorten,
)
from quarantine.rules.policy import (
    HISTORICAL_POLICIES,
    PolicyTerms,
    RestartRules,
    ReturnClock,
    policy_terms_from_json,
)

TERMS = {str(data["code"]): policy_terms_from_json(data) for data in HISTORICAL_POLICIES}
HOME14, MIXED, HOME5, NONE = (TERMS[code] for code in ("home-14", "hotel-14-home-7", "home-5", "none"))


def on(text: str, year: int = 2020) -> date:
    month, day = text.split("-")
    return date(year, int(month), int(day))


def start(basis_on: str, basis: StartBasis = StartBasis.LEFT_REGION) -> Start:
    day = on(basis_on)
    return Start(basis, day, date.fromordinal(day.toordinal() + 1))


@pytest.mark.parametrize(
    ("cause", "again_on", "first", "last"),
    [
        ("NEW_EXPOSURE", "2-15", "2-16", "2-29"),  # a leap year: fourteen days end on the 29th
        ("NEW_EXPOSURE", "2-16", "2-17", "3-1"),
        ("LEFT_HOME", "1-31", "2-1", "2-14"),
        ("LEFT_HOME", "2-29", "3-1", "3-14"),
        ("NEW_EXPOSURE", "1-20", "1-21", "2-3"),  # the day of the first basis again changes nothing
    ],
)
def test_a_restart_counts_the_whole_term_from_the_next_day(
    cause: str, again_on: str, first: str, last: str
) -> None:
    new = restart(
        HOME14,
        cause=RestartCause(cause),
        basis_on=on(again_on),
        old_basis_on=on("1-20"),
        old_last_on=on("2-3"),
    )
    assert (new.start.day_one_on, new.last_on) == (on(first), on(last))


def test_a_restart_says_what_it_is_counted_from() -> None:
    bases = {
        cause: restart(
            HOME14, cause=cause, basis_on=on("2-1"), old_basis_on=on("1-20"), old_last_on=on("2-3")
        ).start.basis
        for cause in RestartCause
    }
    assert bases == {
        RestartCause.LEFT_HOME: StartBasis.CONTROLLED,
        RestartCause.NEW_EXPOSURE: StartBasis.LAST_CONTACT,
    }


def test_a_restart_never_ends_earlier_than_an_extension_did() -> None:
    new = restart(
        HOME14,
        cause=RestartCause.LEFT_HOME,
        basis_on=on("1-22"),
        old_basis_on=on("1-20"),
        old_last_on=on("2-10"),
    )
    assert new.last_on == on("2-10")


def test_a_restart_is_refused_where_the_policy_has_none_or_the_day_lies_before() -> None:
    strict = replace(HOME14, restart=RestartRules(on_left_home=False))
    with pytest.raises(ValueError, match="没有规定擅自外出"):
        restart(
            strict,
            cause=RestartCause.LEFT_HOME,
            basis_on=on("2-1"),
            old_basis_on=on("1-20"),
            old_last_on=on("2-3"),
        )
    with pytest.raises(ValueError, match="早于原来的依据日期"):
        restart(
            HOME14,
            cause=RestartCause.LEFT_HOME,
            basis_on=on("1-19"),
            old_basis_on=on("1-20"),
            old_last_on=on("2-3"),
        )


@pytest.mark.parametrize(
    ("new_last", "problem"),
    [
        ("2-2", ""), ("2-1", ""), ("1-31", "最早可改到2020-02-01"), ("2-3", "应早于现在"), ("2-4", "应早于现在"),
    ],
)  # fmt: skip
def test_a_term_is_shortened_to_the_day_before_at_the_earliest(new_last: str, problem: str) -> None:
    days = {
        "day_one_on": on("1-21"),
        "last_on": on("2-3"),
        "new_last_on": on(new_last),
        "decided_on": on("2-2"),
    }
    if problem:
        with pytest.raises(ValueError, match=problem):
            shorten(**days)
    else:
        assert shorten(**days) == on(new_last)


def test_a_term_is_not_shortened_to_nothing() -> None:
    with pytest.raises(ValueError, match="不能早于第1天"):
        shorten(
            day_one_on=on("1-21"), last_on=on("2-3"), new_last_on=on("1-20"), decided_on=on("1-20")
        )  # fmt: skip


KNOWN = {
    "last_contact_on": None,
    "left_on": on("2-20"),
    "arrived_on": on("2-21"),
    "controlled_on": on("2-22"),
}


@pytest.mark.parametrize(
    ("new", "last", "known", "first", "expected"),
    [
        (HOME5, "3-5", KNOWN, "2-21", "2-25"),  # 14 days become 5
        (HOME5, "3-7", KNOWN, "2-21", "2-27"),  # two days of extension are kept
        (MIXED, "3-5", KNOWN, "2-21", "3-12"),  # 21 days over the leap day
        (replace(HOME14, day_one_is_next_day=False), "3-5", KNOWN, "2-20", "3-4"),
        (replace(HOME14, start_basis=(StartBasis.ARRIVED,)), "3-5", KNOWN, "2-22", "3-6"),
        (HOME5, "3-5", None, "2-21", "2-25"),  # started again: its own basis stands
        (HOME14, "3-5", KNOWN, "2-21", "3-5"),
    ],
)
def test_a_running_term_under_another_policy(
    new: PolicyTerms, last: str, known: dict[str, date | None] | None, first: str, expected: str
) -> None:
    found = recalculate(HOME14, new, start=start("2-20"), last_on=on(last), known=known)
    assert (found.start.day_one_on, found.last_on) == (on(first), on(expected))


def test_a_policy_without_the_measure_ends_terms_on_the_day_before_it() -> None:
    begun = Start(StartBasis.ARRIVED, date(2023, 1, 4), date(2023, 1, 5))
    found = recalculate(HOME5, NONE, start=begun, last_on=date(2023, 1, 9), known={})
    assert found == NewTerm(begun, date(2023, 1, 7))
    later = Start(StartBasis.ARRIVED, date(2023, 1, 8), date(2023, 1, 9))
    assert recalculate(HOME5, NONE, start=later, last_on=date(2023, 1, 13), known={}).last_on == date(
        2023, 1, 9
    )


def test_only_the_phase_at_home_is_compared_after_a_return() -> None:
    found = recalculate(
        MIXED,
        TERMS["hotel-7-home-3"],
        start=start("2-20"),
        last_on=on("2-27"),
        known=None,
        is_home_phase=True,
    )
    assert found.last_on == on("2-23")  # 7 days at home become 3


@pytest.mark.parametrize(
    ("clock", "terms", "returned_on", "first", "last"),
    [
        ("CONTINUE", HOME14, "1-30", "1-21", "2-3"),
        ("RESTART", HOME14, "2-15", "2-16", "2-29"),
        ("PHASE", MIXED, "2-27", "2-28", "3-5"),
    ],
)
def test_the_clock_after_a_return(
    clock: str, terms: PolicyTerms, returned_on: str, first: str, last: str
) -> None:
    new = returned(
        terms, ReturnClock(clock), returned_on=on(returned_on), start=start("1-20"), last_on=on("2-3")
    )
    assert (new.start.day_one_on, new.last_on) == (on(first), on(last))


@pytest.mark.parametrize(
    ("clock", "problem"), [("CONTINUE", "2月3日已满"), ("PHASE", "没有集中隔离后的居家阶段")]
)
def test_a_return_with_nothing_left_to_count_is_refused(clock: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        returned(HOME14, ReturnClock(clock), returned_on=on("2-4"), start=start("1-20"), last_on=on("2-3"))


def test_days_at_home_are_those_after_a_central_place() -> None:
    assert {code: home_days(terms) for code, terms in TERMS.items()} == {
        "home-14": 0, "hotel-14-home-7": 7, "hotel-7-home-3": 3, "hotel-5-home-3": 3, "home-5": 0, "none": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2-20", ""),
        ("2-21", "现在是集中隔离14天的第1天，之后还有居家7天"),
        ("3-5", "现在是集中隔离14天的第14天，之后还有居家7天"),
        ("3-6", "现在是居家7天的第1天"),
        ("3-13", ""),
    ],
)
def test_a_phase_is_said_in_words(day: str, words: str) -> None:
    assert phase_left_words(MIXED, on("2-21"), on(day)) == words
    assert phase_left_words(HOME14, on("2-21"), on(day)) == ""


def test_what_changes_is_said_point_by_point_and_nothing_where_nothing_does() -> None:
    before = NewTerm(start("2-20"), on("3-5"))
    after = recalculate(HOME14, HOME5, start=before.start, last_on=before.last_on, known=KNOWN)
    assert change_words(HOME14, HOME5, before, after, 2020) == [
        "期限由居家14天改为居家5天", "最后一天由3月5日改为2月25日",
    ]  # fmt: skip
    same = recalculate(HOME14, HOME14, start=before.start, last_on=before.last_on, known=KNOWN)
    assert change_words(HOME14, HOME14, before, same, 2020) == []
