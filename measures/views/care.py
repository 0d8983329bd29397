"""Care at work: who is to be visited today in walking order, one tap for "all well", and one person's page."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import Area
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, require_whole_office, staff_of
from households.models import Person
from households.views.access import person_or_404
from measures.care import CareStanding, board_in_scope, dress, standing_of
from measures.forms.care import CareRhythmForm, CareVisitForm
from measures.models import CareFile, CareVisit, CareWay
from measures.services.care import care_record, care_well
from measures.services.care_files import rhythm, rhythm_mark, rhythm_set
from measures.views.access import Crumbs
from quarantine.serving import homes_of
from quarantine.where import Where, where_of

LOOK, ADD, CHANGE = "measures.view_carevisit", "measures.add_carevisit", "measures.change_carevisit"
RHYTHM = "measures.change_carerhythm"
STALE = 409
PAGE_ROWS, VISITS_SHOWN = 50, 40
MANY_VILLAGES = 60  # who has more, a county, looks at one village at a time
VIEWS = (
    ("", "今日应走访"), ("late", "已逾期"), ("alone", "无人照料"), ("observed", "居家观察"),
    ("done", "今日已走访"), ("all", "全部"),
)  # fmt: skip


def crumbs_of(*titles: str, person: Person | None = None) -> Crumbs:
    """The list, the person, and further titles."""
    crumbs = [{"title": "走访关爱", "url": link("measures:care_list")}]
    if person is not None:
        url = link("measures:care_person", person.uid) if titles else ""
        crumbs.append({"title": person.name, "url": url})
    return crumbs + [{"title": title, "url": ""} for title in titles]


def _in_view(row: CareStanding, view: str) -> bool:
    if view == "late":
        return row.late > 0
    if view == "alone":
        return row.alone is not None and row.is_due
    if view == "observed":
        return row.is_observed and row.is_due
    if view == "done":
        return row.is_done
    return row.is_due if view == "" else True


def _page(rows: list[CareStanding], board: list[CareStanding], after: str) -> tuple[list[CareStanding], str]:
    """PAGE_ROWS behind the home with that number, and the number from which the next page goes on."""
    mark = next((one.order for one in board if str(one.home_id) == after), None)
    behind = [one for one in rows if mark is None or one.order > mark]
    shown = behind[:PAGE_ROWS]
    return shown, str(shown[-1].home_id) if len(behind) > PAGE_ROWS else ""


@require_GET
def care_list(request: HttpRequest) -> HttpResponse:
    """Who is to be visited in my areas, door by door."""
    require(request, LOOK)
    staff, at = staff_of(request), timezone.now()
    where = where_of(request, staff)
    all_at_once = len(where.villages) <= MANY_VILLAGES
    if where.area is None and not all_at_once:
        where = Where(where.villages, where.villages[0])
    board = board_in_scope(staff, at, where.q())
    view = view if (view := request.GET.get("view", "")) in dict(VIEWS) else ""
    rows = [row for row in board if _in_view(row, view)]
    after = request.GET.get("after", "")
    shown, mark = _page(rows, board, after)
    dress(shown)
    name, query = "measures:care_list", {"view": view, **where.query}
    context = {
        "rows": shown,
        "total": len(rows),
        "late": sum(row.late > 0 for row in board),
        "view": view,
        "where": where,
        "all_at_once": all_at_once,
        "after": after,
        "may": staff.has_perm(ADD),
        "may_set": staff.has_perm(RHYTHM),
        "chips": [
            {"title": title, "count": sum(_in_view(row, code) for row in board), "is_on": code == view,
             "url": link(name, **{**query, "view": code})}
            for code, title in VIEWS
        ],
        "next_url": link(name, **query, after=mark) if mark else "",
        "first_url": link(name, **query) if after else "",
    }  # fmt: skip
    return render(request, "measures/care_list.html", context)


def _area_of(person: Person) -> Area:
    home = homes_of([person.pk]).get(person.pk)
    if home is None:
        raise PermissionDenied(f"{person.name}没有登记现住处，不能登记走访。")
    return home.area


@require_POST
def care_tap(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One tap: visited or called today, no change, all well."""
    person = person_or_404(request, uid, ADD)
    staff, sent = staff_of(request), request.POST
    way = CareWay.PHONE if sent.get("way") == CareWay.PHONE else CareWay.VISIT
    area = _area_of(person)
    if sent.get("back") == "person":
        back = link("measures:care_person", uid)
    else:
        query = {name: sent.get(name, "")[:20] for name in ("view", "area", "own", "after")}
        back = link("measures:care_list", **query)

    def write() -> dict[str, Any]:
        try:
            care_well(person=person, area=area, way=way, by=staff)
        except ValidationError as error:
            for words in error.messages:
                messages.warning(request, words)
            raise SubmissionInvalid(redirect(back)) from error
        return {"person": str(uid)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"{person.name}：{way.label}走访，一切正常。")
        return redirect(back)

    return submit_once(request, write, respond)


