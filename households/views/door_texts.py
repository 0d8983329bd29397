"""The office's own words at the door, edited by area in versions; and the health manual that everybody may read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from grassroots.grid.forms.parts import text_field
from grassroots.grid.models import Area, Level
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import INVALID, area_or_404, form_page, link, require, staff_of, whole_number
from households.door_pages import body_html, manual_address, qr_svg
from households.models import DoorText
from households.rules.door_texts import BODY_LENGTH, TITLE_LENGTH, DoorTextKind, DoorWords
from households.services.door_texts import door_text_save, text_for, texts_for

CHANGE = "households.change_doortext"
AREAS_SHOWN = 60
VERSIONS_SHOWN = 30
MANUAL_SECONDS = 300  # how long a browser may keep the public page


class DoorTextForm(forms.Form):
    """The words of one text."""

    title = text_field("标题", TITLE_LENGTH, required=True)
    body = forms.CharField(
        label="正文",
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text="空一行分段；“## ”开头的是小标题；“- ”或“1. ”开头的是列表；**两边加星号**的是粗体。",
        error_messages={"required": "请填写正文。", "max_length": f"正文不能超过 {BODY_LENGTH} 个字。"},
    )

    def words(self) -> DoorWords:
        """What was typed."""
        return DoorWords(self.cleaned_data["title"], self.cleaned_data["body"])


@require_GET
def door_texts(request: HttpRequest) -> HttpResponse:
    """The texts, and whose words hold in the chosen area; the QR code of the manual to print or send."""
    require(request, CHANGE)
    mine = Area.objects.open().visible_to(staff_of(request)).filter(level__lte=Level.VILLAGE)
    areas = list(mine.order_by("path")[:AREAS_SHOWN])
    chosen = whole_number(request.GET.get("area", ""))
    area = mine.filter(pk=chosen).first() if chosen is not None else (areas[0] if areas else None)
    if area is None:
        raise Http404
    says = texts_for(area)
    address = manual_address(request, area)
    context = {
        "area": area,
        "areas": areas if area in areas else [area, *areas],
        "rows": [{"kind": kind, "text": says[kind]} for kind in DoorTextKind],
        "address": address,
        "qr": qr_svg(address),
        "crumbs": [
            {"title": "住户", "url": link("households:household_list")},
            {"title": "入户文本", "url": ""},
        ],
    }
    return render(request, "households/door_texts.html", context)


def _context(area: Area, kind: str, opened: str) -> dict[str, Any]:
    """What the editor shows beside the form: the words that hold, the versions, the one that was opened."""
    standing = text_for(kind, area)
    rows = DoorText.objects.filter(area=area, kind=kind).select_related("by").order_by("-number")
    versions = list(rows[:VERSIONS_SHOWN])
    return {
        "area": area,
        "kind": DoorTextKind(kind),
        "standing": standing,
        "is_own": standing.row is not None and standing.row.area_id == area.pk,
        "versions": versions,
        "opened": next((row for row in versions if str(row.number) == opened), None),
        "crumbs": [
            {"title": "住户", "url": link("households:household_list")},
            {"title": "入户文本", "url": link("households:door_texts", area=area.pk)},
            {"title": DoorTextKind(kind).label, "url": ""},
        ],
    }


@require_http_methods(["GET", "POST"])
def door_text_edit(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Write a text anew for an area; look at it first; go back to an older version or the upper office's."""
    area = area_or_404(request, pk)
    require(request, CHANGE)
    if kind not in DoorTextKind.values:
        raise Http404
    context = _context(area, kind, request.GET.get("version", ""))
    opened = context["opened"]
    start = DoorWords(opened.title, opened.body) if opened else context["standing"].words

    def make(data: Any, **options: Any) -> DoorTextForm:
        options.setdefault("initial", asdict(start))
        return DoorTextForm(data, **options)

    def show(form: Any, status: int = 200, words: DoorWords | None = None) -> HttpResponse:
        shown = words or (None if form.is_bound else start)
        more = {
            "form": form,
            "shown": shown,
            "shown_html": body_html(shown.body) if shown else "",
            "is_typed": words is not None,
        }
        return render(request, "households/door_text_edit.html", {**context, **more}, status=status)

    def save(words: DoorWords | None) -> dict[str, Any]:
        return {"number": door_text_save(area=area, kind=kind, words=words, by=staff_of(request)).number}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已存为第 {result['number']} 版，入户登记页从现在起用这一版。")
        return redirect(link("households:door_texts", area=pk))

    if "preview" in request.POST:
        form = make(request.POST)
        return show(form, words=form.words()) if form.is_valid() else show(form, status=INVALID)
    if "withdraw" in request.POST:
        return submit_once(request, lambda: save(None), done)
    return form_page(request, make=make, show=show, write=lambda form: save(form.words()), done=done)


@require_safe
def health_manual(request: HttpRequest, pk: int) -> HttpResponse:
    """健康手册, for everybody who scans the code: no sign-in, nothing but the office's words."""
    area = get_object_or_404(Area.objects.open(), pk=pk)
    text = text_for(DoorTextKind.MANUAL, area)
    context = {
        "area": area,
        "text": text,
        "html": body_html(text.words.body),
    }
    response = render(request, "households/health_manual.html", context)
    response["Cache-Control"] = f"public, max-age={MANUAL_SECONDS}"
    return response
