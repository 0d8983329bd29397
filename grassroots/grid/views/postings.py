"""Where somebody works: add and end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.accounts import posting_add, posting_end
from grassroots.grid.forms.staff import EndForm, PostingForm
from grassroots.grid.models import AccessAction, Posting
from grassroots.grid.scope import scope_of
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of
from grassroots.grid.views.staff import confirm_page, crumbs_of, manageable_or_refused


@require_http_methods(["GET", "POST"])
def posting_create(request: HttpRequest, uid: Any) -> HttpResponse:
    """Post somebody to an area of the administrator's scope."""
    one = manageable_or_refused(request, uid, "grid.add_posting")
    by, back = staff_of(request), link("grid:staff_detail", uid)

    def make(data: Any, **options: Any) -> PostingForm:
        return PostingForm(data, by=by, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "one": one, "crumbs": crumbs_of(one, "增加任职区域"), "cancel_url": back}
        return render(request, "grid/posting_create.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"posting": posting_add(staff=one, by=by, **form.cleaned_data).pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已增加任职区域。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def posting_end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End a posting from a day on; whoever held it sees nothing there from that day."""
    by = staff_of(request)
    rows = Posting.objects.filter(scope_of(by).area_q("area__")).select_related("staff", "area")
    posting = get_object_or_404(rows, pk=pk)
    require(request, "grid.change_posting")
    one, area = posting.staff, posting.area

    def write(form: Any) -> dict[str, Any]:
        posting_end(posting=posting, on=form.cleaned_data["on"])
        detail = {"posting_until": str(form.cleaned_data["on"])}
        access_log(action=AccessAction.GRANT, staff=by, subject=one, area=area, detail=detail)
        return {"staff": str(one.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"{one.name}在“{area.name}”的任职已结束。")
        return redirect("grid:staff_detail", one.uid)

    return confirm_page(
        request,
        one,
        title="结束任职",
        text=f"结束{one.name}在“{area.name}”的任职。包保不受影响，要换人请用“交接”。",
        make=lambda data, **options: EndForm(data, since=posting.valid_from, **options),
        write=write,
        done=done,
    )
