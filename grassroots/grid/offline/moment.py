"""When something was really entered: on a device without a connection that was hours before the server heard of it."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest


def entered_offline_at(request: HttpRequest) -> dt.datetime | None:
    """The moment on the device, set right by its clock's error; None for a form that came straight from a page."""
    return getattr(request, "entered_offline_at", None)


def tell_reasons(request: HttpRequest, *reasons: str) -> None:
    """Say in words why a form was not saved, for whoever is not there to read the page."""
    request.refusal_reasons = [*getattr(request, "refusal_reasons", ()), *reasons]  # type: ignore[attr-defined]


def told_reasons(request: HttpRequest) -> list[str]:
    """What was said."""
    return list(getattr(request, "refusal_reasons", ()))
