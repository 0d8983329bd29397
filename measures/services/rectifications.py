"""Rectifications: raised, done by the village, looked at again by somebody else, told upward when late."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.duties import DutyTarget, duties_for_many, nearest_officers
from grassroots.ledgers.rollups import mark_dirty
from grassroots.notices.chain import Above
from grassroots.notices.reminders import Letter, batch_subject, remind, remind_many
from households.services.photos import photos_or_none
from measures.models import (
    FindingPhoto,
    Rectification,
    RectificationAction,
    RectificationState,
    RectificationStep,
)
from measures.services.texts import checked_text

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from measures.models import CheckItem

KIND = "rectification"
LEVELS = 6
BATCH, NAMED = 1000, 10
WORDS_LENGTH = 300


def answering_for(areas: Iterable[int], on: dt.date) -> dict[int, list[Staff]]:
    """Who sees to it in each area: the nearest officers of the chain that do not measure (five queries)."""
    chains = duties_for_many([DutyTarget(area) for area in set(areas)], on)
    return {target.area_id: nearest_officers(chain) for target, chain in chains.items()}


def _subject(row: Rectification) -> str:
    """A new deadline is a new matter: it is told again, and goes up again."""
    return f"rectification:{row.uid}:{row.due_on}"


def _url(row: Rectification) -> str:
    return reverse("measures:rectification_detail", args=[row.uid])


@transaction.atomic
def rectification_raise(
    *, area: Area, problem: str, demand: str, due_on: dt.date, by: Staff, at: dt.datetime,
    check_item: CheckItem | None = None,
) -> Rectification:  # fmt: skip
    """Put a demand to an area, and tell those who answer for it."""
    row = Rectification.objects.create(
        area=area,
        problem=problem,
        demand=demand,
        due_on=due_on,
        raised_by=by,
        raised_at=at,
        check_item=check_item,
    )
    mark_dirty([area.pk])
    for officer in answering_for([area.pk], timezone.localdate(at))[area.pk]:
        remind(
            recipient=officer, subject=_subject(row), kind=KIND, due_at=at, at=at, url=_url(row),
            title=f"{area.name}有一项整改，{due_on:%m月%d日}前完成", body="请打开查看问题和要求，办完后登记整改情况。",
        )  # fmt: skip
    return row


def _step(
    row: Rectification, action: RectificationAction, words: str, by: Staff, at: dt.datetime
) -> RectificationStep:
    mark_dirty([row.area_id])
    return RectificationStep.objects.create(rectification=row, action=action, words=words, by=by, at=at)


def _locked(row: Rectification, state: RectificationState, refusal: str) -> Rectification:
    found = Rectification.objects.select_for_update(of=("self",)).select_related("area").get(pk=row.pk)
    if found.state != state:
        raise ValidationError(refusal)
    return found


def _words(text: str) -> str:
    return checked_text(text, field="words", length=WORDS_LENGTH, missing="请写明情况。")


@transaction.atomic
def rectification_done(
    *, rectification: Rectification, words: str, by: Staff, at: dt.datetime | None = None,
    photos: Sequence[bytes] = (),
) -> Rectification:  # fmt: skip
    """The village says that it is put right, with photos (JPEG) if it has any.

    Raises ValidationError when it is not to be done (any more).
    """
    at, tidy = at or timezone.now(), _words(words)
    row = _locked(rectification, RectificationState.OPEN, "这一项已经登记过整改，正在等复核。")
    row.state, row.done_by = RectificationState.DONE, by
    row.save(update_fields=["state", "done_by"])
    step = _step(row, RectificationAction.DONE, tidy, by, at)
    with photos_or_none() as keeper:
        for jpeg in photos:
            keeper.seal(FindingPhoto(step=step), jpeg, days=settings.FINDING_PHOTO_DAYS)
    return row


def _review(
    row: Rectification, action: RectificationAction, words: str, by: Staff, at: dt.datetime
) -> Rectification:
    found = _locked(row, RectificationState.DONE, "还没有登记整改，或者已经销号。")
    if found.done_by_id == by.pk:
        raise ValidationError("整改是您登记的，请由别人复核。")
    _step(found, action, words, by, at)
    return found


@transaction.atomic
def rectification_close(
    *, rectification: Rectification, words: str, by: Staff, at: dt.datetime | None = None
) -> Rectification:
    """Somebody else has looked again, and it is right. Raises ValidationError otherwise."""
    at = at or timezone.now()
    row = _review(rectification, RectificationAction.CLOSED, _words(words), by, at)
    row.state, row.closed_by, row.closed_at = RectificationState.CLOSED, by, at
    row.save(update_fields=["state", "closed_by", "closed_at"])
    return row


@transaction.atomic
def rectification_return(
    *, rectification: Rectification, words: str, due_on: dt.date, by: Staff, at: dt.datetime | None = None
) -> Rectification:
    """Looked at again, and it is not right: back to the village with a new deadline."""
    at = at or timezone.now()
    if due_on < timezone.localdate(at):
        raise ValidationError({"due_on": "整改时限已经过了。"})
    row = _review(rectification, RectificationAction.RETURNED, _words(words), by, at)
    row.state, row.done_by, row.due_on, row.level_told = RectificationState.OPEN, None, due_on, 0
    row.save(update_fields=["state", "done_by", "due_on", "level_told"])
    return row


def _late(on: dt.date) -> QuerySet[Rectification]:
    """What is late by a day more than levels have been told."""
    untold = Q()
    for level in range(LEVELS):
        untold |= Q(level_told=level, due_on__lt=on - dt.timedelta(days=level))
    return Rectification.objects.overdue(on).filter(untold).order_by("due_on", "pk")


def rectifications_due(at: dt.datetime) -> list[QuerySet[Rectification]]:
    """What gives the step below something to do."""
    return [_late(timezone.localdate(at))]


@transaction.atomic
def rectifications_escalate(at: dt.datetime) -> Mapping[str, int]:
    """A step of the tick: what is late goes a level up for every day that it is late; returns how many were told.

    Whoever raised it hears as well: so somebody does even where nobody answers for the area. Everybody hears in one
    message of all that comes to him; the number of queries does not grow with the rows.
    """
    today = timezone.localdate(at)
    due = _late(today).select_for_update(of=("self",), skip_locked=True).select_related("area", "raised_by")
    rows = list(due[:BATCH])
    if not rows:
        return {"told": 0}
    officers = answering_for([row.area_id for row in rows], today)
    above = Above({one.pk: one for found in officers.values() for one in found}.values(), today)
    mine: dict[int, list[Rectification]] = defaultdict(list)
    staff: dict[int, Staff] = {}
    for row in rows:
        row.level_told = min((today - row.due_on).days, LEVELS)
        hearers = [*above.of(officers[row.area_id], row.level_told), row.raised_by]
        staff |= {one.pk: one for one in hearers}
        for pk in {one.pk for one in hearers}:
            mine[pk].append(row)
    Rectification.objects.bulk_update(rows, ["level_told"])
    subject = batch_subject(KIND, [f"{_subject(row)} {row.level_told}" for row in rows])
    letters = [_letter(staff[pk], found, today) for pk, found in mine.items()]
    return {"told": remind_many(letters, subject=subject, kind=KIND, due_at=at, at=at)}


def _letter(hearer: Staff, rows: Sequence[Rectification], today: dt.date) -> Letter:
    days = max((today - row.due_on).days for row in rows)
    if len(rows) == 1:
        title, note, url = f"{rows[0].area.name}有一项整改已超期{days}天", "", _url(rows[0])
    else:
        areas = list(dict.fromkeys(row.area.name for row in rows))
        names = "、".join(areas[:NAMED]) + (f"等{len(areas)}处" if len(areas) > NAMED else "")
        title, note = f"{len(rows)}项整改已超期，最长{days}天", f"{names}。"
        url = f"{reverse('measures:rectification_list')}?state=late"
    return Letter(hearer, title, "请督促办理，或说明原因。", note=note, url=url)
