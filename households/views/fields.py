"""责任田: an area's doors with who answers for them; several at once are given to somebody, or taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Level
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.fields import fields_of
from households.forms.fields import FieldForm
from households.services.fields import field_assign, field_end
from households.views.access import area_crumbs, open_area_or_404

LOOK, ASSIGN = "households.view_household", "households.add_householdduty"


@require_http_methods(["GET", "POST"])
def field_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who answers here down to the door; `?bare=1` only those without anybody."""
    area, by = open_area_or_404(request, pk), staff_of(request)
    require(request, LOOK, *([ASSIGN] if request.method == "POST" else []))
    found = fields_of(area, timezone.localdate())
    only_bare = request.GET.get("bare") == "1"
    may_assign = by.has_perm(ASSIGN)

    def make(data: Any, **options: Any) -> FieldForm:
        return FieldForm(data, by=by, units=found.units, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = area_crumbs(request, area, as_picture=True)
        context = {
            "area": area, "found": found, "form": form, "only_bare": only_bare, "may_assign": may_assign,
            "whole": "、".join(found.officers) or "没有责任人",
            "bare": {str(one.household.uid) for one in found.bare},
            "crumbs": [*crumbs, {"title": "责任田", "url": ""}],
            "has_picture": area.level >= Level.VILLAGE,
        }  # fmt: skip
        return render(request, "households/fields.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        data = form.cleaned_data
        given = {"households": form.chosen(), "staff": data["staff"], "kind": data["kind"], "on": data["on"]}
        service = field_assign if data["what"] == "ASSIGN" else field_end
        return {"count": service(by=by, **given), "what": data["what"]}

    def done(result: dict[str, Any]) -> HttpResponse:
        count, is_new = result.get("count", 0), result.get("what") == "ASSIGN"
        if count:
            messages.success(request, f"已{'指定' if is_new else '结束'} {count} 户的责任人。")
        else:
            messages.info(
                request, "没有变化：" + ("这些户本来就由他负责。" if is_new else "这些户没有由他负责。")
            )
        return redirect(link("households:field_page", pk))

    return form_page(request, make=make, show=show, write=write, done=done)
