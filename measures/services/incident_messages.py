"""What is told of incidents: kind, place and a link. What happened stays inside."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.urls import reverse

from grassroots.notices.reminders import Letter, batch_subject, remind, remind_many
from households.doors import places_of
from measures.models import Incident, IncidentReader, IncidentStep
from measures.rules.orders import Severity

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from measures.services.incident_levels import Rung

KIND, STEP = "incident", "incident-step"
#: How many incidents a message names.
NAMED = 10


def incident_url(row: Incident) -> str:
    """The page of an incident."""
    return reverse("measures:incident_detail", args=[row.uid])


def readers_made(
    row: Incident, rungs: Iterable[Rung], known: Collection[int], *, at: dt.datetime
) -> list[IncidentReader]:
    """Who must know and is not among the `known`, each once, not saved yet."""
    found: dict[int, IncidentReader] = {}
    for rung in rungs:
        for one in rung.staff:
            if one.pk not in known and one.pk not in found:
                found[one.pk] = IncidentReader(incident=row, staff=one, why=rung.title[:40], told_at=at)
    return list(found.values())


def readers_add(row: Incident, rungs: Iterable[Rung], at: dt.datetime) -> list[IncidentReader]:
    """Note who must know, each once; returns those who are new. The reporter knows already."""
    known = set(row.readers.values_list("staff", flat=True)) | {row.reported_by_id}
    return IncidentReader.objects.bulk_create(readers_made(row, rungs, known, at=at))


def _tell(
    row: Incident, staff: Iterable[Staff], subject: str, kind: str, title: str, body: str, at: dt.datetime
) -> int:
    told = 0
    for one in staff:
        message = remind(
            recipient=one, subject=subject, kind=kind, due_at=at, at=at, title=title, body=body,
            url=incident_url(row), is_urgent=row.severity != Severity.NORMAL,
        )  # fmt: skip
        told += message is not None
    return told


def _name(row: Incident) -> str:
    return f"{row.get_severity_display()}突发情况：{row.kind.name}（{row.area.name}）"


def tell_reported(row: Incident, new: Sequence[IncidentReader], at: dt.datetime) -> int:
    """Who must know hears at once; returns how many were told."""
    staff = [one.staff for one in new]
    return _tell(row, staff, f"incident:{row.uid}", KIND, _name(row), "请阅知并批示。", at)


def tell_raised(new: Sequence[IncidentReader], at: dt.datetime) -> int:
    """Levels above hear because nobody below has seen to it: everybody in one message of all that comes to him."""
    found: dict[int, list[IncidentReader]] = defaultdict(list)
    for one in new:
        found[one.staff_id].append(one)
    areas = {one.incident.area_id: one.incident.area for one in new}
    places = places_of(areas.values()) if len(new) > len(found) else {}
    letters = [_raising(mine, places) for mine in found.values()]
    told = [f"{one.incident.pk} {one.staff_id}" for one in new]
    return remind_many(letters, subject=batch_subject(KIND, told), kind=KIND, due_at=at, at=at)


def _raising(mine: Sequence[IncidentReader], places: Mapping[int, str]) -> Letter:
    rows = [one.incident for one in mine]
    is_urgent = any(row.severity != Severity.NORMAL for row in rows)
    if len(rows) == 1:
        title, url, note = _name(rows[0]), incident_url(rows[0]), ""
    else:
        counts = Counter(row.severity for row in rows)
        words = "、".join(f"{one.label}{counts[one]}件" for one in reversed(Severity) if counts[one])
        title, url = f"{len(rows)}件突发情况（{words}）", f"{reverse('measures:incident_list')}?state=unread"
        rows.sort(key=lambda row: (-list(Severity).index(Severity(row.severity)), row.area.path, row.pk))
        named = [f"{row.kind.name}（{places.get(row.area_id) or row.area.name}）" for row in rows[:NAMED]]
        note = "、".join(named) + (f"等{len(rows)}件。" if len(rows) > NAMED else "。")
    return Letter(
        mine[0].staff, f"升级上报：{title}", "下级还没有处理，请阅知并批示。", note=note, url=url,
        is_urgent=is_urgent,
    )  # fmt: skip


def tell_step(row: Incident, step: IncidentStep, staff: Iterable[Staff]) -> int:
    """Something was said to it: a follow-up upward, an instruction or the end downward."""
    title = f"{step.get_action_display()}：{_name(row)}"
    return _tell(row, staff, f"incident-step:{step.pk}", STEP, title, "请打开查看。", step.at)
