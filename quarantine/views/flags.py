"""读数核实: hints on readings by officer and kind, the readings behind each, and what came out when somebody asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction, Staff
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.doors import places_of
from quarantine.flag_board import READINGS_SHOWN, by_officer, readings_behind, span_of, totals_of
from quarantine.forms.flags import FlagCheckForm, FlagPeriodForm
from quarantine.listing import page_by_time
from quarantine.models import Conclusion, FlagKind, ReadingFlag
from quarantine.rules.truth import RULES
from quarantine.services.truth import flag_check

VIEW, CHANGE = "quarantine.view_readingflag", "quarantine.change_readingflag"
STATES = (("", "全部"), ("unchecked", "待核实"), ("checked", "已核实"), ("follow-up", "继续跟进"))


def _in_state(rows: QuerySet[ReadingFlag], state: str) -> QuerySet[ReadingFlag]:
    if state == "unchecked":
        return rows.filter(conclusion="")
    if state == "checked":
        return rows.exclude(conclusion="")
    return rows.filter(conclusion=Conclusion.FOLLOW_UP) if state == "follow-up" else rows


def _officer(request: HttpRequest, rows: QuerySet[ReadingFlag]) -> Staff | None:
    """The officer that the query names, if one of these hints is on him."""
    try:
        found = Staff.objects.filter(uid=request.GET.get("officer") or None).first()
    except ValidationError:
        return None
    return found if found is not None and rows.filter(officer=found).exists() else None


@require_GET
def flag_list(request: HttpRequest) -> HttpResponse:
    """Counts by officer and kind over a period, and the hints themselves, the latest first."""
    require(request, VIEW)
    form = FlagPeriodForm(request.GET)
    if not form.is_valid():
        return render(request, "quarantine/flag_list.html", {"form": form}, status=422)
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    rows: QuerySet[ReadingFlag] = ReadingFlag.objects.visible_to(staff_of(request)).between(
        *span_of(since, until)
    )
    officers = by_officer(rows)
    officer = _officer(request, rows)
    kind = kind if (kind := request.GET.get("kind", "")) in FlagKind.values else ""
    state = state if (state := request.GET.get("state", "")) in dict(STATES) else ""
    found = _in_state(rows, state)
    found = found.filter(kind=kind) if kind else found
    found = found.filter(officer=officer) if officer else found
    mark = request.GET.get("after", "")
    page = page_by_time(found.select_related("officer", "area", "observation__person"), "until_at", mark)
    places = places_of({flag.area for flag in page.rows})
    for flag in page.rows:
        flag.place = places.get(flag.area_id, "")
    query = {"since": since, "until": until, "kind": kind, "state": state}
    query["officer"] = officer.uid if officer else ""
    context = {
        "form": form, "since": since, "until": until, "officers": officers, "totals": totals_of(officers),
        "officer": officer, "kind": kind, "state": state, "states": STATES, "kinds": FlagKind.choices,
        "flags": page.rows,
        "next_url": link("quarantine:flag_list", **query, after=page.next_mark) if page.next_mark else "",
        "first_url": link("quarantine:flag_list", **query) if mark else "",
        "rules": RULES.values(),
    }  # fmt: skip
    return render(request, "quarantine/flag_list.html", context)


@require_http_methods(["GET", "POST"])
def flag_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One hint: the readings behind it, what was checked before; POST records a check."""
    staff = staff_of(request)
    rows = ReadingFlag.objects.visible_to(staff).select_related("officer", "area", "observation__person")
    flag = get_object_or_404(rows, uid=uid)
    require(request, CHANGE if request.method == "POST" else VIEW)
    if request.method == "GET":
        access_log(action=AccessAction.OPEN, staff=staff, subject=flag, area=flag.area_id, request=request)

    def make(data: Any, **options: Any) -> FlagCheckForm:
        return FlagCheckForm(data, **options)

    def show(form: FlagCheckForm, status: int = 200) -> HttpResponse:
        readings = readings_behind(flag)
        places = places_of({reading.visit.area for reading in readings} | {flag.area})
        for reading in readings:
            reading.place = places.get(reading.visit.area_id, "")  # type: ignore[attr-defined]
        context = {
            "form": form, "flag": flag, "rule": RULES[flag.kind], "readings": readings,
            "place": places.get(flag.area_id, ""), "shown": READINGS_SHOWN,
            "checks": list(flag.checks.select_related("by")),
            "can_check": staff.has_perm(CHANGE), "can_correct": staff.has_perm("quarantine.add_reading"),
            "crumbs": [
                {"title": "读数核实", "url": link("quarantine:flag_list")}, {"title": flag.get_kind_display()},
            ],
        }  # fmt: skip
        return render(request, "quarantine/flag_detail.html", context, status=status)

    def write(form: FlagCheckForm) -> dict[str, Any]:
        flag_check(flag=flag, by=staff, **form.cleaned_data)
        return {"flag": str(flag.uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已记录核实情况。")
        return redirect("quarantine:flag_detail", flag.uid)

    return form_page(request, make=make, show=show, write=write, done=done)
