"""Areas, staff, duties, submissions, the access log: the ground that every app stands on."""

from grassroots.grid.models.areas import Area, AreaQuerySet, Level
from grassroots.grid.models.duties import AbstractDuty, AreaDuty, DutyKind, DutyQuerySet
from grassroots.grid.models.office import Office
from grassroots.grid.models.offline import DeviceGrant, KeptEntry, KeptState
from grassroots.grid.models.staff import Posting, Role, Staff, StaffQuerySet
from grassroots.grid.models.trail import AccessAction, AccessLog, Submission

__all__ = [
    "AbstractDuty",
    "AccessAction",
    "AccessLog",
    "Area",
    "AreaDuty",
    "AreaQuerySet",
    "DeviceGrant",
    "DutyKind",
    "DutyQuerySet",
    "KeptEntry",
    "KeptState",
    "Level",
    "Office",
    "Posting",
    "Role",
    "Staff",
    "StaffQuerySet",
    "Submission",
]
