"""登记项目: the administrator's page of kinds. What is added there can be recorded at once, by everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, require_whole_office, staff_of
from measures.figures import columns
from measures.forms.kinds import KindForm
from measures.indicators import VENUE_COLUMNS
from measures.models import Family, Kind
from measures.services.kinds import kind_add, kind_change, kind_switch
from measures.views.access import Crumbs

ADD, CHANGE = "measures.add_kind", "measures.change_kind"
STALE = 409


def _crumbs(title: str = "") -> Crumbs:
    first = {"title": "登记项目", "url": link("measures:kind_list") if title else ""}
    return [first, {"title": title, "url": ""}] if title else [first]


@require_GET
def kind_list(request: HttpRequest) -> HttpResponse:
    """Every kind by family, those out of use last."""
    require(request, CHANGE)
    kinds: list[Any] = list(Kind.objects.order_by("family", "closed_at", "order", "pk"))
    words = columns | VENUE_COLUMNS
    for kind in kinds:
        kind.column_words = "单独成列" if kind.has_own_column else words.get(kind.column, "")
    groups = [(label, [kind for kind in kinds if kind.family == value]) for value, label in Family.choices]
    context = {"groups": [(label, rows) for label, rows in groups if rows], "crumbs": _crumbs()}
    return render(request, "measures/kind_list.html", context)


@require_http_methods(["GET", "POST"])
def kind_create(request: HttpRequest) -> HttpResponse:
    """Add a kind."""
    require(request, ADD)
    require_whole_office(request)
    staff = staff_of(request)

    def show(form: Any, status: int = 200) -> HttpResponse:
        return _show(request, "增加登记项目", form, status)

    def write(form: Any) -> dict[str, Any]:
        return {"kind": kind_add(by=staff, **form.entered()).code}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已增加，现在就可以登记。")
        return redirect("measures:kind_list")

    return form_page(request, make=KindForm, show=show, write=write, done=done)


def _show(request: HttpRequest, heading: str, form: Any, status: int, **more: Any) -> HttpResponse:
    context = {"form": form, "heading": heading, "crumbs": _crumbs(heading), **more}
    return render(request, "measures/kind_form.html", context, status=status)


@require_http_methods(["GET", "POST"])
def kind_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a kind."""
    require(request, CHANGE)
    require_whole_office(request)
    kind, staff = get_object_or_404(Kind, code=code), staff_of(request)
    heading = f"修改“{kind.name}”"

    def make(data: Any, **options: Any) -> KindForm:
        if data is None and "initial" not in options:
            options["initial"] = KindForm.shown(kind)
        return KindForm(data, kind=kind, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        return _show(request, heading, form, status, kind=kind, **more)

    def write(form: Any) -> dict[str, Any]:
        version = form.cleaned_data["version"] or 0
        try:
            kind_change(kind=kind, version=version, by=staff, **form.entered())
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["version"] = stale.current.version
            page = show(
                make(typed), STALE, differences=_differences(form, stale.current), fresh_submission=True
            )
            raise SubmissionInvalid(page) from stale
        return {"kind": code}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("measures:kind_list")

    return form_page(request, make=make, show=show, write=write, done=done)


def _differences(form: KindForm, current: Kind) -> list[dict[str, Any]]:
    now, given = KindForm.shown(current), form.entered()
    rows = [
        {"label": form.fields[name].label, "mine": value, "theirs": now[name]}
        for name, value in given.items()
        if name != "rules" and value != now[name]
    ]
    mine, theirs = ("、".join(rule.label for rule in rules) for rules in (given["rules"], current.rules))
    return rows if mine == theirs else [*rows, {"label": "其他栏目", "mine": mine, "theirs": theirs}]


@require_POST
def kind_toggle(request: HttpRequest, code: str) -> HttpResponse:
    """Put a kind out of use, or in again."""
    require(request, CHANGE)
    require_whole_office(request)
    kind, staff = get_object_or_404(Kind, code=code), staff_of(request)
    is_open = request.POST.get("open") == "1"

    def write() -> dict[str, Any]:
        kind_switch(kind=kind, is_open=is_open, by=staff)
        return {"kind": code}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"“{kind.name}”已{'启用' if is_open else '停用'}。")
        return redirect("measures:kind_list")

    return submit_once(request, write, respond)
