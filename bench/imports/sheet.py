"""What the ways of importing know of the sheet: where its captions stand, which place and who they are for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

HEADER_ROWS = 4  # title, unit and dates, groups, captions
PLACE = ("村(社区)", "组", "小区/院落")
CODE, USER = "510121006000", "supervisor"


def captions_of(head: Sequence[Sequence[Any]]) -> list[str]:
    """The captions of the sheet's first HEADER_ROWS rows: those without a group stand in the row of groups."""
    groups, captions = head[HEADER_ROWS - 2], head[HEADER_ROWS - 1]
    return [str(low or high) for high, low in zip_longest(groups, captions)]
