"""URLs of pages that are named by one uid, for lists with hundreds of them.

`reverse` looks through the resolver each time, for every link and every form of a row. Only the uid differs between the
rows, so the pattern is resolved once and the uid put into its place.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from django.urls import get_script_prefix, get_urlconf, reverse

PLACE = UUID("00000000-0000-4000-8000-000000000000")


@lru_cache(maxsize=200)
def _around(name: str, prefix: str, urlconf: object) -> tuple[str, str]:
    """What stands before and behind the uid; the prefix and the urlconf are what `reverse` depends on besides."""
    before, behind = reverse(name, args=[PLACE]).split(str(PLACE))
    return before, behind


def uid_path(name: str, uid: UUID) -> str:
    """What `reverse(name, args=[uid])` answers, for a pattern whose only argument is a uid.

    Raises NoReverseMatch for a name that there is not, TypeError for what is no UUID.
    """
    if not isinstance(uid, UUID):
        raise TypeError(f"{name} is named by a UUID, not by {type(uid).__name__}")
    before, behind = _around(name, get_script_prefix(), get_urlconf())
    return f"{before}{uid}{behind}"
