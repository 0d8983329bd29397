"""Records of measures: the list of a topic, one record, and recording, correcting, taking back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.families import TOPICS, Topic, topic_of
from measures.forms.records import EXTRA, RecordCorrectForm, RecordForm
from measures.forms.venues import MeasureReasonForm
from measures.listing import dress_places, narrowing_of, page_by_day
from measures.models import Family, Kind, Plan, Record, Venue
from measures.questions import ANSWERED, open_question, waiting_of
from measures.services.records import measure_correct, measure_record, measure_void
from measures.views.access import Crumbs, first_area, record_or_404

LOOK, ADD, CHANGE = "measures.view_record", "measures.add_record", "measures.change_record"
CORRECTIONS_SHOWN = 20
RECORDED = [family for topic in TOPICS.values() for family in topic.families]


def crumbs_of(topic: Topic, *titles: str, record: Record | None = None) -> Crumbs:
    """The topic's list, the record, and further titles."""
    crumbs = [{"title": topic.title, "url": link(f"measures:{topic.code}")}]
    if record is not None:
        url = link("measures:record_detail", record.uid) if titles else ""
        crumbs.append({"title": f"{record.kind.name} {record.on:%m-%d}", "url": url})
    return crumbs + [{"title": title, "url": ""} for title in titles]


def _topic_of(kind: Kind) -> Topic:
    topic = topic_of(kind.family)
    assert topic is not None  # the views below leave venues out
    return topic


@require_GET
def record_list(request: HttpRequest, topic: str) -> HttpResponse:
    """What was recorded in my areas, the latest day first, by village and kind."""
    require(request, LOOK)
    page_of, staff = TOPICS[topic], staff_of(request)
    narrowing = narrowing_of(request, staff, page_of.families)
    mine: Any = Record.objects.standing().visible_to(staff).filter(kind__in=narrowing.kinds)
    rows = narrowing.narrowed(mine).select_related("kind", "area", "venue", "by")
    page = page_by_day(rows, request.GET.get("after", ""))
    dress_places(page.rows)
    name, query = f"measures:{topic}", narrowing.query
    context = {
        "topic": page_of,
        "here": "records",
        "rows": page.rows,
        "narrowing": narrowing,
        "kinds": [kind for kind in narrowing.kinds if kind.closed_at is None],
        "next_url": link(name, **query, after=page.next_mark) if page.next_mark else "",
        "first_url": link(name, **query) if "after" in request.GET else "",
        "waiting": _waiting(request, topic, narrowing.narrowed(mine)),
    }
    return render(request, "measures/record_list.html", context)


def _waiting(request: HttpRequest, topic: str, rows: Any) -> list[Any]:
    """Questions without an answer, on the first page of their topic."""
    if Family.QUESTION not in TOPICS[topic].families or "after" in request.GET:
        return []
    found = waiting_of(rows, timezone.localdate())
    dress_places(found)
    return found


