"""What the views of ledgers share: who may, for which area and day."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.views.pages import whole_number
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.forms import AreaDayForm, PeriodForm, ledger_areas


def staff_with(request: HttpRequest, permission: str, words: str) -> Staff:
    """Who asks. Raises PermissionDenied(words) without the permission."""
    staff = cast(Staff, request.user)
    if not staff.has_perm(permission):
        raise PermissionDenied(words)
    return staff


def posted_area_or_404(request: HttpRequest, staff: Staff) -> None:
    """404 for a posted `area` outside the scope, whatever else the form holds."""
    pk = whole_number(request.POST.get("area", ""))
    if pk is not None and not Area.objects.visible_to(staff).filter(pk=pk).exists():
        raise Http404


def _sent(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _asked_area(request: HttpRequest, staff: Staff) -> Area | None:
    """The area that the page was asked for, the first one of the scope without any. Raises Http404 outside."""
    pk = _sent(request).get("area", "")
    if not pk:
        return ledger_areas(staff).first()
    area: Area | None = Area.objects.visible_to(staff).filter(pk=whole_number(pk)).first()
    if area is None:
        raise Http404
    return area


def _asked(request: HttpRequest, area: Area | None) -> dict[str, Any]:
    on = _sent(request).get("on") or timezone.localdate().isoformat()
    return {"on": on, "cutoff": _sent(request).get("cutoff", ""), "area": area.pk if area else None}


def chosen(request: HttpRequest, staff: Staff) -> tuple[Area | None, dt.date, AreaDayForm]:
    """The area (404 outside the scope) and the day that the page was asked for."""
    area = _asked_area(request, staff)
    form = AreaDayForm(_asked(request, area), staff=staff)
    form.is_valid()
    return area, form.cleaned_data.get("on") or timezone.localdate(), form


def chosen_period(request: HttpRequest, staff: Staff) -> tuple[Area | None, AsOf, PeriodForm]:
    """The same with a cut-off: the area, the period as known now, and the form with what was wrong about it."""
    area = _asked_area(request, staff)
    form = PeriodForm(_asked(request, area), staff=staff)
    form.is_valid()
    asked = form.cleaned_data
    return area, AsOf.day(asked.get("on") or timezone.localdate(), cutoff=asked.get("cutoff")), form
