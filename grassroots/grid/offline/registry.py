"""Which forms may come up sealed, and what a device keeps: entered here by the apps above (grid/registry.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve

from grassroots.grid.models import Staff

Rebase = Callable[[QueryDict, Mapping[str, Any], Staff], "QueryDict | None"]
Describe = Callable[[QueryDict, Mapping[str, Any], Staff], "list[tuple[str, str]]"]


@dataclass(frozen=True)
class OfflineForm:
    """A form that a device may fill in without a connection: nothing else is taken from an envelope."""

    url_name: str  # its POST
    label: str
    rebase: Rebase | None = None
    """(what was sent, the URL's arguments, author) → the same against the row as it stands now, where nothing has to
    be chosen between two values; None where something has."""
    describe: Describe | None = None
    """(what was sent, the URL's arguments, author) → captions and values for his own eyes, the door or person first;
    only what he may still see."""
    show_again: tuple[str, str] = ("", "")
    """A button (name, value) of the form that shows it again with everything kept and saves nothing."""
    buttons: tuple[str, ...] = ()
    """Names of all buttons that save nothing."""


@dataclass(frozen=True)
class OfflinePages:
    """Pages that a device keeps for when there is no connection."""

    key: str
    listing: Callable[[Staff, dt.datetime], Sequence[Mapping[str, Any]]]
    """What there is for somebody: `id`, `path`, `version` (the page is fetched again when it changes), and whatever
    the device shows in its list. A constant number of queries."""
    render: Callable[[HttpRequest, Sequence[str]], Mapping[str, str]]
    """(a request of the person, ids) → HTML by path, made on templates/offline/page.html; ids outside his scope are
    left out. A constant number of queries."""
    permission: str
    at_once: int = 20
    pieces: Callable[[HttpRequest], Mapping[str, str]] | None = None
    """What such a page asks for while it is filled in, for the device to answer."""


_forms: dict[str, OfflineForm] = {}
_pages: dict[str, OfflinePages] = {}


def register_offline_form(form: OfflineForm) -> None:
    """Let a form be filled in without a connection."""
    _forms[form.url_name] = form


def offline_forms() -> list[OfflineForm]:
    """All forms that may be filled in without a connection."""
    return list(_forms.values())


def register_offline_pages(pages: OfflinePages) -> None:
    """Let devices keep pages."""
    _pages[pages.key] = pages


def offline_pages(staff: Staff) -> list[OfflinePages]:
    """The pages that somebody's device may keep, by his rights."""
    return [pages for pages in _pages.values() if staff.has_perm(pages.permission)]


def form_at(path: str) -> tuple[OfflineForm, ResolverMatch] | None:
    """The form behind a path of an envelope; None for every path that is not one of theirs."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return None
    form = _forms.get(match.view_name)
    return (form, match) if form else None
