"""Issuing papers: numbered under a lock, frozen in the row, printed and voided with a trace (docs/papers.md)."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from grassroots.grid.paper_codes import free_codes
from quarantine.models import (
    Observation,
    ObservationState,
    Outcome,
    Paper,
    PaperKind,
    PaperSerial,
    PaperText,
    Returnee,
)
from quarantine.models.papers import ONE_EACH
from quarantine.papers.facts import facts_of, route_facts, serial_areas
from quarantine.papers.texts import Text, text_for, texts_for
from quarantine.rules.papers import PLACES, Words, place_problems, serial_text

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Person
    from quarantine.papers.facts import Facts

LONGEST_REASON = 100
MOST_LINES = 200  # of one sheet of a round; a day's walk is far shorter
MOST_AT_ONCE = 50
MOST_COPIES = 5
FOR_PEOPLE = (*ONE_EACH, PaperKind.TEMPERATURE)


def papers_of(person: Person) -> list[Paper]:
    """The papers that were issued for somebody, the latest first, voided ones too (one query).

    Whoever may see the person's file may see these; the paper's own page asks for the scope again.
    """
    rows = Paper.objects.filter(observation__person=person).select_related("issued_by", "voided_by")
    return list(rows.order_by("-issued_at", "-pk"))


def why_not_issue(observation: Observation, kind: str, standing: Paper | None = None) -> str:
    """Why a paper cannot be issued for an observation now, as a sentence; '' when it can."""
    name, label = observation.person.name, PaperKind(kind).label
    if observation.outcome == Outcome.VOIDED:
        return f"{name}的观察已作废，不能出具{label}。"
    is_open = observation.state == ObservationState.OPEN
    if kind == PaperKind.RELEASE:
        if is_open:
            return (
                f"{name}还在观察中（最后一天{observation.last_on:%Y-%m-%d}），没有确认解除，不能出具{label}。"
                "请先由医护人员和审核人办理解除。"
            )
        if observation.outcome != Outcome.RELEASED:
            return f"{name}的观察以“{observation.get_outcome_display()}”结束，不是解除，不能出具{label}。"
    elif not is_open:
        return f"{name}的观察已结束（{observation.get_outcome_display()}），不能再出具{label}。"
    if standing is not None:
        return f"{name}已有{label}{standing.serial}，请补打；内容有变的，先作废再重新出具。"
    return ""


def standing_papers(observations: Sequence[Observation], kind: str) -> dict[int, Paper]:
    """Valid papers of a kind of which one observation has one only, by observation."""
    if kind not in ONE_EACH:
        return {}
    rows = Paper.objects.valid().filter(observation__in=[row.pk for row in observations], kind=kind)
    return {row.observation_id: row for row in rows if row.observation_id}


@transaction.atomic
def papers_issue(
    *, observations: Sequence[Observation], kind: str, by: Staff, at: dt.datetime | None = None
) -> list[Paper]:
    """Issue a paper for each of up to MOST_AT_ONCE observations, in their order; all of them or none.

    Raises ValidationError saying why not. Each gets the next number of its village, kind and year.
    """
    if kind not in FOR_PEOPLE:
        raise ValidationError("请选择文书种类。")
    if len(observations) > MOST_AT_ONCE:
        raise ValidationError(f"一次最多出具 {MOST_AT_ONCE} 份，请分批办理。")
    at = at or timezone.now()
    ordered = _locked(observations)
    standing = standing_papers(ordered, kind)
    if problems := [why for row in ordered if (why := why_not_issue(row, kind, standing.get(row.pk)))]:
        raise ValidationError(problems)
    areas = list({row.area_id: row.area for row in ordered}.values())
    villages, texts = serial_areas(areas), texts_for(kind, areas)
    year = timezone.localdate(at).year
    numbers = _numbers([villages[row.area_id] for row in ordered], kind, year)
    serials = {
        row.pk: serial_text(villages[row.area_id].name, texts[row.area_id].words.mark, year, number)
        for row, number in zip(ordered, numbers, strict=True)
    }
    facts = facts_of(ordered, kind, serials=serials, texts=texts, villages=villages, at=at)
    issue, codes = uuid.uuid4(), _codes(len(ordered))
    made = [
        Paper(
            code=code, kind=kind, area=villages[row.area_id], year=year, number=number, serial=serials[row.pk],
            observation=row, issue=issue, text=texts[row.area_id].row, issued_by=by, issued_at=at,
            facts=_frozen(facts[row.pk]), copies=_copies(texts[row.area_id]),
        )
        for row, number, code in zip(ordered, numbers, codes, strict=True)
    ]  # fmt: skip
    Paper.objects.bulk_create(made)
    if kind == PaperKind.NOTICE:
        _note_notices(made, by)
    return made


def _locked(observations: Sequence[Observation]) -> list[Observation]:
    """The same, as they stand now. Whoever releases or moves one of them at the same moment waits, or we do: what is
    printed was true when it was numbered.
    """
    found = Observation.objects.filter(pk__in=[row.pk for row in observations]).order_by("pk")
    related = found.select_related("person", "household", "area", "policy", "returnee")
    rows = {row.pk: row for row in related.select_for_update(of=("self",))}
    return [rows[row.pk] for row in observations]


def _frozen(facts: Facts) -> str:
    return json.dumps(facts, ensure_ascii=False)


def _copies(text: Text) -> int:
    return min(MOST_COPIES, max(1, len(text.words.keeper_lines)))


def _numbers(areas: Sequence[Area], kind: str, year: int) -> list[int]:
    """The next numbers, one for each in the order given. The counter's row is locked until the papers are there:
    what is rolled back gives its numbers back, so that none is missing.
    """
    wanted: dict[int, int] = defaultdict(int)
    for area in areas:
        wanted[area.pk] += 1
    following: dict[int, int] = {}
    for pk in sorted(wanted):
        PaperSerial.objects.get_or_create(area_id=pk, kind=kind, year=year)
        counter = PaperSerial.objects.select_for_update().get(area_id=pk, kind=kind, year=year)
        following[pk] = counter.last + 1
        counter.last += wanted[pk]
        counter.save(update_fields=["last"])
    numbers = []
    for area in areas:
        numbers.append(following[area.pk])
        following[area.pk] += 1
    return numbers


def _codes(count: int) -> list[str]:
    return free_codes(count, lambda made: Paper.objects.filter(code__in=made).values_list("code", flat=True))


def _note_notices(papers: Sequence[Paper], by: Staff) -> None:
    """The file of the returnee bears the notice's number, where none was entered by hand (fill in once)."""
    for paper in papers:
        trip = paper.observation.returnee if paper.observation else None
        if trip is None or trip.notice_no:
            continue
        trip.notice_no = paper.serial[:40]
        trip.version += 1
        trip.save(update_fields=["notice_no", "version"])


