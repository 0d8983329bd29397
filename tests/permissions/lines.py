"""What a line of the permission table is, and who stands behind its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.permissions.world import Things

Args = Callable[[Things], "list[Any] | dict[str, Any]"]

EVERYBODY = frozenset(["jia", "yi", "bing", "ding", "health", "police", "inspector", "auditor", "admin"])
OUTSIDE = frozenset({"bing"})
OFFICERS = frozenset(["jia", "yi", "bing", "ding"])
STAFF = EVERYBODY - {"auditor"}
FIELD = EVERYBODY - {"auditor", "admin"}
MEASURE = frozenset(["jia", "yi", "bing", "ding", "health"])
IMPORT = MEASURE | {"admin"}
CHECK = MEASURE | {"police"}
LOOK_GRID = EVERYBODY
ADMIN = frozenset({"admin"})
SUPERVISE = frozenset({"admin", "ding"})
AUDIT = frozenset({"auditor"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Line:
    """One URL and method: who may (in his scope), and how the URL's arguments come from one side's things."""

    name: str
    may: frozenset[str]
    args: Args | None = None
    method: str = "GET"
    data: Callable[[Things], dict[str, Any]] | None = None
    route: str = ""  # part of the route, where several share a name


def uid(field: str) -> Args:
    return lambda things: [getattr(things, field).uid]


def keyed(field: str) -> Args:
    """The uid under the name that the route gives it, e.g. person_uid."""
    return lambda things: {f"{field}_uid": getattr(things, field).uid}


def pk(field: str) -> Args:
    return lambda things: [getattr(things, field).pk]


def both(*lines: Line) -> list[Line]:
    """The same right for looking at a form and for sending it."""
    return [Line(**{**line.__dict__, "method": method}) for line in lines for method in ("GET", "POST")]
