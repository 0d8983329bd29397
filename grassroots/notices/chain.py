"""Who cannot be reached, and who stands above whom in the chain of responsibility (包保链)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.urls import reverse

from grassroots.grid import registry
from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Area, AreaDuty, Posting, Role, Staff
from grassroots.notices.models.channels import FAILING_AFTER, OwnAddress
from grassroots.notices.reminders import notice_send

LEFT = "已停用"
NO_WAY = "没有账号，也没有通知渠道"
FAILING = f"通知渠道连续{FAILING_AFTER}次以上发送失败"
LOWEST = 10_000  # below every kind of duty
NAMED = 12  # names that one message lists


def unreached(staff: Iterable[Staff]) -> dict[int, str]:
    """Why each of these cannot be told anything, by id; who can is left out (one query).

    Somebody with an account is told in the app; a channel of his own that keeps failing means that he may think all is
    quiet.
    """
    wanted = {one.pk: one for one in staff}
    addresses: dict[int, list[bool]] = defaultdict(list)
    for address in OwnAddress.objects.usable().filter(staff__in=list(wanted)):
        addresses[address.staff_id].append(address.is_failing)
    found = {}
    for pk, one in wanted.items():
        if not one.is_active:
            found[pk] = LEFT
        elif addresses[pk] and all(addresses[pk]):
            found[pk] = FAILING
        elif not one.has_account and not addresses[pk]:
            found[pk] = NO_WAY
    return found


def _held(officers: Collection[int], on: dt.date) -> dict[int, list[tuple[int, int]]]:
    """Area and order of kind of every duty that each officer holds, and of his postings (a query a kind of duty)."""
    held: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows: list[Any] = [
        AreaDuty.objects.open(on)
        .filter(staff__in=officers)
        .values_list("staff_id", "area_id", "kind__order")
        .distinct()
    ]
    for key, source in registry.duty_models.items():
        related: Any = source.model._meta.get_field(key).related_model
        if any(field.name == "area" for field in related._meta.get_fields()):
            duties: Any = source.model.objects.open(on)  # type: ignore[attr-defined]
            duties = duties.filter(staff__in=officers)
            rows.append(duties.values_list("staff_id", f"{key}__area_id", "kind__order").distinct())
    for duties in rows:
        for pk, area, order in duties:
            held[pk].append((area, order))
    postings = Posting.objects.open(on).filter(staff__in=[pk for pk in officers if pk not in held])
    for pk, area in postings.values_list("staff_id", "area_id"):
        held[pk].append((area, LOWEST))
    return held


def _levels(chain: Chain, below: int, officer: int) -> list[list[Staff]]:
    """The officers of each level above an order, from below upward, without the officer and those who have left."""
    levels = []
    for link in reversed(chain):
        found = [one for one in link.officers if one.is_active and one.pk != officer]
        if link.kind.order < below and found:
            levels.append(found)
    return levels


def superiors_of(officers: Iterable[Staff], on: dt.date, *, levels: int = 1) -> Mapping[int, list[Staff]]:
    """Those `levels` levels above each officer in the chains of what he answers for, by his id.

    Where the chain is not that long: the supervisors (街道主管) posted to the area or above it. A constant number of
    queries.
    """
    wanted = {one.pk for one in officers}
    held = _held(wanted, on)
    areas = {area for places in held.values() for area, _order in places}
    targets = {area: DutyTarget(area) for area in areas}
    chains = duties_for_many(list(targets.values()), on)
    supervisors = _supervisors(areas, on)
    found: dict[int, list[Staff]] = {}
    for pk in wanted:
        above: dict[int, Staff] = {}
        for area, order in held.get(pk, ()):
            own = _levels(chains[targets[area]], order, pk)
            chosen = own[levels - 1] if len(own) >= levels else supervisors.get(area, [])
            above |= {one.pk: one for one in chosen if one.pk != pk}
        found[pk] = [above[key] for key in sorted(above)]
    return found


class Above:
    """Who stands above these officers, for as many levels as are asked for; each level is looked up once for all."""

    def __init__(self, officers: Iterable[Staff], on: dt.date) -> None:
        self.officers = list(officers)
        self.on = on
        self._known: dict[int, Mapping[int, list[Staff]]] = {}

    def of(self, officers: Iterable[Staff], level: int) -> list[Staff]:
        """Those `level` levels above some of the officers."""
        if level not in self._known:
            self._known[level] = superiors_of(self.officers, self.on, levels=level)
        return [one for officer in officers for one in self._known[level].get(officer.pk, ())]


def _supervisors(areas: Collection[int], on: dt.date) -> dict[int, list[Staff]]:
    """The nearest supervisors posted to each area or above it (two queries)."""
    paths = dict(Area.objects.filter(pk__in=areas).order_by().values_list("pk", "path"))
    step = Area.steplen
    upward = {pk: [path[:end] for end in range(len(path), 0, -step)] for pk, path in paths.items()}
    posted: dict[str, list[Staff]] = defaultdict(list)
    rows = Posting.objects.open(on).filter(
        area__path__in={path for line in upward.values() for path in line},
        staff__groups__name=Role.SUPERVISOR, staff__is_active=True,
    )  # fmt: skip
    for posting in rows.select_related("staff", "area").order_by("pk"):
        posted[posting.area.path].append(posting.staff)
    return {pk: next((posted[path] for path in line if path in posted), []) for pk, line in upward.items()}


def names_of(staff: Iterable[tuple[str, str]]) -> str:
    """Names with a remark each, the first NAMED of them: 卫某（已停用）、甲某（…）等15人."""
    listed = [f"{name}（{remark}）" if remark else name for name, remark in staff]
    words = "、".join(listed[:NAMED])
    return f"{words}等{len(listed)}人" if len(listed) > NAMED else words


def unreachable_report(why: Mapping[Staff, str], at: dt.datetime, on: dt.date) -> int:
    """Tell the superiors, once a day each, whom of theirs no reminder reaches and why; returns how many were told."""
    above = superiors_of(why, on)
    by_superior: dict[Staff, list[tuple[str, str]]] = defaultdict(list)
    for officer in sorted(why, key=lambda one: one.pk):
        for superior in above.get(officer.pk, ()):
            by_superior[superior].append((officer.name, why[officer]))
    told = 0
    for superior, listed in sorted(by_superior.items(), key=lambda item: item[0].pk):
        told += len(
            notice_send(
                recipients=[superior], subject=f"unreachable:{on}", kind="unreachable", due_at=at, at=at,
                title=f"有{len(listed)}名包保人员收不到提醒",
                body=f"{names_of(listed)}。已转请上一级责任人落实，请联系本人或另行安排。",
                url=reverse("grid:gaps"), needs_answer=True,
            )
        )  # fmt: skip
    return told
