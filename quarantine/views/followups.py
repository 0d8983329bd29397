"""解除后随访: who is due today, overdue first; written down by phone or at the door; a fever leads on."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.views.pages import form_page, link, require, staff_of, whole_number
from households.doors import places_of
from quarantine.forms.life import FollowupForm
from quarantine.listing import PAGE_ROWS
from quarantine.models import FollowupState, Observation, ReleaseFollowup
from quarantine.services.aftercare import ILL, followup_record

CRUMB = "解除后随访"
VIEWS = (("", "今天该做"), ("overdue", "其中逾期"), ("coming", "以后"), ("done", "已做"))
RELATED = ("observation__person", "observation__area", "observation__household", "done_by", "alert")


def _in_view(rows: Any, view: str, today: dt.date) -> Any:
    if view == "done":
        return rows.filter(state=FollowupState.DONE).order_by("-due_on", "-pk")
    if view == "coming":
        return rows.filter(state=FollowupState.DUE, due_on__gt=today).order_by("due_on", "pk")
    found = rows.overdue(today) if view == "overdue" else rows.due(today)
    return found.order_by("due_on", "pk")


def _page(rows: Any, view: str, mark: str) -> tuple[list[ReleaseFollowup], str]:
    """Fifty rows from behind `mark` ('<ISO date>~<id>'), and the mark of the next page."""
    day, _sep, pk = mark.rpartition("~")
    last = whole_number(pk)
    try:
        on = dt.date.fromisoformat(day)
    except ValueError:
        on = None
    if on is not None and last is not None:
        way = "lt" if view == "done" else "gt"
        rows = rows.filter(Q(**{f"due_on__{way}": on}) | Q(**{"due_on": on, f"pk__{way}": last}))
    found = list(rows.select_related(*RELATED)[: PAGE_ROWS + 1])
    end = found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None
    return found[:PAGE_ROWS], f"{end.due_on.isoformat()}~{end.pk}" if end else ""


def _observed_again(rows: list[ReleaseFollowup]) -> set[int]:
    """Of these people, who is under observation again and is measured twice a day anyway (one query)."""
    people = [row.observation.person_id for row in rows]
    return set(Observation.objects.open().filter(person__in=people).values_list("person_id", flat=True))


@require_GET
def followup_list(request: HttpRequest) -> HttpResponse:
    """Those of my areas who are due, the longest overdue first; those to come; those done (bounded pages)."""
    require(request, "quarantine.view_observation")
    mine = ReleaseFollowup.objects.visible_to(staff_of(request))
    view = request.GET.get("view", "")
    view = view if view in dict(VIEWS) else ""
    today = timezone.localdate()
    rows, next_mark = _page(_in_view(mine, view, today), view, request.GET.get("after", ""))
    places = places_of({row.observation.area for row in rows})
    observed = _observed_again(rows)
    for row in rows:
        row.is_observed_again = row.observation.person_id in observed  # type: ignore[attr-defined]
        row.place_name = places[row.observation.area_id]  # type: ignore[attr-defined]
        row.late_days = max((today - row.due_on).days, 0) if row.state == FollowupState.DUE else 0  # type: ignore[attr-defined]
    waiting = Q(state=FollowupState.DUE, due_on__lte=today)
    counts = mine.aggregate(
        due=Count("pk", filter=waiting), overdue=Count("pk", filter=waiting & Q(due_on__lt=today))
    )  # fmt: skip
    numbers = {"": counts["due"], "overdue": counts["overdue"]}
    context = {
        "rows": rows,
        "view": view,
        "crumbs": [{"title": CRUMB, "url": ""}],
        "chips": [
            {
                "title": title,
                "count": numbers.get(code),
                "url": link("quarantine:followup_list", view=code),
                "is_on": code == view,
            }
            for code, title in VIEWS
        ],
        "next_url": link("quarantine:followup_list", view=view, after=next_mark) if next_mark else "",
    }
    return render(request, "quarantine/followup_list.html", context)


def _followup_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> ReleaseFollowup:
    rows = ReleaseFollowup.objects.visible_to(staff_of(request)).select_related(*RELATED)
    followup = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return followup


def _crumbs(followup: ReleaseFollowup) -> list[dict[str, str]]:
    name = followup.observation.person.name
    return [{"title": CRUMB, "url": link("quarantine:followup_list")}, {"title": name, "url": ""}]


@require_http_methods(["GET", "POST"])
def followup_record_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Write one down; one that is done shows what was told, and what a fever asks for."""
    followup = _followup_or_404(request, uid, "quarantine.change_visit")
    if request.method == "GET" and followup.state != FollowupState.DUE:
        return _done_page(request, followup)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "followup": followup,
            "person": followup.observation.person,
            "crumbs": _crumbs(followup),
            "cancel_url": link("quarantine:followup_list"),
        }
        return render(request, "quarantine/followup_form.html", context, status=status)

    def make(data: Any, initial: Any = None) -> forms.Form:
        return FollowupForm(data, initial=initial)

    def write(form: Any) -> dict[str, Any]:
        row = followup_record(followup=followup, told=form.told(), by=staff_of(request))
        return {
            "followup": str(row.uid),
            "is_ill": row.result in ILL,
            "is_due": row.state == FollowupState.DUE,
        }

    def done(result: dict[str, Any]) -> HttpResponse:
        if result["is_ill"]:
            messages.warning(request, "已登记，并已上报异常，医护人员、包片领导和街道都已通知。")
            return redirect("quarantine:followup_record", result["followup"])
        messages.success(request, "没有联系上，仍列在待随访里。" if result["is_due"] else "已登记。")
        return redirect("quarantine:followup_list")

    return form_page(request, make=make, show=show, write=write, done=done)


def _done_page(request: HttpRequest, followup: ReleaseFollowup) -> HttpResponse:
    person = followup.observation.person
    is_ill = followup.result in ILL
    context = {
        "followup": followup,
        "person": person,
        "is_ill": is_ill,
        "is_observed": is_ill and Observation.objects.open().filter(person=person).exists(),
        "crumbs": _crumbs(followup),
    }
    return render(request, "quarantine/followup_done.html", context)
