"""填上级表: upload an empty form, see how its columns were understood, correct that, take it filled in."""

from __future__ import annotations

import dataclasses
import io
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import INVALID, link, staff_of, whole_number
from grassroots.ledgers.engine.formats import plain_text
from grassroots.ledgers.exports import ExportRefused
from grassroots.ledgers.filling.forms import Form
from grassroots.ledgers.filling.keeping import form_bytes, form_drop, form_keep, form_used
from grassroots.ledgers.filling.services import Wish, form_correct, form_fill, form_open
from grassroots.ledgers.filling.words import hint_of
from grassroots.ledgers.forms.download import ledger_areas
from grassroots.ledgers.forms.filling import EmptyFormForm, FillForm
from grassroots.ledgers.models import EmptyForm
from grassroots.ledgers.reading import UnreadableFile
from grassroots.ledgers.views.common import chosen, posted_area_or_404, staff_with
from grassroots.ledgers.views.sending import send_file

RIGHT, NO_RIGHT = "ledgers.export_ledger", "您的角色不能下载台账。"
LISTED, SAMPLE_ROWS = 20, 20


def _own_or_404(request: HttpRequest, uid: uuid.UUID) -> EmptyForm:
    """A form of one's own in one's scope (404), for who may download ledgers (403)."""
    rows = EmptyForm.objects.visible_to(staff_of(request)).select_related("area", "staff")
    kept = get_object_or_404(rows, uid=uid)
    staff_with(request, RIGHT, NO_RIGHT)
    return kept


def _list(request: HttpRequest, form: EmptyFormForm, status: int = 200) -> HttpResponse:
    rows = (
        EmptyForm.objects.visible_to(staff_of(request)).select_related("area").order_by("-created_at", "-pk")
    )
    context = {"form": form, "kept": list(rows[:LISTED]), "days": settings.FORM_DAYS}
    return render(request, "ledgers/form_list.html", context, status=status)


@require_http_methods(["GET", "POST"])
def form_list(request: HttpRequest) -> HttpResponse:
    """Upload an empty form, and those of one's own."""
    staff = staff_of(request)
    if request.method == "POST":
        posted_area_or_404(request, staff)
    staff_with(request, RIGHT, NO_RIGHT)
    if request.method != "POST":
        area, on, _form = chosen(request, staff)
        initial = {"area": area.pk if area else None, "on": on}
        return _list(request, EmptyFormForm(staff=staff, initial=initial))
    length = whole_number(request.META.get("CONTENT_LENGTH") or "") or 0
    too_big = not request.FILES and length > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    form = EmptyFormForm(request.POST, request.FILES, staff=staff, too_big=too_big)

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise SubmissionInvalid(_list(request, form, status=INVALID))
        file, area = form.cleaned_data["file"], form.cleaned_data["area"]
        data = file.read()
        try:
            read = form_open(data=data, name=file.name, wish=Wish(area, form.cleaned_data["on"]), staff=staff)
        except (UnreadableFile, ExportRefused) as refused:
            form.add_error("file", str(refused))
            raise SubmissionInvalid(_list(request, form, status=INVALID)) from refused
        kept = form_keep(data=data, name=file.name, area=area, staff=staff, ledger=read.source.key)
        return {"form": str(kept.uid), "on": form.cleaned_data["on"].isoformat()}

    def done(result: dict[str, Any]) -> HttpResponse:
        return redirect(link("ledgers:form_detail", result["form"], on=result["on"]))

    return submit_once(request, write, done)


def _wish(kept: EmptyForm, form: FillForm | None, initial: dict[str, Any]) -> Wish:
    """Whose rows are wanted: as the page was asked for, or as the form was sent."""
    data = form.cleaned_data if form is not None else {}
    return Wish(
        area=data.get("area") or initial["area"], on=data.get("on") or initial["on"],
        ledger=data.get("ledger") or initial["ledger"], filters=form.filters() if form is not None else None,
        unmasked=bool(data.get("unmasked")), purpose=data.get("purpose", ""),
    )  # fmt: skip


def _initial(request: HttpRequest, kept: EmptyForm) -> dict[str, Any]:
    """Area, day and ledger that the page is asked for; 404 for an area outside the scope."""
    staff = staff_of(request)
    area, on, _form = chosen(request, staff)
    ledger = request.POST.get("drawn") or request.GET.get("ledger") or kept.ledger
    return {"area": area if request.GET.get("area") else kept.area, "on": on, "ledger": ledger}


@require_GET
def form_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """How a form's columns were understood."""
    kept = _own_or_404(request, uid)
    initial = _initial(request, kept)
    try:
        sheet = _open(request, kept, _wish(kept, None, initial))
    except (UnreadableFile, ExportRefused) as refused:
        messages.error(request, str(refused))
        return redirect("ledgers:form_list")
    form = FillForm(staff=staff_of(request), sheet=sheet, initial={**initial, "area": initial["area"].pk})
    return _page(request, kept, form)


