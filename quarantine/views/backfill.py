"""补录: what stands on paper, typed in the evening, also after the slot has closed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.forms.parts import FIRST_DAY
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import add_errors, link, require, staff_of
from quarantine.backfill import backfill_rows, measured_in, measurers, observed_in, walked_after
from quarantine.forms.readings import BackfillForm, ExplainForm
from quarantine.measuring import MeasuringDuties
from quarantine.models import Method, Observation, Paper, PaperEntry, PaperKind, ReadingSource
from quarantine.round import SlotTab, slot_tabs, terms_in_use
from quarantine.rules.papers import read_code
from quarantine.services.readings import reading_record, visit_explain, visit_for
from quarantine.views.papers import papers_found
from quarantine.views.round import (
    CONFLICT,
    CONFLICT_WORDS,
    INVALID,
    PAGE_ROWS,
    method_of,
    remember_method,
    row_conflict,
    row_done,
    show_row,
    typed,
    visit_or_404,
)

MEASURER = "backfill_by"
SHEET_KINDS = (PaperKind.TEMPERATURE, PaperKind.ROUND, PaperKind.ROUTE)
SHEETS_SHOWN, NUMBER_LENGTH = 20, 90


@dataclass(frozen=True)
class Choice:
    """The slot to type in, whose people, and why not the one that was asked for."""

    tab: SlotTab
    tabs: list[SlotTab]
    duties: MeasuringDuties
    is_all: bool
    problem: str


def choose(request: HttpRequest, at: dt.datetime) -> Choice | None:
    """The date and slot of the query, or the last slot that has begun; None when no policy has any slot."""
    today = timezone.localdate(at)
    sent = request.GET or request.POST
    asked = sent.get("on", "")
    on, problem = _date(asked, today)
    terms = terms_in_use()
    begun = [tab for tab in slot_tabs((on,), terms) if tab.opens_at <= at]
    if not begun and not asked:
        begun = slot_tabs((today - dt.timedelta(days=1),), terms)
    if not begun and terms:
        problem = problem or "这一天的时段还没有开始，不能补录。"
        begun = slot_tabs((today - dt.timedelta(days=1),), terms)
    if not begun:
        return None
    tab = next((tab for tab in begun if tab.slot == sent.get("slot")), begun[-1])
    duties = MeasuringDuties.of(staff_of(request), today)
    is_all = duties.is_empty or sent.get("who") == "all"
    return Choice(tab, slot_tabs((tab.date,), terms), duties, is_all, problem)


def _date(typed: str, today: dt.date) -> tuple[dt.date, str]:
    if not typed:
        return today, ""
    try:
        on = parse_date(typed)
    except ValueError:
        on = None
    if on is None or on < FIRST_DAY:
        return today, f"日期“{typed[:12]}”看不懂，请写成 2020-01-29 这样。"
    return (today, "日期不能晚于今天。") if on > today else (on, "")


def measurer_of(request: HttpRequest, duties: MeasuringDuties) -> str:
    """Who measured: as chosen, as the last time, or the one who types if measuring is his duty; else nobody yet."""
    chosen = request.GET.get("by") or request.session.get(MEASURER, "")
    return str(chosen or ("" if duties.is_empty else staff_of(request).uid))


@require_GET
def backfill(request: HttpRequest) -> HttpResponse:
    """The paper of one slot as a list in walking order."""
    require(request, "quarantine.view_visit", "quarantine.add_reading")
    at = timezone.now()
    sheets, number_problem = _sheets_of(request)
    if len(sheets) == 1:
        return redirect(link("quarantine:paper_entry", sheets[0].code))
    choice = choose(request, at)
    if choice is None:
        return render(request, "quarantine/round_none.html", {})
    observations = observed_in(choice.tab, choice.duties, is_all=choice.is_all)
    after = _last_seen(request)
    if after is not None:
        observations = observations.filter(walked_after(after))
    found = list(observations[: PAGE_ROWS + 1])
    rows = backfill_rows(found[:PAGE_ROWS], choice.tab, at)
    focus = request.GET.get("focus", "")
    for row in rows:
        uid = str(row.visit.observation.uid)
        row.shows_symptoms = uid == request.GET.get("ill")
        row.has_focus = row.shows_symptoms or uid == focus
    staff = staff_of(request)
    context = {
        "choice": choice,
        "sheets": sheets,
        "number_problem": number_problem,
        "rows": rows,
        "today": timezone.localdate(at),
        "missing": sum(not row.is_measured for row in rows),
        "next_url": _link(choice, after=found[PAGE_ROWS - 1].uid) if len(found) > PAGE_ROWS else "",
        "symptom_lists": {row.terms.code: row.symptom_names for row in rows},
        "measurers": measurers(staff),
        **_context(request, choice.tab, choice.is_all, measurer_of(request, choice.duties)),
    }
    return render(request, "quarantine/backfill.html", context)


def _sheets_of(request: HttpRequest) -> tuple[list[Paper], str]:
    """Sheets of ours that bear the number that was typed or scanned; words where it is one of another office's."""
    number = _paper_number(request)
    if not number:
        return [], ""
    found, _problem = papers_found(request, number)
    sheets = list(found.filter(kind__in=SHEET_KINDS).order_by("-pk")[:SHEETS_SHOWN])
    if sheets:
        return sheets, ""
    words = (
        f"没有编号“{number}”的单子是从系统打印、属于您辖区的。不是系统打印的纸，可以照下面的名单录，"
        "这个编号会记在每次体温旁边。"
    )
    return [], read_code(number)[1] or words


