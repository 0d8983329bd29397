"""Sending deliveries: claimed by a conditional UPDATE, recorded before and after the request (docs/tick.md).

No transaction is open while a request is out. The rate of a channel is counted in the rows of its attempts, under a
lock on the channel: several workers keep it together.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from grassroots.notices.models import Channel, Delivery, DeliveryAttempt, DeliveryState, OwnAddress
from grassroots.notices.outside.quiet import quiet_until
from grassroots.notices.outside.transmit import Outcome, transmit

logger = logging.getLogger("grassroots.notices")

BACKOFF = tuple(dt.timedelta(seconds=s) for s in (30, 60, 120, 300, 600))
MAX_ATTEMPTS = len(BACKOFF) + 1
MINUTE = dt.timedelta(minutes=1)
IN_FLIGHT_WAIT = dt.timedelta(seconds=10)
PAUSED_AFTER, PAUSE = (
    3,
    dt.timedelta(minutes=1),
)  # a channel that fails again and again is left alone for a while
BATCH = 20
LOOP_SECONDS = 15  # one task; the tick waits in the same workers
RECORD_FOR_SECONDS = 900  # how long an end is kept in memory while the database is away
TOO_LATE = "已过期，不再发送"
SWITCHED_OFF = "渠道已停用"
LEFT = "接收人已停用"
ADDRESS_GONE = "本人已停用或删除这个通知地址"
LOST = "发送程序中途结束，可能已送出"


@dataclass(frozen=True)
class Claim:
    """The right to send a delivery once."""

    delivery: Delivery
    token: uuid.UUID
    target: str


def free_at(channel: Channel, at: dt.datetime) -> dt.datetime | None:
    """When the channel may say something again; None: now. In no 60 seconds does more than `per_minute` arrive."""
    running = Q(channel=channel, ended_at=None)
    ended = Q(channel=channel, started_at__gt=at - 2 * MINUTE, ended_at__gt=at - MINUTE)
    busy = list(DeliveryAttempt.objects.filter(running | ended).values_list("ended_at", flat=True))
    if len(busy) < channel.per_minute:
        return None
    over = sorted(moment for moment in busy if moment is not None)
    excess = len(busy) - channel.per_minute
    return over[excess] + MINUTE if excess < len(over) else at + IN_FLIGHT_WAIT


def _obstacle(delivery: Delivery, channel: Channel, at: dt.datetime) -> dict[str, Any] | None:
    """What becomes of a delivery that cannot be sent now: an end with its reason, or a later time."""
    if delivery.expires_at <= at:
        reason = f"{TOO_LATE}；{delivery.reason}" if delivery.reason else TOO_LATE
        return {"state": DeliveryState.EXPIRED, "reason": reason[:200], "settled_at": at}
    if not channel.is_enabled:
        return {"state": DeliveryState.FAILED, "reason": SWITCHED_OFF, "settled_at": at}
    address = delivery.address
    if delivery.recipient is not None and not delivery.recipient.is_active:
        return {"state": DeliveryState.FAILED, "reason": LEFT, "settled_at": at}
    if delivery.recipient is not None and (address is None or not address.is_enabled):
        return {"state": DeliveryState.FAILED, "reason": ADDRESS_GONE, "settled_at": at}
    if not delivery.is_urgent:
        quiet = quiet_until(channel, delivery.recipient, at)
        if quiet > at:
            return {"next_attempt_at": quiet}
    if channel.paused_until is not None and channel.paused_until > at:
        return {"next_attempt_at": channel.paused_until}
    free = free_at(channel, at)
    return None if free is None else {"next_attempt_at": free}


def delivery_claim(uid: uuid.UUID, *, at: dt.datetime | None = None) -> Claim | None:
    """Take a delivery that is due to send it; None when it is not due, somebody else has it, or it must wait."""
    at, token = at or timezone.now(), uuid.uuid4()
    with transaction.atomic():
        rows = Delivery.objects.due(at).select_related("recipient", "address__staff")
        delivery = rows.filter(uid=uid).first()
        if delivery is None:
            return None
        channel = Channel.objects.select_for_update(no_key=True).get(pk=delivery.channel_id)
        waiting = Delivery.objects.due(at).filter(pk=delivery.pk)
        obstacle = _obstacle(delivery, channel, at)
        if obstacle is not None:
            waiting.update(**obstacle)
            return None
        claimed = waiting.update(
            state=DeliveryState.SENDING,
            token=token,
            claimed_at=at,
            suspected_at=None,
            attempts=F("attempts") + 1,
        )
        if not claimed:
            return None
        DeliveryAttempt.objects.create(
            delivery=delivery, channel=channel, number=delivery.attempts + 1, token=token, started_at=at
        )
    delivery.channel, delivery.attempts = channel, delivery.attempts + 1
    address = delivery.address
    target = (address.target or address.staff.phone) if address is not None else ""
    return Claim(delivery, token, target)


def delivery_finish(claim: Claim, outcome: Outcome, *, at: dt.datetime | None = None) -> bool:
    """Record what became of an attempt; False when the delivery is no longer this attempt's.

    One that was given up for dead but not sent anew still counts as sent when it was.
    """
    at = at or timezone.now()
    delivery = claim.delivery
    with transaction.atomic():
        tries = DeliveryAttempt.objects.filter(token=claim.token)
        if outcome.is_sent:
            tries.update(ended_at=at, outcome="SENT", reason="")
            own = Q(state=DeliveryState.SENDING) | Q(state=DeliveryState.WAITING)
            values: dict[str, Any] = {"state": DeliveryState.SENT, "reason": "", "settled_at": at}
        else:
            tries.update(ended_at=at, outcome="FAILED", reason=outcome.reason)
            own = Q(state=DeliveryState.SENDING)
            values = _after_failure(delivery, outcome.reason, at, is_final=outcome.is_final)
        done = Delivery.objects.filter(own, pk=delivery.pk, token=claim.token).update(**values)
        if done:
            _count(delivery, values["state"], at, is_sent=outcome.is_sent)
    return bool(done)


def _after_failure(delivery: Delivery, reason: str, at: dt.datetime, *, is_final: bool) -> dict[str, Any]:
    """Tried again later, or given up: after the last attempt, or when the next would come too late."""
    if is_final or delivery.attempts >= MAX_ATTEMPTS:
        return {"state": DeliveryState.FAILED, "reason": reason, "settled_at": at}
    again = at + BACKOFF[delivery.attempts - 1]
    if again >= delivery.expires_at:
        words = f"试了{delivery.attempts}次，已过期：{reason}"[:200]
        return {"state": DeliveryState.EXPIRED, "reason": words, "settled_at": at}
    return {"state": DeliveryState.WAITING, "reason": reason, "next_attempt_at": again}


def _count(delivery: Delivery, state: str, at: dt.datetime, *, is_sent: bool) -> None:
    """How often in a row a channel, and somebody's own address, did not work."""
    channels = Channel.objects.filter(pk=delivery.channel_id)
    addresses = OwnAddress.objects.filter(deliveries=delivery)
    if is_sent:
        channels.exclude(failures_in_a_row=0).update(failures_in_a_row=0, paused_until=None)
        addresses.exclude(failures_in_a_row=0).update(failures_in_a_row=0)
        return
    channels.update(failures_in_a_row=F("failures_in_a_row") + 1)
    channels.filter(failures_in_a_row__gte=PAUSED_AFTER).update(paused_until=at + PAUSE)
    if state != DeliveryState.WAITING:
        addresses.update(failures_in_a_row=F("failures_in_a_row") + 1)


