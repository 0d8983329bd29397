"""The project's settings for fault tests: beat every second, and a clock that can be moved for all processes at once.

The clock is a file in GRASSROOTS_VAR with the seconds by which Django's time is ahead of the computer's (negative:
behind). What the project dates goes by `timezone.now`; Celery, Redis and PostgreSQL keep the computer's time.
"""

import datetime as dt

from django.utils import timezone

from grassroots.settings import *  # noqa: F403
from grassroots.settings import CELERY_BEAT_SCHEDULE, LOGGING, VAR_DIR

CLOCK = VAR_DIR / "clock"
_now = timezone.now


def now() -> dt.datetime:
    """The computer's time, moved."""
    try:
        return _now() + dt.timedelta(seconds=float(CLOCK.read_text() or 0))
    except (FileNotFoundError, ValueError):
        return _now()


timezone.now = now
CELERY_BEAT_SCHEDULE["tick"]["schedule"] = 1.0
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING["root"]["level"] = "WARNING"  # type: ignore[index]
