"""The measuring slots of an observation as spans of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from quarantine.rules.clock import SHANGHAI
from quarantine.rules.policy import PolicyTerms


@dataclass(frozen=True)
class SlotWindow:
    """One slot of one day: due while opens_at ≤ t < closes_at, both aware, Asia/Shanghai."""

    date: date
    slot: str
    opens_at: datetime
    closes_at: datetime


def slot_window(terms: PolicyTerms, on: date, code: str) -> SlotWindow:
    """The window of one slot on one day; KeyError when the policy has no such slot."""
    slot = terms.slot(code)
    return SlotWindow(
        on, slot.code, datetime.combine(on, slot.opens, SHANGHAI), datetime.combine(on, slot.closes, SHANGHAI)
    )


def slot_windows(terms: PolicyTerms, from_on: date, to_on: date, from_at: datetime) -> list[SlotWindow]:
    """Every slot from `from_on` to `to_on` (both included) that is still open at `from_at` or opens later.

    A slot that has closed by `from_at` (when the observation was opened) is left out, so nothing is "missed"
    before it began. In order of time. Raises ValueError for a naive `from_at`.
    """
    _require_aware(from_at)
    days = max((to_on - from_on).days + 1, 0)
    windows = (
        slot_window(terms, from_on + timedelta(days=day), slot.code)
        for day in range(days)
        for slot in terms.slots
    )
    return [window for window in windows if window.closes_at > from_at]


def slot_at(terms: PolicyTerms, at: datetime) -> SlotWindow | None:
    """The slot that is open at that instant, None between slots. Raises ValueError for a naive `at`."""
    _require_aware(at)
    on = at.astimezone(SHANGHAI).date()
    for slot in terms.slots:
        window = slot_window(terms, on, slot.code)
        if window.opens_at <= at < window.closes_at:
            return window
    return None


def _require_aware(at: datetime) -> None:
    if at.utcoffset() is None:
        raise ValueError("a time without a zone cannot be placed in a slot")
