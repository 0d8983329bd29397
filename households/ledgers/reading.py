"""Doors of an area with all that is known behind them, read a portion at a time.

A portion is a run of neighbouring areas (compounds, groups) with some thousands of doors: one query for the
doors and four for what belongs to them, each told the areas and not the doors, so that a query stays short
and the database plans it as the join that it is. Memory holds one portion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast

from grassroots.ledgers.asof import AsOf
from households.models import CommitmentLetter, Household, Residency, Survey, SurveyMember

#: Doors of a portion. A larger one spares the database work, a smaller one memory. Measured on a street: 5,000
#: doors take 135 MB in all and 1.3 s of the database's time, 2,500 116 MB and 1.6 s, 1,000 102 MB and 2.3 s.
PORTION = 3_000

DOOR = ("pk", "area_id", "building", "unit", "floor", "door", "share_no", "housing_kind")
RESIDENT = (
    "household_id", "person_id", "person__name", "person__sex", "person__birth_date", "person__stated_age",
    "person__stated_age_on", "person__id_kind", Cast("person__id_number", TextField()),
    Cast("person__phone", TextField()), "relation", "kind", "is_away", "away_where",
)  # fmt: skip
SURVEY = (
    "household_id", "outcome", "method", "visited_at", "staff__name", "absent_try", "respondent",
    "respondent_relation", Cast("respondent_phone", TextField()),
)  # fmt: skip
ANSWER = (
    "person_id", "left_county", "hubei_contact", "returned_from", "left_on", "returned_on", "transport", "companions",
    "temperature", Cast("symptoms", TextField()), "note",
)  # fmt: skip


@dataclass
class Portion:
    """Doors in walking order (rows of DOOR), and what is known behind them by household or person.

    ID numbers and phones of the residents (rows of RESIDENT) are as stored; symptoms (rows of ANSWER) are JSON.
    """

    doors: Sequence[Any]
    residents: Mapping[int, list[Any]] = field(default_factory=dict)
    surveys: Mapping[int, Any] = field(default_factory=dict)
    answers: Mapping[int, Any] = field(default_factory=dict)
    letters: Mapping[int, str] = field(default_factory=dict)


def portions(doors: QuerySet[Household], asof: AsOf, *, first: int | None = None) -> Iterator[Portion]:
    """All of the doors with what was known of them, in walking order.

    `first` (a preview) is how many doors the first portion holds; each one after it holds twice as many.
    """
    in_order = doors.order_by("area__path", "walk_key", "pk")
    size = _Size(first or PORTION)
    for areas in _neighbours(doors, size):
        if len(areas) > 1:
            found = list(in_order.filter(area__in=areas).values_list(*DOOR))
            yield _read(found, {"area__in": areas}, asof)
            size.grow()
        else:
            for found in _slices(in_order.filter(area=areas[0]), size):
                yield _read(found, {"pk__in": [row[0] for row in found]}, asof)


@dataclass
class _Size:
    """How many doors the next portion may hold."""

    doors: int

    def grow(self) -> None:
        self.doors = min(2 * self.doors, PORTION)


def _neighbours(doors: QuerySet[Household], size: _Size) -> Iterator[list[int]]:
    """The areas of the doors in their order, in runs that make a portion; one that makes more stands alone."""
    counted = doors.order_by("area__path").values_list("area_id").annotate(n=Count("pk"))
    areas: list[int] = []
    held = 0
    for area_id, number in counted:
        if areas and held + number > size.doors:
            yield areas
            areas, held = [], 0
        areas.append(area_id)
        held += number
    if areas:
        yield areas


def _slices(doors: QuerySet[Household], size: _Size) -> Iterator[list[Any]]:
    """The doors of one area, however many, at most a portion at a time."""
    after = Q()
    while True:
        asked = size.doors
        found = list(doors.filter(after).values_list(*DOOR, "walk_key")[:asked])
        if found:
            yield found
            size.grow()
        if len(found) < asked:
            return
        pk, walk_key = found[-1][0], found[-1][-1]
        after = Q(walk_key__gt=walk_key) | Q(walk_key=walk_key, pk__gt=pk)


def _read(doors: list[Any], homes: dict[str, Any], asof: AsOf) -> Portion:
    """A portion whose households are told by the conditions `homes` on them."""
    here = Q(**{f"household__{name}": value for name, value in homes.items()})
    known = Q(visited_at__lte=asof.end, recorded_at__lte=asof.known_at)
    open_then = Q(ended_on=None) | Q(ended_on__gt=asof.on) | Q(end_recorded_at__gt=asof.known_at)
    living = Residency.objects.filter(
        here, open_then, household__isnull=False, started_on__lte=asof.on, recorded_at__lte=asof.known_at
    )
    residents: dict[int, list[Any]] = defaultdict(list)
    for row in living.order_by("order", "pk").values_list(*RESIDENT):
        residents[row[0]].append(row)
    surveys = Survey.objects.filter(here, known).order_by("visited_at", "pk")
    answers = SurveyMember.objects.filter(
        person__in=living.order_by().values("person"), survey__visited_at__lte=asof.end,
        survey__recorded_at__lte=asof.known_at,
    ).order_by("survey__visited_at", "pk")  # fmt: skip
    letters = CommitmentLetter.objects.filter(
        here, signed_at__lte=asof.end, recorded_at__lte=asof.known_at
    ).order_by("signed_at", "pk")
    return Portion(
        doors,
        residents,
        {row[0]: row for row in surveys.values_list(*SURVEY)},
        {row[0]: row for row in answers.values_list(*ANSWER)},
        dict(letters.values_list("household_id", "number")),
    )
