"""Writes on channels: set up, tried out, and an officer's own addresses."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.notices.deliveries import robot_tell
from grassroots.notices.models import Channel, ChannelKind, Delivery, OwnAddress
from grassroots.notices.outside.addresses import AddressError, parse_address
from grassroots.notices.outside.texts import outside_text

MOBILE = re.compile(r"1[3-9]\d{9}")
TRIED_FOR = dt.timedelta(minutes=5)


def channel_save(channel: Channel) -> Channel:
    """Keep a channel, new or changed. Raises ValidationError by field for an address that cannot work."""
    try:
        parse_address(channel.kind, channel.address)
    except AddressError as error:
        raise ValidationError({"address": str(error)}) from error
    if (channel.quiet_from is None) != (channel.quiet_to is None):
        raise ValidationError({"quiet_to": "免打扰的开始和结束要么都填，要么都不填。"})
    channel.failures_in_a_row, channel.paused_until = 0, None  # what is new gets a new chance
    channel.save()
    return channel


def channel_try(*, channel: Channel, by: Staff, at: dt.datetime | None = None) -> Delivery:
    """Lay down a test message: to the robot's group, or through a gateway to oneself. It is for the caller to send it.

    Raises ValidationError when somebody has no address of his own at the gateway.
    """
    at = at or timezone.now()
    subject, title = f"test:{uuid.uuid4().hex[:12]}", "【测试】这是一条测试消息，收到即表示渠道可用。"
    if channel.is_robot:
        delivery = robot_tell(
            robot=channel, subject=subject, kind="test", title=title, due_at=at, at=at, is_urgent=True,
            expires_at=at + TRIED_FOR, is_nudged=False,
        )  # fmt: skip
        assert delivery is not None
        return delivery
    own = OwnAddress.objects.filter(staff=by, channel=channel, is_enabled=True).first()
    if own is None:
        raise ValidationError("测试消息发给您本人：请先在“我的通知”里为这个渠道填好自己的手机或邮箱。")
    uid = uuid.uuid4()
    text = outside_text(title=title, lines=[], url="", code=Delivery(uid=uid).code)
    return Delivery.objects.create(
        uid=uid, channel=channel, recipient=by, address=own, subject=subject, kind="test", text=text, is_urgent=True,
        created_at=at, due_at=at, next_attempt_at=at, expires_at=at + TRIED_FOR,
    )  # fmt: skip


@dataclass(frozen=True)
class OwnChoice:
    """What somebody wants of one gateway."""

    is_enabled: bool
    target: str = ""
    only_urgent: bool = False


def gateways_for(staff: Staff) -> list[Channel]:
    """The gateways that serve an area in which the person works, or above it."""
    above = {
        path[:end]
        for path in scope_of(staff).paths
        for end in range(Area.steplen, len(path) + 1, Area.steplen)
    }
    rows = Channel.objects.enabled().gateways().filter(area__path__in=above)
    return list(rows.order_by("kind", "pk"))


def _check_target(channel: Channel, choice: OwnChoice, staff: Staff) -> str:
    """What is wrong with where it should go; '' when nothing is."""
    if not choice.is_enabled:
        return ""
    if channel.kind == ChannelKind.MAIL:
        try:
            validate_email(choice.target)
        except ValidationError:
            return "请填写完整的邮箱地址。"
        return ""
    phone = choice.target or staff.phone
    return (
        ""
        if MOBILE.fullmatch(phone)
        else "请填写11位手机号码；留空则用登记的办公手机，但登记的不是手机号码。"
    )


@transaction.atomic
def own_addresses_save(
    *, staff: Staff, choices: Mapping[Channel, OwnChoice], quiet: tuple[dt.time, dt.time] | None
) -> None:
    """Keep where and when somebody wants to be told outside the app. Raises ValidationError by gateway."""
    wrong = {
        f"target_{channel.pk}": words
        for channel, choice in choices.items()
        if (words := _check_target(channel, choice, staff))
    }
    if wrong:
        raise ValidationError(wrong)
    for channel, choice in choices.items():
        own = OwnAddress.objects.filter(staff=staff, channel=channel).first()
        if own is None and not choice.is_enabled:
            continue
        own = own or OwnAddress(staff=staff, channel=channel)
        own.target, own.only_urgent, own.is_enabled = choice.target, choice.only_urgent, choice.is_enabled
        own.failures_in_a_row = 0
        own.save()
    kept = {key: value for key, value in staff.channels.items() if key != "quiet"}
    staff.channels = {**kept, **({"quiet": [f"{time:%H:%M}" for time in quiet]} if quiet else {})}
    staff.save(update_fields=["channels"])
