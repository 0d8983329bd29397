"""Recording one knock on one door, everything in one transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from households.services.data import SurveyData

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Household, Survey, SurveyMember


@dataclass
class SurveyRecorded:
    """The survey, and those whose answers lead on to a returnee file: (member, URL of the file to open)."""

    survey: Survey
    returnee_candidates: list[tuple[SurveyMember, str]] = field(default_factory=list)


def survey_record(
    *, household: Household, version: int, data: SurveyData, by: Staff, at: dt.datetime | None = None
) -> SurveyRecorded:
    """Record a knock: the household's fields, its members, their answers, the steps, the outcome, the letter.

    Raises StaleVersion when somebody has saved the household since `version`, and SurveyRefused with errors and
    cautions by member and field; then nothing has been saved.
    """
    raise NotImplementedError
