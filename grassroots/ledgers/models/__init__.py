"""Models of the ledgers, by noun."""

from grassroots.ledgers.models.jobs import Job, JobState
from grassroots.ledgers.models.rollups import AreaRollup, DirtyArea

__all__ = ["AreaRollup", "DirtyArea", "Job", "JobState"]
