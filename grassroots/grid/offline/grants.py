"""A device's grant: by it the server knows who entered what comes up later, whoever is signed in by then."""

from __future__ import annotations

import datetime as dt
import uuid

from django.core.signing import BadSignature, Signer
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from grassroots.grid.models import DeviceGrant, Staff

GRANT_DAYS = 30
RENEWED_BEFORE = dt.timedelta(days=GRANT_DAYS - 3)
SESSION_KEY = "offline_grant"
WINDOW, MOST_IN_WINDOW = dt.timedelta(minutes=10), 1200  # a day's work of one device comes up at once
_signer = Signer(salt="grassroots.offline.grant")
SYSTEMS = ("Android", "iPhone", "iPad", "HarmonyOS", "Windows", "Linux", "Mac")


def grant_issue(*, staff: Staff, device: str = "", at: dt.datetime | None = None) -> DeviceGrant:
    """Give a device the right to send, for GRANT_DAYS, what this person enters on it."""
    at = at or timezone.now()
    return DeviceGrant.objects.create(
        staff=staff, device=device[:40], issued_at=at, expires_at=at + dt.timedelta(days=GRANT_DAYS)
    )


def grant_for(request: HttpRequest) -> DeviceGrant:
    """The grant of this session's device; a fresh one where there is none, or where it is not fresh any more."""
    staff, now = request.user, timezone.now()
    assert isinstance(staff, Staff)
    of_session = str(request.session.get(SESSION_KEY, uuid.UUID(int=0)))
    good = DeviceGrant.objects.filter(staff=staff, revoked_at=None, expires_at__gt=now + RENEWED_BEFORE)
    kept = good.filter(uid=of_session).first()
    if kept is None:
        kept = grant_issue(staff=staff, device=_device_of(request), at=now)
        request.session[SESSION_KEY] = str(kept.uid)
    return kept


def _device_of(request: HttpRequest) -> str:
    agent = request.headers.get("User-Agent", "")
    return next((name for name in SYSTEMS if name in agent), "")


def grant_token(grant: DeviceGrant) -> str:
    """What the device puts into each envelope."""
    return _signer.sign(str(grant.uid))


def grant_of(token: str) -> DeviceGrant | None:
    """The grant that a token names, whatever its state; None for what this server never signed."""
    try:
        uid = uuid.UUID(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    return DeviceGrant.objects.select_related("staff").filter(uid=uid).first()


def grant_trouble(grant: DeviceGrant, at: dt.datetime) -> str:
    """Why what comes by this grant is not entered in the author's name any more; '' while it is."""
    if not grant.staff.is_active:
        return "填写人的账号已停用。"
    if grant.revoked_at is not None:
        return "这台设备的离线授权已撤销，请核对是否本人填写。"
    if at >= grant.expires_at:
        return f"离线授权已过期（保存后超过{GRANT_DAYS}天才上传），请核对后再提交。"
    return ""


def grant_use(grant: DeviceGrant, at: dt.datetime) -> bool:
    """Count one upload; False when the device sends more than MOST_IN_WINDOW within WINDOW."""
    rows = DeviceGrant.objects.filter(pk=grant.pk)
    stale = Q(window_from=None) | Q(window_from__lte=at - WINDOW)
    if rows.filter(stale).update(window_from=at, window_count=1, used_at=at):
        return True
    return bool(
        rows.filter(window_count__lt=MOST_IN_WINDOW).update(window_count=F("window_count") + 1, used_at=at)
    )


def grants_revoke(*, staff: Staff, uid: uuid.UUID | None = None, at: dt.datetime | None = None) -> int:
    """Revoke one grant, or all, of somebody: what comes by them is kept for him to check, and not entered."""
    rows = DeviceGrant.objects.filter(staff=staff, revoked_at=None)
    if uid is not None:
        rows = rows.filter(uid=uid)
    return rows.update(revoked_at=at or timezone.now())
