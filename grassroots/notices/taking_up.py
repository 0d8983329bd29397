"""What the tick does for deliveries: takes up what a dead worker left, ends what is too old, nudges for the rest."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from grassroots.notices.models import Delivery, DeliveryState
from grassroots.notices.nudges import deliver_nudge
from grassroots.notices.sending import LOST, MAX_ATTEMPTS, TOO_LATE

logger = logging.getLogger("grassroots.notices")

BATCH = 500
NUDGES = 2  # workers that are told at once; each goes on until nothing is due


def deliveries_due(at: dt.datetime) -> list[QuerySet[Delivery]]:
    """What gives the step below something to do."""
    rows = Delivery.objects.all()
    sending, waiting = (rows.stale(at), rows.abandoned(at)), (rows.outdated(at), rows.due(at))
    return [
        *(one.order_by("claimed_at") for one in sending),
        *(one.order_by("next_attempt_at") for one in waiting),
    ]


def take_up_deliveries(at: dt.datetime) -> Mapping[str, int]:
    """A step of the tick; returns counts.

    A delivery that has been out for too long falls under suspicion first and is taken up by a later tick: after an
    outage its sender may be alive and about to record the end.
    """
    Delivery.objects.stale(at).update(suspected_at=at)
    taken_up = given_up = 0
    for pk in list(Delivery.objects.abandoned(at).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        outcome = _bury(pk, at)
        taken_up += outcome == DeliveryState.WAITING
        given_up += outcome == DeliveryState.FAILED
    expired = _expire(at)
    waiting = len(Delivery.objects.due(at).order_by().values_list("pk")[:NUDGES])
    nudged = sum(1 for _ in range(waiting) if deliver_nudge())
    return {"taken_up": taken_up, "given_up": given_up, "expired": expired, "nudged": nudged}


def _bury(pk: int, at: dt.datetime) -> str:
    """End the attempt of a delivery whose sender is gone: back among those that wait, or failed for good."""
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(skip_locked=True).abandoned(at)
        delivery = rows.filter(pk=pk).first()
        if delivery is None or delivery.token is None:
            return ""
        delivery.tries.filter(token=delivery.token, ended_at=None).update(
            ended_at=at, outcome="LOST", reason=LOST
        )
        own = Delivery.objects.filter(pk=pk)
        if delivery.attempts >= MAX_ATTEMPTS:
            own.update(state=DeliveryState.FAILED, reason=LOST, settled_at=at)
            return DeliveryState.FAILED
        own.update(state=DeliveryState.WAITING, reason=LOST, next_attempt_at=at, suspected_at=None)
    logger.warning("delivery %s was left in the middle, attempt %s", delivery.uid, delivery.attempts)
    return DeliveryState.WAITING


def _expire(at: dt.datetime) -> int:
    """End what waits and is too old, with its last reason; returns how many."""
    expired = 0
    for pk, reason in list(Delivery.objects.outdated(at).values_list("pk", "reason")[:BATCH]):
        words = f"{TOO_LATE}；{reason}" if reason else TOO_LATE
        expired += (
            Delivery.objects.outdated(at)
            .filter(pk=pk)
            .update(state=DeliveryState.EXPIRED, reason=words[:200], settled_at=at)
        )
    return expired
