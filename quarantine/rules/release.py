"""Release is never automatic: what still stands in its way, and the follow-ups after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from quarantine.rules.clock import SHANGHAI
from quarantine.rules.life import phase_left_words
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.words import day_words, hour_words

# How many missed slots a sentence names before it says 等.
_NAMED = 6


def release_blockers(
    terms: PolicyTerms,
    *,
    at: datetime,
    last_on: date,
    expires_at: datetime,
    missed_slots: Sequence[tuple[date, str]] = (),
    open_alerts: int = 0,
    is_extension_pending: bool = False,
    is_recalculation_pending: bool = False,
    handed_over_to: str = "",
    day_one_on: date | None = None,
) -> list[str]:
    """为什么还不能解除: a Chinese sentence for each obstacle at the instant `at`; [] when there is none.

    `missed_slots` are (date, slot code) of the missed readings that nobody has explained, in any order;
    `open_alerts` counts alerts not closed; `handed_over_to` names the village that has not answered a handover yet;
    with `day_one_on` a term that is not over says which phase it is in. `at` and `expires_at` are aware. Source:
    blocked by an unexplained missed reading, an open abnormal event, or a pending extension (DOMAIN.md §3); the
    policy may leave each of them out. A term that is not over always blocks.
    """
    local = at.astimezone(SHANGHAI)
    year = local.year
    blockers: list[str] = []
    if at < expires_at:
        over = f"{day_words(last_on, year)}{hour_words(terms.release.full_term_time)}"
        phase = phase_left_words(terms, day_one_on, local.date()) if day_one_on else ""
        blockers.append(f"观察期未满，{over}期满" + (f"；{phase}" if phase else ""))
    if terms.release.block_on_missed and missed_slots:
        blockers.append(
            f"有{len(missed_slots)}次漏测没有说明原因：{_missed_words(terms, missed_slots, year)}"
        )
    if terms.release.block_on_open_alert and open_alerts > 0:
        blockers.append(f"有{open_alerts}起异常事件没有办结")
    if terms.release.block_on_pending_extension and is_extension_pending:
        blockers.append("延长观察的建议还没有处理")
    if terms.release.block_on_pending_extension and is_recalculation_pending:
        blockers.append("按新政策重算的建议还没有处理")
    if handed_over_to:
        blockers.append(f"已提请移交给{handed_over_to}，对方还没有答复")
    return blockers


def followup_dates(terms: PolicyTerms, released_on: date) -> list[date]:
    """The days of the phone follow-ups after a release, “第1、2、3、7、14天”: day 1 is the day after it."""
    return [released_on + timedelta(days=days) for days in terms.followup_days]


def _missed_words(terms: PolicyTerms, missed_slots: Sequence[tuple[date, str]], year: int) -> str:
    """1月22日上午、1月23日下午, the earliest first; 等 when there are more than a page should list."""
    order = {slot.code: (index, slot.label) for index, slot in enumerate(terms.slots)}
    unknown = len(order)
    ordered = sorted(missed_slots, key=lambda missed: (missed[0], order.get(missed[1], (unknown, ""))[0]))
    named = [f"{day_words(on, year)}{order.get(code, (unknown, code))[1]}" for on, code in ordered[:_NAMED]]
    return "、".join(named) + ("等" if len(ordered) > _NAMED else "")
