"""Households, people, who lives where, and the door-to-door survey."""

from households.models.absent import (
    AbsentCall,
    AbsentContact,
    CallResult,
    ContactRelation,
    DoorSlip,
    LongAbsence,
)
from households.models.door_texts import DoorText
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
from households.models.survey_papers import PhotoKind, SurveyCorrection, SurveyPhoto, SurveySignature

__all__ = [
    "AbsentCall",
    "AbsentContact",
    "CallResult",
    "CommitmentLetter",
    "ContactRelation",
    "DismissedDoor",
    "DoorSlip",
    "DoorText",
    "Followup",
    "Household",
    "HouseholdDuty",
    "HousingKind",
    "LongAbsence",
    "Person",
    "PersonDuty",
    "PersonRemoval",
    "PhotoKind",
    "Relation",
    "RemovalKind",
    "Residency",
    "ResidencyKind",
    "Sex",
    "SupportKind",
    "SupportStatus",
    "Survey",
    "SurveyCorrection",
    "SurveyMember",
    "SurveyMethod",
    "SurveyOutcome",
    "SurveyPhoto",
    "SurveySignature",
    "SurveyState",
]
