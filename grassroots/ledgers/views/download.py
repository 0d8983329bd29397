"""Downloading ledgers: short ones at once, long ones as a job."""

from __future__ import annotations

import tempfile
from typing import IO, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Staff
from grassroots.grid.submissions import submit_once
from grassroots.ledgers.export_jobs import export_ask
from grassroots.ledgers.exports import ExportRefused
from grassroots.ledgers.forms import DownloadForm
from grassroots.ledgers.views.common import chosen, posted_area_or_404, staff_with
from grassroots.ledgers.views.sending import send_file
from grassroots.ledgers.wanted import Wanted, comes_at_once

SPOOL_BYTES = 8 * 1024 * 1024


def _list(request: HttpRequest, form: DownloadForm, status: int = 200) -> HttpResponse:
    return render(request, "ledgers/ledger_list.html", {"form": form}, status=status)


@require_GET
def ledger_list(request: HttpRequest) -> HttpResponse:
    """Choose a ledger, an area and a day."""
    staff = staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    area, on, _form = chosen(request, staff)
    initial = {
        "key": request.GET.get("key", "key-persons"), "area": area.pk if area else None, "on": on,
        "cutoff": request.GET.get("cutoff", ""),
    }  # fmt: skip
    return _list(request, DownloadForm(staff=staff, initial=initial))


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Make the ledger and send it, or have it made and lead to the job's page; scope and rights are checked again by
    the export itself, and it is logged."""
    staff = cast(Staff, request.user)
    posted_area_or_404(request, staff)
    staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    if request.POST.get("unmasked"):
        staff_with(request, "ledgers.export_unmasked", "您的角色不能下载未脱敏的台账。")
    form = DownloadForm(request.POST, staff=staff)
    if not form.is_valid():
        return _list(request, form, status=422)
    wanted = Wanted.from_form(form.cleaned_data)
    if comes_at_once(wanted, staff):
        try:
            return _at_once(request, wanted, staff)
        except ExportRefused as refused:
            form.add_error(None, str(refused))
            return _list(request, form, status=422)
    return submit_once(
        request,
        lambda: {"job": str(export_ask(wanted, staff).uid)},
        lambda result: redirect("ledgers:job_detail", result["job"]),
    )


def _at_once(request: HttpRequest, wanted: Wanted, staff: Staff) -> HttpResponseBase:
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 the response closes it
    try:
        wanted.write(target, staff=staff, request=request)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return send_file(request, target, wanted.file_name)
