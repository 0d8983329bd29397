"""Writes over several rows: keyword arguments, `by` whom, and the time as `at` (default now)."""

from households.services.data import (
    Caution,
    ConfirmationNeeded,
    Difference,
    MemberData,
    PersonData,
    PersonSaved,
    Removal,
    StaleVersion,
    SurveyData,
    SurveyRefused,
)
from households.services.household import household_close, household_open, household_update
from households.services.people import person_save, person_void
from households.services.residency import residency_end, residency_open, residency_set_away
from households.services.survey import SurveyRecorded, survey_record

__all__ = [
    "Caution",
    "ConfirmationNeeded",
    "Difference",
    "MemberData",
    "PersonData",
    "PersonSaved",
    "Removal",
    "StaleVersion",
    "SurveyData",
    "SurveyRecorded",
    "SurveyRefused",
    "household_close",
    "household_open",
    "household_update",
    "person_save",
    "person_void",
    "residency_end",
    "residency_open",
    "residency_set_away",
    "survey_record",
]
