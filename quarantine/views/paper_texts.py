"""An office's own words on papers: by area and kind, in versions, with a preview."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import Area, Level, Office
from grassroots.grid.qr import qr_svg
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import (
    INVALID,
    add_errors,
    area_or_404,
    form_page,
    link,
    require,
    staff_of,
    whole_number,
)
from quarantine.forms.papers import TextForm
from quarantine.models import Paper, PaperKind, PaperText
from quarantine.papers.facts import office_values, worded
from quarantine.papers.printing import Sheet
from quarantine.papers.texts import Text, text_for, words_of
from quarantine.rules.papers import PLACES, Words, serial_text
from quarantine.services.papers import check_words, text_save

CHANGE = "quarantine.change_papertext"
AREAS_SHOWN = 60
VERSIONS_SHOWN = 30
EXAMPLE = {
    "姓名": "张三", "性别": "男", "年龄": "36", "证件号": "5101**********1X", "电话": "138****1234",
    "住址": "城厢社区翠柏苑3栋2单元501", "从何地返回": "湖北省武汉市", "返回日期": "2020年1月20日",
    "起始日期": "2020年1月21日", "期满日期": "2020年2月3日", "天数": "14", "解除日期": "2020年2月4日",
    "包保责任人": "李四", "包保电话": "028-84000000", "医护人员": "王五", "医护电话": "028-84000001",
}  # fmt: skip


@require_GET
def paper_texts(request: HttpRequest) -> HttpResponse:
    """The kinds of paper, and whose words hold in the chosen area."""
    require(request, CHANGE)
    mine = Area.objects.open().visible_to(staff_of(request)).filter(level__lte=Level.VILLAGE)
    areas = list(mine.order_by("path")[:AREAS_SHOWN])
    chosen = whole_number(request.GET.get("area", ""))
    area = mine.filter(pk=chosen).first() if chosen is not None else (areas[0] if areas else None)
    if area is None:
        raise Http404
    context = {
        "area": area,
        "areas": areas if area in areas else [area, *areas],
        "rows": [{"kind": kind, "text": text_for(kind, area)} for kind in PaperKind],
        "crumbs": [
            {"title": "文书", "url": link("quarantine:paper_list")},
            {"title": "文书文本", "url": ""},
        ],
    }
    return render(request, "quarantine/paper_texts.html", context)


def example_sheet(words: Words, kind: str, area: Area) -> Sheet:
    """How the words would look, with made-up facts: a page with no real person on it."""
    at = timezone.now()
    serial = serial_text(area.name, words.mark, timezone.localdate(at).year, 1)
    values = {**EXAMPLE, **office_values(Office.current(), at), "村社区": area.name, "编号": serial}
    values = {
        name: text for name, text in values.items() if name in PLACES[kind] or name in {"出具日期", "单位"}
    }
    facts = {**worded(Text(words), values), "serial": serial, "about": area.name}
    facts |= {"slots": [["AM", "上午"], ["PM", "下午"]], "head": [], "rows": []}
    paper = Paper(code="0000000000", kind=kind, serial=serial, on=timezone.localdate(at))
    keepers = facts["keepers"]
    return Sheet(paper, facts, qr_svg("example"), copy=f"第一联　{keepers[0]}留存" if keepers else "")


def _context(area: Area, kind: str, opened: str) -> dict[str, Any]:
    """What the editor shows beside the form: the words that hold, the versions, the one that was opened."""
    standing = text_for(kind, area)
    rows = PaperText.objects.filter(area=area, kind=kind).select_related("by").order_by("-number")
    versions = list(rows[:VERSIONS_SHOWN])
    return {
        "area": area,
        "kind": PaperKind(kind),
        "places": [f"{{{name}}}" for name in PLACES[kind]],
        "standing": standing,
        "is_own": standing.row is not None and standing.row.area_id == area.pk,
        "versions": versions,
        "opened": next((row for row in versions if str(row.number) == opened), None),
        "crumbs": [
            {"title": "文书", "url": link("quarantine:paper_list")},
            {"title": "文书文本", "url": link("quarantine:paper_texts", area=area.pk)},
            {"title": PaperKind(kind).label, "url": ""},
        ],
    }


@require_http_methods(["GET", "POST"])
def paper_text_edit(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Write a kind of paper anew for an area; look at it first; go back to an older version or the upper office's."""
    area = area_or_404(request, pk)
    require(request, CHANGE)
    if kind not in PaperKind.values:
        raise Http404
    context = _context(area, kind, request.GET.get("version", ""))
    start = words_of(context["opened"]) if context["opened"] else context["standing"].words

    def make(data: Any, **options: Any) -> TextForm:
        options.setdefault("initial", asdict(start))
        return TextForm(data, **options)

    def show(form: Any, status: int = 200, words: Words | None = None) -> HttpResponse:
        shown = words or (None if form.is_bound else start)
        more = {
            "form": form,
            "sheet": example_sheet(shown, kind, area) if shown else None,
            "is_typed": words is not None,
        }
        return render(request, "quarantine/paper_text_edit.html", {**context, **more}, status=status)

    def save(words: Words | None) -> dict[str, Any]:
        return {"number": text_save(area=area, kind=kind, words=words, by=staff_of(request)).number}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已存为第 {result['number']} 版。已经出具的文书不变。")
        return redirect(link("quarantine:paper_texts", area=pk))

    if "preview" in request.POST:
        return _preview(make(request.POST), kind, show)
    if "withdraw" in request.POST:
        return submit_once(request, lambda: save(None), done)
    return form_page(request, make=make, show=show, write=lambda form: save(form.words()), done=done)


def _preview(form: TextForm, kind: str, show: Any) -> HttpResponse:
    """What was typed as a page, nothing saved; or what is wrong with it."""
    if not form.is_valid():
        return show(form, status=INVALID)
    try:
        check_words(form.words(), kind)
    except ValidationError as error:
        add_errors(form, error)
        return show(form, status=INVALID)
    return show(form, words=form.words())
