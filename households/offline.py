"""The survey form without a connection (docs/offline.md): what is fitted to the row as it stands now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.grid.offline.registry import (
    OfflineForm,
    OfflinePages,
    register_offline_form,
    register_offline_pages,
)
from grassroots.grid.paths import uid_path
from grassroots.grid.views.pages import staff_of
from households.forms.survey_members import MemberForm, blank_values
from households.forms.survey_merge import STAYS, THEIRS, conflicts_merge
from households.models import Household, Relation, Residency, SurveyOutcome
from households.views.survey import survey_card, survey_page

MOST_DOORS = 1500  # on one device, in walking order: more than anybody walks in a day
RELEASE = 1  # raised when the form changes so much that devices must fetch unchanged doors again
KEY, NAME = "m7e57ab1e", "〔姓名〕"  # stand for a card's own in the pieces that a device keeps


def survey_rebase(data: QueryDict, kwargs: Mapping[str, Any], author: Staff) -> QueryDict | None:
    """What was typed against an older version, where no value of mine stands against one of somebody else's.

    The morning's 无人 and the evening's 已签 of one door, both entered without a connection; a field that only others
    have changed is theirs. None where something has to be chosen, or where people have come or gone.
    """
    household = Household.objects.visible_to(author).filter(uid=kwargs["uid"]).first()
    if household is None:
        return None
    rows = (
        Residency.objects.open().filter(household=household).select_related("person").order_by("order", "pk")
    )
    cards = len(data.getlist("members"))
    found = conflicts_merge(data, household, list(rows))
    if len(data.getlist("members")) != cards:
        return None
    if any(one.chosen != THEIRS or one.name.endswith(f"-{STAYS}") for one in found):
        return None
    for one in found:
        data[one.name] = THEIRS
    return data


def survey_describe(data: QueryDict, kwargs: Mapping[str, Any], author: Staff) -> list[tuple[str, str]]:
    """The door, the outcome, who was there."""
    household = Household.objects.visible_to(author).filter(uid=kwargs["uid"]).first()
    outcomes = dict(SurveyOutcome.choices)
    names = [data.get(f"{key}-name", "").strip() for key in data.getlist("members")]
    rows = [
        ("住户", household.display if household else "不在责任区内的住户"),
        ("结果", str(outcomes.get(data.get("outcome", ""), "未选"))),
        ("上门时间", data.get("visited_at", "").replace("T", " ")),
        ("人员", "、".join(name for name in names if name)),
    ]
    return [(caption, value) for caption, value in rows if value]


register_offline_form(
    OfflineForm(
        url_name="households:survey_create",
        label="入户排查",
        rebase=survey_rebase,
        describe=survey_describe,
        show_again=("family", "-"),
        buttons=("add_member", "remove_member", "keep_member", "family", "drop_photo"),
    )
)


def survey_listing(staff: Staff, at: dt.datetime) -> Sequence[Mapping[str, Any]]:
    """The doors of somebody's area in walking order (two queries)."""
    rows = Household.objects.open().visible_to(staff).select_related("area")
    doors = list(rows.order_by("area__path", "walk_key", "pk")[:MOST_DOORS])
    heads = Residency.objects.open().filter(household__in=[door.pk for door in doors], relation=Relation.HEAD)
    names = dict(heads.values_list("household_id", "person__name"))
    today = timezone.localdate(at)
    return [
        {
            "id": str(door.uid),
            "path": uid_path("households:survey_create", door.uid),
            "version": f"{RELEASE}.{today:%m%d}.{door.version}",
            "title": door.display,
            "place": door.area_id,
            "area": door.area.name,
            "state": door.survey_state,
            "head": names.get(door.pk, ""),
        }
        for door in doors
    ]


def survey_pages(request: HttpRequest, ids: Sequence[str]) -> Mapping[str, str]:
    """The forms of these doors (two queries, however many)."""
    doors = Household.objects.open().visible_to(staff_of(request)).filter(uid__in=ids).select_related("area")
    rows = (
        Residency.objects.open().filter(household__in=doors).select_related("person").order_by("order", "pk")
    )
    living: dict[int | None, list[Residency]] = defaultdict(list)
    for row in rows:
        living[row.household_id].append(row)
    said: dict[int, Any] = {}
    return {
        uid_path("households:survey_create", door.uid): survey_page(request, door, living[door.pk], said)
        for door in doors
    }


def survey_pieces(request: HttpRequest) -> Mapping[str, str]:
    """A card for somebody new, and one of somebody taken off the list, for a device to fill in (offline/pieces.js)."""
    door = Household(display="")
    gone = {f"{KEY}-is_removed": "1", f"{KEY}-name": NAME}
    return {
        "path": uid_path("households:survey_member_row", door.uid),
        "uid": str(door.uid),
        "key": KEY,
        "name": NAME,
        "fresh": survey_card(request, door, MemberForm(prefix=KEY, initial=blank_values(is_first=False))),
        "gone": survey_card(request, door, MemberForm(gone, prefix=KEY).quiet()),
    }


register_offline_pages(
    OfflinePages(
        key="survey",
        listing=survey_listing,
        render=survey_pages,
        permission="households.add_survey",
        pieces=survey_pieces,
    )
)
