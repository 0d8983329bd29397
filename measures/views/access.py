"""What the pages of measures begin with: scope first (404), then the right (403)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.views.pages import require, staff_of, whole_number
from households.forms.photos import photos_take
from measures.models import Record, Venue, VenueEvent

Crumbs = list[dict[str, str]]


def venue_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Venue:
    """A venue of the person's scope; 403 inside it without the right."""
    rows = Venue.objects.visible_to(staff_of(request)).select_related(
        "kind", "area", "officer", "recorded_by"
    )
    venue: Venue = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return venue


def venue_event_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> VenueEvent:
    """An event at a venue of the person's scope."""
    venues = Venue.objects.visible_to(staff_of(request)).values("pk")
    rows = VenueEvent.objects.filter(venue__in=venues).select_related("venue__area", "by")
    event: VenueEvent = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return event


def record_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Record:
    """A record of the person's scope, void or not."""
    rows = Record.objects.visible_to(staff_of(request))
    related = ("kind", "area", "venue", "by", "recorded_by", "voided_by", "corrects", "corrected_by")
    record: Record = get_object_or_404(rows.select_related(*related), uid=uid)
    require(request, *permissions)
    return record


def with_photos(request: HttpRequest, data: Any, names: Sequence[str], make: Callable[[Any], Any]) -> Any:
    """A form whose photos have been made small and safe; `data` as `form_page` gives it, None for a new form."""
    if data is None:
        return make(None)
    data = data.copy()
    is_multipart = request.content_type == "multipart/form-data"
    wrong = photos_take(data, request.FILES if is_multipart else {}, names)
    form = make(data)
    form.photo_errors = wrong
    return form


def first_area(request: HttpRequest, staff: Staff) -> Area | None:
    """The area that a form begins with: the one of the address, else the only root of the scope below the county."""
    number = whole_number(request.GET.get("area", ""))
    if number is not None:
        asked: Area | None = Area.objects.open().visible_to(staff).filter(pk=number).first()
        return asked
    roots = scope_of(staff).roots()
    return roots[0] if len(roots) == 1 and roots[0].level > Level.COUNTY else None


def check_reason(form: forms.BaseForm) -> str:
    """The reason of a form. Raises ValidationError where it has none."""
    reason: Any = form.cleaned_data.get("reason", "")  # type: ignore[attr-defined]
    if not reason:
        raise ValidationError({"reason": "请写明原因。"})
    return str(reason)
