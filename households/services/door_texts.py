"""The office's own words at the door: in versions by area, the nearest area upward holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from grassroots.grid.models import Area
from households.models import DoorText
from households.rules.door_texts import BODY_LENGTH, SHIPPED, TITLE_LENGTH, DoorTextKind, DoorWords
from households.rules.text import has_control, narrow

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


@dataclass(frozen=True)
class StandingText:
    """Words, and the version that they come from (None: those that ship)."""

    words: DoorWords
    row: DoorText | None = None


def texts_for(area: Area) -> dict[str, StandingText]:
    """The words of every kind that hold in an area (one query)."""
    paths = area.ancestor_paths()
    latest: dict[tuple[str, str], DoorText] = {}
    for row in DoorText.objects.filter(area__path__in=paths).select_related("area", "by").order_by("number"):
        latest[row.kind, row.area.path] = row
    found = {}
    for kind in DoorTextKind:
        nearest = (latest.get((str(kind), path)) for path in reversed(paths))
        held = next((one for one in nearest if one is not None and not one.is_withdrawn), None)
        words = DoorWords(held.title, held.body) if held else SHIPPED[kind]
        found[str(kind)] = StandingText(words, held)
    return found


def text_for(kind: str, area: Area) -> StandingText:
    """The words of one kind that hold in an area."""
    return texts_for(area)[kind]


@transaction.atomic
def door_text_save(*, area: Area, kind: str, words: DoorWords | None, by: Staff) -> DoorText:
    """Add a version of an area's words; None: the area goes back to the words of the level above.

    Raises ValidationError by field.
    """
    if words is not None:
        words = _checked(words)
    locked = Area.objects.select_for_update().get(pk=area.pk)  # two at once get two numbers
    last = DoorText.objects.filter(area=locked, kind=kind).order_by("-number").first()
    kept = words or text_for(kind, area).words
    return DoorText.objects.create(
        area=locked, kind=kind, number=last.number + 1 if last else 1, title=kept.title, body=kept.body,
        is_withdrawn=words is None, by=by,
    )  # fmt: skip


def _checked(words: DoorWords) -> DoorWords:
    title, body = narrow(words.title), words.body.replace("\r\n", "\n").strip()
    errors = {}
    if not title or len(title) > TITLE_LENGTH:
        errors["title"] = [f"请填写标题，最多 {TITLE_LENGTH} 个字。"]
    if not body or len(body) > BODY_LENGTH:
        errors["body"] = [f"请填写正文，最多 {BODY_LENGTH} 个字。"]
    elif has_control(body.replace("\n", "").replace("\t", "")):
        errors["body"] = ["正文里有看不见的控制字符，请删去后再保存。"]
    if errors:
        raise ValidationError(errors)
    return DoorWords(title, body)
