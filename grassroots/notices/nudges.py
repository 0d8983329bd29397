"""Messages to the workers. They only nudge: a lost one is made up for by the tick."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from kombu.exceptions import KombuError

logger = logging.getLogger("grassroots.notices")

NUDGE_SECONDS = 60  # how long such a message is worth anything
AWAY_SECONDS = 30  # how long a broker that was away is not asked again: a page does not wait for it twice
_away_until = 0.0


def deliver_nudge() -> bool:
    """Tell the workers that deliveries wait; returns whether the broker took the message."""
    global _away_until
    from grassroots.notices.tasks import deliver

    if time.monotonic() < _away_until:
        return False
    try:
        deliver.apply_async(
            queue=settings.NOTICE_QUEUE, expires=NUDGE_SECONDS, retry=False, ignore_result=True
        )
    except (KombuError, OSError) as error:
        _away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("no message for deliveries: %s", type(error).__name__)
        return False
    return True
