"""Demo days: what the observed asked for, the papers they were given, one whom another village is to take."""

from __future__ import annotations

import datetime as dt

from grassroots.grid.models import Area, Level, Staff
from quarantine.models import Handover, Observation, ServiceHow, ServiceKind, ServiceSource
from quarantine.rules.papers import PaperKind
from quarantine.services.papers import papers_issue
from quarantine.services.service_requests import service_done, service_received, service_request

OBSERVED = 4
PAPERS = (PaperKind.NOTICE, PaperKind.PLEDGE, PaperKind.DOOR, PaperKind.TEMPERATURE)


def write_daily(now: dt.datetime) -> None:
    """Services, papers and a handover that waits, for the first who are observed; no figure of a day changes by them
    but those of services.
    """
    officers = Staff.objects.in_bulk(["health", "leader", "cadre"], field_name="username")
    related = ("person", "area", "household", "policy", "returnee")
    observed = list(Observation.objects.open().select_related(*related).order_by("pk")[:OBSERVED])
    if len(observed) < OBSERVED:
        return
    for kind in PAPERS:
        papers_issue(observations=observed, kind=kind, by=officers["health"], at=now - dt.timedelta(hours=2))
    _services(observed, officers, now)
    _handover(observed[-1], officers["cadre"], now)


def _services(observed: list[Observation], officers: dict[str, Staff], now: dt.datetime) -> None:
    hours = dt.timedelta(hours=1)
    first, second, third, _fourth = observed
    service_request(
        person=first.person, area=first.area, kind=ServiceKind.SHOPPING, request="米10斤、青菜和鸡蛋",
        source=ServiceSource.PHONE, by=officers["health"], assigned_to=officers["leader"],
        due_at=now + 4 * hours, at=now - 2 * hours,
    )  # fmt: skip
    service_request(
        person=second.person, area=second.area, kind=ServiceKind.MEDICINE, request="降压药一盒",
        source=ServiceSource.VISIT, by=officers["health"], at=now - hours,
    )  # fmt: skip
    brought = service_request(
        person=third.person, area=third.area, kind=ServiceKind.WASTE, request="门口生活垃圾两袋",
        source=ServiceSource.OFFICER, by=officers["leader"], assigned_to=officers["leader"], at=now - 3 * hours,
    )  # fmt: skip
    service_done(service=brought, note="已消毒运走", by=officers["leader"], at=now - 2 * hours)
    service_received(service=brought, how=ServiceHow.PHONE, by=officers["health"], at=now - hours)


def _handover(observation: Observation, by: Staff, now: dt.datetime) -> None:
    """He is offered to the next village, which has not answered."""
    here = observation.area.path
    villages = Area.objects.filter(level=Level.VILLAGE).order_by("path")
    other = next((village for village in villages if not here.startswith(village.path)), None)
    if other is not None:
        Handover.objects.create(
            observation=observation, from_area=observation.area, to_area=other, place_note=f"{other.name}1组外婆家",
            reason="家中无人照料，去外婆家居住", requested_by=by, requested_at=now - dt.timedelta(hours=1),
        )  # fmt: skip
