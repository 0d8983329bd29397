"""What to answer to a row of a pushed list (上级推送名单): the seven codes, and the one that is proposed, with why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices

from quarantine.rules.clock import MeasureOff, MissingStart, choose_start, term
from quarantine.rules.origins import applicable_policy
from quarantine.rules.policy import PolicyTerms


class PushedCode(TextChoices):
    """“前期已排查 / 信息有误 / 漏排 / 不在本地居住 / 超过排查期 / 途经停留中转 / 无停留” (DOMAIN.md §2)."""

    KNOWN = "KNOWN", "前期已排查"
    WRONG = "WRONG", "信息有误"
    OMITTED = "OMITTED", "漏排"
    ELSEWHERE = "ELSEWHERE", "不在本地居住"
    PAST = "PAST", "超过排查期"
    TRANSIT = "TRANSIT", "途经停留中转"
    NO_STAY = "NO_STAY", "无停留"


class MatchBy(TextChoices):
    """By what a row was recognised as somebody of the register, the surest first."""

    NUMBER = "NUMBER", "证件号码"
    PHONE = "PHONE", "姓名和电话"
    ADDRESS = "ADDRESS", "姓名和住址"
    NOBODY = "", "没有对上"


@dataclass(frozen=True)
class FileFact:
    """What the register holds about a return: the day of arrival, and whether there was an observation."""

    arrived_on: date | None
    is_observed: bool


@dataclass(frozen=True)
class RowFacts:
    """What is known about one row: who it is, where he lives, which files he has, what the sender wrote."""

    matched_by: str = MatchBy.NOBODY
    lives_here: bool = False
    is_away: bool = False
    away_where: str = ""
    files: tuple[FileFact, ...] = ()
    is_observed: bool = False
    has_bad_id: bool = False
    names_nobody: bool = False
    outside: str = ""
    """The village outside the office's area that the row names."""
    origin: str = ""
    arrived_on: date | None = None
    words: str = ""


@dataclass(frozen=True)
class Proposal:
    """The code proposed and why, in words; certain when the register itself is the proof."""

    code: PushedCode
    reason: str
    is_certain: bool = False


# Two sheets rarely agree to the day on when somebody arrived.
SAME_ARRIVAL = timedelta(days=3)
_NO_STAY = re.compile(r"(?:无|未|没有?|不)(?:作)?停留|未下(?:车|高速|机|站)")
_TRANSIT = re.compile(r"途经|途径|路过|经停|中转|转车|转机|换乘|过境")
_PHONE_ASKS = "(按姓名和电话对上，请核实)"


def propose(facts: RowFacts, policies: Iterable[PolicyTerms], today: date) -> Proposal:
    """The sensible answer to a row; the officer decides.

    What the register proves comes first (already on file), then what the dates say, then where he lives, then what
    the sender's own words say. Somebody of whom nothing is known was missed until it is shown otherwise.
    """
    if facts.names_nobody:
        return Proposal(PushedCode.WRONG, "这一行没有姓名，证件号码也不能用，无法核对是谁。")
    for proposal in (
        _on_file(facts),
        _outside(facts),
        _past(facts, list(policies), today),
        _lives_elsewhere(facts),
        _missed_resident(facts),
    ):
        if proposal is not None:
            return proposal
    return _unknown(facts)


def _on_file(facts: RowFacts) -> Proposal | None:
    if facts.matched_by == MatchBy.NOBODY or not (facts.files or facts.is_observed):
        return None
    is_certain = facts.matched_by == MatchBy.NUMBER
    hint = "" if is_certain else _PHONE_ASKS
    same = [one for one in facts.files if _is_same_arrival(one.arrived_on, facts.arrived_on)]
    if facts.files and not same and not facts.is_observed and facts.arrived_on is not None:
        latest = max(one.arrived_on for one in facts.files if one.arrived_on)
        reason = f"登记的是{_day(latest)}返回，名单是{_day(facts.arrived_on)}，请核实是否又回来一次。"
        return Proposal(PushedCode.OMITTED, reason)
    watched = facts.is_observed or any(one.is_observed for one in same)
    known = next((one.arrived_on for one in same if one.arrived_on), None)
    reason = f"{_day(known)}返回，已建返乡档案" if known else "已建返乡档案" if same else "已在居家观察登记中"
    reason += ",已居家观察" if watched and same else ""
    return Proposal(PushedCode.KNOWN, f"{reason}{hint}。", is_certain)


def _is_same_arrival(filed: date | None, told: date | None) -> bool:
    return filed is None or told is None or abs(filed - told) <= SAME_ARRIVAL


def _outside(facts: RowFacts) -> Proposal | None:
    if not facts.outside or facts.lives_here:
        return None
    return Proposal(PushedCode.ELSEWHERE, f"名单写的是“{facts.outside}”，不在本辖区。")


def _past(facts: RowFacts, policies: list[PolicyTerms], today: date) -> Proposal | None:
    """Arrived before anybody was asked, or so long ago that the term is over."""
    arrived_on = facts.arrived_on
    if arrived_on is None or arrived_on > today or not policies:
        return None
    starts = [start for terms in policies if terms.is_measure_on and (start := _first_day(terms))]
    if starts and arrived_on < min(starts):
        return Proposal(PushedCode.PAST, f"{_day(arrived_on)}到达，早于排查起始日期{_day(min(starts))}。")
    terms = applicable_policy(policies, facts.origin, arrived_on=arrived_on)
    if terms is None:
        return None
    try:
        last_on = term(terms, choose_start(terms, arrived_on=arrived_on)).last_on
    except (MissingStart, MeasureOff):
        return None
    if last_on >= today:
        return None
    return Proposal(PushedCode.PAST, f"{_day(arrived_on)}到达，{terms.total_days}天到{_day(last_on)}已满。")


def _first_day(terms: PolicyTerms) -> date | None:
    """The first day of arrival that a policy asks about."""
    days = [day for day in (terms.effective_from, terms.cutoff_on) if day is not None]
    return max(days, default=None)


def _lives_elsewhere(facts: RowFacts) -> Proposal | None:
    if facts.matched_by == MatchBy.NOBODY:
        return None
    if not facts.lives_here:
        return Proposal(PushedCode.ELSEWHERE, "登记的现住址不在本辖区。")
    if facts.is_away:
        where = f"({facts.away_where})" if facts.away_where else ""
        return Proposal(PushedCode.ELSEWHERE, f"登记为外出未归{where}，请核实是否已回来。")
    return None


def _missed_resident(facts: RowFacts) -> Proposal | None:
    if facts.matched_by == MatchBy.NOBODY:
        return None
    hint = "" if facts.matched_by == MatchBy.NUMBER else _PHONE_ASKS
    return Proposal(PushedCode.OMITTED, f"本辖区登记居民，没有返乡档案，请上门核实{hint}。")


def _unknown(facts: RowFacts) -> Proposal:
    if _NO_STAY.search(facts.words):
        return Proposal(PushedCode.NO_STAY, "登记里没有此人，名单上写着没有停留。")
    if _TRANSIT.search(facts.words):
        return Proposal(PushedCode.TRANSIT, "登记里没有此人，名单上写着途经或中转。")
    if facts.has_bad_id:
        return Proposal(PushedCode.WRONG, "证件号码不对，按姓名和电话也没有找到此人，请核实。")
    return Proposal(PushedCode.OMITTED, "登记里没有此人，请联系本人或上门核实。")


def _day(on: date) -> str:
    return f"{on.month}月{on.day}日"
