"""Lists of files and observations: bounded pages by keyset, and what a row shows beside its own columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Staff
from households.doors import places_of
from quarantine.models import Observation, ObservationState, Outcome, Policy, Reading, Returnee, Visit
from quarantine.rules.policy import PolicyTerms

PAGE_ROWS = 50
STATES = (("none", "未观察"), ("open", "观察中"), ("released", "已解除"), ("ended", "转送等"))


def state_q(state: str) -> Q:
    """A condition on returnees by where their observations stand; one entered by mistake counts for nothing."""
    mine = Observation.objects.filter(returnee=OuterRef("pk")).exclude(outcome=Outcome.VOIDED)
    is_open = Exists(mine.filter(state=ObservationState.OPEN))
    is_released = Exists(mine.filter(outcome=Outcome.RELEASED))
    if state == "none":
        return Q(~Exists(mine))
    if state == "open":
        return Q(is_open)
    if state == "released":
        return Q(is_released) & Q(~is_open)
    return Q(Exists(mine)) & Q(~is_open) & Q(~is_released)


@dataclass
class Page:
    """One page of a list, and the mark from which the next one goes on."""

    rows: list[Any]
    next_mark: str = ""


def page_by_time(rows: QuerySet[Any], name: str, mark: str) -> Page:
    """The latest first by a datetime column, from behind `mark` ('<ISO time>~<id>'; a broken one counts as none)."""
    moment, _sep, pk = mark.rpartition("~")
    try:
        at, last = dt.datetime.fromisoformat(moment), int(pk)
    except ValueError:
        at, last = None, 0
    if at is not None and at.tzinfo is not None:
        rows = rows.filter(Q(**{f"{name}__lt": at}) | Q(**{name: at, "pk__lt": last}))
    found = list(rows.order_by(f"-{name}", "-pk")[: PAGE_ROWS + 1])
    end = found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None
    return Page(found[:PAGE_ROWS], f"{getattr(end, name).isoformat()}~{end.pk}" if end else "")


def page_by_last_day(rows: QuerySet[Observation], mark: str) -> Page:
    """Who is due for release first, from behind `mark` ('<ISO date>~<id>'; a broken one counts as none)."""
    day, _sep, pk = mark.rpartition("~")
    try:
        on, last = dt.date.fromisoformat(day), int(pk)
    except ValueError:
        on, last = None, 0
    if on is not None:
        rows = rows.filter(Q(last_on__gt=on) | Q(last_on=on, pk__gt=last))
    found = list(rows.order_by("last_on", "pk")[: PAGE_ROWS + 1])
    end = found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None
    return Page(found[:PAGE_ROWS], f"{end.last_on.isoformat()}~{end.pk}" if end else "")


def officer_of(chain: Chain) -> Staff | None:
    """The nearest officer of a chain who does not measure (包户, 包组 …): whom to ask first."""
    for link in reversed(chain):
        if link.duties and not link.kind.is_measuring:
            return link.officers[0]
    return None


def dress_returnees(rows: Sequence[Returnee]) -> None:
    """Give each file its latest observation, its officer and its place (seven queries, however many rows)."""
    latest: dict[int, Observation] = {}
    observations = Observation.objects.filter(returnee__in=[row.pk for row in rows])
    for one in observations.exclude(outcome=Outcome.VOIDED).order_by("opened_at", "pk"):
        if one.returnee_id is not None:
            latest[one.returnee_id] = one
    _dress(rows)
    for row in rows:
        row.latest = latest.get(row.pk)  # type: ignore[attr-defined]


def _dress(rows: Sequence[Any]) -> None:
    targets = {row.pk: DutyTarget(row.area_id, row.household_id, row.person_id) for row in rows}
    chains = duties_for_many(list(targets.values())) if rows else {}
    places = places_of({row.area for row in rows})
    for row in rows:
        row.officer = officer_of(chains[targets[row.pk]])
        row.place_name = places[row.area_id]


@dataclass
class SlotToday:
    """A slot of today on the list: its label, the visit, and the reading that counts."""

    label: str
    visit: Visit
    reading: Reading | None = field(default=None)


def dress_observations(rows: Sequence[Observation], on: dt.date) -> None:
    """Give each observation 第几天, its slots of the day with readings, officer and place (eight queries)."""
    visits = Visit.objects.filter(observation__in=[row.pk for row in rows], date=on).order_by("opens_at")
    by_observation: dict[int, list[Visit]] = {}
    for visit in visits.prefetch_related("readings"):
        by_observation.setdefault(visit.observation_id, []).append(visit)
    terms: dict[int, PolicyTerms] = {}
    _dress(rows)
    for row in rows:
        policy: Policy = row.policy
        if policy.pk not in terms:
            terms[policy.pk] = policy.parsed()
        labels = {slot.code: slot.label for slot in terms[policy.pk].slots}
        row.day = row.day_number(on)  # type: ignore[attr-defined]
        row.is_full = row.last_on < on  # type: ignore[attr-defined]
        row.today = [  # type: ignore[attr-defined]
            SlotToday(labels.get(visit.slot, visit.slot), visit, effective_reading(visit))
            for visit in by_observation.get(row.pk, [])
        ]


def effective_reading(visit: Visit) -> Reading | None:
    """The last reading that no other corrects, of a visit whose readings are at hand; an abnormal one first."""
    readings = list(visit.readings.all())
    corrected = {reading.corrects_id for reading in readings}
    standing = [reading for reading in readings if reading.pk not in corrected]
    standing.sort(key=lambda reading: (reading.is_abnormal, reading.sequence))
    return standing[-1] if standing else None
