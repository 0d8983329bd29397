"""Orders by receiver: where they went, and who has not signed or answered yet."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from grassroots.grid.views.pages import link, require, staff_of
from measures.listing import dress_places
from measures.models import OrderReceipt
from measures.order_board import dress_receipts
from measures.views.orders import LOOK, crumbs_of
from quarantine.listing import page_by_time
from quarantine.where import where_of

STATES = (("waiting", "没办的"), ("late", "逾期"), ("all", "全部"))


@require_GET
def order_receipt_list(request: HttpRequest) -> HttpResponse:
    """The receivers in my areas by what they still have to do, the latest order first."""
    require(request, LOOK)
    staff, at = staff_of(request), timezone.now()
    where = where_of(request, staff)
    state = state if (state := request.GET.get("state", "waiting")) in dict(STATES) else "waiting"
    mine = OrderReceipt.objects.standing().visible_to(staff).filter(where.q())
    asked = {
        "waiting": Q(pk__in=OrderReceipt.objects.waiting().order_by().values("pk")),
        "late": Q(pk__in=OrderReceipt.objects.overdue(at).order_by().values("pk")),
        "all": Q(),
    }
    counts = mine.aggregate(**{f"n_{code}": Count("pk", filter=q) for code, q in asked.items()})
    rows = mine.filter(asked[state]).select_related("order__area", "area")
    page = page_by_time(rows, "sent_at", request.GET.get("after", ""))
    dress_places(page.rows)
    dress_receipts(page.rows, at)
    name = "measures:order_receipt_list"
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
        "crumbs": crumbs_of("各单位办理情况"),
    }  # fmt: skip
    return render(request, "measures/order_receipt_list.html", context)
