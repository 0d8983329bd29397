"""Models of the ledgers, by noun."""

from grassroots.ledgers.models.captions import CaptionMemory
from grassroots.ledgers.models.empty_forms import EmptyForm
from grassroots.ledgers.models.imports import (
    BatchState,
    EffectAction,
    ImportBatch,
    ImportEffect,
    ImportNote,
    ImportPage,
)
from grassroots.ledgers.models.jobs import Job, JobState
from grassroots.ledgers.models.layouts import LedgerLayout, LedgerLayoutVersion
from grassroots.ledgers.models.publications import BriefDraft, Publication
from grassroots.ledgers.models.rollups import AreaRollup, DirtyArea

__all__ = [
    "AreaRollup",
    "BatchState",
    "BriefDraft",
    "CaptionMemory",
    "DirtyArea",
    "EffectAction",
    "EmptyForm",
    "ImportBatch",
    "ImportEffect",
    "ImportNote",
    "ImportPage",
    "Job",
    "JobState",
    "LedgerLayout",
    "LedgerLayoutVersion",
    "Publication",
]
