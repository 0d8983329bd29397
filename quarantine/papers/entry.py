"""Typing from a sheet that was printed: its own lines and boxes, each with what is known of that slot (reads only)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from quarantine.models import Observation, Outcome, Paper, PaperKind, Visit
from quarantine.papers.printing import walked_pages
from quarantine.round import RoundRow, rows_of, visits_to_show
from quarantine.rules.slots import slot_window

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

Rows = list[dict[str, Any]]


@dataclass
class Box:
    """One slot of one line: a row to type in or with what was typed, or words why there is none."""

    slot: str
    label: str
    on: dt.date
    row: RoundRow | None = None
    words: str = ""


@dataclass
class Line:
    """One printed line."""

    number: int
    place: str = ""
    door: str = ""
    name: str = ""
    day: int | None = None
    on: dt.date | None = None
    observation: Observation | None = None
    boxes: list[Box] = field(default_factory=list)


def paper_lines(paper: Paper) -> list[Rows]:
    """The lines as frozen, by printed page; a person's sheet is one list of days."""
    rows: Rows = paper.read_facts()["rows"]
    return [rows] if paper.kind == PaperKind.TEMPERATURE else walked_pages(rows)


def entry_lines(paper: Paper, rows: Rows, staff: Staff, at: dt.datetime) -> list[Line]:
    """The lines with their boxes, at a constant number of queries."""
    people = _people(paper, rows, staff)
    lines = []
    for row in rows:
        if paper.kind == PaperKind.TEMPERATURE:
            on = dt.date.fromisoformat(row["on"])
            lines.append(Line(row["number"], on=on, observation=people.get("")))
            continue
        lines.append(
            Line(
                row["number"], place=row["place"], door=row["door"], name=row["name"], day=row["day"],
                on=paper.on, observation=people.get(row["observation"]),
            )
        )  # fmt: skip
    return _with_boxes(lines, paper.read_facts()["slots"], at)


def _people(paper: Paper, rows: Rows, staff: Staff) -> dict[str, Observation]:
    """By uid those of the lines that are in the scope still; of a person's sheet the one person."""
    found = Observation.objects.visible_to(staff).select_related("person", "household", "area", "policy")
    if paper.kind == PaperKind.TEMPERATURE:
        row = found.filter(papers=paper).first()
        return {"": row} if row else {}
    wanted = [row["observation"] for row in rows]
    return {str(row.uid): row for row in found.filter(uid__in=wanted)}


def _with_boxes(lines: list[Line], slots: Sequence[Sequence[str]], at: dt.datetime) -> list[Line]:
    observed = {line.observation.pk for line in lines if line.observation}
    days = {line.on for line in lines if line.on}
    codes = [code for code, _label in slots]
    there = Visit.objects.filter(observation__in=observed, date__in=days, slot__in=codes)
    visits = {(visit.observation_id, visit.date, visit.slot): visit for visit in visits_to_show(there)}
    asked: list[tuple[Box, Visit]] = []
    for line in lines:
        for code, label in slots:
            assert line.on is not None
            box = Box(code, label, line.on)
            line.boxes.append(box)
            if line.observation is None:
                box.words = "已不在您的辖区"
                continue
            visit = visits.get((line.observation.pk, line.on, code)) or stand_in(
                line.observation, line.on, code
            )
            box.words = _why_not(visit, line.observation, line.on, at)
            if visit is not None and not box.words:
                asked.append((box, visit))
    for (box, _visit), row in zip(asked, rows_of([visit for _box, visit in asked], at), strict=True):
        box.row = row
    return lines


def stand_in(observation: Observation, on: dt.date, code: str) -> Visit | None:
    """A visit that nobody planned, not saved; None where the policy has no such slot."""
    try:
        window = slot_window(observation.policy.parsed(), on, code)
    except KeyError:
        return None
    return Visit(
        observation=observation, area_id=observation.area_id, date=on, slot=code, opens_at=window.opens_at,
        closes_at=window.closes_at, is_planned=False,
    )  # fmt: skip


def _why_not(visit: Visit | None, observation: Observation, on: dt.date, at: dt.datetime) -> str:
    if visit is None:
        return "不测"
    if observation.outcome == Outcome.VOIDED:
        return "已作废"
    if visit.opens_at > at:
        return "未到"
    if visit.is_called_off or (observation.closed_at and visit.opens_at >= observation.closed_at):
        return "已结束"
    first = min(observation.basis_on, timezone.localdate(observation.opened_at))
    return "不在观察期" if visit.pk is None and not first <= on <= observation.last_on else ""


def box_of(observation: Observation, on: dt.date, slot: str, at: dt.datetime) -> Box:
    """One box anew, after it was typed in; `row` is None where there is nothing to type."""
    label = next((one.label for one in observation.policy.parsed().slots if one.code == slot), slot)
    line = _with_boxes([Line(0, on=on, observation=observation)], [(slot, label)], at)[0]
    return line.boxes[0]