def _paper_number(request: HttpRequest) -> str:
    typed = (request.POST.get("number") or request.GET.get("number") or "").replace("\x00", "")
    return " ".join(typed.split())[:NUMBER_LENGTH]


def _last_seen(request: HttpRequest) -> Observation | None:
    try:
        return Observation.objects.select_related("area").filter(uid=request.GET["after"]).first()
    except (KeyError, ValidationError):
        return None


def _link(choice: Choice, **query: Any) -> str:
    who = "all" if choice.is_all and not choice.duties.is_empty else ""
    return link("quarantine:backfill", on=choice.tab.date, slot=choice.tab.slot, who=who, **query)


def _context(request: HttpRequest, tab: SlotTab, is_all: bool, by: str) -> dict[str, Any]:
    staff = staff_of(request)
    return {
        "tab": tab,
        "is_all": is_all,
        "by": by,
        "number": _paper_number(request),
        "method": method_of(request),
        "methods": Method.choices,
        "viewer_id": staff.pk,
        "can_record": True,
        "can_mark": staff.has_perm("quarantine.change_visit"),
        "can_see_alerts": staff.has_perm("quarantine.view_alert"),
    }


# --- one row ----------------------------------------------------------------------------------------------
def _observation_or_404(request: HttpRequest, uid: UUID) -> Observation:
    rows = Observation.objects.visible_to(staff_of(request))
    return get_object_or_404(rows.select_related("person", "household", "area", "policy"), uid=uid)


@require_POST
def backfill_record(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save one line of the paper."""
    observation = _observation_or_404(request, uid)
    require(request, "quarantine.add_reading")
    at = timezone.now()
    choice = choose(request, at)
    if choice is None or choice.problem:
        words = choice.problem if choice else "没有测温时段。"
        return render(request, "400.html", {"reason": words}, status=400)
    tab = choice.tab
    form = BackfillForm(
        request.POST, terms=observation.policy.parsed(), on=tab.date, viewer=staff_of(request)
    )

    def refuse() -> SubmissionInvalid:
        page = _show(request, observation, choice, at, status=INVALID, form=form, **typed(request))
        return SubmissionInvalid(page)

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise refuse()
        try:
            return _write(observation, tab, form, request, at)
        except ValidationError as error:
            add_errors(form, error)
            raise refuse() from error

    def respond(_result: dict[str, Any]) -> HttpResponse:
        remember_method(request, request.POST.get("method", ""))
        if request.session.get(MEASURER) != request.POST.get("by"):
            request.session[MEASURER] = request.POST.get("by")
        return _done(request, observation, choice, at)

    response = submit_once(request, write, respond)
    if response.status_code == CONFLICT and request.htmx:  # type: ignore[attr-defined]
        return _show(
            request, observation, choice, at, status=CONFLICT, problem=CONFLICT_WORDS, fresh_submission=True
        )
    return response


def _write(
    observation: Observation, tab: SlotTab, form: BackfillForm, request: HttpRequest, at: dt.datetime
) -> dict[str, Any]:
    sent = form.cleaned_data
    recorded = reading_record(
        visit=visit_for(observation=observation, on=tab.date, slot=tab.slot, at=at),
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
    if number := _paper_number(request):
        PaperEntry.objects.get_or_create(reading=recorded.reading, defaults={"number": number})
    return {"reading": str(recorded.reading.uid)}


def _show(
    request: HttpRequest,
    observation: Observation,
    choice: Choice,
    at: dt.datetime,
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    rows = backfill_rows([observation], choice.tab, at)
    if not rows:
        raise Http404("the visit of that slot was called off")
    row = rows[0]
    context = {
        "row": row,
        "back_url": _link(choice),
        **_context(request, choice.tab, choice.is_all, request.POST.get("by", "")),
        **extra,
    }
    is_fragment = request.htmx  # type: ignore[attr-defined]
    template = "quarantine/_backfill_row.html" if is_fragment else "quarantine/backfill_row.html"
    return render(request, template, context, status=status)


def _done(request: HttpRequest, observation: Observation, choice: Choice, at: dt.datetime) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return _show(request, observation, choice, at, fresh_submission=True)
    rows = observed_in(choice.tab, choice.duties, is_all=choice.is_all)
    following = rows.filter(walked_after(observation)).exclude(measured_in(choice.tab)).first()
    url = _link(choice, focus=following.uid if following else "")
    return redirect(url if following else f"{url}#row-{observation.uid}")


@require_POST
def visit_reason(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Say why somebody was missed in a slot that has closed; from the round or from the paper."""
    visit = visit_or_404(request, uid)
    require(request, "quarantine.change_visit")
    at = timezone.now()
    form = ExplainForm(request.POST)
    choice = choose(request, at) if request.POST.get("from") == "backfill" else None

    def show(**extra: Any) -> HttpResponse:
        if choice is not None:
            return _show(request, visit.observation, choice, at, **extra)
        return show_row(request, visit, at, **extra)

    def write() -> dict[str, Any]:
        try:
            if not form.is_valid():
                raise ValidationError(form.errors["explanation"][0])
            visit_explain(
                visit=visit, explanation=form.cleaned_data["explanation"], by=staff_of(request), at=at
            )
        except ValidationError as error:
            words = " ".join(error.messages)
            place = "explain_problem" if visit.closes_at <= at else "problem"
            raise SubmissionInvalid(show(status=INVALID, **{place: words}, **typed(request))) from error
        return {"visit": str(visit.uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        if choice is not None:
            return _done(request, visit.observation, choice, at)
        return row_done(request, visit, at)

    return row_conflict(request, submit_once(request, write, respond), visit, at)
