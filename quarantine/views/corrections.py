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
from quarantine.models import Reading
from quarantine.round import rows_of, visits_to_show
from quarantine.services.readings import reading_correct as correct


@require_http_methods(["GET", "POST"])
def reading_correct(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Correct a reading: the old value stays and is shown struck through."""
    staff = staff_of(request)
    reading = get_object_or_404(
        Reading.objects.visible_to(staff).select_related("visit__observation__policy"), uid=uid
    )
    require(request, "quarantine.add_reading")
    visit = visits_to_show(type(reading.visit).objects.filter(pk=reading.visit_id))[0]
    row = rows_of([visit], timezone.now())[0]
    back_url = _back(reading)
    if request.method == "GET" and reading.corrections.exists():
        messages.info(request, "这次读数已经更正过,下面是最新的一次。")
        return redirect("quarantine:reading_correct", _latest(reading).uid)

    def make(data: Any, initial: dict[str, Any] | None = None) -> CorrectionForm:
        return CorrectionForm(data, terms=row.terms, on=visit.date, initial=initial)

    def show(form: CorrectionForm, status: int = 200) -> HttpResponse:
        checked = request.POST.getlist("symptoms") if request.method == "POST" else reading.symptoms
        at = reading.measured_at
        context = {
            "form": form,
            "row": row,
            "reading": reading,
            "checked": checked,
            "measured": timezone.localtime(at).strftime("%H:%M") if at else "",
            "back_url": back_url,
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
        messages.success(request, "已更正,原来的数保留并划去。")
        return redirect(back_url)

    return form_page(request, make=make, show=show, write=write, done=respond)


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