@transaction.atomic
def sheet_issue(
    *, observations: Sequence[Observation], kind: str, area: Area, on: dt.date, slots: Sequence[Sequence[str]],
    by: Staff, at: dt.datetime | None = None,
) -> Paper:  # fmt: skip
    """Issue a sheet of a round: the people of an area in walking order, with a box for each slot (code, label).

    Raises ValidationError when there is nobody, or more than one sheet can hold.
    """
    if not observations:
        raise ValidationError("这个范围当天没有居家观察人员，不用打印。")
    if len(observations) > MOST_LINES:
        raise ValidationError(
            f"这个范围超过 {MOST_LINES} 人，一张单子放不下，请选择更小的范围（如某个组或小区）。"
        )
    at = at or timezone.now()
    text, village, year = text_for(kind, area), serial_areas([area])[area.pk], timezone.localdate(at).year
    number = _numbers([village], kind, year)[0]
    serial = serial_text(village.name, text.words.mark, year, number)
    facts = route_facts(observations, text, area=area, on=on, serial=serial, slots=slots, at=at)
    return Paper.objects.create(
        code=_codes(1)[0], kind=kind, area=village, year=year, number=number, serial=serial, about=area, on=on,
        issue=uuid.uuid4(), text=text.row, facts=_frozen(facts), copies=_copies(text), issued_by=by, issued_at=at,
    )  # fmt: skip


@transaction.atomic
def paper_void(*, paper: Paper, reason: str, by: Staff, at: dt.datetime | None = None) -> Paper:
    """Say that a paper does not hold any more; its number stays taken. Raises ValidationError by field."""
    tidy = " ".join(reason.split())
    if not tidy:
        raise ValidationError({"reason": "请写明作废原因，例如：住址写错，已重新出具。"})
    if len(tidy) > LONGEST_REASON:
        raise ValidationError({"reason": f"最多 {LONGEST_REASON} 个字，现在有 {len(tidy)} 个。"})
    row = Paper.objects.select_for_update().get(pk=paper.pk)
    if row.voided_at is not None:
        raise ValidationError("这份文书已经作废。")
    row.voided_at, row.voided_by, row.void_reason = at or timezone.now(), by, tidy
    row.save(update_fields=["voided_at", "voided_by", "void_reason"])
    if row.kind == PaperKind.NOTICE and row.observation_id:
        trips = Returnee.objects.filter(observations=row.observation_id, notice_no=row.serial[:40])
        for trip in trips:
            trip.notice_no = ""
            trip.version += 1
            trip.save(update_fields=["notice_no", "version"])
    return row


def papers_printed(*, papers: Sequence[Paper], at: dt.datetime | None = None) -> None:
    """Count one printing of each."""
    ids = [paper.pk for paper in papers]
    Paper.objects.filter(pk__in=ids).update(prints=F("prints") + 1, printed_at=at or timezone.now())


# --- texts ------------------------------------------------------------------------------------------------
def check_words(words: Words, kind: str) -> None:
    """Raise ValidationError by field for places that this kind does not know, or braces that do not match."""
    problems = {}
    for name in ("title", "body", "signs", "stamp"):
        if why := place_problems(getattr(words, name), kind):
            problems[name] = why
    if len(words.keeper_lines) > MOST_COPIES:
        problems["keepers"] = f"最多 {MOST_COPIES} 联，现在有 {len(words.keeper_lines)} 联。"
    if any(brace in words.mark + words.keepers for brace in "{}"):
        problems["mark"] = (
            f"编号字头和各联留存不用花括号。可以用的地方：标题、正文、签字栏、落款（{len(PLACES[kind])} 种）。"
        )
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def text_save(*, area: Area, kind: str, words: Words | None, by: Staff) -> PaperText:
    """Add a version of an area's words; None: the area goes back to the words of the level above.

    Raises ValidationError by field. Papers that were issued keep the words they bear.
    """
    if words is not None:
        check_words(words, kind)
    locked = type(area).objects.select_for_update().get(pk=area.pk)  # two at once get two numbers
    last = PaperText.objects.filter(area=locked, kind=kind).order_by("-number").first()
    kept = words or text_for(kind, area).words
    return PaperText.objects.create(
        area=locked, kind=kind, number=last.number + 1 if last else 1, title=kept.title, mark=kept.mark,
        body=kept.body, signs=kept.signs, stamp=kept.stamp, keepers=kept.keepers, is_withdrawn=words is None, by=by,
    )  # fmt: skip
