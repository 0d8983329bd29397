"""导入: a file or a text comes in, what it would do is shown, and so is what came of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import INVALID, link, staff_of, whole_number
from grassroots.ledgers.forms.download import ledger_areas
from grassroots.ledgers.forms.imports import ImportForm
from grassroots.ledgers.intake.covering import covered
from grassroots.ledgers.intake.jobs import PLAN, import_ask, is_long_to_read
from grassroots.ledgers.intake.preview import LINES_PER_PAGE, WARNINGS, Line, lines_of
from grassroots.ledgers.intake.protocol import Effect, Problem, import_kinds
from grassroots.ledgers.intake.services import (
    RIGHT,
    ImportRefused,
    SourceGone,
    UnreadableFile,
    batch_plan,
    batch_start,
)
from grassroots.ledgers.models import BatchState, ImportBatch, ImportPage
from grassroots.ledgers.views.common import posted_area_or_404, staff_with

NO_RIGHT = "您的角色不能导入表格。"
LISTED = 30
PART_WORDS = {
    Effect.REJECTED: ("未收", "danger"), WARNINGS: ("提醒", "warn"), Effect.CREATED: ("新增", "ok"),
    Effect.UPDATED: ("更新", "info"), Effect.UNCHANGED: ("无变化", "muted"),
}  # fmt: skip


def batch_or_404(request: HttpRequest, uid: uuid.UUID) -> ImportBatch:
    """An import into an area of the person's scope (404), for who may import (403)."""
    rows = ImportBatch.objects.visible_to(staff_of(request)).select_related("area", "staff", "job__requester")
    batch = get_object_or_404(rows.select_related("applied_by", "undone_by"), uid=uid)
    staff_with(request, RIGHT, NO_RIGHT)
    return batch


def require_kind(batch: ImportBatch, staff: Staff) -> None:
    """403 for who may import, but not this kind."""
    kind = next((one for one in import_kinds() if one.key == batch.kind), None)
    if kind is not None and not staff.has_perms(kind.permissions):
        raise PermissionDenied(f"您的角色不能导入“{kind.name}”。")


def kind_name(batch: ImportBatch) -> str:
    return next((one.name for one in import_kinds() if one.key == batch.kind), "")


