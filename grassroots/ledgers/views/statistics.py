"""The 统计表 on the screen."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from grassroots.ledgers.table import statistics_table
from grassroots.ledgers.views.common import chosen, staff_with


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """The 统计表: today from the rollups (截至 HH:MM), an earlier day counted from the rows."""
    staff = staff_with(request, "ledgers.view_arearollup", "您的角色不能查看统计表。")
    area, on, form = chosen(request, staff)
    context: dict[str, Any] = {"form": form, "area": area, "on": on}
    if area is not None:
        context["table"] = statistics_table(area, on)
    return render(request, "ledgers/statistics.html", context)
