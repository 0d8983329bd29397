"""No entry is lost or doubled: every form carries a `submission_id` (docs/submissions.md)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.models import KeptEntry, Staff, Submission

FIELD = "submission_id"
KEPT = "kept"  # the form mends what a device sent and was not entered (docs/offline.md)
_NOT_PAYLOAD = {FIELD, KEPT, "csrfmiddlewaretoken"}


class SubmissionConflict(Exception):
    """Another payload, or another person's, came under the same id."""


class SubmissionInvalid(Exception):
    """Raised by a write that did not take place (a form with errors); carries the response to show."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("nothing was written")
        self.response = response


def payload_digest(payload: Mapping[str, Any]) -> str:
    """Return a digest of what was sent, by which the same form sent twice is recognised.

    Keyed, because a plain hash of a form would let an ID number in it be found by trying.
    """
    return digest(json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str), "submission")


def submission_run(
    *, uid: uuid.UUID, staff: Staff, payload: Mapping[str, Any], write: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Run `write` once for `uid`, in one transaction with the claim.

    Returns its result (identifiers only, nothing personal) and whether this was a repetition. Raises
    SubmissionConflict; whatever `write` raises undoes the claim too.
    """
    sent = payload_digest(payload)
    is_claimed = False
    try:
        with transaction.atomic():
            claim = Submission.objects.create(uid=uid, staff=staff, payload_digest=sent)
            is_claimed = True
            claim.result = write()
            claim.save(update_fields=["result"])
            return claim.result, False
    except IntegrityError:
        if is_claimed:  # something that `write` did
            raise
    # Somebody was first, and has committed: the claim above waited for him.
    first = Submission.objects.get(uid=uid)
    if first.staff_id != staff.pk or first.payload_digest != sent:
        raise SubmissionConflict
    return first.result, True


def request_payload(request: HttpRequest) -> dict[str, Any]:
    """What the request's form holds, without tokens; files count by name and size."""
    # As the device sent it, before it was fitted to the row as it stands now.
    sent: Any = getattr(request, "sent_as", request.POST)
    data: dict[str, Any] = {key: sent.getlist(key) for key in sent if key not in _NOT_PAYLOAD}
    for key, file in request.FILES.items():
        data[f"file:{key}"] = [getattr(file, "name", ""), getattr(file, "size", 0)]
    data["path"] = request.path
    return data


def kept_uid(request: HttpRequest) -> uuid.UUID | None:
    """What the form mends: the number of an entry that was kept for its author."""
    try:
        return uuid.UUID(request.POST[KEPT])
    except (KeyError, ValueError):
        return None


def submit_once(
    request: HttpRequest,
    write: Callable[[], dict[str, Any]],
    respond: Callable[[dict[str, Any]], HttpResponse],
) -> HttpResponse:
    """Handle a POST: `write` has its effect once per `submission_id`, `respond` answers from its result.

    `write` raises SubmissionInvalid(response) when the form has errors. A missing or broken id gets 400, another
    payload under a used id gets 409.
    """
    try:
        uid = uuid.UUID(request.POST.get(FIELD, ""))
    except ValueError:
        return render(
            request, "400.html", {"reason": "表单缺少提交编号，请返回上一页刷新后再提交。"}, status=400
        )
    staff = request.user
    assert isinstance(staff, Staff)
    kept = kept_uid(request)

    def write_all() -> dict[str, Any]:
        result = write()
        if kept is not None:
            mended = KeptEntry.objects.visible_to(staff).waiting().filter(pk=kept)
            mended.update(settled_at=timezone.now(), is_saved=True, body="", reasons="")
        return result

    try:
        result, _repeated = submission_run(
            uid=uid, staff=staff, payload=request_payload(request), write=write_all
        )
    except SubmissionInvalid as invalid:
        return invalid.response
    except SubmissionConflict:
        return render(request, "409.html", {}, status=409)
    return respond(result)
