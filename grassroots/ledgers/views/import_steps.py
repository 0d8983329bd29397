"""What is done with an import: columns, confirm, take back, give up, fetch the result."""

from __future__ import annotations

import io
import uuid
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import AccessAction, Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import INVALID, link, staff_of
from grassroots.ledgers.forms.imports import ColumnsForm
from grassroots.ledgers.intake.applying import CHANGED
from grassroots.ledgers.intake.jobs import APPLY, PLAN, UNDO, import_ask, is_long_to_read, is_long_to_write
from grassroots.ledgers.intake.planning import reference_of, sheets_of
from grassroots.ledgers.intake.report import report_suffix, report_write
from grassroots.ledgers.intake.services import (
    BeingWritten,
    ImportRefused,
    PlanChanged,
    SourceGone,
    UndoRefused,
    UnreadableFile,
    batch_choose,
    batch_confirm,
    batch_discard,
    batch_undo,
    batch_write,
)
from grassroots.ledgers.intake.source import source_size
from grassroots.ledgers.intake.undoing import undo_blockers
from grassroots.ledgers.models import BatchState, ImportBatch
from grassroots.ledgers.views.imports import batch_or_404, kind_name, plan_now, require_kind
from grassroots.ledgers.views.sending import send_file

NOT_NOW = "这次导入现在不能办这一步。"


def _back(batch: ImportBatch) -> HttpResponse:
    return redirect("ledgers:import_detail", batch.uid)


def _crumbs(batch: ImportBatch, title: str) -> list[dict[str, str]]:
    return [
        {"title": "导入", "url": link("ledgers:import_list")},
        {"title": "这次导入", "url": link("ledgers:import_detail", batch.uid)},
        {"title": title, "url": ""},
    ]


def _columns_options(batch: ImportBatch, staff: Staff) -> dict[str, Any]:
    initial = {"kind": batch.kind, "reference": reference_of(batch)}
    return {"staff": staff, "chosen": batch.kind, "sheets": sheets_of(batch), "initial": initial}


