"""补录 from a sheet that was printed here: in its own order and layout, box by box, each saved at once."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import add_errors, link, staff_of, whole_number
from quarantine.backfill import measurers
from quarantine.forms.readings import PaperLineForm
from quarantine.measuring import MeasuringDuties
from quarantine.models import Method, Observation, Paper, PaperEntry, PaperKind, ReadingSource
from quarantine.models.papers import OF_AREA
from quarantine.papers.entry import box_of, entry_lines, paper_lines
from quarantine.services.readings import reading_record, visit_explain, visit_for
from quarantine.views.backfill import MEASURER, measurer_of
from quarantine.views.papers import paper_or_404
from quarantine.views.round import CONFLICT, CONFLICT_WORDS, INVALID, method_of, remember_method, typed

RIGHTS = ("quarantine.view_visit", "quarantine.add_reading")
LONGEST_REASON = 100
SHEETS = (*OF_AREA, PaperKind.TEMPERATURE)
_REASON = re.compile(r"[㐀-鿿]")
_DIGIT = re.compile(r"\d")


def is_reason(text: str) -> bool:
    """Whether words stand where a temperature should: why there is none (不在家, 拒测)."""
    return bool(_REASON.search(text)) and not _DIGIT.search(text) and "\x00" not in text


def _sheet_or_404(request: HttpRequest, code: str) -> Paper:
    paper = paper_or_404(request, code, *RIGHTS)
    if paper.kind not in SHEETS:
        raise Http404
    return paper


def _asks_time(request: HttpRequest) -> bool:
    return (request.POST.get("time") or request.GET.get("time")) != "0"


def _shared(request: HttpRequest, paper: Paper) -> dict[str, Any]:
    staff = staff_of(request)
    duties = MeasuringDuties.of(staff, timezone.localdate())
    return {
        "paper": paper,
        "by": request.POST.get("by") or measurer_of(request, duties),
        "method": method_of(request),
        "methods": Method.choices,
        "asks_time": _asks_time(request),
    }


@require_GET
def paper_entry(request: HttpRequest, code: str) -> HttpResponse:
    """A printed sheet as it is on paper, a page at a time."""
    paper = _sheet_or_404(request, code)
    staff, at = staff_of(request), timezone.now()
    access_log(action=AccessAction.OPEN, staff=staff, subject=paper, area=paper.area_id, request=request)
    parts = paper_lines(paper)
    page = min(max(whole_number(request.GET.get("page", "")) or 1, 1), len(parts))
    lines = entry_lines(paper, parts[page - 1], staff, at)
    boxes = [box for line in lines for box in line.boxes]
    facts = paper.read_facts()
    context = {
        "lines": lines,
        "slots": facts["slots"],
        "title": facts["title"],
        "is_person": paper.kind == PaperKind.TEMPERATURE,
        "columns": 4 + len(facts["slots"]),
        "page": page,
        "pages": range(1, len(parts) + 1),
        "open": sum(box.row is not None and box.row.asks for box in boxes),
        "focus": request.GET.get("focus", ""),
        "measurers": measurers(staff),
        "symptoms": sorted({name for box in boxes if box.row for name in box.row.symptom_names}),
        "crumbs": [
            {"title": "文书", "url": link("quarantine:paper_list")},
            {"title": paper.get_kind_display(), "url": link("quarantine:paper_detail", code)},
            {"title": "补录", "url": ""},
        ],
        **_shared(request, paper),
    }
    return render(request, "quarantine/paper_entry.html", context)


@dataclass(frozen=True)
class Spot:
    """The box that was sent: whose, which day and slot of which sheet."""

    paper: Paper
    observation: Observation
    on: dt.date
    slot: str


def _spot_or_404(request: HttpRequest, code: str, uid: UUID) -> Spot:
    """A box of this sheet; what is none of its own lines is not found."""
    paper = _sheet_or_404(request, code)
    rows = Observation.objects.visible_to(staff_of(request))
    found = rows.select_related("person", "household", "area", "policy")
    observation = get_object_or_404(found, uid=uid)
    facts = paper.read_facts()
    slot = request.POST.get("slot", "")
    try:
        on = parse_date(request.POST.get("on", ""))
    except ValueError:
        on = None
    if paper.kind == PaperKind.TEMPERATURE:
        is_there = paper.observation_id == observation.pk and str(on) in {row["on"] for row in facts["rows"]}
    else:
        is_there = on == paper.on and str(uid) in {row["observation"] for row in facts["rows"]}
    if on is None or not is_there or slot not in {code for code, _label in facts["slots"]}:
        raise Http404
    return Spot(paper, observation, on, slot)


@require_POST
def paper_entry_record(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """Save one box: a temperature, or why there is none."""
    spot, at = _spot_or_404(request, code, uid), timezone.now()
    staff = staff_of(request)
    data = request.POST
    form = PaperLineForm(data, terms=spot.observation.policy.parsed(), on=spot.on, viewer=staff)

    def refuse() -> SubmissionInvalid:
        return SubmissionInvalid(_show(request, spot, at, status=INVALID, form=form, **typed(request)))

    def write() -> dict[str, Any]:
        try:
            if is_reason(data.get("temperature", "")):
                _explain(spot, data["temperature"], request, at)
                return {"explained": str(uid)}
            if not form.is_valid():
                raise refuse()
            return _record(spot, form, request, at)
        except ValidationError as error:
            form.full_clean()
            form.errors.clear()
            add_errors(form, error)
            raise refuse() from error

    def respond(_result: dict[str, Any]) -> HttpResponse:
        remember_method(request, data.get("method", ""))
        if data.get("by") and request.session.get(MEASURER) != data.get("by"):
            request.session[MEASURER] = data.get("by")
        if request.htmx:  # type: ignore[attr-defined]
            return _show(request, spot, at, fresh_submission=True)
        page = _page_of(spot)
        time = "" if _asks_time(request) else "0"
        url = link("quarantine:paper_entry", code, page=page, time=time)
        return redirect(f"{url}#{_box_id(spot)}")

    response = submit_once(request, write, respond)
    if response.status_code == CONFLICT and request.htmx:  # type: ignore[attr-defined]
        return _show(request, spot, at, status=CONFLICT, problem=CONFLICT_WORDS, fresh_submission=True)
    return response


def _explain(spot: Spot, words: str, request: HttpRequest, at: dt.datetime) -> None:
    if len(words) > LONGEST_REASON:
        raise ValidationError({"temperature": f"原因最多 {LONGEST_REASON} 个字。"})
    visit = spot.observation.visits.filter(date=spot.on, slot=spot.slot).first()
    if visit is None:
        raise ValidationError({"temperature": "原先没有安排这次测温，不用写原因，跳过即可。"})
    try:
        visit_explain(visit=visit, explanation=words, by=staff_of(request), at=at)
    except ValidationError as error:
        raise ValidationError({"temperature": error.messages}) from error


def _record(spot: Spot, form: PaperLineForm, request: HttpRequest, at: dt.datetime) -> dict[str, Any]:
    sent = form.cleaned_data
    recorded = reading_record(
        visit=visit_for(observation=spot.observation, on=spot.on, slot=spot.slot, at=at),
        temperature=sent["temperature"],
        by=sent["by"],
        entered_by=staff_of(request),
        method=sent["method"],
        symptoms=sent["symptoms"],
        measured_at=sent["measured_at"],
        source=ReadingSource.PAPER,
        is_rechecked=sent["is_rechecked"],
        at=at,
    )
    # A fever whose alert stood already may answer with the reading that was there.
    PaperEntry.objects.get_or_create(
        reading=recorded.reading, defaults={"paper": spot.paper, "number": spot.paper.serial}
    )
    return {"reading": str(recorded.reading.uid)}


def _box_id(spot: Spot) -> str:
    return f"box-{spot.observation.uid}-{spot.on:%Y%m%d}-{spot.slot}"


def _page_of(spot: Spot) -> int:
    """Which printed page the line stands on."""
    for number, rows in enumerate(paper_lines(spot.paper), start=1):
        if any(row.get("observation") == str(spot.observation.uid) for row in rows):
            return number
    return 1


def _show(
    request: HttpRequest, spot: Spot, at: dt.datetime, *, status: int = 200, **extra: Any
) -> HttpResponse:
    box = box_of(spot.observation, spot.on, spot.slot, at)
    context = {"box": box, "observation": spot.observation, **_shared(request, spot.paper), **extra}
    is_fragment = request.htmx  # type: ignore[attr-defined]
    template = "quarantine/_entry_box.html" if is_fragment else "quarantine/paper_entry_box.html"
    return render(request, template, context, status=status)
