"""Celery is just another interface: fetch nothing, call one service."""

from celery import shared_task

from grassroots.notices import tick as engine


@shared_task(name="notices.tick")
def tick() -> None:
    """One tick at the present time."""
    engine.tick()