def delivery_work(uid: uuid.UUID, *, at: dt.datetime | None = None) -> Outcome | None:
    """Claim, send, record; None when there was nothing to send (it may have been put off or ended)."""
    claim = delivery_claim(uid, at=at)
    if claim is None:
        return None
    channel = claim.delivery.channel
    outcome = transmit(
        kind=channel.kind, address=channel.address, text=claim.delivery.text, target=claim.target,
        success_mark=channel.success_mark,
    )  # fmt: skip
    _persist(lambda: delivery_finish(claim, outcome, at=at))
    return outcome


def _persist(write: Callable[[], bool]) -> bool:
    """Write, however long the database is away (within reason): what has been said must not be said again."""
    until, pause = time.monotonic() + RECORD_FOR_SECONDS, 0.5
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > until or connection.in_atomic_block:
                raise
            logger.warning("the end of a delivery waits for the database: %s", type(error).__name__)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 2)


def deliver_due(*, seconds: float = LOOP_SECONDS) -> int:
    """Send what is due, the urgent first, until nothing is left or the time is over; returns how many were sent."""
    until, sent = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        now = timezone.now()
        due = Delivery.objects.due(now).order_by("-is_urgent", "next_attempt_at", "pk")
        found = list(due.values_list("uid", "is_urgent")[:BATCH])
        if not found:
            break
        random.shuffle(found)  # several workers look at the same rows
        for uid, _is_urgent in sorted(found, key=lambda row: not row[1]):
            if time.monotonic() > until:
                break
            outcome = delivery_work(uid)
            sent += outcome is not None and outcome.is_sent
    return sent
