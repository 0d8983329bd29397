"""A step of the tick: once a day each officer hears how many absent doors of his are due (docs/absent.md)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.models import TickRun
from grassroots.notices.reminders import Letter, remind_many
from households.absent import lacking_round
from households.models import Household, HouseholdDuty, SurveyState
from households.rules.rounds import EVENING

KIND = "absent"
NOT_BEFORE = dt.time(8, 0)
OVERDUE, EMPTY, EVENINGS, ALL = "overdue", "empty", "evening", "all"


def absent_remind(at: dt.datetime) -> Mapping[str, int]:
    """From 08:00, once a day: one message an officer with counts, never a name or a door."""
    local = timezone.localtime(at)
    if local.time() < NOT_BEFORE:
        return {}
    marker = f"absent {local:%Y-%m-%d}"
    if TickRun.objects.filter(step=marker).exists():
        return {}
    due_at = timezone.make_aware(dt.datetime.combine(local.date(), NOT_BEFORE))
    url = f"{reverse('households:absent_list')}?view=due"
    letters = (
        Letter(officer, f"今天有{found[ALL]}户无人户、空置户该再去", body=_words(found), url=url)
        for officer, found in due_by_officer(local.date()).items()
    )
    sent = remind_many(letters, subject=f"absent:{local:%Y-%m-%d}", kind=KIND, due_at=due_at, at=at)
    TickRun.objects.create(step=marker, at=at, finished_at=timezone.now(), counts={"sent": sent})
    return {"sent": sent}


def _words(found: Mapping[str, int]) -> str:
    parts = [(OVERDUE, "过期"), (EVENINGS, "晚间没去过"), (EMPTY, "空置待复核")]
    said = "、".join(f"{label}{found[key]}户" for key, label in parts if found[key])
    return f"其中{said}。" if said else "请安排上门或打电话。"


def due_by_officer(today: dt.date) -> dict[Staff, Counter[str]]:
    """Whoever answers for doors that are due, with how many: the nearest in the chain who may record a knock.

    Counted by area; only doors with an officer of their own are looked at one by one.
    """
    own = HouseholdDuty.objects.open(today).filter(household=OuterRef("pk"))
    due = Household.objects.due(today).annotate(has_own=Exists(own)).order_by()
    counts: dict[DutyTarget, Counter[str]] = defaultdict(Counter)
    evening = lacking_round(Household.objects.due(today), EVENING).order_by().values("pk")
    figures = {
        ALL: Count("pk"), OVERDUE: Count("pk", filter=Q(next_visit_on__lt=today)),
        EMPTY: Count("pk", filter=Q(survey_state=SurveyState.VACANT)), EVENINGS: Count("pk", filter=Q(pk__in=evening)),
    }  # fmt: skip
    named: dict[str, Any] = {f"n_{key}": figure for key, figure in figures.items()}
    for by, is_own in ((("area_id",), False), (("area_id", "pk"), True)):
        rows: Any = due.filter(has_own=is_own).values(*by).annotate(**named)
        for row in rows:
            counts[DutyTarget(row["area_id"], row.get("pk"))].update(
                {key: row[f"n_{key}"] for key in figures}
            )
    if not counts:
        return {}
    may = _who_records()
    found: dict[Staff, Counter[str]] = defaultdict(Counter)
    for target, chain in duties_for_many(list(counts), today).items():
        for officer in _nearest(chain, may):
            found[officer].update(counts[target])
    return found


def _who_records() -> set[int]:
    rows = Staff.objects.filter(is_active=True, groups__permissions__codename="add_survey")
    return set(rows.order_by().values_list("pk", flat=True))


def _nearest(chain: Chain, may: set[int]) -> list[Staff]:
    """The officers of the last link of the chain in which somebody may record a knock."""
    for link in reversed(chain):
        if found := [officer for officer in dict.fromkeys(link.officers) if officer.pk in may]:
            return found
    return []
