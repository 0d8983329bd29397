"""What crosses upward crosses as a registration: upper apps enter themselves here in their AppConfig.ready().

The engines below know none of them by name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grassroots.grid.models import AbstractDuty, Staff

    Due = Callable[[dt.datetime], Sequence[QuerySet[Any]] | None]


@dataclass(frozen=True)
class DutyModel:
    """A model of duties on something that lies in an area, and the name of its foreign key column."""

    model: type[AbstractDuty]
    target_field: str  # e.g. "household_id"


@dataclass(frozen=True)
class AreaHooks:
    """What an upper app does when areas change."""

    holds_data: Callable[[Sequence[int]], bool]
    """Whether rows of the app lie in one of these area ids."""
    succeeded: Callable[[Mapping[int, int], dt.datetime, Staff], None]
    """Rows move from each closed area (key) to its successor (value)."""
    holds_open: Callable[[Sequence[int]], bool] | None = None
    """Whether rows that still count lie there (open households, people, observations): they forbid closing. None:
    whatever lies there does."""


@dataclass(frozen=True)
class Step:
    """A step of the tick: `run(at)` returns what it did as counts. Each runs in its own transactions.

    `due(at)` gives the rows that would give it something to do, each query in the order of an index that answers it
    (the first row is asked for); None of them: the step is left out. It may say None for "run me". Without `due` the
    step always runs.
    """

    name: str
    run: Callable[[dt.datetime], Mapping[str, int]]
    order: int = 50
    due: Due | None = None


@dataclass(frozen=True)
class GapSection:
    """A list of what nobody answers for, shown on the page of gaps: title, and rows for a person's scope."""

    key: str
    title: str
    rows: Callable[[Staff, int], Iterable[Any]]  # (staff, limit) -> rows with .name .where .missing .url


duty_models: dict[str, DutyModel] = {}
area_hooks: list[AreaHooks] = []
gap_sections: list[GapSection] = []
role_grants: dict[str, set[str]] = {}
_steps: dict[str, Step] = {}


def register_duty_model(key: str, model: type[AbstractDuty], target_field: str) -> None:
    """Let `duties_for_many` find duties of `model`; `key` is 'household' or 'person'."""
    duty_models[key] = DutyModel(model, target_field)


def register_step(
    name: str, run: Callable[[dt.datetime], Mapping[str, int]], order: int = 50, *, due: Due | None = None
) -> None:
    """Add a step to the tick; lower orders run first. `due` as in Step."""
    _steps[name] = Step(name, run, order, due)


def steps() -> list[Step]:
    """All steps in their order."""
    return sorted(_steps.values(), key=lambda step: (step.order, step.name))


def grant(role: str, *permissions: str) -> None:
    """Give a role's group permissions such as 'households.add_survey'; applied after every migrate."""
    role_grants.setdefault(role, set()).update(permissions)
