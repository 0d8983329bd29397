"""How a term changes while it runs: shortened, started again, worked out again under another policy, gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices

from quarantine.rules.clock import Start, StartBasis, choose_start, phase_spans
from quarantine.rules.policy import Phase, Place, PolicyTerms, ReturnClock
from quarantine.rules.words import day_words, phase_words


class RestartCause(TextChoices):
    """“擅自外出或有新的暴露的，重新计算” (local practice)."""

    LEFT_HOME = "LEFT_HOME", "擅自外出"
    NEW_EXPOSURE = "NEW_EXPOSURE", "新的暴露（接触病例等）"


@dataclass(frozen=True)
class NewTerm:
    """What a term becomes: what it is counted from, its first day with it, and its last day."""

    start: Start
    last_on: date


def start_from(terms: PolicyTerms, basis: StartBasis, basis_on: date) -> Start:
    """The start that follows from one date, by the policy's convention for day 1."""
    shift = 1 if terms.day_one_is_next_day else 0
    return Start(basis, basis_on, basis_on + timedelta(days=shift))


def shorten(*, day_one_on: date, last_on: date, new_last_on: date, decided_on: date) -> date:
    """The new last day after shortening; ValueError (Chinese) when it is none.

    What has been observed cannot be taken back: the earliest last day is the one before the day it is decided.
    """
    if new_last_on >= last_on:
        raise ValueError(f"缩短后的最后一天应早于现在的最后一天（{last_on:%Y-%m-%d}）")
    if new_last_on < day_one_on:
        raise ValueError(f"最后一天不能早于第1天（{day_one_on:%Y-%m-%d}）")
    if new_last_on < decided_on - timedelta(days=1):
        earliest = decided_on - timedelta(days=1)
        raise ValueError(f"已经观察过的日子不能取消，最早可改到{earliest:%Y-%m-%d}")
    return new_last_on


def restart(
    terms: PolicyTerms, *, cause: RestartCause, basis_on: date, old_basis_on: date, old_last_on: date
) -> NewTerm:
    """The whole term again from a given day; it never ends earlier than it would have.

    Raises ValueError (Chinese) when the policy does not start the count again for this, and when the day lies before
    the one that is counted from now.
    """
    allowed = terms.restart.on_left_home if cause == RestartCause.LEFT_HOME else terms.restart.on_new_exposure
    if not allowed:
        raise ValueError(f"“{terms.name}”没有规定{cause.label}要重新起算")
    if basis_on < old_basis_on:
        raise ValueError(f"重新起算的日期早于原来的依据日期（{old_basis_on:%Y-%m-%d}）")
    basis = StartBasis.CONTROLLED if cause == RestartCause.LEFT_HOME else StartBasis.LAST_CONTACT
    start = start_from(terms, basis, basis_on)
    last_on = start.day_one_on + timedelta(days=max(terms.total_days, 1) - 1)
    return NewTerm(start, max(last_on, old_last_on))


def recalculate(
    old: PolicyTerms,
    new: PolicyTerms,
    *,
    start: Start,
    last_on: date,
    known: dict[str, date | None] | None,
    is_home_phase: bool = False,
) -> NewTerm:
    """A running term under another policy.

    `known` are the dates as `choose_start` takes them; None where the count was started again, so that its own basis
    stands. Days that were added or taken away stay added or taken away. `is_home_phase`: only the phases at home
    were counted. A policy without the measure ends a term on the day before it takes effect.
    """
    if not new.is_measure_on:
        ends_on = new.effective_from - timedelta(days=1) if new.effective_from else last_on
        return NewTerm(start, max(start.day_one_on, min(last_on, ends_on)))
    after = start_from(new, start.basis, start.basis_on) if known is None else choose_start(new, **known)
    days_old, days_new = (_days(terms, is_home_phase=is_home_phase) for terms in (old, new))
    change = (last_on - start.day_one_on).days + 1 - days_old
    days = max(days_new + change, 1)
    return NewTerm(after, after.day_one_on + timedelta(days=days - 1))


def _days(terms: PolicyTerms, *, is_home_phase: bool) -> int:
    if not is_home_phase:
        return terms.total_days
    return home_days(terms) or terms.total_days


def home_days(terms: PolicyTerms) -> int:
    """The days of the phases at home that come after one elsewhere; 0 when there are none."""
    places = [phase.place for phase in terms.phases]
    away = [index for index, place in enumerate(places) if place != Place.HOME]
    if not away:
        return 0
    return sum(phase.days for phase in terms.phases[away[-1] + 1 :] if phase.place == Place.HOME)


def returned(
    terms: PolicyTerms, clock: ReturnClock, *, returned_on: date, start: Start, last_on: date
) -> NewTerm:
    """The term of somebody who comes back from a hospital or a central place on `returned_on`.

    `start` and `last_on` are those of the observation that ended with the transfer. Raises ValueError (Chinese) where
    nothing is left of it, or the policy has no phase at home.
    """
    if clock == ReturnClock.CONTINUE:
        if last_on < returned_on:
            over = f"{last_on.month}月{last_on.day}日"
            raise ValueError(f"原来的观察期到{over}已满，没有剩下的天数；请改选从返回日起算")
        return NewTerm(start, last_on)
    after = start_from(terms, StartBasis.ARRIVED, returned_on)
    days = home_days(terms) if clock == ReturnClock.PHASE else terms.total_days
    if not days:
        raise ValueError(f"“{terms.name}”没有集中隔离后的居家阶段；请改选另一种算法")
    return NewTerm(after, after.day_one_on + timedelta(days=days - 1))


def current_phase(terms: PolicyTerms, day_one_on: date, on: date) -> tuple[Phase, int] | None:
    """The phase that a day falls into and its day number within it; None before day 1 and beyond the phases."""
    for phase, span in zip(terms.phases, phase_spans(terms, day_one_on), strict=True):
        if span.from_on <= on <= span.to_on:
            return phase, (on - span.from_on).days + 1
    return None


def phase_left_words(terms: PolicyTerms, day_one_on: date, on: date) -> str:
    """现在是集中隔离7天的第3天,之后还有居家3天; '' for a policy of one phase, and outside of the phases."""
    here = current_phase(terms, day_one_on, on) if len(terms.phases) > 1 else None
    if here is None:
        return ""
    phase, number = here
    index = next(i for i, one in enumerate(terms.phases) if one is phase)
    to_come = "、".join(map(phase_words, terms.phases[index + 1 :]))
    words = f"现在是{phase_words(phase)}的第{number}天"
    return f"{words}，之后还有{to_come}" if to_come else words


def change_words(old: PolicyTerms, new: PolicyTerms, before: NewTerm, after: NewTerm, year: int) -> list[str]:
    """What another policy changes about one term, point by point; [] when it changes nothing."""
    if not new.is_measure_on:
        return ["新政策不再实行隔离观察"] if after.last_on != before.last_on else []
    found = []
    shapes = ["+".join(map(phase_words, terms.phases)) for terms in (old, new)]
    if shapes[0] != shapes[1]:
        found.append(f"期限由{shapes[0]}改为{shapes[1]}")
    if before.start.day_one_on != after.start.day_one_on:
        days = [day_words(term.start.day_one_on, year) for term in (before, after)]
        found.append(f"第1天由{days[0]}改为{days[1]}")
    if before.last_on != after.last_on:
        days = [day_words(term.last_on, year) for term in (before, after)]
        found.append(f"最后一天由{days[0]}改为{days[1]}")
    if old.slots != new.slots:
        found.append("测温时段有变动")
    return found
