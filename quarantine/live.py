"""How observation, readings, alerts and services stand at this moment (grassroots/ledgers/live.py)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.live import LiveFigure, LiveSource, Seen, by_indicators, register_live
from quarantine.alert_board import BANDS
from quarantine.models import Alert, AlertState, Visit, VisitState
from quarantine.round import default_tab, slot_tabs, terms_in_use

OBSERVATIONS, ROUND, ALERTS = "quarantine:observation_list", "quarantine:round", "quarantine:alert_list"
PHASES = {"ahead": "还没有开始", "open": "正在测", "over": "已截止"}


def _slot(areas: QuerySet[Area], at: dt.datetime) -> Seen:
    """The visits of the slot that the round shows by itself (two queries)."""
    today = timezone.localdate(at)
    tab = default_tab(slot_tabs((today, today - dt.timedelta(days=1)), terms_in_use()), at)
    if tab is None:
        return Seen({})
    found: dict[str, Counter[int]] = {key: Counter() for key in ("slot_due", "slot_done", "slot_left")}
    rows = Visit.objects.of_slot(tab.date, tab.slot).filter(observation__area__in=areas.values("pk"))
    for area, state, number in (
        rows.order_by().values_list("observation__area_id", "state").annotate(n=Count("pk"))
    ):
        found["slot_due"][area] += number
        found["slot_done" if state == VisitState.DONE else "slot_left"][area] += number
    opens, closes = timezone.localtime(tab.opens_at), timezone.localtime(tab.closes_at)
    day = "" if tab.date == today else f"{tab.date.month}月{tab.date.day}日"
    words = f"{day}{tab.label} {opens:%H:%M}–{closes:%H:%M}，{PHASES[tab.phase(at)]}"
    return Seen(found, {"on": tab.date.isoformat(), "slot": tab.slot, "who": "all"}, words)


def _alerts(areas: QuerySet[Area], at: dt.datetime) -> Seen:
    """Open alerts by the bands of the board, and those of which a time limit is over (one query)."""
    overdue = Q(handle_due_at__lte=at) | Q(state=AlertState.OPEN, acknowledge_due_at__lte=at)
    parts = {f"band_{number}": Count("pk", filter=band.q(at)) for number, band in enumerate(BANDS)}
    rows: Any = Alert.objects.open().filter(observation__area__in=areas.values("pk")).order_by()
    found: dict[str, dict[int, int]] = {
        key: {} for key in ("alerts_open", "alerts_overdue", *(f"alerts_{band.code}" for band in BANDS))
    }
    for row in rows.values("observation__area_id").annotate(
        open=Count("pk"), overdue=Count("pk", filter=overdue), **parts
    ):
        area = row["observation__area_id"]
        found["alerts_open"][area], found["alerts_overdue"][area] = row["open"], row["overdue"]
        for number, band in enumerate(BANDS):
            found[f"alerts_{band.code}"][area] = row[f"band_{number}"]
    return Seen(found)


register_live(
    LiveSource(
        "observation", "居家观察", 20, "quarantine.view_observation",
        (
            LiveFigure("observed", "在管", OBSERVATIONS, layer="在管人数"),
            LiveFigure(
                "release_due", "期满待解除", OBSERVATIONS, {"view": "due"}, tone="warn",
                alarm="人观察期满还没有解除", weight=50,
            ),
        ),
        by_indicators(observed="under_observation", release_due="release_overdue"),
    )
)  # fmt: skip
register_live(
    LiveSource(
        "slot", "本时段测温", 30, "quarantine.view_visit",
        (
            LiveFigure("slot_due", "应测", ROUND, unit="人次"),
            LiveFigure("slot_done", "已测", ROUND, {"only": "done"}, unit="人次"),
            LiveFigure(
                "slot_left", "未测", ROUND, {"only": "left"}, unit="人次", tone="warn", layer="本时段未测",
                alarm="人次本时段还没有测温", weight=60,
            ),
        ),
        _slot,
    )
)  # fmt: skip
register_live(
    LiveSource(
        "alerts", "未办结异常", 40, "quarantine.view_alert",
        (
            LiveFigure("alerts_open", "合计", ALERTS, unit="件", is_shown=False, layer="未办结异常"),
            *(
                LiveFigure(
                    f"alerts_{band.code}", band.label, ALERTS, {"band": band.code}, unit="件",
                    tone="danger" if band.tone == "danger" else "", said=f"异常{band.label}",
                    alarm="件异常事件拖过24小时没有办结" if band.most is None else "", weight=90,
                )
                for band in BANDS
            ),
            LiveFigure(
                "alerts_overdue", "超时", ALERTS, {"state": "overdue"}, unit="件", tone="danger", said="异常超时",
                alarm="件异常事件超过时限没有处置", weight=100,
            ),
        ),
        _alerts,
    )
)  # fmt: skip
register_live(
    LiveSource(
        "services", "代办", 50, "quarantine.view_servicerequest",
        (
            LiveFigure(
                "services_overdue", "服务超时", "quarantine:service_list", {"view": "overdue"}, unit="件",
                tone="danger", layer="服务超时", alarm="件代办服务过了时限没有办", weight=70,
            ),
        ),
        by_indicators(services_overdue="services_overdue"),
    )
)  # fmt: skip
