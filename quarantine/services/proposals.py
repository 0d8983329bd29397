"""期满待解除: once a day those who may release hear how many observations have reached full term."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget
from grassroots.grid.models import Area, Posting, Role, Staff
from grassroots.notices.models import TickRun
from grassroots.notices.reminders import remind
from quarantine.models import Observation
from quarantine.services.digest_doors import by_officer

KIND = "release"
NOT_BEFORE = dt.time(8, 0)  # a proposal of the day, read at the beginning of the day's work


def _supervisors(paths: set[str], on: dt.date) -> dict[str, list[Staff]]:
    """Active supervisors by the path of the area that they are posted to."""
    above = {path[:end] for path in paths for end in range(Area.steplen, len(path) + 1, Area.steplen)}
    postings = Posting.objects.open(on).filter(
        area__path__in=above, staff__is_active=True, staff__groups__name=Role.SUPERVISOR
    )
    found: dict[str, list[Staff]] = defaultdict(list)
    for posting in postings.select_related("staff", "area"):
        found[posting.area.path].append(posting.staff)
    return found


def due_by_recipient(on: dt.date) -> dict[Staff, int]:
    """How many observations at full term each health worker and each supervisor has to decide on (a few queries)."""
    due = list(Observation.objects.due_for_release(on).select_related("area"))
    targets = {row.pk: DutyTarget(row.area_id, row.household_id, row.person_id) for row in due}
    officers = by_officer(targets.values(), on)
    supervisors = _supervisors({row.area.path for row in due}, on)
    counts: dict[Staff, int] = defaultdict(int)
    for row in due:
        above = [staff for path in row.area.ancestor_paths() for staff in supervisors.get(path, ())]
        for staff in {*officers[targets[row.pk]], *above}:
            counts[staff] += 1
    return counts


def propose_release(at: dt.datetime) -> Mapping[str, int]:
    """The day's proposals, from NOT_BEFORE on, one message a recipient and day. Nobody is ever released by it."""
    local = timezone.localtime(at)
    on = local.date()
    marker = f"digest release {on}"
    if local.time() < NOT_BEFORE or TickRun.objects.filter(step=marker).exists():
        return {"sent": 0}
    sent = 0
    for staff, count in sorted(due_by_recipient(on).items(), key=lambda item: item[0].pk):
        message = remind(
            recipient=staff,
            subject=f"release:{on}",
            kind=KIND,
            due_at=timezone.make_aware(dt.datetime.combine(on, NOT_BEFORE)),
            at=at,
            title=f"期满待解除{count}人",
            body="观察期已满，请核对漏测、异常后由医护和审核人确认解除，或办理延长。",
            url=reverse("quarantine:observation_list") + "?view=due",
        )
        sent += message is not None
    TickRun.objects.create(step=marker, at=at, finished_at=timezone.now(), counts={"sent": sent})
    return {"sent": sent}
