"""Corrections of captions, remembered for a street: by forms that are filled and by imports alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.models import Area, Level, Staff
from grassroots.ledgers.models import CaptionMemory

#: Longer captions are none; so many corrections of one purpose, and the oldest go.
LONGEST_CAPTION, MOST = 200, 2_000


def remembered_for(area: Area, purpose: str) -> dict[str, str]:
    """Fields by `Caption.key`, as somebody in the area's street has said (one query and that for the street)."""
    return remembered_for_many(area, [purpose])[purpose]


def remembered_for_many(area: Area, purposes: Iterable[str]) -> dict[str, dict[str, str]]:
    """The same for several purposes at once, in the same two queries."""
    found: dict[str, dict[str, str]] = {purpose: {} for purpose in purposes}
    rows = CaptionMemory.objects.filter(area=_home(area), purpose__in=list(found))
    for row in rows.order_by("at", "pk"):
        found[row.purpose][row.caption] = row.field
    return found


def remember(
    area: Area, purpose: str, corrections: Mapping[str, str], *, by: Staff, at: dt.datetime | None = None
) -> None:
    """Keep corrections: fields by `Caption.key`, "" for a column that is to stay empty. The latest word counts."""
    home = _home(area)
    for caption, field in corrections.items():
        if not caption or len(caption) > LONGEST_CAPTION:
            continue
        CaptionMemory.objects.update_or_create(
            area=home, purpose=purpose, caption_digest=digest(caption, "caption"),
            defaults={"caption": caption, "field": field, "by": by, "at": at or timezone.now()},
        )  # fmt: skip
    rows = CaptionMemory.objects.filter(area=home, purpose=purpose)
    outdated = rows.order_by("-at", "-pk").values_list("pk", flat=True)[MOST : MOST + 500]
    if spare := list(outdated):
        rows.filter(pk__in=spare).delete()


def _home(area: Area) -> Area:
    """The street that an area lies in; the area itself above streets."""
    street = (
        Area.objects.filter(path__in=area.ancestor_paths(), level=Level.STREET).order_by("-depth").first()
    )
    return street or area
