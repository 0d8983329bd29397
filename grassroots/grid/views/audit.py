"""The auditor's pages: who looked at what, and who changed what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.changes import changes_of, history_of, tracked_models
from grassroots.grid.forms.office import AccessLogFilter, HistoryFilter
from grassroots.grid.forms.staff import StaffSearchForm
from grassroots.grid.models import AccessAction, AccessLog, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import PAGE_ROWS, link, require, staff_of, whole_number

CHANGE_ROWS = 30
DETAIL_WORDS = {
    "added": "增加", "removed": "取消", "is_active": "在岗", "reset": "重置密码", "posting_from": "任职开始",
    "posting_until": "任职到期", "postings": "任职区域", "key": "台账", "rows": "行数", "format": "格式",
    "page": "页面", "model": "对象", "unmasked": "明文", "fields": "字段", "area": "区域", "on": "日期",
    "filters": "筛选", "layout": "版式", "step": "环节",
}  # fmt: skip


def _day(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _within(rows: QuerySet[Any], filters: Mapping[str, Any], column: str) -> QuerySet[Any]:
    """Rows from `since` to `until`, both days included."""
    if since := filters.get("since"):
        rows = rows.filter(**{f"{column}__gte": _day(since)})
    if until := filters.get("until"):
        rows = rows.filter(**{f"{column}__lt": _day(until + dt.timedelta(days=1))})
    return rows


def _person(request: HttpRequest, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Whose rows are shown, and whom a name typed into the box may mean (POST, so that it stands in no address)."""
    visible = Staff.objects.visible_to(staff_of(request))
    person = visible.filter(uid=filters["staff"]).first() if filters.get("staff") else None
    search = StaffSearchForm(request.POST if request.method == "POST" else None)
    query = search.cleaned_data["q"].strip() if search.is_bound and search.is_valid() else ""
    found = list(visible.filter(name__icontains=query).order_by("name", "pk")[:20]) if query else []
    return {"person": person, "found": found, "query": query}


def _query(filters: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in filters.items() if value not in (None, "")}


def _before(request: HttpRequest) -> int | None:
    return whole_number(request.GET.get("before", ""))


@require_http_methods(["GET", "POST"])
def access_log_page(request: HttpRequest) -> HttpResponse:
    """Who signed in, opened, unmasked, dialled, downloaded, granted; newest first, in pages."""
    require(request, "grid.view_accesslog")
    form = AccessLogFilter(request.GET)
    filters = form.cleaned_data if form.is_valid() else {}
    who = _person(request, filters)
    rows: QuerySet[Any] = _within(AccessLog.objects.select_related("staff", "area"), filters, "at")
    scope = scope_of(staff_of(request))
    if not scope.is_whole:
        visible = Staff.objects.visible_to(staff_of(request)).order_by().values("pk")
        rows = rows.filter(Q(staff__in=visible) | scope.area_q("area__"))
    if filters.get("staff"):
        rows = rows.filter(staff=who["person"])
    if filters.get("action"):
        rows = rows.filter(action=filters["action"])
    if (before := _before(request)) is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE_ROWS + 1])
    more, found = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    for row in found:
        row.subject = _subject_words(row)
        row.words = [(DETAIL_WORDS.get(key, key), _plain(value)) for key, value in (row.detail or {}).items()]
    query = _query(filters)
    context = {
        "form": form,
        "rows": found,
        "next_url": link("grid:access_log", **query, before=found[-1].pk) if more else None,
        "first_url": link("grid:access_log", **query) if before is not None else None,
        "base_query": {key: value for key, value in query.items() if key != "staff"},
        **who,
    }
    return render(request, "grid/access_log.html", context)


def _subject_words(row: AccessLog) -> str:
    """The kind of thing that was looked at, and the beginning of its number."""
    if not row.subject_type:
        return ""
    try:
        name = str(apps.get_model(row.subject_type)._meta.verbose_name)
    except (LookupError, ValueError):
        name = row.subject_type
    return f"{name} {row.subject_uid[:8]}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


@require_http_methods(["GET", "POST"])
def history_page(request: HttpRequest) -> HttpResponse:
    """What was changed: one model at a time, old and new value of every field, newest first, in pages."""
    require(request, "grid.view_accesslog")
    tracked = tracked_models()
    form = HistoryFilter(request.GET)
    form.fields["model"].choices = [  # type: ignore[attr-defined]
        (label, model._meta.verbose_name) for label, model in tracked.items()
    ]
    filters = form.cleaned_data if form.is_valid() else {}
    label = filters.get("model") or next(iter(tracked))
    model = tracked[label]
    who = _person(request, filters)
    rows = _within(history_of(model), filters, "history_date")
    if not scope_of(staff_of(request)).is_whole:
        rows = rows.filter(
            history_user__in=Staff.objects.visible_to(staff_of(request)).order_by().values("pk")
        )
    if filters.get("staff"):
        rows = rows.filter(history_user=who["person"]) if who["person"] else rows.none()
    if (before := _before(request)) is not None:
        rows = rows.filter(history_id__lt=before)
    lines = list(rows[: CHANGE_ROWS + 1])
    more, lines = len(lines) > CHANGE_ROWS, lines[:CHANGE_ROWS]
    access_log(
        action=AccessAction.OPEN,
        staff=staff_of(request),
        detail={"page": "history", "model": label, "rows": len(lines)},
        request=request,
    )
    query = {**_query(filters), "model": label}
    context = {
        "form": form,
        "label": label,
        "changes": changes_of(model, lines),
        "next_url": link("grid:history", **query, before=lines[-1].history_id) if more else None,
        "first_url": link("grid:history", **query) if before is not None else None,
        "base_query": {key: value for key, value in query.items() if key != "staff"},
        **who,
    }
    return render(request, "grid/history.html", context)
