"""Robots and gateways as plugins of apprise that also read the answer.

Chat robots and SMS gateways answer 200 to everything and say in the body whether they took the message
(`errcode` 45009 is "too many"); apprise looks at the 200 only. They are also found at other hosts than the one that
apprise knows (政务微信, private DingTalk), so the webhook is used as it was pasted.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from apprise.plugins.custom_form import NotifyForm
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 4.0, 8.0, 12.0
ANSWER_BYTES = 8192
CODES = ("errcode", "code", "StatusCode", "status_code")  # what the three robots call it
WORDS = ("errmsg", "msg", "StatusMessage", "message")


class Answering:
    """Posts once, in bounded time, and logs in words why it was not taken."""

    logger: Any
    success_mark = ""

    def post(self, url: str, **options: Any) -> bool:
        """True when the other side has taken the message."""
        began = time.monotonic()
        try:
            with requests.request(
                options.pop("method", "POST"), url, timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True,
                allow_redirects=False, **options,
            ) as answer:  # fmt: skip
                body = b""
                for chunk in answer.iter_content(1024):
                    body += chunk
                    if len(body) > ANSWER_BYTES or time.monotonic() - began > WHOLE_SECONDS:
                        break
        except requests.Timeout:
            self.logger.warning("超时，对方没有回答")
        except requests.ConnectionError as error:
            broken = "对方中断了连接，可能已收到" if "aborted" in str(error) else "连接不上"
            self.logger.warning(broken)
        except requests.RequestException as error:
            self.logger.warning("请求失败：%s", type(error).__name__)
        else:
            return self.taken(answer.status_code, body.decode("utf-8", "replace"))
        return False

    def taken(self, status: int, body: str) -> bool:
        """Whether an answer says that the message was taken."""
        if not 200 <= status < 300:
            self.logger.warning("对方回答 HTTP %s", status)
            return False
        refusal = self.refusal(body)
        if refusal:
            self.logger.warning("对方没有接收：%s", refusal)
        return not refusal

    def refusal(self, body: str) -> str:
        """Why the body of a 200 means no; '' when it means yes."""
        if self.success_mark:
            return "" if self.success_mark in body else f"回执里没有“{self.success_mark}”：{body[:60]}"
        try:
            found = json.loads(body)
        except ValueError:
            return ""
        if not isinstance(found, dict):
            return ""
        code = next((found[name] for name in CODES if name in found), 0)
        if str(code) in {"0", "200", "OK", "ok", "success"}:
            return ""
        return f"{code} {next((found[name] for name in WORDS if name in found), '')}".strip()


class WeComRobot(Answering, NotifyWeComBot):
    """企业微信群机器人: a text of at most 2,048 bytes."""

    def __init__(self, *, webhook: str, **options: Any) -> None:
        key = dict(part.partition("=")[::2] for part in urlsplit(webhook).query.split("&")).get("key", "")
        super().__init__(key=key, **options)
        self.api_url = webhook

    def send(
        self, body: Any, title: Any = "", notify_type: Any = "", attach: Any = None, **options: Any
    ) -> bool:
        return self.post(self.api_url, json={"msgtype": "text", "text": {"content": body}})


class DingTalkRobot(Answering, NotifyDingTalk):
    """钉钉群机器人; `secret` signs the request."""

    def __init__(self, *, webhook: str, secret: str = "", **options: Any) -> None:
        query = dict(part.partition("=")[::2] for part in urlsplit(webhook).query.split("&"))
        super().__init__(token=query.get("access_token", ""), secret=secret or None, **options)
        self.webhook = webhook

    def send(
        self, body: Any, title: Any = "", notify_type: Any = "", body_format: Any = None, **options: Any
    ) -> bool:
        url = self.webhook
        if self.secret:
            timestamp, sign = self.get_signature()
            url = f"{url}&timestamp={timestamp}&sign={sign}"
        return self.post(url, json={"msgtype": "text", "text": {"content": body}})


class FeishuRobot(Answering, NotifyFeishu):
    """飞书群机器人."""

    def __init__(self, *, webhook: str, **options: Any) -> None:
        super().__init__(token=urlsplit(webhook).path.rstrip("/").rpartition("/")[2], **options)
        self.webhook = webhook

    def send(
        self, body: Any, title: Any = "", notify_type: Any = "", attach: Any = None, **options: Any
    ) -> bool:
        return self.post(self.webhook, json={"msg_type": "text", "content": {"text": body}})


class JsonGateway(Answering, NotifyJSON):
    """A gateway that takes an object of JSON."""

    def __init__(self, *, webhook: str, fields: dict[str, str], **options: Any) -> None:
        super().__init__(host=urlsplit(webhook).hostname, payload=fields, **options)
        self.webhook = webhook

    def send(
        self, body: Any, title: Any = "", notify_type: Any = "", attach: Any = None, **options: Any
    ) -> bool:
        return self.post(self.webhook, json=self.payload_extras)


class FormGateway(Answering, NotifyForm):
    """A gateway that takes a form, in UTF-8."""

    def __init__(self, *, webhook: str, fields: dict[str, str], **options: Any) -> None:
        super().__init__(host=urlsplit(webhook).hostname, payload=fields, **options)
        self.webhook = webhook

    def send(
        self, body: Any, title: Any = "", notify_type: Any = "", attach: Any = None, **options: Any
    ) -> bool:
        return self.post(self.webhook, data=self.payload_extras)
