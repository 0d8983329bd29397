"""Models of notices."""

from grassroots.notices.models.channels import Channel, ChannelKind, OwnAddress
from grassroots.notices.models.deliveries import Delivery, DeliveryAttempt, DeliveryState
from grassroots.notices.models.leaves import Leave
from grassroots.notices.models.reminders import (
    KIND_LABELS,
    Acknowledgement,
    Message,
    Reminder,
    ReminderState,
    TickRun,
)

__all__ = [
    "KIND_LABELS",
    "Acknowledgement",
    "Channel",
    "ChannelKind",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "Leave",
    "Message",
    "OwnAddress",
    "Reminder",
    "ReminderState",
    "TickRun",
]
