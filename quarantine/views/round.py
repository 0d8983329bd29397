"""The round (测温): one screen for a slot, a form for every person, each saved at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.offline.moment import entered_offline_at, tell_reasons
from grassroots.grid.scope import is_in_sight
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import add_errors, link, require, staff_of
from quarantine.forms.readings import MarkForm, ReadingForm
from quarantine.measuring import MeasuringDuties
from quarantine.models import Method, ReadingSource, Visit, VisitState
from quarantine.round import (
    SlotTab,
    Tally,
    default_tab,
    next_to_measure,
    rows_of,
    slot_tabs,
    tally_of,
    tally_of_slot,
    terms_in_use,
    visit_to_show,
    visits_to_show,
)
from quarantine.services.readings import reading_record, visit_mark
from quarantine.walks import own_walk
from quarantine.where import Where, where_of

PAGE_ROWS = 200
INVALID, CONFLICT = 422, 409
METHOD = "round_method"
ONLY = {"done": ("已测", Q(state=VisitState.DONE)), "left": ("未测", ~Q(state=VisitState.DONE))}
CONFLICT_WORDS = "这一行刚才已经保存过另一个内容，下面是现在的结果；要改请用“更正”。"


@dataclass(frozen=True)
class Choice:
    """Which slot the page shows, whose people, and why this slot when nobody asked for one."""

    tab: SlotTab
    tabs: list[SlotTab]
    duties: MeasuringDuties
    is_all: bool
    is_default: bool
    today: dt.date
    where: Where = field(default_factory=lambda: Where([]))
    only: str = ""

    def visits(self) -> QuerySet[Visit]:
        """The visits of the slot: mine, or all of my scope; of an area, and only those measured or not, if asked."""
        rows = Visit.objects.of_slot(self.tab.date, self.tab.slot).filter(self.where.q("observation__area"))
        if self.only:
            rows = rows.filter(ONLY[self.only][1])
        staff = self.duties.staff
        return rows.visible_to(staff) if self.is_all else rows.to_measure_by(staff, self.duties)


def choose(request: HttpRequest, at: dt.datetime) -> Choice | None:
    """What the query asks for, or what is open now; None when no policy has any slot."""
    today = timezone.localdate(at)
    tabs = slot_tabs((today, today - dt.timedelta(days=1)), terms_in_use())
    wanted = (request.GET.get("on"), request.GET.get("slot"))
    asked = next((tab for tab in tabs if (tab.date.isoformat(), tab.slot) == wanted), None)
    tab = asked or default_tab(tabs, at)
    if tab is None:
        return None
    duties = MeasuringDuties.of(staff_of(request), today)
    is_all = duties.is_empty or request.GET.get("who") == "all"
    where = where_of(request, staff_of(request)) if "area" in request.GET else Where([])
    only = request.GET.get("only", "")
    return Choice(tab, tabs, duties, is_all, asked is None, today, where, only if only in ONLY else "")


def method_of(request: HttpRequest) -> str:
    """How this person measures: as just sent, as chosen above the list (which is kept), as the last time."""
    sent = request.POST.get("method", "")
    if sent in Method.values:
        return str(sent)
    chosen = request.GET.get("method", "")
    if chosen in Method.values:
        remember_method(request, chosen)
    return str(request.session.get(METHOD, Method.FOREHEAD))


def remember_method(request: HttpRequest, method: str) -> None:
    """Keep the method for the next rows; the session is written only when it changes."""
    if request.session.get(METHOD, Method.FOREHEAD) != method:
        request.session[METHOD] = method


@require_GET
def round_page(request: HttpRequest) -> HttpResponse:
    """Everyone whom I must measure in a slot, in walking order."""
    require(request, "quarantine.view_visit")
    return _page(request, timezone.now())


def _page(request: HttpRequest, at: dt.datetime, **extra: Any) -> HttpResponse:
    choice = choose(request, at)
    if choice is None:
        return render(request, "quarantine/round_none.html", {})
    visits = choice.visits()
    shown, has_more = _bounded(request, visits)
    rows = rows_of(shown, at)
    focus = request.GET.get("focus", "")
    for row in rows:
        row.has_focus = str(row.visit.uid) == focus
    has_all = not has_more and "after" not in request.GET
    context = {
        "choice": choice,
        "only_words": ONLY[choice.only][0] if choice.only else "",
        "phase": choice.tab.phase(at),
        "rows": rows,
        "tally": _tally(shown) if has_all else tally_of(visits),
        "next_url": tab_link(choice, after=shown[-1].uid) if has_more else "",
        "first_url": tab_link(choice) if "after" in request.GET else "",
        "order_url": tab_link(choice, page="quarantine:round_order") if shown else "",
        "symptom_lists": {row.terms.code: row.symptom_names for row in rows},
        **_row_context(request, is_all=choice.is_all),
    }
    return render(request, "quarantine/round.html", {**context, **extra})


def round_kept(request: HttpRequest, at: dt.datetime) -> str:
    """The page as it will look at that time, as a device keeps it (docs/offline.md)."""
    return _page(request, at, base_template="offline/page.html").content.decode()


def _bounded(request: HttpRequest, visits: QuerySet[Visit]) -> tuple[list[Visit], bool]:
    """A page of the visits behind the one named in the query, and whether more follow."""
    after = request.GET.get("after")
    own = own_walk(visits, staff_of(request))
    if own is not None:
        return _own_page(own, after)
    rows = visits_to_show(visits)
    if after:
        try:
            last = Visit.objects.select_related("observation__area").get(uid=after)
        except (Visit.DoesNotExist, ValidationError):
            last = None
        rows = rows.beyond(last) if last else rows  # type: ignore[attr-defined]
    found = list(rows[: PAGE_ROWS + 1])
    return found[:PAGE_ROWS], len(found) > PAGE_ROWS


def _own_page(own: list[int], after: str | None) -> tuple[list[Visit], bool]:
    """The same in the officer's own order."""
    start = 0
    if after:
        try:
            start = own.index(Visit.objects.only("pk").get(uid=after).pk) + 1
        except (Visit.DoesNotExist, ValidationError, ValueError):
            start = 0
    wanted = own[start : start + PAGE_ROWS]
    found = {visit.pk: visit for visit in visits_to_show(Visit.objects.filter(pk__in=wanted))}
    return [found[pk] for pk in wanted if pk in found], len(own) > start + PAGE_ROWS