@require_GET
def care_person(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One person: why he is visited, when again, what is known around him, and the visits."""
    person = person_or_404(request, uid, LOOK)
    staff, at = staff_of(request), timezone.now()
    related = ("by", "recorded_by", "voided_by", "area")
    visits = CareVisit.objects.visible_to(staff).filter(person=person).select_related(*related)
    shown = list(visits.prefetch_related("goods").order_by("-on", "-pk")[:VISITS_SHOWN])
    context = {
        "person": person,
        "standing": standing_of(person, staff, at),
        "file": CareFile.objects.filter(person=person).select_related("officer").first(),
        "visits": shown,
        "hidden": CareVisit.objects.filter(person=person).count() - visits.count(),
        "may": staff.has_perm(ADD),
        "may_change": staff.has_perm(CHANGE),
        "crumbs": crumbs_of(person=person),
    }
    return render(request, "measures/care_person.html", context)


@require_http_methods(["GET", "POST"])
def care_visit_create(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Record a visit with all that it brought."""
    person = person_or_404(request, uid, ADD)
    staff, area = staff_of(request), _area_of(person)
    back = link("measures:care_person", uid)

    def make(data: Any, **options: Any) -> CareVisitForm:
        return CareVisitForm(data, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": f"走访{person.name}", "submit": "登记走访", "cancel_url": back,
                   "crumbs": crumbs_of("登记走访", person=person)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        visit = care_record(person=person, area=area, data=form.entered(), recorded_by=staff)
        return {"visit": str(visit.uid)}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已登记走访{person.name}。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


def _differences(form: CareRhythmForm, current: dict[str, int | None]) -> list[dict[str, Any]]:
    """What was typed beside what somebody else has set meanwhile."""
    form.is_valid()
    return [
        {"label": form.fields[kind].label, "mine": days or "不定期", "theirs": current[kind] or "不定期"}
        for kind, days in form.entered().items()
        if days != current[kind]
    ]


@require_http_methods(["GET", "POST"])
def care_rhythm(request: HttpRequest) -> HttpResponse:
    """How often each kind is visited, for the whole office."""
    require(request, RHYTHM)
    require_whole_office(request)
    staff, back = staff_of(request), link("measures:care_list")

    def make(data: Any, **options: Any) -> CareRhythmForm:
        if data is None and "initial" not in options:
            now = rhythm()
            options["initial"] = {**now, "seen": rhythm_mark(now)}
        return CareRhythmForm(data, **options)

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {**more, "form": form, "heading": "走访频次", "submit": "保存", "cancel_url": back,
                   "text": "同一人有几个类别的，按天数最少的算。居家观察和无人照料的人每天走访，不受这里影响。",
                   "crumbs": crumbs_of("走访频次")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            rhythm_set(every=form.entered(), seen=form.cleaned_data["seen"], by=staff)
        except StaleVersion as stale:
            typed = form.data.copy()
            typed["seen"] = rhythm_mark(stale.current)
            fresh = make(typed)
            page = show(fresh, STALE, differences=_differences(fresh, stale.current), fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return {}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存，从现在起按新的天数算。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)
