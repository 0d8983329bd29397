"""What pages of pushed lists show beside the rows: progress, places, officers, the sender's cells masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from grassroots.grid.models import Staff
from households.doors import places_of
from households.models import Person
from households.rules.identity import mask_id_number
from households.rules.phones import mask_phone
from quarantine.models import PushedCode, PushedList, PushedPerson, PushedState
from quarantine.models.pushed import PushedPersonQuerySet
from quarantine.pushed_tables import shapes_of

PAGE_ROWS = 50
RELATED = ("list", "person", "area", "assigned_to", "answered_by", "returnee")
TONES = {
    PushedCode.KNOWN: "ok",
    PushedCode.WRONG: "warn",
    PushedCode.OMITTED: "danger",
    PushedCode.ELSEWHERE: "info",
    PushedCode.PAST: "muted",
    PushedCode.TRANSIT: "info",
    PushedCode.NO_STAY: "muted",
}
_NUMBERS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15}|1[3-9][0-9]{9})(?![0-9A-Za-z])")
_HIDDEN = re.compile(r"[0-9]{6,}[0-9Xx]?")


@dataclass
class Progress:
    """How far the answer to a list has come; of a list that came to others, what lies in my areas."""

    open: int = 0
    by_code: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        return sum(self.by_code.values())

    @property
    def rows(self) -> int:
        return self.open + self.answered

    @property
    def words(self) -> str:
        """前期已排查6人、漏排2人, in the order of the codes."""
        labels = dict(PushedCode.choices)
        parts = [
            f"{labels[code]}{self.by_code[code]}人" for code in PushedCode.values if code in self.by_code
        ]
        return "、".join(parts)


def progress_of(lists: Iterable[PushedList], rows: QuerySet[PushedPerson]) -> dict[int, Progress]:
    """The progress of each list by id, as far as these rows go (one query)."""
    found = {one.pk: Progress() for one in lists}
    counted = rows.filter(list__in=list(found)).order_by().values_list("list", "state", "code")
    for pk, state, code, number in counted.annotate(number=Count("pk")):
        if state == PushedState.OPEN:
            found[pk].open += number
        else:
            found[pk].by_code[code] = number
    return found


def page_of(rows: PushedPersonQuerySet, after: str) -> tuple[list[Any], str]:
    """A page in the sender's order behind the number `after` (a broken one counts as none), and the next mark."""
    if after.isdecimal() and len(after) < 10:
        rows = rows.filter(number__gt=int(after))
    found = list(rows.select_related(*RELATED).order_by("number")[: PAGE_ROWS + 1])
    more = len(found) > PAGE_ROWS
    found = found[:PAGE_ROWS]
    return found, str(found[-1].number) if more else ""


def dress_rows(rows: Sequence[Any], staff: Staff) -> None:
    """Give each row its place, the looks of its codes, whether the person is in sight (two queries)."""
    places = places_of({row.area for row in rows})
    ids = {row.person_id for row in rows if row.person_id}
    seen = (
        set(Person.objects.visible_to(staff).filter(pk__in=ids).values_list("pk", flat=True))
        if ids
        else set()
    )
    for row in rows:
        row.place_name = places.get(row.area_id) or row.area.name
        row.is_seen = row.person_id in seen
        row.proposed_tone = TONES[PushedCode(row.proposed)]
        row.tone = TONES[PushedCode(row.code)] if row.code else "warn"
        given = row.proposed if row.is_open else row.code
        row.other_codes = [choice for choice in PushedCode.choices if choice[0] != given]


def masked_cells(row: PushedPerson) -> list[tuple[str, str]]:
    """The sender's captions with his cells, numbers masked; columns without a caption by their letter."""
    shape = next((one for one in shapes_of(row.list) if one.key == row.sheet), None)
    captions = dict(shape.captions) if shape else {}
    cells = []
    for column, value in enumerate(row.senders_cells):
        if value.strip():
            cells.append((captions.get(column, f"第{column + 1}列"), _masked(value.strip(), row)))
    return cells


def _masked(value: str, row: PushedPerson) -> str:
    for number, mask in ((row.id_number, row.masked_id_number), (row.phone, row.masked_phone)):
        if number:
            value = value.replace(number, mask).replace(number.lower(), mask)
    value = _NUMBERS.sub(lambda found: _mask(found[0]), value)
    return _HIDDEN.sub(lambda found: _mask(found[0]) if len(found[0]) > 10 else found[0], value)


def _mask(number: str) -> str:
    return mask_phone(number) if len(number) == 11 and number.isdecimal() else mask_id_number(number)
