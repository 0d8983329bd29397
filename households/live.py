"""How the survey stands at this moment, for 领导看板 and the layers of 一张图 (grassroots/ledgers/live.py)."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db.models import Count, QuerySet

from grassroots.grid.models import Area, Level
from grassroots.ledgers.live import LiveFigure, LiveSource, Seen, register_live
from households.models import Household, SurveyState
from households.models.household import VISITED

LIST = "households:household_list"


def _doors(areas: QuerySet[Area], at: dt.datetime) -> Seen:
    """Doors by the state that their tile shows (one query)."""
    rows = Household.objects.open().filter(area__in=areas.values("pk")).order_by()
    found: dict[str, Counter[int]] = {key: Counter() for key in ("households", "visited", "signed", "vacant")}
    states = {SurveyState.SIGNED: "signed", SurveyState.VACANT: "vacant"}
    for area, state, number in rows.values_list("area_id", "survey_state").annotate(n=Count("pk")):
        found["households"][area] += number
        if state != SurveyState.UNVISITED:
            found["visited"][area] += number
        if state in states:
            found[states[state]][area] += number
    return Seen(found)


def _absent(areas: QuerySet[Area], at: dt.datetime) -> Seen:
    rows = Household.objects.absent().filter(area__in=areas.values("pk")).order_by()
    return Seen({"absent": dict(rows.values_list("area_id").annotate(n=Count("pk")))})


register_live(
    LiveSource(
        "doors", "入户", 10, "households.view_household",
        (
            LiveFigure("households", "户数", LIST, unit="户", kept="households"),
            LiveFigure("visited", "已摸排", LIST, {"state": VISITED}, unit="户", kept="surveyed_households"),
            LiveFigure("signed", "已签", LIST, {"state": "SIGNED"}, unit="户", kept="signed_households"),
            LiveFigure(
                "vacant", "空置", LIST, {"state": "VACANT"}, unit="户", kept="vacant_households", is_shown=False
            ),
        ),
        _doors,
        live_from=Level.VILLAGE,
    )
)  # fmt: skip
register_live(
    LiveSource(
        "absent", "入户", 11, "households.view_household",
        (
            LiveFigure("absent", "无人户", "households:absent_list", {"view": "absent"}, unit="户", layer="无人户"),
        ),
        _absent,
    )
)  # fmt: skip
