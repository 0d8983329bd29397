"""The form of an envelope goes through the very view that takes it from a page, as its author."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.urls import ResolverMatch
from simple_history.models import HistoricalRecords

from grassroots.grid.models import Staff, Submission
from grassroots.grid.offline.envelope import Sealed
from grassroots.grid.offline.inner import inner_request
from grassroots.grid.offline.moment import told_reasons
from grassroots.grid.offline.registry import OfflineForm
from grassroots.grid.submissions import FIELD

ACCEPTED, REPEATED, REFUSED, CONFLICT = "accepted", "repeated", "refused", "conflict"
TOKEN = "csrfmiddlewaretoken"
log = logging.getLogger(__name__)


class TryAgain(Exception):
    """The database is away or busy: nothing was decided, the device sends it again later."""


@dataclass(frozen=True)
class Replayed:
    """What came of a form, and why it was not entered."""

    outcome: str
    reasons: list[str] = field(default_factory=list)


def _as_sent(sealed: Sealed) -> QueryDict:
    sent = QueryDict(mutable=True)
    for name, value in sealed.fields:
        if name not in {FIELD, TOKEN, "kept"}:
            sent.appendlist(name, value)
    sent[FIELD] = str(sealed.uid)
    return sent


@contextmanager
def _history_of(request: HttpRequest) -> Iterator[None]:
    """What is written meanwhile stands in history under the author, not under whoever brought it."""
    before = getattr(HistoricalRecords.context, "request", None)
    HistoricalRecords.context.request = request
    try:
        yield
    finally:
        HistoricalRecords.context.request = before


def _send(request: HttpRequest, data: QueryDict, match: ResolverMatch) -> HttpResponseBase:
    request.POST = data  # type: ignore[assignment]
    with _history_of(request):
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if hasattr(response, "render") and not getattr(response, "is_rendered", True):
        response.render()
    return response


@dataclass(frozen=True)
class Replay:
    """One form on its way through its view."""

    sealed: Sealed
    form: OfflineForm
    match: ResolverMatch
    author: Staff
    outer: HttpRequest
    entered_at: datetime

    def run(self) -> Replayed:
        """Enter it once. Raises TryAgain; anything else that goes wrong is an outcome with its reason."""
        is_repeated = Submission.objects.filter(uid=self.sealed.uid, staff=self.author).exists()
        try:
            done = self._enter()
        except (OperationalError, InterfaceError) as error:
            raise TryAgain from error
        except Http404:
            return Replayed(REFUSED, ["这条记录已不在您的责任区内，或已被删除。"])
        except PermissionDenied:
            return Replayed(REFUSED, ["您的角色没有办理这件事的权限。"])
        except SuspiciousOperation:
            return Replayed(REFUSED, ["内容太大或格式不对，没有保存。"])
        except Exception:
            log.exception("an offline form of %s failed", self.form.url_name)
            return Replayed(REFUSED, ["服务器处理时出错，没有保存，请重新提交；还不行请告诉管理员。"])
        if done.outcome == ACCEPTED and is_repeated:
            return Replayed(REPEATED)
        return done

    def _enter(self) -> Replayed:
        data = _as_sent(self.sealed)
        first = self._try(data)
        if first.outcome != CONFLICT or self.form.rebase is None:
            return first
        fitted = self.form.rebase(data.copy(), self.match.kwargs, self.author)
        return first if fitted is None else self._try(fitted)

    def _try(self, data: QueryDict) -> Replayed:
        request = inner_request(self.outer, self.author, self.sealed.path, match=self.match)
        request.entered_offline_at = self.entered_at  # type: ignore[attr-defined]
        request.sent_as = _as_sent(self.sealed)  # type: ignore[attr-defined]
        response = _send(request, data.copy(), self.match)
        said = told_reasons(request)
        if response.status_code < 400:
            if Submission.objects.filter(uid=self.sealed.uid, staff=self.author).exists():
                return Replayed(ACCEPTED)
            said += [str(message) for message in get_messages(request)]
        if response.status_code == 409 and not said:  # the id has been used for something else
            return Replayed(REFUSED, ["这个编号已经保存过另一个内容，请核对后重新提交。"])
        outcome = CONFLICT if response.status_code == 409 else REFUSED
        return Replayed(outcome, said or ["没有保存，请打开查看原因。"])


def longest_body() -> int:
    """Bytes of an upload that are read at most: a form as large as a page may send, sealed and written as base64."""
    return int((settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2_500_000) * 1.5)
