"""整改: what was found wrong, until when, what was done, and who has looked again."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.views.pages import form_page, link, require, staff_of
from measures.forms.checks import DONE_PHOTOS, DoneForm, ReturnForm, WordsForm
from measures.listing import dress_places
from measures.models import FindingPhoto, Rectification, RectificationState
from measures.services.rectifications import rectification_close, rectification_done, rectification_return
from measures.views.access import Crumbs, with_photos
from quarantine.listing import page_by_time
from quarantine.where import where_of

LOOK, DO, REVIEW = (
    "measures.view_rectification", "measures.change_rectification", "measures.add_rectification",
)  # fmt: skip
STATES = (("open", "待整改"), ("late", "已超期"), ("done", "待复核"), ("closed", "已销号"), ("all", "全部"))
ACTIONS: dict[str, tuple[str, Any, Any, str]] = {
    "done": ("登记整改情况", DoneForm, rectification_done, DO),
    "close": ("复核销号", WordsForm, rectification_close, REVIEW),
    "return": ("退回重改", ReturnForm, rectification_return, REVIEW),
}


def crumbs_of(*titles: str, row: Rectification | None = None) -> Crumbs:
    """The list, the rectification, and further titles."""
    crumbs = [{"title": "整改", "url": link("measures:rectification_list")}]
    if row is not None:
        url = link("measures:rectification_detail", row.uid) if titles else ""
        crumbs.append({"title": row.area.name, "url": url})
    return crumbs + [{"title": title, "url": ""} for title in titles]


def rectification_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Rectification:
    """A rectification of the person's scope."""
    rows = Rectification.objects.visible_to(staff_of(request)).select_related(
        "area", "raised_by", "done_by", "closed_by", "check_item"
    )
    row: Rectification = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return row


@require_GET
def rectification_list(request: HttpRequest) -> HttpResponse:
    """Those of my areas by state, the latest first."""
    require(request, LOOK)
    state = state if (state := request.GET.get("state", "open")) in dict(STATES) else "open"
    staff, today = staff_of(request), timezone.localdate()
    where = where_of(request, staff)
    mine = Rectification.objects.visible_to(staff).filter(where.q())
    asked = {code: Q(state=code.upper()) for code, _ in STATES}
    asked |= {"all": Q(), "late": Q(state=RectificationState.OPEN, due_on__lt=today)}
    counts = mine.aggregate(**{f"n_{code}": Count("pk", filter=where) for code, where in asked.items()})
    rows = mine.filter(asked[state])
    page = page_by_time(rows.select_related("area"), "raised_at", request.GET.get("after", ""))
    dress_places(page.rows)
    for row in page.rows:
        row.is_late = row.state == RectificationState.OPEN and row.due_on < today
    name = "measures:rectification_list"
    context = {
        "rows": page.rows,
        "state": state,
        "where": where,
        "chips": [
            {"title": title, "count": counts[f"n_{code}"], "is_on": code == state,
             "url": link(name, state=code, **where.query)}
            for code, title in STATES
        ],
        "next_url": link(name, state=state, **where.query, after=page.next_mark) if page.next_mark else "",
    }  # fmt: skip
    return render(request, "measures/rectification_list.html", context)


@require_GET
def rectification_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One of them: what was wrong, what is asked, what was said to it."""
    row = rectification_or_404(request, uid, LOOK)
    dress_places([row])
    staff = staff_of(request)
    offered = []
    if row.state == RectificationState.OPEN and staff.has_perm(DO):
        offered = ["done"]
    elif row.state == RectificationState.DONE and staff.has_perm(REVIEW) and row.done_by_id != staff.pk:
        offered = ["return", "close"]
    context = {
        "row": row,
        "steps": row.steps.select_related("by").prefetch_related("photos"),
        "found": FindingPhoto.objects.filter(item__rectification=row),
        "actions": [(code, ACTIONS[code][0]) for code in offered],
        "is_late": row.state == RectificationState.OPEN and row.due_on < timezone.localdate(),
        "crumbs": crumbs_of(row=row),
    }
    return render(request, "measures/rectification_detail.html", context)


@require_http_methods(["GET", "POST"])
def rectification_act(request: HttpRequest, uid: uuid.UUID, action: str) -> HttpResponse:
    """Done, closed, or sent back."""
    if action not in ACTIONS:
        raise Http404
    heading, form_class, service, permission = ACTIONS[action]
    row, staff = rectification_or_404(request, uid), staff_of(request)
    if not staff.has_perm(permission):
        raise PermissionDenied("您的角色没有办理这件事的权限。")
    back = link("measures:rectification_detail", uid)

    def show(form: Any, status: int = 200) -> HttpResponse:
        rows = [("责任单位", row.area.name), ("存在问题", row.problem), ("整改要求", row.demand),
                ("整改时限", f"{row.due_on:%Y-%m-%d}")]  # fmt: skip
        context = {"form": form, "heading": heading, "submit": heading, "rows": rows, "cancel_url": back,
                   "crumbs": crumbs_of(heading, row=row)}  # fmt: skip
        return render(request, "measures/form.html", context, status=status)

    def make(data: Any, **options: Any) -> Any:
        return with_photos(request, data, DONE_PHOTOS, lambda data: form_class(data, **options))

    def write(form: Any) -> dict[str, Any]:
        service(rectification=row, by=staff, **form.entered())
        return {"rectification": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(
            request, f"已{heading.removeprefix('登记')}。" if action != "done" else "已登记，等复核。"
        )
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)