@require_http_methods(["GET", "POST"])
def import_columns(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What kind it is, and what each column holds; corrections are remembered."""
    batch = batch_or_404(request, uid)
    staff = staff_of(request)
    if not batch.is_open:
        messages.info(request, "已经导入或放弃，列不能再改。")
        return _back(batch)
    options = _columns_options(batch, staff)

    def show(form: ColumnsForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "batch": batch, "crumbs": _crumbs(batch, "类型和列")}
        return render(request, "ledgers/import_columns.html", context, status=status)

    if request.method != "POST":
        return show(ColumnsForm(**options))
    form = ColumnsForm(request.POST, **options)

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise SubmissionInvalid(show(form, INVALID))
        wanted = form.cleaned_data
        try:
            batch_choose(
                batch=batch, by=staff, kind=wanted["kind"], fields=form.chosen_fields(),
                reference=wanted.get("reference"),
            )  # fmt: skip
        except (ImportRefused, SourceGone, UnreadableFile) as refused:
            form.add_error(None, str(refused))
            raise SubmissionInvalid(show(form, INVALID)) from refused
        if is_long_to_read(source_size(batch)):
            import_ask(batch, staff, PLAN)
        return {"batch": str(batch.uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        batch.refresh_from_db()
        if batch.state == BatchState.READ and batch.kind and (batch.job is None or batch.job.is_finished):
            plan_now(batch, staff)
        return _back(batch)

    return submit_once(request, write, done)


@require_POST
def import_confirm(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Yes to the preview that was shown (`digest`), or go on with a run that was cut off."""
    batch = batch_or_404(request, uid)
    staff = staff_of(request)
    require_kind(batch, staff)

    def write() -> dict[str, Any]:
        if batch.state == BatchState.APPLYING:
            return _queue(batch)
        try:
            batch_confirm(batch=batch, by=staff, digest=request.POST.get("digest", ""))
        except PlanChanged as changed:
            messages.warning(request, CHANGED if batch.state == BatchState.PLANNED else NOT_NOW)
            raise SubmissionInvalid(_back(batch)) from changed
        except ImportRefused as refused:
            messages.error(request, str(refused))
            raise SubmissionInvalid(_back(batch)) from refused
        return _queue(batch)

    def _queue(row: ImportBatch) -> dict[str, Any]:
        is_long = is_long_to_write(row)
        if is_long:
            import_ask(row, staff, APPLY)
        return {"batch": str(row.uid), "job": is_long}

    def done(result: dict[str, Any]) -> HttpResponse:
        batch.refresh_from_db()
        if not result["job"] and batch.state == BatchState.APPLYING:
            _write_now(request, batch)
        return _back(batch)

    return submit_once(request, write, done)


def _write_now(request: HttpRequest, batch: ImportBatch) -> None:
    """Write while the page waits."""
    try:
        batch_write(batch, staff=staff_of(request), at=timezone.now())
    except PlanChanged:
        messages.warning(request, CHANGED)
    except BeingWritten:
        messages.info(request, "正在写入，请稍后刷新。")
    except (ImportRefused, SourceGone, UnreadableFile) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已导入：新增{batch.created}行，更新{batch.updated}行。")


@require_http_methods(["GET", "POST"])
def import_undo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Ask once more, with what stands in the way; then take it back."""
    batch = batch_or_404(request, uid)
    staff = staff_of(request)
    require_kind(batch, staff)

    def show(reasons: list[str], status: int = 200) -> HttpResponse:
        context = {
            "batch": batch, "kind": kind_name(batch), "reasons": reasons, "crumbs": _crumbs(batch, "撤销"),
        }  # fmt: skip
        return render(request, "ledgers/import_undo.html", context, status=status)

    if request.method != "POST":
        return show(undo_blockers(batch, staff, timezone.now()))

    def write() -> dict[str, Any]:
        if is_long_to_write(batch):
            import_ask(batch, staff, UNDO)
            return {"batch": str(batch.uid), "job": True}
        try:
            batch_undo(batch=batch, by=staff)
        except UndoRefused as refused:
            raise SubmissionInvalid(show(refused.reasons, INVALID)) from refused
        except ImportRefused as refused:
            raise SubmissionInvalid(show([str(refused)], INVALID)) from refused
        return {"batch": str(batch.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        if not result.get("job"):
            messages.success(request, "已撤销，登记恢复到导入之前。")
        return _back(batch)

    return submit_once(request, write, done)


@require_POST
def import_discard(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Give up what was not written; the file goes."""
    batch = batch_or_404(request, uid)
    staff = staff_of(request)
    if batch.staff_id != staff.pk:
        raise PermissionDenied("只有导入的人可以放弃。")

    def write() -> dict[str, Any]:
        try:
            batch_discard(batch=batch, by=staff)
        except ImportRefused as refused:
            messages.error(request, str(refused))
            raise SubmissionInvalid(_back(batch)) from refused
        return {"batch": str(batch.uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.info(request, "已放弃，没有写入任何内容，文件已删除。")
        return redirect("ledgers:import_list")

    return submit_once(request, write, done)


@require_GET
def import_report(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The same sheet with a column of remarks: for whoever brought it in. The download is logged."""
    batch = batch_or_404(request, uid)
    staff = staff_of(request)
    if batch.staff_id != staff.pk:
        raise PermissionDenied("只有导入的人可以下载原表。")
    target = io.BytesIO()
    try:
        suffix = report_suffix(batch)
        report_write(batch, target, suffix)
    except (SourceGone, UnreadableFile) as gone:
        messages.error(request, str(gone))
        return _back(batch)
    access_log(
        action=AccessAction.EXPORT, staff=staff, area=batch.area, request=request,
        detail={"key": "导入结果", "batch": str(batch.uid), "rows": batch.rows, "format": suffix},
    )  # fmt: skip
    target.seek(0)
    stem = PurePath(batch.source_name).stem or "接龙"
    return send_file(request, target, f"{stem}_导入结果.{suffix}")
