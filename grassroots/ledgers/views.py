"""Downloading ledgers, and the 统计表 on the screen."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import IO, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Area, Staff
from grassroots.grid.views.pages import whole_number
from grassroots.ledgers.engine import ledger_registry
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.forms import AreaDayForm, DownloadForm, ledger_areas
from grassroots.ledgers.table import statistics_table

TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}
SPOOL_BYTES = 8 * 1024 * 1024


def _staff(request: HttpRequest, permission: str, words: str) -> Staff:
    staff = cast(Staff, request.user)
    if not staff.has_perm(permission):
        raise PermissionDenied(words)
    return staff


def _list(request: HttpRequest, form: DownloadForm, status: int = 200) -> HttpResponse:
    return render(request, "ledgers/ledger_list.html", {"form": form}, status=status)


@require_GET
def ledger_list(request: HttpRequest) -> HttpResponse:
    """Choose a ledger, an area and a day."""
    staff = _staff(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    area, on, _form = _chosen(request, staff)
    initial = {"key": request.GET.get("key", "key-persons"), "area": area.pk if area else None, "on": on}
    return _list(request, DownloadForm(staff=staff, initial=initial))


def _asked_area(request: HttpRequest, staff: Staff) -> None:
    """404 for an area outside the scope, whatever else the form holds."""
    pk = whole_number(request.POST.get("area", ""))
    if pk is not None and not Area.objects.visible_to(staff).filter(pk=pk).exists():
        raise Http404


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Make the ledger and send it; scope and rights are checked again by the export itself, and it is logged."""
    staff = cast(Staff, request.user)
    _asked_area(request, staff)
    _staff(request, "ledgers.export_ledger", "您的角色不能下载台账。")
    if request.POST.get("unmasked"):
        _staff(request, "ledgers.export_unmasked", "您的角色不能下载未脱敏的台账。")
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


def _chosen(request: HttpRequest, staff: Staff) -> tuple[Area | None, dt.date, AreaDayForm]:
    """The area (404 outside the scope) and the day that the page was asked for."""
    data: dict[str, Any] = {"on": request.GET.get("on") or timezone.localdate().isoformat()}
    pk = request.GET.get("area", "")
    if pk:
        area = Area.objects.visible_to(staff).filter(pk=whole_number(pk)).first()
        if area is None:
            raise Http404
    else:
        area = ledger_areas(staff).first()
    form = AreaDayForm({**data, "area": area.pk if area else None}, staff=staff)
    form.is_valid()
    return area, form.cleaned_data.get("on") or timezone.localdate(), form


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """The 统计表: today from the rollups (截至 HH:MM), an earlier day counted from the rows."""
    staff = _staff(request, "ledgers.view_arearollup", "您的角色不能查看统计表。")
    area, on, form = _chosen(request, staff)
    context: dict[str, Any] = {"form": form, "area": area, "on": on}
    if area is not None:
        context["table"] = statistics_table(area, on)
    return render(request, "ledgers/statistics.html", context)
