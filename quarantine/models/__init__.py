"""Returnees, home medical observation, visits and readings, alerts, services, pushed lists."""

from quarantine.models.alert_actions import ActionKind, AlertAction, AlertEscalation
from quarantine.models.alerts import Alert, AlertOutcome, AlertState
from quarantine.models.flags import Conclusion, FlagCheck, ReadingFlag, ReadingScan
from quarantine.models.life import (
    FollowupHow,
    FollowupResult,
    FollowupState,
    Handover,
    HandoverState,
    Recalculation,
    RecalculationKind,
    RecalculationState,
    ReleaseFollowup,
)
from quarantine.models.observation import (
    EventKind,
    Observation,
    ObservationEvent,
    ObservationState,
    ObservationStay,
    Outcome,
)
from quarantine.models.papers import Paper, PaperEntry, PaperSerial, PaperText
from quarantine.models.passings import Passing
from quarantine.models.policy import Policy, PolicyState
from quarantine.models.pushed import CameBy, PushedAnswer, PushedFile, PushedList, PushedPerson, PushedState
from quarantine.models.returnee import CloseContact, KeyReason, Returnee, Transport, TripLeg
from quarantine.models.services import (
    ServiceHow,
    ServiceKind,
    ServiceRequest,
    ServiceSource,
    ServiceState,
    ServiceStep,
)
from quarantine.models.visits import Method, Reading, ReadingSource, Visit, VisitState
from quarantine.models.walks import WalkOrder
from quarantine.rules.alerting import AlertKind
from quarantine.rules.papers import PaperKind
from quarantine.rules.policy import Place
from quarantine.rules.pushed import PushedCode
from quarantine.rules.truth import FlagKind

__all__ = [
    "ActionKind",
    "Alert",
    "AlertAction",
    "AlertEscalation",
    "AlertKind",
    "AlertOutcome",
    "AlertState",
    "CameBy",
    "CloseContact",
    "Conclusion",
    "EventKind",
    "FlagCheck",
    "FlagKind",
    "FollowupHow",
    "FollowupResult",
    "FollowupState",
    "Handover",
    "HandoverState",
    "KeyReason",
    "Method",
    "Observation",
    "ObservationEvent",
    "ObservationState",
    "ObservationStay",
    "Outcome",
    "Paper",
    "PaperEntry",
    "PaperKind",
    "PaperSerial",
    "PaperText",
    "Passing",
    "Place",
    "Policy",
    "PolicyState",
    "PushedAnswer",
    "PushedCode",
    "PushedFile",
    "PushedList",
    "PushedPerson",
    "PushedState",
    "Reading",
    "ReadingFlag",
    "ReadingScan",
    "ReadingSource",
    "Recalculation",
    "RecalculationKind",
    "RecalculationState",
    "ReleaseFollowup",
    "Returnee",
    "ServiceHow",
    "ServiceKind",
    "ServiceRequest",
    "ServiceSource",
    "ServiceState",
    "ServiceStep",
    "Transport",
    "TripLeg",
    "Visit",
    "VisitState",
    "WalkOrder",
]
