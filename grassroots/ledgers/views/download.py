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
from grassroots.ledgers.forms.options import LedgerOptions
from grassroots.ledgers.views.common import chosen, posted_area_or_404, staff_with
from grassroots.ledgers.views.sending import send_file
from grassroots.ledgers.wanted import Wanted, comes_at_once

SPOOL_BYTES = 8 * 1024 * 1024


def _list(
    request: HttpRequest, form: DownloadForm, options: LedgerOptions, status: int = 200
) -> HttpResponse:
    context = {"form": form, "options": options, "key": form["key"].value()}
    return render(request, "ledgers/ledger_list.html", context, status=status)


@require_GET
def ledger_list(request: HttpRequest) -> HttpResponse:
    """Choose a ledger, an area and a day."""
    staff = staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    area, on, _form = chosen(request, staff)
    initial = {
        "key": request.GET.get("key", "key-persons"), "area": area.pk if area else None, "on": on,
        "cutoff": request.GET.get("cutoff", ""),
    }  # fmt: skip
    options = LedgerOptions(staff, area, chosen=request.GET.get("layout", ""))
    return _list(request, DownloadForm(staff=staff, initial=initial), options)


@require_POST
def ledger_options(request: HttpRequest) -> HttpResponse:
    """The layouts and filters of all ledgers for the area chosen, as a fragment; nothing is written."""
    staff = cast(Staff, request.user)
    posted_area_or_404(request, staff)
    staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    form = DownloadForm(request.POST, staff=staff)
    form.is_valid()
    area = form.cleaned_data.get("area")
    options = LedgerOptions(staff, area, data=request.POST)
    options.shown_anew(area)
    context = {"options": options, "key": form["key"].value()}
    return render(request, "ledgers/_ledger_options.html", context)


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
    options = LedgerOptions(staff, None, data=request.POST)
    if not _are_valid(form, options):
        return _list(request, form, options, status=422)
    wanted = Wanted.from_form(form.cleaned_data, options.of(form.cleaned_data["key"]))
    if comes_at_once(wanted, staff):
        try:
            return _at_once(request, wanted, staff)
        except ExportRefused as refused:
            form.add_error(None, str(refused))
            return _list(request, form, options, status=422)
    return submit_once(
        request,
        lambda: {"job": str(export_ask(wanted, staff).uid)},
        lambda result: redirect("ledgers:job_detail", result["job"]),
    )


def _are_valid(form: DownloadForm, options: LedgerOptions) -> bool:
    """Whether both are as they should be; what is wrong with the options of the ledger chosen is said above as well."""
    if not form.is_valid():
        return False
    for messages in options.of(form.cleaned_data["key"]).errors.values():
        for words in messages:
            form.add_error(None, words)
    return not form.errors


def _at_once(request: HttpRequest, wanted: Wanted, staff: Staff) -> HttpResponseBase:
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 the response closes it
    try:
        wanted.write(target, staff=staff, request=request)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return send_file(request, target, wanted.file_name)
