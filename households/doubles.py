"""可能重复的档案: people of one area who look like somebody else of the scope; each pair with the reasons.

Looked for from one village outward by the indexes of name, phone and ID digest, so that it costs what the village
holds, not what the county does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from grassroots.grid.models import Area
from households.models import Person, Residency

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

SHOWN = 60
MOST = 4
"""A phone under one name more often than this is no hint: a whole dormitory gave the landlord's number."""


@dataclass(frozen=True)
class Sign:
    """What two entries have in common; `key` is None for somebody who lacks it."""

    words: str
    key: Callable[[Person], Hashable | None]
    same: Q
    has: Q


SIGNS = (
    Sign(
        "证件号码相同（登记时写了同号说明）",
        lambda one: (one.id_kind, one.id_digest) if one.id_digest else None,
        Q(id_digest=OuterRef("id_digest"), id_kind=OuterRef("id_kind")),
        ~Q(id_digest=""),
    ),
    Sign(
        "姓名和出生日期相同",
        lambda one: (one.name, one.birth_date) if one.birth_date else None,
        Q(name=OuterRef("name"), birth_date=OuterRef("birth_date")),
        Q(birth_date__isnull=False),
    ),
    Sign(
        "姓名和电话相同",
        lambda one: (one.name, one.phone_digest) if one.phone_digest else None,
        Q(name=OuterRef("name"), phone_digest=OuterRef("phone_digest")),
        ~Q(phone_digest=""),
    ),
)


@dataclass
class Pair:
    """Two entries that may be one person: the one of the area first."""

    one: Person
    other: Person
    reasons: list[str] = field(default_factory=list)
    one_home: Residency | None = None
    other_home: Residency | None = None


@dataclass
class Doubles:
    """Pairs of an area; whether there are more than are shown."""

    pairs: list[Pair]
    has_more: bool


def signs_of(one: Person, other: Person) -> list[str]:
    """What two entries have in common, in words."""
    return [sign.words for sign in SIGNS if sign.key(one) is not None and sign.key(one) == sign.key(other)]


def doubles_of(area: Area, staff: Staff) -> Doubles:
    """Possible doubles of people of the area among all whom `staff` sees (three queries, two when there are none)."""
    visible = Person.objects.active().visible_to(staff)
    here = Residency.objects.open().filter(area__in=Area.objects.within(area).order_by().values("pk"))
    suspects = list(
        _suspects(visible.filter(Exists(here.filter(person=OuterRef("pk")))), visible).order_by("name", "pk")[
            : SHOWN + 1
        ]
    )
    has_more, suspects = len(suspects) > SHOWN, suspects[:SHOWN]
    pairs = _pairs(suspects, list(visible.filter(_like(suspects))) if suspects else [])
    people = {one.pk for pair in pairs for one in (pair.one, pair.other)}
    rows = Residency.objects.open().filter(person__in=people).select_related("household", "area")
    homes = {row.person_id: row for row in rows.order_by("-is_away", "pk")} if people else {}
    for pair in pairs:
        pair.one_home, pair.other_home = homes.get(pair.one.pk), homes.get(pair.other.pk)
    return Doubles(pairs, has_more)


def _suspects(people: QuerySet[Person], others: QuerySet[Person]) -> QuerySet[Person]:
    found = Q()
    for sign in SIGNS:
        twin = others.filter(sign.same).exclude(pk=OuterRef("pk"))
        found |= sign.has & Q(Exists(twin))
    return people.filter(found)


def _like(suspects: Iterable[Person]) -> Q:
    """Everybody who shares a name or a number with one of these; what they truly share is worked out afterwards."""
    names = {one.name for one in suspects}
    digests = {one.id_digest for one in suspects} - {""}
    return Q(name__in=names) | Q(id_digest__in=digests)


def _pairs(suspects: list[Person], others: list[Person]) -> list[Pair]:
    pairs: dict[tuple[int, int], Pair] = {}
    for sign in SIGNS:
        groups: dict[Hashable, list[Person]] = defaultdict(list)
        for other in others:
            if (key := sign.key(other)) is not None:
                groups[key].append(other)
        for one in suspects:
            key = sign.key(one)
            group = groups[key] if key is not None else []
            for other in group if len(group) <= MOST else []:
                if other.pk != one.pk:
                    known = (min(one.pk, other.pk), max(one.pk, other.pk))
                    pair = pairs.setdefault(known, Pair(one, other))
                    if sign.words not in pair.reasons:
                        pair.reasons.append(sign.words)
    return list(pairs.values())
