"""Writing the access log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from grassroots.grid.logs import scrub
from grassroots.grid.models import AccessAction, AccessLog, Area, Staff


def access_log(
    *,
    action: AccessAction,
    staff: Staff,
    subject: Any = None,
    area: Area | int | None = None,
    purpose: str = "",
    detail: dict[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> AccessLog:
    """Add one row to the access log.

    `subject` is a model instance with a uid (its type and uid are kept, nothing personal); `detail` holds plain
    facts such as a ledger's key and its number of rows, never a name, an ID number or a phone. `purpose` is what
    somebody typed: its forms refuse ID numbers and mobile phones (PurposeField), and none is kept here.
    """
    return AccessLog.objects.create(
        action=action,
        staff=staff,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_uid=str(getattr(subject, "uid", "")) if subject is not None else "",
        area_id=area.pk if isinstance(area, Area) else area,
        purpose=scrub(purpose)[:200],
        detail=detail or {},
        address=(request.META.get("REMOTE_ADDR", "") if request else "")[:45],
    )
