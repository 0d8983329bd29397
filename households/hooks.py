"""What apps above enter here, because households must not know them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person, Survey, SurveyMember

returnee_checks: list[Callable[[SurveyMember], str | None]] = []
"""Given what somebody answered: the URL of the returnee file to open (prefilled), or None.

Called inside the survey's transaction, after everything is written; `member.person` and `member.survey` are loaded.
"""

survey_listeners: list[Callable[[Survey, list[SurveyMember], Staff], None]] = []
"""Called inside the transaction of a survey, e.g. to raise an alert for a fever measured at the door."""

person_panels: list[Callable[[Person, Staff], tuple[str, dict[str, Any]] | None]] = []
"""Boxes on a person's page: given the person and who looks, a template and its context, or None for no box.

Whoever registers one checks the right to see it; that the person lies in the scope has been checked.
"""


@dataclass(frozen=True)
class RemovalHook:
    """What an app above has to say and to do when somebody is taken out of the register (merged, or void).

    Rows that point to a person go over by themselves (services/removals.py); this is for what follows from it.
    """

    key: str
    refusals: Callable[[Person, Person | None, Staff], list[str]]
    """(gone, whoever stays or None, by): why not yet, each sentence saying what to do first."""
    removed: Callable[[Person, Person | None, Staff, dt.datetime], dict[str, Any]]
    """Called after the rows went over; returns what it did, as plain JSON, for `restored`."""
    restored: Callable[[dict[str, Any], Person, Staff, dt.datetime], None]
    """Undoes what `removed` returned; the person is in the register again."""


removal_hooks: list[RemovalHook] = []


def returnee_candidates(members: Iterable[SurveyMember]) -> list[tuple[SurveyMember, str]]:
    """Those whose answers lead on to a returnee file, each with the URL of the file to open."""
    found = []
    for member in members:
        if member.returned_from or member.left_county or member.hubei_contact:
            urls = (check(member) for check in returnee_checks)
            if url := next((url for url in urls if url), None):
                found.append((member, url))
    return found
