"""Making and changing a layout: the editor, its preview, its buttons; every button works without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import add_errors, link
from grassroots.ledgers.engine import LayoutError, LedgerDefinition, UnknownLedger, ledger_registry
from grassroots.ledgers.forms import ledger_areas
from grassroots.ledgers.layout_choice import STANDARD, LayoutRefused, layout_version
from grassroots.ledgers.layout_editor import LayoutEditor
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion
from grassroots.ledgers.services.layouts import (
    PERMISSION,
    LayoutDraft,
    StaleLayout,
    layout_change,
    layout_create,
    offered_layout,
)
from grassroots.ledgers.views.common import posted_area_or_404, staff_with
from grassroots.ledgers.views.layouts import NO_RIGHT, crumbs_of, layout_or_404, require_own

Save = Callable[[LayoutDraft], LedgerLayout]


@require_http_methods(["GET", "POST"])
def layout_new(request: HttpRequest, key: str) -> HttpResponse:
    """A new layout of a ledger, begun from the ledger's own or (`?from=UID`) from another."""
    posted_area_or_404(request, cast(Staff, request.user))
    staff = staff_with(request, PERMISSION, NO_RIGHT)
    definition = _ledger_or_404(key)
    source = _source_or_404(request, definition, staff)
    area = ledger_areas(staff).first()
    if area is None:
        return render(request, "ledgers/layout_edit.html", {"definition": definition, "no_area": True})
    # Columns of another area's officers may be kept, empty here: the page was opened on the first area of the scope.
    before = (*(source.drawn().keys if source else ()), *offered_layout(definition, area, staff).keys)
    page = {"crumbs": crumbs_of(f"新建：{definition.name}"), "cancel_url": link("ledgers:layout_list")}
    if request.method == "GET":
        editor = LayoutEditor.shown(definition, staff, area, source=source, row=None)
        return _show(request, editor, page)
    editor = LayoutEditor.sent(definition, staff, area, data=request.POST, before=before, is_new=True)

    def save(draft: LayoutDraft) -> LedgerLayout:
        return layout_create(ledger=definition.key, area=editor.area, draft=draft, by=staff, before=before)

    return _posted(request, editor, page, save)


@require_http_methods(["GET", "POST"])
def layout_edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Change a layout; every save is a new version, a stale one shows both values."""
    layout, definition = layout_or_404(request, uid)
    staff = require_own(request, layout)
    if layout.closed_at is not None:
        messages.warning(request, "这个版式已停用，不能再改；可以复制一个新的。")
        return redirect("ledgers:layout_detail", uid)
    current = get_object_or_404(layout.versions, number=layout.version)
    page = {
        "layout": layout, "crumbs": crumbs_of("修改", layout=layout),
        "cancel_url": link("ledgers:layout_detail", uid),
    }  # fmt: skip
    if request.method == "GET":
        editor = LayoutEditor.shown(definition, staff, layout.area, source=current, row=layout)
        return _show(request, editor, page)
    before = current.drawn().keys

    def edited(data: QueryDict) -> LayoutEditor:
        return LayoutEditor.sent(definition, staff, layout.area, data=data, before=before, is_new=False)

    editor = edited(request.POST)

    def save(draft: LayoutDraft) -> LedgerLayout:
        version = editor.form.cleaned_data["version"]
        try:
            return layout_change(layout=layout, version=version, draft=draft, by=staff)
        except StaleLayout as stale:
            data = request.POST.copy()
            data["version"] = str(stale.current.version)
            more = {
                "differences": stale.differences,
                "fresh_submission": True,
                "newest": _newest(stale.current),
            }
            raise SubmissionInvalid(_show(request, edited(data), page | more, 409)) from stale

    return _posted(request, editor, page, save)


def _newest(layout: LedgerLayout) -> LedgerLayoutVersion:
    return layout.versions.select_related("by").get(number=layout.version)


def _ledger_or_404(key: str) -> LedgerDefinition:
    try:
        return ledger_registry.get(key)
    except UnknownLedger:
        raise Http404 from None


def _source_or_404(
    request: HttpRequest, definition: LedgerDefinition, staff: Staff
) -> LedgerLayoutVersion | None:
    try:
        return layout_version(request.GET.get("from") or STANDARD, ledger=definition.key, staff=staff)
    except LayoutRefused:
        raise Http404 from None


def _show(
    request: HttpRequest, editor: LayoutEditor, page: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, "ledgers/layout_edit.html", {**page, **editor.context()}, status=status)


def _posted(request: HttpRequest, editor: LayoutEditor, page: dict[str, Any], save: Save) -> HttpResponse:
    """What the button asks for: a preview, a column moved or added, or saving."""
    action = request.POST.get("action", "save")
    if action != "save":
        editor.rows.act(action)
        preview = editor.preview()
        if request.headers.get("HX-Request"):
            context = {**editor.context(), "preview": preview}
            return render(request, "ledgers/_layout_preview.html", context)
        return _show(request, editor, page | {"preview": preview, "is_only_looking": True})

    def write() -> dict[str, Any]:
        draft = editor.draft()
        try:
            if draft is not None:
                return {"layout": str(save(draft).uid)}
        except ValidationError as error:
            add_errors(editor.form, error)
        except LayoutError as error:  # the ledger has changed since the form was checked
            editor.form.blame(error)
        raise SubmissionInvalid(_show(request, editor, page, 422))

    def respond(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "版式已保存。")
        return redirect("ledgers:layout_detail", result["layout"])

    return submit_once(request, write, respond)
