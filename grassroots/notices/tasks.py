"""Celery is just another interface: fetch nothing, call one service."""

from celery import shared_task

from grassroots.notices import tick as engine
from grassroots.notices.sending import deliver_due


@shared_task(name="notices.tick")
def tick() -> None:
    """One tick at the present time."""
    engine.tick()


@shared_task(name="notices.deliver")
def deliver() -> None:
    """Send what is due through the channels. The message may come twice, late, or never."""
    deliver_due()
