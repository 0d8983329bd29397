"""The clock of an observation: where the count starts, which day it is, when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from quarantine.rules.policy import Phase, Place, PolicyTerms, StartBasis

__all__ = [
    "SHANGHAI",
    "DateProblem",
    "MeasureOff",
    "MissingStart",
    "PhaseSpan",
    "Start",
    "StartBasis",
    "Term",
    "check_dates",
    "choose_start",
    "day_number",
    "extend",
    "phase_spans",
    "phase_test_dates",
    "term",
    "term_until",
]

SHANGHAI = ZoneInfo("Asia/Shanghai")

# Nobody in the register is older; a birth date before this is a slip of the pen.
_OLDEST_YEARS = 130


class MissingStart(ValueError):
    """None of the dates that the count could start from is known; the text is Chinese, fit for the page."""


class MeasureOff(ValueError):
    """The policy has switched observation off; the text is Chinese, fit for the page."""


@dataclass(frozen=True)
class Start:
    """What the count starts from, that day, and the day that is 第1天."""

    basis: StartBasis
    basis_on: date
    day_one_on: date


@dataclass(frozen=True)
class Term:
    """The observation's span: first and last day included, the instant it is over, and its length in days."""

    day_one_on: date
    last_on: date
    expires_at: datetime
    days: int


@dataclass(frozen=True)
class PhaseSpan:
    """The days of one phase, both ends included."""

    place: Place
    from_on: date
    to_on: date


@dataclass(frozen=True)
class DateProblem:
    """A date that cannot be right: the form field it belongs beside, and a Chinese message."""

    field: str
    message: str


def choose_start(
    terms: PolicyTerms,
    *,
    last_contact_on: date | None = None,
    left_on: date | None = None,
    arrived_on: date | None = None,
    controlled_on: date | None = None,
) -> Start:
    """The first known date in the policy's order, and day 1 by its convention.

    Source: “末次接触 → 离开疫区 → 返回/到达 → 开始管控”, “次日为第1天” (local practice, a setting).
    Raises MissingStart when none of the dates that the policy accepts is known.
    """
    known = {
        StartBasis.LAST_CONTACT: last_contact_on,
        StartBasis.LEFT_REGION: left_on,
        StartBasis.ARRIVED: arrived_on,
        StartBasis.CONTROLLED: controlled_on,
    }
    for basis in terms.start_basis:
        basis_on = known[basis]
        if basis_on is not None:
            shift = 1 if terms.day_one_is_next_day else 0
            return Start(basis, basis_on, basis_on + timedelta(days=shift))
    accepted = "、".join(str(basis.label) for basis in terms.start_basis)
    raise MissingStart(f"缺少起算日期：请至少填写一项（{accepted}）的日期")


def term(terms: PolicyTerms, start: Start, *, extended_days: int = 0) -> Term:
    """The term that follows from a start: as many days as the phases have, and those it was extended by.

    Raises MeasureOff when the policy has switched observation off, ValueError for negative `extended_days`.
    """
    if not terms.is_measure_on:
        raise MeasureOff(f"“{terms.name}”不实行隔离观察")
    if extended_days < 0:
        raise ValueError("延长天数不能为负数")
    days = terms.total_days + extended_days
    return term_until(terms, start.day_one_on, start.day_one_on + timedelta(days=days - 1))


def term_until(terms: PolicyTerms, day_one_on: date, last_on: date) -> Term:
    """The term between two stored days (an observation's own), both included; over at 24:00 of the last day.

    The instant is in Asia/Shanghai; the policy's `full_term_time` may put it earlier on that day.
    Raises ValueError when the last day comes before the first.
    """
    if last_on < day_one_on:
        raise ValueError("期满日期早于第1天")
    hours, minutes = terms.release.full_term_time.split(":")
    midnight = datetime.combine(last_on, time(), SHANGHAI)
    expires_at = midnight + timedelta(hours=int(hours), minutes=int(minutes))
    return Term(day_one_on, last_on, expires_at, (last_on - day_one_on).days + 1)


def phase_spans(terms: PolicyTerms, day_one_on: date) -> list[PhaseSpan]:
    """The phases one after the other from day 1, without any extension."""
    spans: list[PhaseSpan] = []
    from_on = day_one_on
    for phase in terms.phases:
        to_on = from_on + timedelta(days=phase.days - 1)
        spans.append(PhaseSpan(phase.place, from_on, to_on))
        from_on = to_on + timedelta(days=1)
    return spans


def phase_test_dates(terms: PolicyTerms, day_one_on: date) -> list[date]:
    """The days on which the policy asks for a test, in order; [] when it asks for none."""
    pairs: list[tuple[Phase, PhaseSpan]] = list(
        zip(terms.phases, phase_spans(terms, day_one_on), strict=True)
    )
    return [span.from_on + timedelta(days=day - 1) for phase, span in pairs for day in phase.test_days]


def day_number(day_one_on: date, on: date) -> int:
    """第几天: 1 on day 1, 2 on the next; 0 and below before it."""
    return (on - day_one_on).days + 1


def extend(last_on: date, days: int) -> date:
    """The new last day after an extension by whole days; ValueError (Chinese) below 1."""
    if days < 1:
        raise ValueError("延长天数至少为1天")
    return last_on + timedelta(days=days)


def check_dates(
    *,
    today: date,
    left_on: date | None = None,
    arrived_on: date | None = None,
    last_contact_on: date | None = None,
    controlled_on: date | None = None,
    birth_date: date | None = None,
) -> list[DateProblem]:
    """What cannot be right about these dates, each beside its field; [] when all is well.

    Field names are those of the arguments. Dates must not lie after `today`, nobody arrives before he leaves,
    nothing happens to anybody before birth.
    """
    named = [
        ("left_on", "离开日期", left_on),
        ("arrived_on", "返回日期", arrived_on),
        ("last_contact_on", "末次接触日期", last_contact_on),
        ("controlled_on", "开始管控日期", controlled_on),
    ]
    problems = _birth_problems(birth_date, today)
    for field, label, on in named:
        if on is None:
            continue
        if on > today:
            problems.append(DateProblem(field, f"{label}{_written(on)}晚于今天，请核对"))
        if birth_date is not None and on < birth_date <= today:
            problems.append(
                DateProblem(field, f"{label}{_written(on)}早于出生日期{_written(birth_date)}，请核对")
            )
    if left_on is not None and arrived_on is not None and arrived_on < left_on:
        message = f"返回日期{_written(arrived_on)}早于离开日期{_written(left_on)}，请核对"
        problems.append(DateProblem("arrived_on", message))
    return problems


def _birth_problems(birth_date: date | None, today: date) -> list[DateProblem]:
    if birth_date is None:
        return []
    if birth_date > today:
        return [DateProblem("birth_date", f"出生日期{_written(birth_date)}晚于今天，请核对")]
    if today.year - birth_date.year > _OLDEST_YEARS:
        return [DateProblem("birth_date", f"出生日期{_written(birth_date)}距今超过{_OLDEST_YEARS}年，请核对")]
    return []


def _written(on: date) -> str:
    """A wrong date is shown with its year, which is where the slip often is."""
    return f"{on.year}年{on.month}月{on.day}日"