def _tally(visits: list[Visit]) -> Tally:
    states = [visit.state for visit in visits]
    return Tally(
        measured=states.count(VisitState.DONE),
        total=len(states),
        away=states.count(VisitState.AWAY),
        refused=states.count(VisitState.REFUSED),
        missed=states.count(VisitState.MISSED),
    )


def tab_link(choice: Choice, *, page: str = "quarantine:round", **query: Any) -> str:
    """The page of the slot and the people chosen: the round, or its order."""
    who = "all" if choice.is_all and not choice.duties.is_empty else ""
    narrowed = {**choice.where.query, "only": choice.only} if page == "quarantine:round" else {}
    return link(page, on=choice.tab.date, slot=choice.tab.slot, who=who, **narrowed, **query)


def _row_context(request: HttpRequest, *, is_all: bool) -> dict[str, Any]:
    """What every row's template needs beside the row."""
    staff = staff_of(request)
    return {
        "is_all": is_all,
        "method": method_of(request),
        "methods": Method.choices,
        "viewer_id": staff.pk,
        "can_record": staff.has_perm("quarantine.add_reading"),
        "can_mark": staff.has_perm("quarantine.change_visit"),
        "can_see_trend": staff.has_perm("quarantine.view_observation"),
        "can_see_alerts": staff.has_perm("quarantine.view_alert"),
    }


def typed(request: HttpRequest) -> dict[str, Any]:
    """What was sent, to be shown again: nothing typed is lost."""
    return {"typed": request.POST, "checked": request.POST.getlist("symptoms")}


# --- one row ----------------------------------------------------------------------------------------------
def visit_or_404(request: HttpRequest, uid: UUID) -> Visit:
    """A visit in the scope, with what its row shows and the policy that its reading is judged by."""
    visit, staff = visit_to_show(uid), staff_of(request)
    if visit is None or not is_in_sight(visit, visit.observation.area, staff):
        raise Http404
    return visit


def _shown(visit: Visit) -> Visit:
    """A visit that `visit_or_404` has found, read anew; 404 if it was called off since."""
    fresh = visit_to_show(visit.uid)
    if fresh is None:
        raise Http404
    return fresh


def _is_all(request: HttpRequest) -> bool:
    return (request.POST.get("who") or request.GET.get("who")) == "all"


