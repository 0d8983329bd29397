"""Where a household stands after a knock (入户排查): pure functions, no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

UNVISITED, SIGNED, ABSENT, REFUSED, BY_PHONE, VACANT = (
    "UNVISITED", "SIGNED", "ABSENT", "REFUSED", "BY_PHONE", "VACANT",
)  # fmt: skip
NOBODY_MET = frozenset({ABSENT, VACANT})


@dataclass(frozen=True)
class Standing:
    """What a household's row says of the survey."""

    state: str = UNVISITED
    surveyed_at: dt.datetime | None = None
    """The latest knock of any kind."""
    signed_at: dt.datetime | None = None
    """The first signed letter; never lost."""
    absent_tries: int = 0
    """Knocks in vain since somebody was last met."""
    next_visit_on: dt.date | None = None


def standing_after(
    before: Standing, *, outcome: str, visited_at: dt.datetime, next_visit_on: dt.date | None = None
) -> Standing:
    """Return where the household stands after one more knock, which may be entered later than it happened.

    * The number of households surveyed is the number of signed letters (签), so a signed household stays
      signed when a later knock finds nobody, is refused or is a call. Only an empty flat (空置) found later
      ends it: whoever signed has moved away. `signed_at` is the first letter's time and stays even then.
    * A door where nobody answers says nothing new about one that has refused, been called or stands empty.
    * A knock entered after a later one settles the state only if it brings a letter.
    """
    is_latest = before.surveyed_at is None or visited_at >= before.surveyed_at
    signed_at = before.signed_at
    if outcome == SIGNED:
        signed_at = min(signed_at, visited_at) if signed_at else visited_at
    state = _state_after(before, outcome, is_latest)
    is_open_question = state not in (SIGNED, VACANT)
    tries = before.absent_tries
    if outcome == ABSENT and (is_latest or state == ABSENT):
        tries += 1
    elif is_latest and outcome != BY_PHONE:
        tries = 0
    return Standing(
        state=state,
        surveyed_at=visited_at if is_latest else before.surveyed_at,
        signed_at=signed_at,
        absent_tries=tries,
        next_visit_on=(next_visit_on if is_latest else before.next_visit_on) if is_open_question else None,
    )


def _state_after(before: Standing, outcome: str, is_latest: bool) -> str:
    if outcome == SIGNED:
        return SIGNED if is_latest or before.state != VACANT else VACANT
    if not is_latest:
        return outcome if before.state == UNVISITED else before.state
    if outcome == VACANT:
        return VACANT
    if before.state == SIGNED or (outcome == ABSENT and before.state not in (UNVISITED, ABSENT)):
        return before.state
    return outcome
