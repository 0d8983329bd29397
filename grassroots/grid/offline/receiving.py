"""Taking in what devices sealed: each envelope is entered once, or kept for its author with the reason."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from grassroots.grid.models import DeviceGrant, KeptEntry, KeptState
from grassroots.grid.offline.envelope import EnvelopeError, Sealed, envelope_open
from grassroots.grid.offline.grants import grant_of, grant_trouble, grant_use
from grassroots.grid.offline.registry import OfflineForm, form_at
from grassroots.grid.offline.replay import ACCEPTED, CONFLICT, REPEATED, Replay, Replayed, TryAgain

# What a device is told. Nothing personal: nobody is signed in here.
SETTLED, DRAFT, FOREIGN, FORBIDDEN, BUSY, LATER = "settled", "draft", "foreign", "forbidden", "busy", "later"
STATUS = {
    "malformed": 400, "damaged": 400, "unknown_key": 400, FORBIDDEN: 400, FOREIGN: 403, BUSY: 429, LATER: 503,
}  # fmt: skip
CLOCKS_DIFFER = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Answer:
    """What came of an envelope, in one word, and the status of the response."""

    outcome: str

    @property
    def status(self) -> int:
        return STATUS.get(self.outcome, 200)


def receive(envelope: Any, *, request: HttpRequest, device_now: dt.datetime | None = None) -> Answer:
    """Take in one envelope; `device_now` is what the device's clock shows at this moment.

    Sending it again has no further effect and gets the same answer.
    """
    at = timezone.now()
    try:
        sealed = envelope_open(envelope)
    except EnvelopeError as error:
        return Answer(error.code)
    grant = grant_of(sealed.grant)
    if grant is None:
        return Answer(FOREIGN)
    found = form_at(sealed.path)
    if found is None:
        return Answer(FORBIDDEN)
    if not grant_use(grant, at):
        return Answer(BUSY)
    kept = KeptEntry.objects.filter(pk=_kept_uid(sealed, grant)).first()
    if kept is not None and kept.settled_at is not None:
        return Answer(SETTLED)
    form, match = found
    entered_at = moment_set_right(sealed.entered_at, grant, device_now=device_now, at=at)
    if trouble := grant_trouble(grant, at):
        return Answer(_keep(sealed, grant, form, entered_at, KeptState.REFUSED, [trouble]))
    if sealed.is_draft:
        return Answer(_keep(sealed, grant, form, entered_at, KeptState.DRAFT, []))
    try:
        done = Replay(sealed, form, match, grant.staff, request, entered_at).run()
    except TryAgain:
        return Answer(LATER)
    return Answer(_settle(sealed, grant, form, entered_at, done))


def moment_set_right(
    entered_at: dt.datetime, grant: DeviceGrant, *, device_now: dt.datetime | None, at: dt.datetime
) -> dt.datetime:
    """When it was entered, by the server's clock: within the life of the grant, and not in the future."""
    if device_now is not None and abs(at - device_now) > CLOCKS_DIFFER:
        entered_at += at - device_now
    return min(max(entered_at, grant.issued_at), at)


def _kept_uid(sealed: Sealed, grant: DeviceGrant) -> uuid.UUID:
    """Whose it is goes into the number under which it is kept: nobody touches another's by its id."""
    return uuid.uuid5(grant.staff.uid, str(sealed.uid))


def _settle(
    sealed: Sealed, grant: DeviceGrant, form: OfflineForm, entered_at: dt.datetime, done: Replayed
) -> str:
    if done.outcome in {ACCEPTED, REPEATED}:
        KeptEntry.objects.waiting().filter(pk=_kept_uid(sealed, grant)).update(
            settled_at=timezone.now(), is_saved=True, body="", reasons=""
        )
        return done.outcome
    state = KeptState.CONFLICT if done.outcome == CONFLICT else KeptState.REFUSED
    return _keep(sealed, grant, form, entered_at, state, done.reasons)


@transaction.atomic
def _keep(
    sealed: Sealed,
    grant: DeviceGrant,
    form: OfflineForm,
    entered_at: dt.datetime,
    state: KeptState,
    reasons: list[str],
) -> str:
    body = {"id": str(sealed.uid), "path": sealed.path, "fields": sealed.fields}
    KeptEntry.objects.update_or_create(
        pk=_kept_uid(sealed, grant),
        defaults={
            "state": state,
            "reasons": json.dumps(reasons, ensure_ascii=False),
            "staff": grant.staff,
            "grant": grant,
            "url_name": form.url_name,
            "body": json.dumps(body, ensure_ascii=False),
            "entered_at": entered_at,
        },
    )
    return state.value.lower()
