"""One attempt at one message. Apprise answers true or false only; the reason comes from what it logged meanwhile."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from typing import Any

from grassroots.grid.logs import scrub
from grassroots.notices.models import ChannelKind
from grassroots.notices.outside.addresses import Address, AddressError, mail_url, parse_address

_URL = re.compile(r"\w+://\S+|/\S*\?\S+")
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
_UNSAID = "没有发出去，原因不明"


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt; `is_final`: trying again would not help."""

    is_sent: bool
    reason: str = ""
    is_final: bool = False


def clean_reason(text: str, address: Address | None = None) -> str:
    """A reason without links, addresses, numbers and secrets, short enough to keep."""
    for secret in address.secrets if address else ():
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    text = _TOKEN.sub("***", _MAIL.sub("***", _URL.sub("***", scrub(text))))
    return " ".join(text.split())[:200]


def _plugin(kind: str, address: Address, text: str, target: str, mark: str) -> Any:
    from apprise import Apprise, AppriseAsset

    from grassroots.notices.outside import plugins

    asset = AppriseAsset(app_id="Grassroots", async_mode=False, secure_logging=True)
    web = address.first
    made: Any
    if kind == ChannelKind.WECOM:
        made = plugins.WeComRobot(webhook=web, asset=asset)
    elif kind == ChannelKind.DINGTALK:
        made = plugins.DingTalkRobot(webhook=web, secret=address.settings.get("密钥", ""), asset=asset)
    elif kind == ChannelKind.FEISHU:
        made = plugins.FeishuRobot(webhook=web, asset=asset)
    elif kind == ChannelKind.SMS_JSON:
        made = plugins.JsonGateway(webhook=web, fields=address.filled(target, text), asset=asset)
    elif kind == ChannelKind.SMS_FORM:
        made = plugins.FormGateway(webhook=web, fields=address.filled(target, text), asset=asset)
    else:
        made = Apprise.instantiate(mail_url(address, target), asset=asset, suppress_exceptions=True)
    if made is not None and kind != ChannelKind.MAIL:
        made.success_mark = mark
    return made


def _said(captured: str) -> str:
    """The lines of this thread: what was warned of last, and what the socket said."""
    own = f"{threading.get_ident()} "
    lines = [line[len(own) :] for line in captured.splitlines() if line.startswith(own)]
    wanted = [
        line[3:] for line in lines if int(line[:2]) >= logging.WARNING or line[3:].startswith(("Socket", "SMTP"))
    ]  # fmt: skip
    return " ".join(wanted[-2:])


def transmit(*, kind: str, address: str, text: str, target: str = "", success_mark: str = "") -> Outcome:
    """Send a text once. Takes at most about 12 seconds; never raises for what the other side does."""
    # Apprise and its plugins take 40 MB: only the process that sends loads them.
    from apprise.logger import LogCapture

    try:
        parsed = parse_address(kind, address)
    except AddressError as error:
        return Outcome(False, f"渠道地址不对：{error}"[:200], is_final=True)
    with LogCapture(level=logging.DEBUG, fmt="%(thread)d %(levelno)d %(message)s") as captured:
        try:
            plugin = _plugin(kind, parsed, text, target, success_mark)
        except TypeError:  # what apprise raises for a key that is none
            plugin = None
        if plugin is None:
            return Outcome(False, "渠道地址不对：" + clean_reason(_said(captured.getvalue()), parsed), True)
        title = text.partition("\n")[0] if kind == ChannelKind.MAIL else ""
        is_sent = bool(plugin.notify(body=text, title=title))  # in this thread, whose lines are then read
        said = "" if is_sent else _said(captured.getvalue())
    return Outcome(is_sent, "" if is_sent else clean_reason(said, parsed) or _UNSAID)
