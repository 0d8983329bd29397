"""Grassroots (基层防控台账): the working register of a street office in an epidemic."""

from grassroots.celery import app as celery_app

__all__ = ["celery_app"]