@require_GET
def round_row(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One person's row as a page of its own, with the symptoms open: for browsers without script."""
    visit = visit_or_404(request, uid)
    require(request, "quarantine.view_visit")
    return _row_page(request, visit, timezone.now())


def _row_page(
    request: HttpRequest, visit: Visit, at: dt.datetime, *, status: int = 200, **extra: Any
) -> HttpResponse:
    row = rows_of([visit], at)[0]
    row.has_focus = row.shows_symptoms = True
    is_all = _is_all(request)
    who = "all" if is_all else ""
    context = {
        "row": row,
        "back_url": link("quarantine:round", on=visit.date, slot=visit.slot, who=who),
        **_row_context(request, is_all=is_all),
    }
    return render(request, "quarantine/round_row.html", {**context, **extra}, status=status)


def _fragment(
    request: HttpRequest, visit: Visit, at: dt.datetime, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The row alone, and the counter beside it."""
    row = rows_of([visit], at)[0]
    duties = MeasuringDuties.of(staff_of(request), timezone.localdate(at))
    is_all = duties.is_empty or _is_all(request)
    context = {
        "row": row,
        "tally": tally_of_slot(visit.date, visit.slot, duties, is_all=is_all),
        "oob": True,
        **_row_context(request, is_all=_is_all(request)),
    }
    return render(request, "quarantine/_round_answer.html", {**context, **extra}, status=status)


def show_row(
    request: HttpRequest, visit: Visit, at: dt.datetime, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The row as the browser wants it: a fragment for htmx, else a page."""
    fresh = _shown(visit)
    if request.htmx:  # type: ignore[attr-defined]
        return _fragment(request, fresh, at, status=status, **extra)
    return _row_page(request, fresh, at, status=status, **extra)


def row_done(request: HttpRequest, visit: Visit, at: dt.datetime) -> HttpResponse:
    """After a save: the row for htmx; else back to the list, at the next one who waits."""
    fresh = _shown(visit)
    if request.htmx:  # type: ignore[attr-defined]
        return _fragment(request, fresh, at, fresh_submission=True)
    staff = staff_of(request)
    rows = Visit.objects.of_slot(visit.date, visit.slot)
    rows = rows.visible_to(staff) if _is_all(request) else rows.to_measure_by(staff)
    waits = rows_of([fresh], at)[0].asks_second
    target = fresh if waits else next_to_measure(rows, fresh, own_walk(rows, staff))
    who = "all" if _is_all(request) else ""
    # A browser that is sent to a fragment does not focus: the fragment is for a list without a next field only.
    url = link(
        "quarantine:round", on=visit.date, slot=visit.slot, who=who, focus=target.uid if target else ""
    )
    return redirect(url if target else f"{url}#row-{fresh.uid}")


def row_conflict(request: HttpRequest, response: HttpResponse, visit: Visit, at: dt.datetime) -> HttpResponse:
    """A 409 as a row that shows what was saved, instead of a page in the place of a row."""
    if response.status_code != CONFLICT or not request.htmx:  # type: ignore[attr-defined]
        return response
    fresh = _shown(visit)
    return _fragment(
        request, fresh, at, status=CONFLICT, problem=CONFLICT_WORDS, fresh_submission=True, **typed(request)
    )


@require_POST
def visit_record(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save a temperature of the round."""
    visit = visit_or_404(request, uid)
    require(request, "quarantine.add_reading")
    at = timezone.now()
    form = ReadingForm(request.POST, terms=visit.observation.policy.parsed())

    def refuse() -> SubmissionInvalid:
        tell_reasons(request, *(str(message) for errors in form.errors.values() for message in errors))
        return SubmissionInvalid(show_row(request, visit, at, status=INVALID, form=form, **typed(request)))

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise refuse()
        sent = form.cleaned_data
        is_told = sent["method"] == Method.SELF
        try:
            recorded = reading_record(
                visit=visit,
                temperature=sent["temperature"],
                by=staff_of(request),
                method=sent["method"],
                symptoms=sent["symptoms"],
                source=ReadingSource.PHONE if is_told else ReadingSource.DOOR,
                is_rechecked=sent["is_rechecked"],
                measured_at=None if is_told else entered_offline_at(request),
                at=at,
            )
        except ValidationError as error:
            add_errors(form, error)
            raise refuse() from error
        return {"reading": str(recorded.reading.uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        remember_method(request, form.data.get("method", Method.FOREHEAD))
        return row_done(request, visit, at)

    return row_conflict(request, submit_once(request, write, respond), visit, at)


@require_POST
def visit_state(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One tap: 不在家, 拒测, 电话."""
    visit = visit_or_404(request, uid)
    require(request, "quarantine.change_visit")
    at = timezone.now()
    form = MarkForm(request.POST)

    def write() -> dict[str, Any]:
        try:
            if not form.is_valid():
                raise ValidationError("只能标为不在家、拒测或电话联系。")
            visit_mark(
                visit=visit,
                state=VisitState(form.cleaned_data["state"]),
                by=staff_of(request),
                found_at=entered_offline_at(request),
                at=at,
            )
        except ValidationError as error:
            raise SubmissionInvalid(_refused(request, visit, at, error)) from error
        return {"visit": str(visit.uid)}

    response = submit_once(request, write, lambda _result: row_done(request, visit, at))
    return row_conflict(request, response, visit, at)


def _refused(request: HttpRequest, visit: Visit, at: dt.datetime, error: ValidationError) -> HttpResponse:
    tell_reasons(request, *error.messages)
    return show_row(request, visit, at, status=INVALID, problem=" ".join(error.messages), **typed(request))
