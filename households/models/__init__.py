"""Households, people, who lives where, and the door-to-door survey."""

from households.models.doors import DismissedDoor
from households.models.duties import HouseholdDuty, PersonDuty
from households.models.household import Followup, Household, HousingKind, SurveyState
from households.models.people import (
    Person,
    Relation,
    Residency,
    ResidencyKind,
    Sex,
    SupportKind,
    SupportStatus,
)
from households.models.removals import PersonRemoval, RemovalKind
from households.models.survey import CommitmentLetter, Survey, SurveyMember, SurveyMethod, SurveyOutcome

__all__ = [
    "CommitmentLetter",
    "DismissedDoor",
    "Followup",
    "Household",
    "HouseholdDuty",
    "HousingKind",
    "Person",
    "PersonDuty",
    "PersonRemoval",
    "Relation",
    "RemovalKind",
    "Residency",
    "ResidencyKind",
    "Sex",
    "SupportKind",
    "SupportStatus",
    "Survey",
    "SurveyMember",
    "SurveyMethod",
    "SurveyOutcome",
    "SurveyState",
]
