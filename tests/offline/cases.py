"""What the tests of offline work share: a device without a browser."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from grassroots.grid.models import DeviceGrant, Staff
from grassroots.grid.offline.envelope import envelope_seal, public_key
from grassroots.grid.offline.grants import grant_issue, grant_token

Pairs = list[tuple[str, str]]


def pairs_of(fields: dict[str, Any]) -> Pairs:
    """Fields of a form as a browser lists them."""
    return [
        (name, value)
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    ]


class Device:
    """Seals what its user enters, and sends it when told to."""

    def __init__(self, staff: Staff, grant: DeviceGrant | None = None) -> None:
        self.grant = grant or grant_issue(staff=staff, at=timezone.now() - dt.timedelta(hours=6))
        self.key = public_key()
        self.client = Client()

    def seal(self, path: str, fields: Pairs, **content: Any) -> dict[str, Any]:
        """An envelope with one form."""
        entered = content.pop("entered_at", timezone.now())
        whole = {
            "id": str(uuid.uuid4()), "path": path, "fields": fields, "entered_at": entered.isoformat(),
            "grant": grant_token(self.grant), **content,
        }  # fmt: skip
        return envelope_seal(whole, self.key)

    def send(self, envelope: Any, now: dt.datetime | None = None) -> HttpResponse:
        """Upload it, signed in as nobody."""
        return self.upload({"envelope": envelope, "now": (now or timezone.now()).isoformat()})

    def upload(self, body: Any) -> HttpResponse:
        """A body as it is, bytes too."""
        text = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.post("/offline/upload/", text, content_type="application/json")

    def outcome(self, envelope: Any, now: dt.datetime | None = None) -> str:
        """What the device is told."""
        told: str = self.send(envelope, now).json()["outcome"]
        return told