def _list(request: HttpRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    staff = staff_of(request)
    own = ImportBatch.objects.visible_to(staff).filter(staff=staff)
    rows = list(
        own.exclude(state=BatchState.DISCARDED).select_related("area").order_by("-created_at")[:LISTED]
    )
    context = {"form": form, "batches": [(one, kind_name(one)) for one in rows]}
    return render(request, "ledgers/import_list.html", context, status=status)


@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    """Bring in a file or a text, and the imports of one's own."""
    staff = staff_with(request, RIGHT, NO_RIGHT)
    first = ledger_areas(staff).first()
    initial = {"area": first.pk if first else None, "kind": request.GET.get("kind", "")}
    return _list(request, ImportForm(staff=staff, initial=initial))


@require_POST
def import_create(request: HttpRequest) -> HttpResponse:
    """Take in what was sent; a short one is read at once, a long one in the background."""
    staff = staff_of(request)
    posted_area_or_404(request, staff)
    staff_with(request, RIGHT, NO_RIGHT)
    length = whole_number(request.META.get("CONTENT_LENGTH") or "") or 0
    too_big = not request.FILES and length > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    form = ImportForm(request.POST, request.FILES, staff=staff, too_big=too_big)

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise SubmissionInvalid(_list(request, form, status=INVALID))
        return {"batch": str(_start(form, staff).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        batch = ImportBatch.objects.select_related("area", "staff").get(uid=result["batch"])
        if batch.state == BatchState.READ and batch.job is None and not batch.problem:
            plan_now(batch, staff)
        return redirect("ledgers:import_detail", batch.uid)

    return submit_once(request, write, done)


def _start(form: ImportForm, staff: Staff) -> ImportBatch:
    """Seal what was sent; where it is long, ask for it to be read in the background."""
    wanted, file = form.cleaned_data, form.cleaned_data.get("file")
    data = wanted["text"].encode() if file is None else b""
    batch = batch_start(
        area=wanted["area"], staff=staff, name=file.name if file else "", kind=wanted["kind"],
        chunks=file.chunks() if file else [data], is_text=file is None,
    )  # fmt: skip
    if is_long_to_read(file.size if file else len(data)):
        import_ask(batch, staff, PLAN)
    return batch


def plan_now(batch: ImportBatch, staff: Staff) -> None:
    """Read and plan while the page waits; why it could not be done stands in `problem`."""
    try:
        batch_plan(batch=batch, by=staff)
    except (ImportRefused, SourceGone, UnreadableFile) as refused:
        ImportBatch.objects.filter(pk=batch.pk).update(problem=str(refused)[:200])


# -- one import


@require_GET
def import_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What an import would do or has done: `?part=` an effect or warnings, `&page=` of its lines."""
    batch = batch_or_404(request, uid)
    staff = staff_of(request)
    job = batch.job if batch.job is not None and not batch.job.is_finished else None
    context: dict[str, Any] = {
        "batch": batch,
        "kind": kind_name(batch),
        "job": job if job and job.requester_id == staff.pk else None,
        "is_running": job is not None,
        "steps": _steps(batch),
        "is_shown": bool(batch.plan_digest) and batch.state != BatchState.DISCARDED,
        "crumbs": [{"title": "导入", "url": link("ledgers:import_list")}, {"title": "这次导入", "url": ""}],
    }
    if context["is_shown"]:
        context |= _lines(request, batch, staff)
    if context["job"]:
        from grassroots.ledgers.views.jobs import job_state

        context |= job_state(job)  # type: ignore[arg-type]  # it is there
    return render(request, "ledgers/import_detail.html", context)


def _steps(batch: ImportBatch) -> list[tuple[str, str]]:
    """The steps of an import with the class of each."""
    at = {BatchState.READ: 1, BatchState.PLANNED: 2, BatchState.APPLYING: 3}.get(BatchState(batch.state), 4)
    words = ("上传", "认表", "核对", "写入")
    return [(word, "is-done" if n < at else "is-current" if n == at else "") for n, word in enumerate(words)]


def _lines(request: HttpRequest, batch: ImportBatch, staff: Staff) -> dict[str, Any]:
    counts = {effect: getattr(batch, effect.value) for effect in Effect}
    pages = ImportPage.objects.filter(batch=batch, part=WARNINGS).count()
    order = list(PART_WORDS)
    part = request.GET.get("part", "")
    if part not in order:
        part = next(
            (one for one in order if (pages if one == WARNINGS else counts[Effect(one)])), Effect.CREATED
        )
    last = pages if part == WARNINGS else -(-counts[Effect(part)] // LINES_PER_PAGE)
    number = min(max(whole_number(request.GET.get("page", "")) or 1, 1), max(last, 1))
    lines = lines_of(batch, part, number - 1)
    if batch.staff_id != staff.pk:
        lines = [masked(line) for line in lines]
    chips = [
        (one, words, tone, batch.warnings if one == WARNINGS else counts[Effect(one)], one == part)
        for one, (words, tone) in PART_WORDS.items()
    ]
    return {
        "part": part, "chips": chips, "lines": [(line, *PART_WORDS[Effect(line.effect)]) for line in lines],
        "prev_url": link("ledgers:import_detail", batch.uid, part=part, page=number - 1) if number > 1 else "",
        "next_url": link("ledgers:import_detail", batch.uid, part=part, page=number + 1) if number < last else "",
        "shown": f"第 {number} / {last} 页" if last > 1 else "",
        "can_undo": batch.state == BatchState.APPLIED or (batch.state == BatchState.APPLYING and batch.applied_rows),
        "today": timezone.localdate(),
    }  # fmt: skip


def masked(line: Line) -> Line:
    """A line for somebody else's eyes: long numbers of the file are covered."""
    line.problems = [
        Problem(one.row, one.column, covered(one.value), covered(one.message)) for one in line.problems
    ]
    line.title = covered(line.title)
    return line
