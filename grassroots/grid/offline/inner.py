"""A request within a request: a page or a form of somebody, asked for on his behalf."""

from __future__ import annotations

from io import BytesIO

from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.urls import ResolverMatch
from django_htmx.middleware import HtmxDetails

from grassroots.grid.models import Staff

AROUND = ("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "REMOTE_ADDR", "wsgi.url_scheme")


def inner_request(
    outer: HttpRequest, staff: Staff, path: str, *, method: str = "POST", match: ResolverMatch | None = None,
    session: SessionBase | None = None, is_fragment: bool = False,
) -> HttpRequest:  # fmt: skip
    """A request for `path` (with its query) as `staff`; without `session`, in one that is never saved.

    `is_fragment`: as htmx asks, so that the frame around a page costs nothing.
    """
    plain, _mark, query = path.partition("?")
    environ = {name: outer.META[name] for name in AROUND if name in outer.META}
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": plain, "QUERY_STRING": query, "wsgi.input": BytesIO()}
    if is_fragment:
        environ["HTTP_HX_REQUEST"] = "true"
    request = WSGIRequest(environ)
    request.user = staff
    request.session = session or SessionStore()
    request.resolver_match = match
    request._messages = default_storage(request)  # type: ignore[attr-defined]
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request
