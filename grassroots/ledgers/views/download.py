"""Downloading ledgers."""

from __future__ import annotations

import tempfile
from typing import IO, cast

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Staff
from grassroots.ledgers.engine import ledger_registry
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.forms import DownloadForm
from grassroots.ledgers.views.common import chosen, posted_area_or_404, staff_with

TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}
SPOOL_BYTES = 8 * 1024 * 1024


def _list(request: HttpRequest, form: DownloadForm, status: int = 200) -> HttpResponse:
    return render(request, "ledgers/ledger_list.html", {"form": form}, status=status)


@require_GET
def ledger_list(request: HttpRequest) -> HttpResponse:
    """Choose a ledger, an area and a day."""
    staff = staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    area, on, _form = chosen(request, staff)
    initial = {"key": request.GET.get("key", "key-persons"), "area": area.pk if area else None, "on": on}
    return _list(request, DownloadForm(staff=staff, initial=initial))


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Make the ledger and send it; scope and rights are checked again by the export itself, and it is logged."""
    staff = cast(Staff, request.user)
    posted_area_or_404(request, staff)
    staff_with(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    if request.POST.get("unmasked"):
        staff_with(request, "ledgers.export_unmasked", "您的角色不能下载未脱敏的台账。")
    form = DownloadForm(request.POST, staff=staff)
    if not form.is_valid():
        return _list(request, form, status=422)
    wanted = form.cleaned_data
    file_format, _dash, encoding = wanted["file_format"].partition("-")
    observation = wanted.get("observation")
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 FileResponse closes it
    export_run(
        key=wanted["key"], area=wanted["area"], staff=staff, on=wanted["on"], target=target, file_format=file_format,
        encoding=encoding or "utf-8-sig", unmasked=bool(wanted.get("unmasked")), purpose=wanted["purpose"],
        filters={"observation": observation} if observation else None, request=request,
    )  # fmt: skip
    target.seek(0)
    name = f"{ledger_registry.get(wanted['key']).name}_{wanted['area'].name}_{wanted['on']:%Y-%m-%d}.{file_format}"
    return FileResponse(target, as_attachment=True, filename=name, content_type=TYPES[file_format])