@require_GET
def record_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One record, and what it was before it was put right."""
    record = record_or_404(request, uid, LOOK)
    dress_places([record])
    earlier: list[Record] = []
    one: Record | None = record.corrects
    while one is not None and len(earlier) < CORRECTIONS_SHOWN:
        earlier.append(one)
        before: Any = one.corrects_id
        one = Record.objects.select_related("kind", "voided_by").filter(pk=before).first() if before else None
    context = {
        "record": record,
        "topic": _topic_of(record.kind),
        "earlier": earlier,
        "crumbs": crumbs_of(_topic_of(record.kind), record=record),
    }
    return render(request, "measures/record_detail.html", context)


def _open_kind(code: str) -> Kind:
    kind: Kind = get_object_or_404(Kind.objects.open().filter(family__in=RECORDED), code=code)
    return kind


@require_http_methods(["GET", "POST"])
def record_create(request: HttpRequest, code: str) -> HttpResponse:
    """Record a measure of a kind; `?area=`, `?plan=` and `?venue=` say where."""
    require(request, ADD)
    kind, staff = _open_kind(code), staff_of(request)
    topic = _topic_of(kind)
    heading = f"登记{kind.name}"
    asked = open_question(kind, staff, request.GET.get("answers", ""))

    def make(data: Any, **options: Any) -> RecordForm:
        if data is None and "initial" not in options:
            options["initial"] = (
                {**_known(asked), "on": timezone.localdate(), "by": None} if asked else _first(request, kind)
            )
        return RecordForm(data, kind=kind, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": heading, "submit": "登记", "crumbs": crumbs_of(topic, heading),
                   "cancel_url": link(f"measures:{topic.code}")}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        record = measure_record(kind=kind, data=form.entered(), recorded_by=staff)
        if asked is not None:
            measure_void(record=asked, reason=ANSWERED, by=staff)
        return {"record": str(record.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已登记{kind.name}。")
        came_from_due = topic.has_plans and request.GET.keys() & {"plan", "area"}
        return redirect("measures:due_list" if came_from_due else f"measures:{topic.code}")

    return form_page(request, make=make, show=show, write=write, done=done)


def _first(request: HttpRequest, kind: Kind) -> dict[str, Any]:
    """What a new record's form begins with."""
    staff = staff_of(request)
    found: dict[str, Any] = {"area": first_area(request, staff)}
    if (uid := request.GET.get("plan", "")) and (plan := _seen(Plan.objects.open(), staff, uid)):
        found |= {"area": plan.area, "place": plan.place}
    uid = request.GET.get("venue", "") if kind.asks_venue else ""
    if uid and (venue := _seen(Venue.objects.active(), staff, uid)):
        found |= {"venue": str(venue.uid), "area": venue.area}
    return found


def _seen(rows: Any, staff: Any, uid: str) -> Any:
    """The row of the scope with that uid as sent; None for none."""
    try:
        wanted = uuid.UUID(uid)
    except ValueError:
        return None
    return rows.visible_to(staff).select_related("area").filter(uid=wanted).first()


def _known(record: Record) -> dict[str, Any]:
    """A record as its form shows it."""
    known: dict[str, Any] = {
        name: getattr(record, name) for name in ("area", "on", "quantity", "place", "note", "by")
    }
    known["venue"] = str(record.venue.uid) if record.venue else ""
    words = {True: "是", False: "否"}
    for rule in record.kind.rules:
        value = record.values.get(rule.key, "")
        known[EXTRA + rule.key] = words[value] if isinstance(value, bool) else value
    return known


@require_http_methods(["GET", "POST"])
def record_correct(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Put a record right by a further one; the first stays to be read."""
    record, staff = record_or_404(request, uid, CHANGE), staff_of(request)
    topic, back = _topic_of(record.kind), link("measures:record_detail", uid)
    if request.method == "GET" and record.voided_at is not None:
        messages.info(request, "这条登记已经更正或作废。")
        return redirect(back)

    def make(data: Any, **options: Any) -> RecordCorrectForm:
        if data is None and "initial" not in options:
            options["initial"] = _known(record)
        return RecordCorrectForm(data, kind=record.kind, staff=staff, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "heading": f"更正{record.kind.name}", "submit": "保存更正", "cancel_url": back,
                   "crumbs": crumbs_of(topic, "更正", record=record)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        reason = form.cleaned_data["reason"]
        better = measure_correct(record=record, data=form.entered(), reason=reason, by=staff)
        return {"record": str(better.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已更正，原来的一条留着备查。")
        return redirect("measures:record_detail", result["record"])

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def record_void(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back a record that should not be."""
    record, staff = record_or_404(request, uid, CHANGE), staff_of(request)
    topic, back = _topic_of(record.kind), link("measures:record_detail", uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("项目", record.kind.name), ("日期", f"{record.on:%Y-%m-%d}"), ("数量", record.amount)]
        context = {"form": form, "heading": "作废这条登记", "submit": "作废", "rows": rows, "cancel_url": back,
                   "danger": True, "crumbs": crumbs_of(topic, "作废", record=record)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        measure_void(record=record, reason=form.cleaned_data["reason"], by=staff)
        return {"record": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已作废，不再计数。")
        return redirect(back)

    return form_page(request, make=MeasureReasonForm, show=show, write=write, done=done)
