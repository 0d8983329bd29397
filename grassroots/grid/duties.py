"""The chain of responsibility of many targets at a constant number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.models import AbstractDuty, Area, AreaDuty, DutyKind, Staff
from grassroots.grid.models.areas import path_range


@dataclass(frozen=True)
class DutyTarget:
    """Something that somebody answers for: a place in the tree, and perhaps one household or one person there."""

    area_id: int
    household_id: int | None = None
    person_id: int | None = None


@dataclass
class Link:
    """One link of a chain: its kind, and the duties on the nearest target (several officers may share it)."""

    kind: DutyKind
    duties: list[AbstractDuty] = field(default_factory=list)
    on: dt.date = field(default_factory=timezone.localdate)

    @property
    def officers(self) -> list[Staff]:
        """Those to call today: deputies in place of those for whom they stand in."""
        return [duty.acting(self.on) for duty in self.duties]

    @property
    def is_gap(self) -> bool:
        """Whether nobody answers on this level although somebody should."""
        return not self.duties and self.kind.is_expected


Chain = list[Link]
_Found = dict[tuple[str, Any], dict[int, list[AbstractDuty]]]


def _area_duties(
    area_ids: set[int], on: dt.date, known: Mapping[int, str]
) -> tuple[dict[int, list[str]], _Found]:
    """Paths from each area up to the root, and the open duties by area path (two queries, one if all are known)."""
    paths = {pk: known[pk] for pk in area_ids & known.keys()}
    if unknown := area_ids - known.keys():
        paths |= dict(Area.objects.filter(pk__in=unknown).order_by().values_list("pk", "path"))
    step = Area.steplen
    upward = {pk: [path[:end] for end in range(len(path), 0, -step)] for pk, path in paths.items()}
    wanted = {path for line in upward.values() for path in line}
    found: _Found = defaultdict(lambda: defaultdict(list))
    duties = AreaDuty.objects.open(on).filter(area__path__in=wanted).select_related("staff", "deputy", "area")
    for duty in duties.order_by("pk"):
        found[("area", duty.area.path)][duty.kind_id].append(duty)
    return upward, found


def _own_duties(key: str, ids: set[int], on: dt.date) -> _Found:
    found: _Found = defaultdict(lambda: defaultdict(list))
    source = registry.duty_models.get(key)
    if source is None or not ids:
        return found
    rows: Iterable[Any] = (
        source.model.objects.open(on)  # type: ignore[attr-defined]
        .filter(**{f"{source.target_field}__in": ids})
        .select_related("staff", "deputy")
        .order_by("pk")
    )
    for duty in rows:
        found[(key, getattr(duty, source.target_field))][duty.kind_id].append(duty)
    return found


def nearest_officers(chain: Chain) -> list[Staff]:
    """The officers nearest to the target who do not measure; none where there is nobody."""
    links = [link.officers for link in chain if link.duties and not link.kind.is_measuring]
    return links[-1] if links else []


def duties_for_many(
    targets: Sequence[DutyTarget], on: dt.date | None = None, *, paths: Mapping[int, str] | None = None
) -> dict[DutyTarget, Chain]:
    """Return each target's chain, one Link a kind in the kinds' order, at five queries however many targets.

    For every kind the nearest target wins: the person, then the household, then the area and what lies above it.
    `paths`: of areas, by id, where the caller has them; they are not asked for again.
    """
    on = on or timezone.localdate()
    kinds = list(DutyKind.objects.all())
    upward, found = _area_duties({target.area_id for target in targets}, on, paths or {})
    for key in ("household", "person"):
        ids = {getattr(target, f"{key}_id") for target in targets} - {None}
        found.update(_own_duties(key, ids, on))
    chains: dict[DutyTarget, Chain] = {}
    for target in targets:
        places: list[tuple[str, Any]] = [("person", target.person_id), ("household", target.household_id)]
        places += [("area", path) for path in upward.get(target.area_id, [])]
        chain = []
        for kind in kinds:
            nearest = next((found[p][kind.pk] for p in places if p in found and kind.pk in found[p]), [])
            chain.append(Link(kind, nearest, on))
        chains[target] = chain
    return chains


def duties_for(target: DutyTarget, on: dt.date | None = None) -> Chain:
    """Return one target's chain."""
    return duties_for_many([target], on)[target]


def kinds_in(area: Area, on: dt.date) -> list[DutyKind]:
    """The kinds that a sheet of the area has columns for, in one query: those that are expected everywhere, those that
    somebody holds in the area or above it, and those held for a single household or person.

    An office of several townships has kinds that only one of them uses.
    """
    low, high = path_range(area.path)
    there = Q(area__path__gte=low, area__path__lt=high) | Q(area__path__in=area.ancestor_paths())
    used = Q(is_expected=True) | Q(pk__in=AreaDuty.objects.open(on).filter(there).values("kind"))
    for source in registry.duty_models.values():
        used |= Q(pk__in=source.model.objects.open(on).values("kind"))  # type: ignore[attr-defined]
    return list(DutyKind.objects.filter(used))
