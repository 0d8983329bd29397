"""Stays: the stock of observations, append only in transaction time (models/observation.py)."""

from __future__ import annotations

import datetime as dt

from grassroots.grid.models import Area
from quarantine.models import Observation, ObservationStay


def stay_open(
    *, observation: Observation, area: Area, place: str, at: dt.datetime, known_at: dt.datetime
) -> None:
    """From `at` on the observation is under follow-up in `area`; known since `known_at`."""
    ObservationStay.objects.create(
        observation=observation, area=area, place=place, from_at=at, recorded_at=known_at
    )


def _current(observation: Observation) -> ObservationStay:
    return ObservationStay.objects.select_for_update().get(
        observation=observation, until_at=None, superseded_at=None
    )


def _supersede(stay: ObservationStay, known_at: dt.datetime) -> None:
    ObservationStay.objects.filter(pk=stay.pk, superseded_at=None).update(superseded_at=known_at)


def stay_close(*, observation: Observation, at: dt.datetime, known_at: dt.datetime) -> None:
    """The current stay ended at `at`: the open row is superseded by one with an end."""
    stay = _current(observation)
    _supersede(stay, known_at)
    ObservationStay.objects.create(
        observation=observation,
        area_id=stay.area_id,
        place=stay.place,
        from_at=stay.from_at,
        until_at=max(at, stay.from_at),
        recorded_at=known_at,
    )


def stay_reopen(*, observation: Observation, known_at: dt.datetime) -> ObservationStay:
    """The last end was a mistake: the row with the latest end is superseded by one without; returns that one."""
    last = (
        ObservationStay.objects.select_for_update()
        .filter(observation=observation, superseded_at=None, until_at__isnull=False)
        .order_by("-until_at", "-pk")
        .first()
    )
    if last is None:
        raise ValueError("no ended stay to reopen")
    _supersede(last, known_at)
    return ObservationStay.objects.create(
        observation=observation,
        area_id=last.area_id,
        place=last.place,
        from_at=last.from_at,
        recorded_at=known_at,
    )


def stay_unmove(*, observation: Observation, known_at: dt.datetime) -> ObservationStay:
    """The last move was a mistake: the stay in the new area never was, the one before it went on."""
    _supersede(_current(observation), known_at)
    return stay_reopen(observation=observation, known_at=known_at)


def stay_void(*, observation: Observation, known_at: dt.datetime) -> None:
    """The observation was a mistake: none of its stays ever was."""
    ObservationStay.objects.filter(observation=observation, superseded_at=None).update(superseded_at=known_at)


def stay_since(observation: Observation) -> dt.datetime | None:
    """Since when the observation has been in its present place; None when no stay is open."""
    current = ObservationStay.objects.filter(observation=observation, until_at=None, superseded_at=None)
    return current.values_list("from_at", flat=True).first()
