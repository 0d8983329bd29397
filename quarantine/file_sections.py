"""What stands beside the observations in a person's file: papers given to him, calls after release (a query each)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grassroots.grid.views.pages import link
from quarantine.models import Observation
from quarantine.models.life import ReleaseFollowup
from quarantine.person_file import Entry, Section
from quarantine.services.papers import papers_of

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person


def papers_given(person: Person, observations: Sequence[Observation], staff: Staff) -> Section | None:
    """发放文书: each with its serial number; those of observations outside the scope are left out."""
    seen = {row.pk for row in observations}
    may_open = staff.has_perm("quarantine.view_paper")
    entries = []
    for paper in papers_of(person):
        if paper.observation_id not in seen:
            continue
        note = f"编号 {paper.serial}"
        if paper.voided_at is not None:
            note += f"，已作废：{paper.void_reason}"
        elif paper.prints > 1:
            note += f"，打印 {paper.prints} 次"
        url = link("quarantine:paper_detail", paper.code) if may_open else ""
        entries.append(Entry(paper.issued_at, paper.get_kind_display(), paper.issued_by.name, note, url))
    return Section("发放文书", entries, empty="还没有出具过文书。" if observations else "")


def followups(person: Person, observations: Sequence[Observation], staff: Staff) -> Section | None:
    """解除后随访: done and still to be done."""
    rows = ReleaseFollowup.objects.filter(observation__in=observations).select_related("done_by")
    entries = []
    for row in rows.order_by("due_on", "pk"):
        told = [row.get_how_display(), row.get_result_display()] if row.done_at else [row.get_state_display()]
        told += [f"{row.temperature}℃"] if row.temperature else []
        note = "，".join(filter(None, [*told, row.note]))
        by = row.done_by.name if row.done_by else ""
        entries.append(Entry(row.done_at or row.due_on, f"解除后第{row.day_number}天", by, note))
    return Section("解除后随访", entries)
