"""The office's settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.forms.office import OfficeForm
from grassroots.grid.models import Office
from grassroots.grid.views.pages import form_page, link, require, require_whole_office, staff_of


@require_http_methods(["GET", "POST"])
def office_edit(request: HttpRequest) -> HttpResponse:
    """Name, phone on duty, who issues the release notice."""
    office = Office.current()
    if office is None:
        raise Http404
    require(request, "grid.change_office")
    require_whole_office(request)

    def make(data: Any, **options: Any) -> OfficeForm:
        return OfficeForm(data, instance=Office.current(), **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "area": office.area, "who": staff_of(request)}
        return render(request, "grid/office_edit.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        form.save()
        return {}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect(link("grid:office_edit"))

    return form_page(request, make=make, show=show, write=write, done=done)
