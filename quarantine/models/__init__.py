"""Returnees, home medical observation, visits and readings, alerts, services."""

from quarantine.models.alerts import Alert, AlertKind, AlertState, ServiceKind, ServiceRequest
from quarantine.models.observation import (
    EventKind,
    Observation,
    ObservationEvent,
    ObservationState,
    ObservationStay,
    Outcome,
)
from quarantine.models.policy import Policy, PolicyState
from quarantine.models.returnee import CloseContact, KeyReason, Returnee, Transport, TripLeg
from quarantine.models.visits import Method, Reading, ReadingSource, Visit, VisitState
from quarantine.rules.policy import Place

__all__ = [
    "Alert",
    "AlertKind",
    "AlertState",
    "CloseContact",
    "EventKind",
    "KeyReason",
    "Method",
    "Observation",
    "ObservationEvent",
    "ObservationState",
    "ObservationStay",
    "Outcome",
    "Place",
    "Policy",
    "PolicyState",
    "Reading",
    "ReadingSource",
    "Returnee",
    "ServiceKind",
    "ServiceRequest",
    "Transport",
    "TripLeg",
    "Visit",
    "VisitState",
]
