"""Observations: who is under observation, one of them in full, and his sheet of temperatures for print."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from grassroots.grid.duties import DutyTarget, duties_for
from grassroots.grid.models import AccessAction, Staff
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import link, require, staff_of
from households.models import Person, Residency
from quarantine.listing import dress_observations, page_by_last_day, page_by_time
from quarantine.models import (
    Alert,
    EventKind,
    FollowupState,
    Observation,
    ObservationEvent,
    ObservationState,
    Outcome,
    ReleaseFollowup,
)
from quarantine.rules.clock import Start, term_until
from quarantine.rules.words import explain_term
from quarantine.services.corrections import latest_event
from quarantine.services.release import blockers_of
from quarantine.sheets import sheet_of
from quarantine.views.access import observation_crumbs, observation_or_404
from quarantine.views.returnees import services_of
from quarantine.visit_grid import visit_days
from quarantine.where import where_of

VIEWS = (("", "观察中"), ("due", "期满待解除"), ("alert", "有异常"), ("closed", "已结束"))


def _in_view(rows: QuerySet[Observation], view: str) -> Any:
    if view == "closed":
        return rows.filter(state=ObservationState.CLOSED)
    found = rows.filter(state=ObservationState.OPEN)
    if view == "due":
        return found.filter(last_on__lt=timezone.localdate())
    return found.filter(alerts__in=Alert.objects.open()).distinct() if view == "alert" else found


@require_GET
def observation_list(request: HttpRequest) -> HttpResponse:
    """Who is under observation in my areas, due for release first; and who was."""
    require(request, "quarantine.view_observation")
    where = where_of(request, staff_of(request))
    mine = Observation.objects.visible_to(staff_of(request)).filter(where.q())
    view = request.GET.get("view", "")
    view = view if view in dict(VIEWS) else ""
    rows = _in_view(mine, view).select_related("person", "household", "area", "policy")
    mark = request.GET.get("after", "")
    page = page_by_time(rows, "closed_at", mark) if view == "closed" else page_by_last_day(rows, mark)
    today = timezone.localdate()
    dress_observations(page.rows, today)
    counts = mine.aggregate(
        open=Count("pk", filter=Q(state="OPEN")),
        due=Count("pk", filter=Q(state="OPEN", last_on__lt=today)),
    )
    numbers = {"": counts["open"], "due": counts["due"]}
    context = {
        "rows": page.rows,
        "view": view,
        "where": where,
        "today": today,
        "chips": [
            {
                "title": title,
                "count": numbers.get(code),
                "url": link("quarantine:observation_list", view=code, **where.query),
                "is_on": code == view,
            }
            for code, title in VIEWS
        ],
        "next_url": link("quarantine:observation_list", view=view, **where.query, after=page.next_mark)
        if page.next_mark
        else "",
        "first_url": link("quarantine:observation_list", view=view, **where.query) if mark else "",
    }
    return render(request, "quarantine/observation_list.html", context)


def events_of(observation: Observation) -> list[ObservationEvent]:
    """All events, the latest first; each knows whether a later one has annulled it (one query)."""
    rows = observation.events.select_related("by", "confirmed_by", "from_area", "to_area", "corrects")
    events = list(rows.order_by("-recorded_at", "-pk"))
    annulled = {event.corrects_id for event in events if event.kind == EventKind.ANNULLED}
    for event in events:
        event.is_annulled = event.pk in annulled  # type: ignore[attr-defined]
        event.is_late = (event.recorded_at - event.happened_at).total_seconds() > 3600  # type: ignore[attr-defined]
    return events


def followups_of(observation: Observation) -> QuerySet[ReleaseFollowup]:
    """The follow-ups after its release that were not called off, in order."""
    rows = observation.followups.exclude(state=FollowupState.CANCELLED).select_related("done_by")
    return rows.order_by("due_on", "pk")


def _beside(observation: Observation, staff: Staff, *, is_open: bool) -> dict[str, Any]:
    """What waits beside an open observation, what follows a closed one, and whether somebody may come back."""
    open_now = Observation.objects.open().filter(person=observation.person_id)
    return {
        "handovers": list(observation.handovers.pending()) if is_open else [],
        "recalculations": list(observation.recalculations.pending()) if is_open else [],
        "followups": list(followups_of(observation)) if not is_open else [],
        "unobserved": _unobserved_with(observation, staff),
        "asks_to_restart": is_open and _asks_to_restart(observation),
        "today": timezone.localdate(),
        "may_return": observation.outcome == Outcome.TRANSFERRED and not open_now.exists(),
    }


def _unobserved_with(observation: Observation, staff: Staff) -> list[Person]:
    """Who lives in with him and is not under observation, where the policy lets a household share the clock."""
    if observation.household_id is None or not observation.policy.parsed().shares_clock:
        return []
    observed = Observation.objects.open().filter(household=observation.household_id).values("person")
    there = (
        Residency.objects.open().filter(household=observation.household_id, is_away=False).values("person")
    )
    people = Person.objects.active().visible_to(staff).filter(pk__in=there).exclude(pk__in=observed)
    return list(people.exclude(pk=observation.person_id).order_by("pk")[:20])


def _asks_to_restart(observation: Observation) -> bool:
    """Left home without leave, the policy starts the count again for that, and nobody has done so since."""
    if not observation.policy.parsed().restart.on_left_home:
        return False
    kinds = (EventKind.LEFT_HOME, EventKind.RESTARTED)
    last = observation.events.effective(timezone.now()).filter(kind__in=kinds)
    latest = last.order_by("recorded_at", "pk").values_list("kind", flat=True).last()
    return latest == EventKind.LEFT_HOME


def _may_open(staff: Staff, person_id: int) -> bool:
    """Whether the person's own page, and with it his phone, is open to whoever asks."""
    return Person.objects.active().visible_to(staff).filter(pk=person_id).exists()


