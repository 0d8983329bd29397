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
      signed whatever a later knock finds: nobody, a refusal, an empty flat. `signed_at` is the first letter's
      time. When the family has moved away the household is closed (销户) and another one opened. A signed door
      asks for no further visit; of an empty flat the date is that of its review (空置复核).
    * An unsigned household stands as the latest knock left it, in the order in which they happened, not in
      which they were entered: the figures of the 统计表 are counted in the same way.
    """
    is_latest = before.surveyed_at is None or visited_at >= before.surveyed_at
    signed_at = before.signed_at
    if outcome == SIGNED:
        signed_at = min(signed_at, visited_at) if signed_at else visited_at
    state = SIGNED if signed_at else outcome if is_latest else before.state
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
        next_visit_on=(next_visit_on if is_latest else before.next_visit_on) if state != SIGNED else None,
    )
