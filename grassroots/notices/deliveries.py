"""Laying down deliveries, in the transaction of the message they carry; sending is another matter (sending.py)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction

from grassroots.grid.models import Staff
from grassroots.notices.models import Channel, Delivery, DeliveryState, Message, OwnAddress, Reminder
from grassroots.notices.nudges import deliver_nudge
from grassroots.notices.outside.quiet import quiet_until
from grassroots.notices.outside.texts import outside_text

Routes = Mapping[int, Sequence[OwnAddress]]
WORTH = dt.timedelta(hours=24)  # how long something is worth sending of which nobody has said it
IN_QUIET_HOURS = "免打扰时段结束时已过期，未发送"


def routes_of(recipients: Iterable[int]) -> Routes:
    """The usable addresses of staff by their ids, in one query."""
    found: dict[int, list[OwnAddress]] = defaultdict(list)
    rows = OwnAddress.objects.usable().filter(staff__in=list(recipients)).select_related("channel", "staff")
    for address in rows.order_by("pk"):
        found[address.staff_id].append(address)
    return found


def _timing(
    channel: Channel, staff: Staff | None, at: dt.datetime, expires_at: dt.datetime, *, is_urgent: bool
) -> dict[str, Any]:
    """When it is tried first; what would only come after it has expired is settled at once."""
    first = at if is_urgent else quiet_until(channel, staff, at)
    timing: dict[str, Any] = {"next_attempt_at": first, "expires_at": expires_at}
    if first >= expires_at:
        timing |= {"state": DeliveryState.EXPIRED, "reason": IN_QUIET_HOURS, "settled_at": at}
    return timing


def deliveries_made(
    *, message: Message, reminder: Reminder, body: str, at: dt.datetime, expires_at: dt.datetime | None, routes: Routes
) -> list[Delivery]:  # fmt: skip
    """One delivery for each address of the recipient, not saved yet. `body` is what may be said outside."""
    expires_at = expires_at or reminder.due_at + WORTH
    made = []
    for address in routes.get(message.recipient_id, ()):
        if address.only_urgent and not message.is_urgent:
            continue
        uid = uuid.uuid4()
        code = Delivery(uid=uid).code
        text = outside_text(title=message.title, lines=[body], url=message.url, code=code)
        made.append(
            Delivery(
                uid=uid, channel=address.channel, message=message, recipient_id=message.recipient_id, address=address,
                subject=reminder.subject, kind=reminder.kind, stage=reminder.stage, text=text,
                is_urgent=message.is_urgent, created_at=at, due_at=reminder.due_at,
                **_timing(address.channel, address.staff, at, expires_at, is_urgent=message.is_urgent),
            )
        )  # fmt: skip
    return made


def deliveries_lay(made: Sequence[Delivery]) -> int:
    """Save them and have them sent once the transaction is over; returns how many."""
    if made:
        Delivery.objects.bulk_create(made)
        nudge_later()
    return len(made)


def robot_tell(
    *, robot: Channel, subject: str, kind: str, title: str, due_at: dt.datetime, at: dt.datetime,
    lines: Sequence[str] = (), url: str = "", stage: int = 0, is_urgent: bool = False,
    expires_at: dt.datetime | None = None, reason: str = "", is_nudged: bool = True,
) -> Delivery | None:  # fmt: skip
    """Say something in a robot's group, once per subject, kind and stage; None when it has been said already.

    Counts, places and a link only: no name of a person, no number, no door. With a `reason` it is on record as
    expired and not sent.
    """
    uid = uuid.uuid4()
    expires_at = expires_at or due_at + WORTH
    text = outside_text(title=title, lines=lines, url=url, code=Delivery(uid=uid).code)
    timing = _timing(robot, None, at, expires_at, is_urgent=is_urgent)
    if reason:
        timing |= {"state": DeliveryState.EXPIRED, "reason": reason, "settled_at": at}
    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(
                uid=uid, channel=robot, subject=subject, kind=kind, stage=stage, text=text, is_urgent=is_urgent,
                created_at=at, due_at=due_at, **timing,
            )  # fmt: skip
    except IntegrityError:
        return None
    if is_nudged and not reason:
        nudge_later()
    return delivery


def robots() -> list[Channel]:
    """The robots that are switched on, with the areas that they serve (one query)."""
    return list(Channel.objects.enabled().robots().select_related("area").order_by("pk"))


def nudge_later() -> None:
    """Tell the workers once the transaction is through, once a transaction."""
    if not any(getattr(entry[1], "func", None) is deliver_nudge for entry in connection.run_on_commit):
        transaction.on_commit(partial(deliver_nudge), robust=True)