@require_GET
def observation_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """第几天, explanation, visits by day, alerts, events, who answers, what stands in the way of release."""
    observation = observation_or_404(request, uid, "quarantine.view_observation")
    staff = staff_of(request)
    access_log(
        action=AccessAction.OPEN, staff=staff, subject=observation, area=observation.area_id, request=request
    )
    now, today = timezone.now(), timezone.localdate()
    terms = observation.policy.parsed()
    start = Start(observation.start_basis, observation.basis_on, observation.day_one_on)  # type: ignore[arg-type]
    term = term_until(terms, observation.day_one_on, observation.last_on)
    origin = observation.returnee.origin if observation.returnee else ""
    is_open = observation.state == ObservationState.OPEN
    days = visit_days(observation, terms, today)
    latest = latest_event(observation, now)
    context = {
        "observation": observation,
        "person": observation.person,
        "terms": terms,
        "crumbs": observation_crumbs(observation),
        "place": observation.area.full_name(" "),
        "words": explain_term(terms, start, term, reference_year=today.year, origin_text=origin),
        "may_dial": bool(observation.person.phone) and _may_open(staff, observation.person_id),
        "day": observation.day_number(today),
        "total_days": term.days,
        "is_open": is_open,
        "is_full": is_open and now >= term.expires_at,
        "blockers": blockers_of(observation, now) if is_open else [],
        "days": days,
        "slots": [cell.label for cell in days[0].cells] if days else [],
        "alerts": list(observation.alerts.select_related("closed_by").order_by("-raised_at")),
        "events": events_of(observation),
        "latest": latest,
        "chain": duties_for(DutyTarget(observation.area_id, observation.household_id, observation.person_id)),
        "services": services_of(observation.person_id),
        "may_annul": latest is not None and observation.outcome != "VOIDED",
        **_beside(observation, staff, is_open=is_open),
    }
    return render(request, "quarantine/observation_detail.html", context)


@require_GET
def observation_sheet(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """居家医学观察人员体温监测登记表 of one person on one A4; numbers masked. Printing is written to the access log."""
    observation = observation_or_404(request, uid, "quarantine.view_observation")
    staff = staff_of(request)
    access_log(
        action=AccessAction.PRINT,
        staff=staff,
        subject=observation,
        area=observation.area_id,
        detail={"sheet": "temperatures"},
        request=request,
    )
    context = {
        "observation": observation,
        "sheet": sheet_of(observation, timezone.localdate()),
        "crumbs": observation_crumbs(observation, "体温监测登记表"),
        "place": observation.area.full_name(" "),
    }
    return render(request, "quarantine/observation_sheet.html", context)
