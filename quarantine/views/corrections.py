"""更正: a reading is never changed, a further one takes its place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.views.pages import form_page, link, require, staff_of
from quarantine.forms.readings import CorrectionForm
from quarantine.models import Reading, Visit
from quarantine.round import RoundRow, rows_of, visits_to_show
from quarantine.services.readings import reading_correct as correct


@require_http_methods(["GET", "POST"])
def reading_correct(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Correct a reading: the old value stays and is shown struck through."""
    staff = staff_of(request)
    rows = Reading.objects.visible_to(staff).select_related("visit__observation__policy")
    reading = get_object_or_404(rows, uid=uid)
    require(request, "quarantine.add_reading")
    row, back_url = _row(reading), _back(reading)
    if request.method == "GET" and reading.corrections.exists():
        messages.info(request, "这次读数已经更正过，下面是最新的一次。")
        return redirect("quarantine:reading_correct", _latest(reading).uid)

    def make(data: Any, initial: dict[str, Any] | None = None) -> CorrectionForm:
        return CorrectionForm(data, terms=row.terms, on=row.visit.date, initial=initial)

    def show(form: CorrectionForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "row": row,
            "reading": reading,
            "back_url": back_url,
            **_prefilled(request, reading),
        }
        return render(request, "quarantine/reading_correct.html", context, status=status)

    def write(form: CorrectionForm) -> dict[str, Any]:
        sent = form.cleaned_data
        done = correct(
            reading=reading,
            temperature=sent["temperature"],
            symptoms=sent["symptoms"],
            measured_at=sent["measured_at"],
            reason=sent["reason"],
            by=staff,
        )
        return {"reading": str(done.reading.uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已更正，原来的数保留并划去。")
        return redirect(back_url)

    return form_page(request, make=make, show=show, write=write, done=respond)


def _row(reading: Reading) -> RoundRow:
    """The slot that the reading stands in."""
    visits = visits_to_show(Visit.objects.filter(pk=reading.visit_id))
    return rows_of(list(visits), timezone.now())[0]


def _prefilled(request: HttpRequest, reading: Reading) -> dict[str, Any]:
    """Symptoms and time as they were, or as typed; the temperature is always typed anew."""
    at = reading.measured_at
    return {
        "checked": request.POST.getlist("symptoms") if request.method == "POST" else reading.symptoms,
        "measured": timezone.localtime(at).strftime("%H:%M") if at else "",
    }


def _latest(reading: Reading) -> Reading:
    """The end of a chain of corrections."""
    while (following := reading.corrections.first()) is not None:
        reading = following
    return reading


def _back(reading: Reading) -> str:
    """Where the reading stands: the round of today and yesterday, else the paper of that day."""
    visit = reading.visit
    is_near = (timezone.localdate() - visit.date).days <= 1
    name = "quarantine:round" if is_near else "quarantine:backfill"
    anchor = visit.uid if is_near else visit.observation.uid
    return f"{link(name, on=visit.date, slot=visit.slot)}#row-{anchor}"
