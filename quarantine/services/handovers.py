"""交接: an observation goes into another village's hands when that side accepts; till then the sender answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget, duties_for_many
from grassroots.grid.models import Area, Posting, Role, Staff
from grassroots.notices.reminders import remind
from households.models import Household
from quarantine.models import Handover, HandoverState, Observation, ObservationState, Place
from quarantine.services.events import observation_lock
from quarantine.services.homes import live_at
from quarantine.services.observations import observation_move_locked
from quarantine.services.service_requests import services_follow
from quarantine.services.shared_clock import household_propose

KIND = "handover"


def receivers_of(area: Area, on: dt.date) -> list[Staff]:
    """Who is asked on the receiving side: the chain of the area, and the supervisors above it."""
    return receivers_each([area], on)[area.pk]


def receivers_each(areas: Iterable[Area], on: dt.date) -> dict[int, list[Staff]]:
    """The same for many areas, by id, at a constant number of queries."""
    targets = {area: DutyTarget(area.pk, None, None) for area in areas}
    chains = duties_for_many(list(targets.values()), on)
    above = Posting.objects.open(on).filter(
        area__path__in={path for area in targets for path in area.ancestor_paths()},
        staff__groups__name__in=(Role.SUPERVISOR, Role.OFFICER),
    )
    postings = list(above.select_related("staff", "area").order_by("pk"))
    asked = {}
    for area, target in targets.items():
        found = {officer.pk: officer for link in chains[target] for officer in link.officers}
        found |= {one.staff_id: one.staff for one in postings if area.path.startswith(one.area.path)}
        asked[area.pk] = [staff for staff in found.values() if staff.is_active]
    return asked


def _tell(
    handover: Handover, people: list[Staff], *, stage: int, title: str, body: str, at: dt.datetime
) -> None:
    for staff in people:
        remind(
            recipient=staff, subject=f"handover:{handover.uid}", kind=KIND, stage=stage, due_at=at, at=at, title=title,
            body=body, url=reverse("quarantine:handover_detail", args=[handover.uid]),
        )  # fmt: skip


@transaction.atomic
def handover_request(
    *, observation: Observation, version: int, to_area: Area, reason: str, by: Staff, place: str = Place.HOME,
    place_note: str = "", at: dt.datetime | None = None,
) -> Handover:  # fmt: skip
    """Offer an observation to another village; its officers are told. Nothing is counted otherwise until it accepts.

    Raises ValidationError by field, StaleVersion.
    """
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请写明移交的原因。"})
    if not to_area.is_open:
        raise ValidationError({"to_area": f"“{to_area.name}”已停用，请选择现在的区域。"})
    row = observation_lock(observation, version)
    if row.area.path.startswith(to_area.path):
        raise ValidationError({"to_area": f"他现在就在“{to_area.name}”观察；在本村换住处请办“转往他处”。"})
    if pending := row.handovers.pending().select_related("to_area").first():
        raise ValidationError(f"已提请移交给{pending.to_area.name}，对方还没有答复；要改投别处，请先撤回。")
    row.save(update_fields=["version"])
    first = dt.timedelta(hours=row.policy.parsed().handover_hours[0])
    handover = Handover.objects.create(
        observation=row, from_area=row.area, to_area=to_area, place=place or Place.HOME, place_note=place_note.strip(),
        reason=reason.strip(), requested_by=by, requested_at=at, remind_at=at + first,
    )  # fmt: skip
    others = [staff for staff in receivers_of(to_area, timezone.localdate(at)) if staff.pk != by.pk]
    body = f"{row.area.full_name()}请{to_area.name}接收1名居家观察人员，请核实后接收或退回。"
    _tell(handover, others, stage=0, title="有1人等待接收", body=body, at=at)
    return handover


def _locked(handover: Handover) -> Handover:
    rows = Handover.objects.select_for_update(of=("self",))
    row = rows.select_related("observation", "to_area", "from_area", "requested_by", "decided_by").get(
        pk=handover.pk
    )
    if row.state != HandoverState.PENDING:
        by = f"（{row.decided_by.name}办理）" if row.decided_by else ""
        raise ValidationError(f"这次移交{row.get_state_display()}{by}，不能再办理。")
    if row.observation.state != ObservationState.OPEN:
        raise ValidationError("该观察已经结束，不用再移交。")
    return row


def _decide(row: Handover, state: HandoverState, by: Staff, reason: str, at: dt.datetime) -> Handover:
    row.state, row.decided_by, row.decided_at, row.decision_reason = state, by, at, reason.strip()
    row.remind_at = None
    row.save()
    return row


@transaction.atomic
def handover_accept(
    *, handover: Handover, area: Area, by: Staff, household: Household | None = None, place_note: str = "",
    note: str = "", at: dt.datetime | None = None,
) -> Handover:  # fmt: skip
    """The receiving side takes him into one of its areas: 转出 and 转入 at this moment, and not before.

    Raises ValidationError by field: answered or withdrawn meanwhile, an area outside of what was asked.
    """
    at = at or timezone.now()
    row = _locked(handover)
    if not area.path.startswith(row.to_area.path) or not area.is_open:
        raise ValidationError({"area": f"请选择“{row.to_area.name}”里现在的区域。"})
    _may_decide(row, by)
    observation = observation_lock(row.observation, row.observation.version)
    note_of_place = place_note.strip() or row.place_note
    event = observation_move_locked(
        observation, area=area, household=household, reason=f"移交：{row.reason}"[:200], by=by, at=at, known_at=at,
        place=row.place, place_note=note_of_place,
    )  # fmt: skip
    if observation.place == Place.HOME:
        live_at(
            person=observation.person, area=area, household=household, address=note_of_place, by=by, at=at
        )  # fmt: skip
    services_follow(person=observation.person, area=area, by=by, at=at)
    household_propose(row=observation, event=event, at=at)
    row.event = event
    _decide(row, HandoverState.ACCEPTED, by, note, at)
    body = f"{row.to_area.name}{by.name}已接收，从现在起由对方负责测温和管理。"
    _tell(row, [row.requested_by], stage=1, title="移交的人已被接收", body=body, at=at)
    return row


def _may_decide(row: Handover, by: Staff) -> None:
    if not Handover.objects.incoming(by).filter(pk=row.pk).exists():
        raise ValidationError(f"只有“{row.to_area.name}”的人员可以答复这次移交。")


@transaction.atomic
def handover_decline(
    *, handover: Handover, reason: str, by: Staff, at: dt.datetime | None = None
) -> Handover:
    """The receiving side does not take him, and says why; the sender goes on. Raises ValidationError by field."""
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请写明退回的原因，如：查无此住址。"})
    row = _locked(handover)
    _may_decide(row, by)
    _decide(row, HandoverState.DECLINED, by, reason, at)
    body = f"{row.to_area.name}{by.name}退回：{reason.strip()}。仍由您这边负责。"
    _tell(row, [row.requested_by], stage=1, title="移交被退回", body=body, at=at)
    return row


@transaction.atomic
def handover_withdraw(
    *, handover: Handover, reason: str, by: Staff, at: dt.datetime | None = None
) -> Handover:
    """The sender takes it back while it waits. Raises ValidationError once it has been answered."""
    if not reason.strip():
        raise ValidationError({"reason": "请写明撤回的原因。"})
    row = _locked(handover)
    return _decide(row, HandoverState.WITHDRAWN, by, reason, at or timezone.now())


def handovers_succeed(successors: Mapping[int, int]) -> None:
    """Areas have got successors: handovers that wait follow them on both sides."""
    for old, new in successors.items():
        Handover.objects.pending().filter(to_area=old).update(to_area=new)
        Handover.objects.pending().filter(from_area=old).update(from_area=new)


def may_send(staff: Staff, handover: Handover) -> bool:
    """Whether somebody stands on the side that hands over."""
    return Handover.objects.outgoing(staff).filter(pk=handover.pk).exists()


def may_receive(staff: Staff, handover: Handover) -> bool:
    """Whether somebody stands on the side that is asked."""
    return Handover.objects.incoming(staff).filter(pk=handover.pk).exists()
