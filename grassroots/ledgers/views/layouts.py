"""Layouts of ledgers: the list, one with its versions, putting an old one back, taking one out of use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import link, whole_number
from grassroots.ledgers.engine import Layout, LedgerDefinition, UnknownLedger, ledger_registry
from grassroots.ledgers.engine.changes import describe_changes
from grassroots.ledgers.engine.tailored import bare_layout
from grassroots.ledgers.layout_choice import current_versions, offered_layouts, saved_filters
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion
from grassroots.ledgers.services.layouts import (
    PERMISSION,
    StaleLayout,
    layout_close,
    layout_revert,
    may_edit,
    standard_layout,
)
from grassroots.ledgers.views.common import staff_with

VERSIONS = 50
NO_RIGHT = "您的角色不能修改台账版式。"


@dataclass
class Line:
    """A layout in the list, with its current version and whether the person may change it."""

    layout: LedgerLayout
    version: LedgerLayoutVersion
    may_edit: bool


@dataclass
class VersionLine:
    """A version with what it changed, in words."""

    version: LedgerLayoutVersion
    changes: list[str]
    is_current: bool


@require_GET
def layout_list(request: HttpRequest) -> HttpResponse:
    """Every ledger with its own layout and those that offices have made, as far as the person may use them."""
    staff = staff_with(request, PERMISSION, NO_RIGHT)
    offered = offered_layouts(staff)
    versions = current_versions(layout for rows in offered.values() for layout in rows)
    groups = [
        (item, [Line(row, versions[row.pk], may_edit(staff, row.area)) for row in offered.get(item.key, ())])
        for item in ledger_registry.all()
    ]
    return render(request, "ledgers/layout_list.html", {"groups": groups})


def layout_or_404(request: HttpRequest, uid: UUID) -> tuple[LedgerLayout, LedgerDefinition]:
    """A layout that the person may use, also a closed one, and its ledger; then the right (403)."""
    rows = LedgerLayout.objects.usable_by(cast(Staff, request.user)).select_related("area")
    layout: LedgerLayout = get_object_or_404(rows, uid=uid)
    staff_with(request, PERMISSION, NO_RIGHT)
    try:
        return layout, ledger_registry.get(layout.ledger)
    except UnknownLedger:
        raise PermissionDenied(f"台账“{layout.ledger}”已经没有了，它的版式不能再用。") from None


def require_own(request: HttpRequest, layout: LedgerLayout) -> Staff:
    """Who asks; 403 for a layout of an area above his own."""
    staff = cast(Staff, request.user)
    if not may_edit(staff, layout.area):
        raise PermissionDenied(
            f"这个版式由“{layout.area.name}”管理，您可以用它，也可以复制一个到自己的区域。"
        )
    return staff


@require_GET
def layout_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A layout with its versions: who, when, what was changed."""
    layout, definition = layout_or_404(request, uid)
    return _detail(request, layout, definition)


def _detail(
    request: HttpRequest, layout: LedgerLayout, definition: LedgerDefinition, status: int = 200, **more: Any
) -> HttpResponse:
    rows = list(layout.versions.select_related("by").order_by("-number")[: VERSIONS + 1])
    standard = standard_layout(definition, layout.area, cast(Staff, request.user))
    context = {
        "layout": layout,
        "definition": definition,
        "lines": list(_version_lines(rows, definition, standard, layout.version))[:VERSIONS],
        "has_more": len(rows) > VERSIONS,
        "may_edit": may_edit(cast(Staff, request.user), layout.area) and layout.closed_at is None,
        "filter_words": definition.filter_words(saved_filters(rows[0].filters, definition)) if rows else "",
        "crumbs": crumbs_of(layout.name),
        **more,
    }
    return render(request, "ledgers/layout_detail.html", context, status=status)


def crumbs_of(title: str, *, layout: LedgerLayout | None = None) -> list[dict[str, str]]:
    """The way from the downloads to a page of layouts, or of one of them."""
    above = [
        {"title": "下载台账", "url": link("ledgers:ledger_list")},
        {"title": "台账版式", "url": link("ledgers:layout_list")},
    ]
    if layout:
        above.append({"title": layout.name, "url": link("ledgers:layout_detail", layout.uid)})
    return [*above, {"title": title}]


def _version_lines(
    rows: list[LedgerLayoutVersion], definition: LedgerDefinition, standard: Layout, current: int
) -> Iterator[VersionLine]:
    """The versions, each with what it changed: against the one before it, the first against the ledger's own layout."""
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        old = before.drawn() if before else bare_layout(standard)
        filters = [
            definition.filter_words(saved_filters(one.filters, definition)) if one else ""
            for one in (before, row)
        ]
        changes = describe_changes(old, row.drawn(), before_filters=filters[0], after_filters=filters[1])
        yield VersionLine(row, changes, row.number == current)


@require_POST
def layout_restore(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make an old version the current one again, as a new version."""
    layout, definition = layout_or_404(request, uid)
    staff = require_own(request, layout)
    number, version = (whole_number(request.POST.get(name, "")) or 0 for name in ("number", "version"))

    def write() -> dict[str, Any]:
        try:
            row = layout_revert(layout=layout, version=version, number=number, by=staff)
        except StaleLayout as stale:
            page = _detail(request, stale.current, definition, 409, is_stale=True, fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        except ValidationError as error:
            page = _detail(request, layout, definition, 422, trouble=error.messages)
            raise SubmissionInvalid(page) from error
        return {"version": row.version}

    def respond(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已恢复第 {number} 版，成为第 {result['version']} 版。")
        return redirect("ledgers:layout_detail", uid)

    return submit_once(request, write, respond)


@require_http_methods(["GET", "POST"])
def layout_close_page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take a layout out of use, after asking once more."""
    layout, definition = layout_or_404(request, uid)
    staff = require_own(request, layout)
    context = {
        "layout": layout,
        "rows": [("台账", definition.name), ("适用区域", layout.area.name)],
        "crumbs": crumbs_of("停用", layout=layout),
        "cancel_url": link("ledgers:layout_detail", uid),
    }
    if request.method == "GET":
        return render(request, "ledgers/layout_close.html", context)

    def write() -> dict[str, Any]:
        try:
            layout_close(layout=layout, by=staff)
        except ValidationError as error:
            page = _detail(request, layout, definition, 422, trouble=error.messages)
            raise SubmissionInvalid(page) from error
        return {}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"版式“{layout.name}”已停用。")
        return redirect("ledgers:layout_list")

    return submit_once(request, write, respond)