def _open(request: HttpRequest, kept: EmptyForm, wish: Wish) -> Form:
    """The form read for the ledger that is wanted; one that cannot be is read for the one that fits best."""
    plain = dataclasses.replace(wish, unmasked=False, purpose="", filters=None)
    data, staff = form_bytes(kept), staff_of(request)
    try:
        return form_open(data=data, name=kept.name, wish=plain, staff=staff)
    except UnreadableFile:
        if not wish.ledger:
            raise
        return form_open(data=data, name=kept.name, wish=dataclasses.replace(plain, ledger=""), staff=staff)


def _page(request: HttpRequest, kept: EmptyForm, form: FillForm, status: int = 200) -> HttpResponse:
    sheet = form.sheet
    context = {
        "kept": kept, "form": form, "sheet": sheet, "rows": list(form.columns(_samples(sheet))),
        "unknown": sheet.unknown, "notes": [*sheet.notes, *hint_of(sheet)], "areas": ledger_areas(staff_of(request)),
        "crumbs": [{"title": "填上级表", "url": link("ledgers:form_list")}, {"title": kept.name, "url": ""}],
    }  # fmt: skip
    return render(request, "ledgers/form_detail.html", context, status=status)


def _samples(sheet: Form) -> dict[int, str]:
    """The first value of each column, masked, out of the first rows."""
    source = dataclasses.replace(
        sheet.source, context=dataclasses.replace(sheet.source.context, unmasked=False, limit=SAMPLE_ROWS)
    )
    matched = sheet.matched
    keys = [match.field or "" for match in matched]
    found: dict[int, str] = {}
    for number, row in enumerate(source.rows(keys), start=1):
        for match, key, value in zip(matched, keys, row, strict=True):
            column = source.column(key)
            shown = (
                str(sheet.place.filled + number)
                if column.format == "serial"
                else plain_text(value, column.format)
            )
            if shown and match.caption.column not in found:
                found[match.caption.column] = shown
        if number >= SAMPLE_ROWS:
            break
    return found


@require_POST
def fill(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The form filled in, as a download; or the page again, with other samples or what is wrong."""
    kept = _own_or_404(request, uid)
    staff = staff_of(request)
    posted_area_or_404(request, staff)
    if request.POST.get("unmasked"):
        staff_with(request, "ledgers.export_unmasked", "您的角色不能下载未脱敏的台账。")
    data = form_bytes_or_none(request, kept)
    if data is None:
        return redirect("ledgers:form_list")
    initial = _initial(request, kept)
    try:
        sheet = _open(request, kept, _wish(kept, None, initial))
    except (UnreadableFile, ExportRefused) as refused:
        messages.error(request, str(refused))
        return redirect("ledgers:form_list")
    form = FillForm(request.POST, staff=staff, sheet=sheet)
    if not form.is_valid():
        return _page(request, kept, form, status=INVALID)
    return _filled(request, kept, form, data)


def form_bytes_or_none(request: HttpRequest, kept: EmptyForm) -> bytes | None:
    """The uploaded form; None, with a message, when it is gone."""
    try:
        return form_bytes(kept)
    except UnreadableFile as gone:
        messages.error(request, str(gone))
        return None


def _filled(request: HttpRequest, kept: EmptyForm, form: FillForm, data: bytes) -> HttpResponseBase:
    staff = staff_of(request)
    wish = _wish(
        kept, form, {"area": kept.area, "on": form.cleaned_data["on"], "ledger": form.sheet.source.key}
    )
    if request.POST.get("again") or wish.ledger != form.sheet.source.key:
        return _again(request, kept, form, wish)
    sheet = form_correct(form=form.sheet, chosen=form.chosen(), area=wish.area, by=staff)
    try:
        filled = form_fill(data=data, form=sheet, wish=wish, staff=staff, request=request, subject=kept)
    except (UnreadableFile, ExportRefused) as refused:
        form.add_error(None, str(refused))
        return _page(request, kept, form, status=INVALID)
    form_used(kept)
    stem = kept.name.rpartition(".")[0] or kept.name
    return send_file(request, io.BytesIO(filled.data), f"{stem}_{wish.area.name}_{wish.on:%Y-%m-%d}.xlsx")


def _again(request: HttpRequest, kept: EmptyForm, form: FillForm, wish: Wish) -> HttpResponse:
    """The page with what was chosen so far: corrections are kept, samples are of the new choice."""
    staff = staff_of(request)
    if wish.ledger == form.sheet.source.key:
        form_correct(form=form.sheet, chosen=form.chosen(), area=wish.area, by=staff)
    EmptyForm.objects.filter(pk=kept.pk).update(ledger=wish.ledger)
    sheet = _open(request, kept, wish)
    typed = {name: value for name, value in form.cleaned_data.items() if not name.startswith("column-")}
    initial = {**typed, "area": wish.area.pk, "ledger": sheet.source.key}
    return _page(request, kept, FillForm(staff=staff, sheet=sheet, initial=initial))


@require_POST
def form_delete(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Remove a form that is no longer needed."""
    kept = _own_or_404(request, uid)

    def write() -> dict[str, Any]:
        form_drop(kept)
        return {}

    return submit_once(request, write, lambda _result: redirect("ledgers:form_list"))
