"""Where devices send what they sealed: nobody needs to be signed in, the envelope says whose it is."""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib.auth import logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Staff, Submission
from grassroots.grid.offline.receiving import LATER, Answer, receive
from grassroots.grid.offline.replay import longest_body

BAD_SECONDS, MOST_BAD = 600, 60  # envelopes from one address that are nobody's
MOST_AT_ONCE, LONGEST_SECONDS = 20, 15  # envelopes of one upload, and how long they may take together


@csrf_exempt
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """One envelope, or several. Answers each in one word, without anything personal (docs/offline.md)."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > longest_body():
        return _answer("too_large", 413)
    if cache.get(_stranger(request), 0) >= MOST_BAD:
        return _answer("busy", 429)
    try:
        sent = json.loads(request.read(longest_body() + 1))
        is_many = "envelopes" in sent
        envelopes = sent["envelopes"] if is_many else [sent["envelope"]]
        now = _moment(sent.get("now"))
        if not isinstance(envelopes, list) or len(envelopes) > MOST_AT_ONCE:
            raise ValueError("a list of at most so many")
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        _bad(request)
        return _answer("malformed", 400)
    answers = list(_received(envelopes, request, now))
    if is_many:
        return JsonResponse({"outcomes": [answer.outcome for answer in answers]})
    return _answer(answers[0].outcome, answers[0].status)


def _received(envelopes: list[Any], request: HttpRequest, now: dt.datetime | None) -> Iterator[Answer]:
    """Each by itself, so that one that is refused holds up no other; what there is no time for comes again."""
    began = time.monotonic()
    for envelope in envelopes:
        if time.monotonic() - began > LONGEST_SECONDS:
            yield Answer(LATER)
            continue
        answer = receive(envelope, request=request, device_now=now)
        if answer.status in {400, 403}:
            _bad(request)
        yield answer


def _stranger(request: HttpRequest) -> str:
    return f"offline-bad:{request.META.get('REMOTE_ADDR', '')}"


def _bad(request: HttpRequest) -> None:
    cache.add(_stranger(request), 0, BAD_SECONDS)
    cache.incr(_stranger(request))


def _answer(outcome: str, status: int) -> JsonResponse:
    response = JsonResponse({"outcome": outcome}, status=status)
    if status in {429, 503}:
        response["Retry-After"] = "30"
    return response


def _moment(text: Any) -> dt.datetime | None:
    moment = parse_datetime(text) if isinstance(text, str) else None
    return moment if moment is not None and is_aware(moment) else None


@require_GET
def has(_request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Whether a form has been saved: 204, else 404. Says nothing to whoever does not know its id."""
    return HttpResponse(status=204 if Submission.objects.filter(uid=uid).exists() else 404)


@require_GET
def pulse(request: HttpRequest) -> HttpResponse:
    """Whose session this device has, '' when it has ended: then the device wipes what it keeps."""
    staff = request.user
    is_let_in = isinstance(staff, Staff) and not staff.must_change_password
    return JsonResponse({"owner": str(staff.uid) if isinstance(staff, Staff) and is_let_in else ""})


@csrf_exempt
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Sign out: what was asked for without a connection is made good. The cookie comes from our own pages only."""
    logout(request)
    return HttpResponse(status=204)
