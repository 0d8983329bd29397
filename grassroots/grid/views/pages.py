"""What the pages of the ground share: scope first (404), then right (403), then one write a submission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.submissions import SubmissionInvalid, submit_once

PAGE_ROWS = 50
INVALID = 422
FormMaker = Callable[..., forms.BaseForm]
Show = Callable[..., HttpResponse]


def staff_of(request: HttpRequest) -> Staff:
    """Whoever is signed in (the middleware lets nobody else through)."""
    assert isinstance(request.user, Staff)
    return request.user


def require(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied (403) unless the person has all these rights."""
    if not staff_of(request).has_perms(permissions):
        raise PermissionDenied("您的角色没有办理这件事的权限。")


def require_whole_office(request: HttpRequest) -> None:
    """Raise PermissionDenied (403) for what concerns the whole office, unless the person's scope is all of it."""
    if not scope_of(staff_of(request)).is_whole:
        raise PermissionDenied("这是全单位的设置，由管理全辖区的人员办理。")


def whole_number(text: str) -> int | None:
    """The number of a query as sent, e.g. an id; None for what is none ("²" too) or is longer than any id."""
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def area_or_404(request: HttpRequest, pk: int) -> Area:
    """An area of the person's scope."""
    area: Area = get_object_or_404(Area.objects.visible_to(staff_of(request)), pk=pk)
    return area


def link(name: str, *args: Any, **query: Any) -> str:
    """The URL of a page with query values, empty ones left out."""
    kept = {key: value for key, value in query.items() if value not in (None, "")}
    return reverse(name, args=args) + (f"?{urlencode(kept)}" if kept else "")


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Put what a service refused beside the fields it names, or above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, messages in error.message_dict.items():
        form.add_error(name if name in form.fields else None, messages)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """What has been typed so far, as initial values: lists where several were ticked."""
    return {
        key: values if len(values := request.POST.getlist(key)) > 1 or key == "roles" else values[0]
        for key in request.POST
    }


def form_page(
    request: HttpRequest,
    *,
    make: FormMaker,
    show: Show,
    write: Callable[[Any], dict[str, Any]],
    done: Callable[[dict[str, Any]], HttpResponse],
) -> HttpResponse:
    """A page with one form: shown on GET and after 查找, written once on POST.

    `make(data, initial=…)` builds the form, `show(form, status=…)` the page; `write(form)` saves and returns
    identifiers only, or raises ValidationError; `done(result)` answers.
    """
    if request.method != "POST":
        return show(make(None))
    if name := request.POST.get("find"):
        form = make(None, initial=_typed(request))
        is_fragment = request.headers.get("HX-Request") and name in form.fields
        return HttpResponse(str(form[name])) if is_fragment else show(form)
    if name := request.POST.get("drop_photo"):
        return show(make(None, initial={**_typed(request), name: ""}))
    form = make(request.POST)

    def once() -> dict[str, Any]:
        if not form.is_valid():
            raise SubmissionInvalid(show(form, status=INVALID))
        try:
            return write(form)
        except ValidationError as error:
            add_errors(form, error)
            raise SubmissionInvalid(show(form, status=INVALID)) from error

    return submit_once(request, once, done)
