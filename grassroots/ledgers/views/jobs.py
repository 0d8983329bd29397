"""我的下载, and the page of one job: how far it is, cancel, retry, its file. One's own only."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.crypto import DecryptionError
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import PAGE_ROWS, link, staff_of, whole_number
from grassroots.ledgers.engine import UnknownLedger
from grassroots.ledgers.export_jobs import EXPORT
from grassroots.ledgers.jobs import job_cancel, job_kind, job_retry
from grassroots.ledgers.jobs.fetching import FileGone, job_fetch
from grassroots.ledgers.jobs.registry import file_kinds
from grassroots.ledgers.jobs.rights import has_rights, is_in_scope
from grassroots.ledgers.models import Job, JobState
from grassroots.ledgers.views.common import staff_with
from grassroots.ledgers.views.sending import send_file
from grassroots.ledgers.wanted import Wanted

#: After waiting this long although nothing runs, the page says that the background program may be off.
ODD_WAIT = dt.timedelta(minutes=2)
GONE = "文件已经不在了，请重新生成。"


def _own_or_404(request: HttpRequest, uid: UUID) -> Job:
    rows = Job.objects.visible_to(staff_of(request)).select_related("area", "requester")
    return get_object_or_404(rows, uid=uid)


def _words(job: Job) -> list[str]:
    """What was asked for, of kinds whose parameters say it."""
    if job.kind != EXPORT:
        return []
    try:
        return Wanted.from_job(job).words()
    except (UnknownLedger, DecryptionError):  # of an older version of the program, or under a lost key
        return []


def job_state(job: Job) -> dict[str, Any]:
    """What the page of a job shows."""
    kind = job_kind(job.kind)
    at = timezone.now()
    is_waiting = job.state == JobState.WAITING
    busy = (
        Job.objects.running().exclude(pk__in=Job.objects.dead(at).values("pk")).exists()
        if is_waiting
        else True
    )
    return {
        "job": job,
        "words": _words(job),
        "kind": kind,
        "page_url": kind.page(job) if kind else "",
        "before": Job.objects.waiting().filter(pk__lt=job.pk).count() if is_waiting else 0,
        "is_odd": is_waiting and not busy and job.queued_at < at - ODD_WAIT,
        "may_retry": job.state in {JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}
        and kind is not None
        and kind.may_retry(job),
    }


@require_GET
def job_list(request: HttpRequest) -> HttpResponse:
    """One's own downloads, the latest first."""
    staff = staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    rows = Job.objects.visible_to(staff).filter(kind__in=file_kinds()).select_related("area")
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE_ROWS + 1])
    more, found = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    context = {
        "jobs": [(job, _words(job)) for job in found],
        "next_url": link("ledgers:job_list", before=found[-1].pk) if more else "",
        "first_url": link("ledgers:job_list") if before is not None else "",
    }
    return render(request, "ledgers/job_list.html", context)


@require_GET
def job_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One job."""
    return render(request, "ledgers/job_detail.html", job_state(_own_or_404(request, uid)))


@require_GET
def job_progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The part of its page that moves; without htmx the whole page."""
    job = _own_or_404(request, uid)
    if not request.headers.get("HX-Request"):
        return redirect("ledgers:job_detail", job.uid)
    return render(request, "ledgers/_job_state.html", job_state(job))


@require_POST
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """No longer wanted."""
    job = _own_or_404(request, uid)

    def done(_result: dict[str, Any]) -> HttpResponse:
        return redirect("ledgers:job_detail", job.uid)

    return submit_once(request, lambda: {"state": job_cancel(job).state}, done)


@require_POST
def retry(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Once more from the beginning."""
    job = _own_or_404(request, uid)
    _check(request, job)

    def done(_result: dict[str, Any]) -> HttpResponse:
        return redirect("ledgers:job_detail", job.uid)

    try:
        return submit_once(request, lambda: {"state": job_retry(job).state}, done)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect("ledgers:job_detail", job.uid)


def _check(request: HttpRequest, job: Job) -> None:
    """Scope first (404), then rights (403), as they are today."""
    staff, kind = staff_of(request), job_kind(job.kind)
    if kind is None or not is_in_scope(job, staff):
        raise Http404
    if not has_rights(job, kind, staff):
        raise PermissionDenied("您的角色已没有这项权限。")


@require_GET
def job_file(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """The finished file, decrypted on its way; each download is logged."""
    job = _own_or_404(request, uid)
    _check(request, job)
    try:
        file = job_fetch(job, request=request)
    except (FileGone, DecryptionError):
        messages.error(request, GONE)
        return render(request, "ledgers/job_detail.html", job_state(job), status=410)
    return send_file(request, file, job.download_name)  # type: ignore[arg-type]  # reads and seeks like any file
