"""The round without a connection (docs/offline.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.offline.inner import inner_request
from grassroots.grid.offline.registry import (
    OfflineForm,
    OfflinePages,
    register_offline_form,
    register_offline_pages,
)
from grassroots.grid.views.pages import link, staff_of
from quarantine.models import Method, Visit, VisitState
from quarantine.round import SlotTab, slot_tabs, terms_in_use
from quarantine.views.round import round_kept


def _whose(kwargs: Mapping[str, Any], author: Staff) -> list[tuple[str, str]]:
    related = ("observation__person", "observation__household", "observation__policy")
    visit = Visit.objects.visible_to(author).select_related(*related).filter(uid=kwargs["uid"]).first()
    if visit is None:
        return [("人员", "不在责任区内的人员")]
    observation = visit.observation
    labels = {slot.code: slot.label for slot in observation.policy.parsed().slots}
    door = observation.household.display if observation.household else observation.place_note
    return [
        ("人员", f"{door} {observation.person.name}".strip()),
        ("时段", f"{visit.date:%Y-%m-%d} {labels.get(visit.slot, visit.slot)}"),
    ]


def reading_describe(data: QueryDict, kwargs: Mapping[str, Any], author: Staff) -> list[tuple[str, str]]:
    """Who, which slot, what the thermometer said."""
    rows = [
        *_whose(kwargs, author),
        ("体温", data.get("temperature", "")),
        ("方式", str(dict(Method.choices).get(data.get("method", ""), ""))),
        ("症状", "、".join(data.getlist("symptoms"))),
    ]
    return [(caption, value) for caption, value in rows if value]


def mark_describe(data: QueryDict, kwargs: Mapping[str, Any], author: Staff) -> list[tuple[str, str]]:
    """Who, which slot, and what was tapped."""
    return [*_whose(kwargs, author), ("标记", str(dict(VisitState.choices).get(data.get("state", ""), "")))]


register_offline_form(
    OfflineForm(url_name="quarantine:visit_record", label="测温", describe=reading_describe)
)
register_offline_form(OfflineForm(url_name="quarantine:visit_mark", label="测温标记", describe=mark_describe))


def _id_of(tab: SlotTab) -> str:
    return f"{tab.date.isoformat()}/{tab.slot}"


def _path_of(tab: SlotTab) -> str:
    return link("quarantine:round", on=tab.date, slot=tab.slot)


def round_listing(_staff: Staff, at: dt.datetime) -> Sequence[Mapping[str, Any]]:
    """Today's slots; their pages are fetched anew each time, for colleagues measure too (one query)."""
    return [
        {
            "id": _id_of(tab),
            "path": _path_of(tab),
            "version": str(int(at.timestamp())),
            "title": tab.label,
            "opens": int(tab.opens_at.timestamp() * 1000),
            "closes": int(tab.closes_at.timestamp() * 1000),
        }
        for tab in slot_tabs([timezone.localdate(at)], terms_in_use())
    ]


def round_pages(request: HttpRequest, ids: Sequence[str]) -> Mapping[str, str]:
    """The round of each slot: as it is now, or as it will be when the slot opens."""
    at, staff = timezone.now(), staff_of(request)
    found = {}
    for tab in slot_tabs([timezone.localdate(at)], terms_in_use()):
        if _id_of(tab) in ids:
            path = _path_of(tab)
            inner = inner_request(
                request, staff, path, method="GET", session=request.session, is_fragment=True
            )
            found[path] = round_kept(inner, max(at, tab.opens_at))
    return found


register_offline_pages(
    OfflinePages(
        key="round", listing=round_listing, render=round_pages, permission="quarantine.add_reading", at_once=4
    )
)
