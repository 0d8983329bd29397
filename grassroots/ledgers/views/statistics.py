"""The 统计表 on the screen."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from grassroots.ledgers.engine import clock_words
from grassroots.ledgers.table import statistics_table
from grassroots.ledgers.views.common import chosen_period, staff_with


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """The 统计表: today from the rollups (截至 HH:MM), an earlier day or a cut-off counted from the rows."""
    staff = staff_with(request, "ledgers.view_arearollup", "您的角色不能查看统计表。")
    area, asof, form = chosen_period(request, staff)
    context: dict[str, Any] = {
        "form": form, "area": area, "on": asof.on, "asof": asof, "until": clock_words(asof.cutoff),
        "cutoff": f"{asof.cutoff:%H:%M}" if asof.cutoff else "",
    }  # fmt: skip
    if area is not None:
        context["table"] = statistics_table(area, asof)
    return render(request, "ledgers/statistics.html", context)
