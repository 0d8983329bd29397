"""Importing 特殊困难群体台账: who receives which support since when, and what is known around him.

A row means somebody of the register: by ID number, by name and phone, else by a name that the village has only once.
Who is registered nowhere is turned down by name: people come in by the sheets of households, or at the door.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    PlanStale,
    Record,
    register_import,
)
from grassroots.ledgers.office_imports.places import Spots
from grassroots.ledgers.office_imports.words import is_rejected, text_of
from grassroots.ledgers.reading import Field, parse_date, parse_phone
from households.imports.matching import Identity, Match, Matcher, identity_of
from households.models import Person, Residency, SupportKind, SupportStatus
from households.rules.phones import mask_phone
from households.services.supports import support_add, support_end
from measures.models import CareFile
from measures.services.care_files import care_file_save
from measures.services.texts import number_errors

GUARDIANS = ("监护人", "亲属", "监护人姓名", "联系人")
FIELDS = (
    Field("village", "村(社区)", ("村社区", "村", "社区", "所在村社区")),
    Field("group", "组(网格)", ("组", "网格", "小区")),
    Field("name", "姓名", ("人员姓名", "对象姓名")),
    Field("id_number", "身份证号", ("证件号码", "身份证号码", "公民身份号码")),
    Field("phone", "联系电话", ("电话", "手机号", "本人电话")),
    Field("kinds", "困难类别", ("类别", "人员类别", "救助类别", "困难群体类别", "对象类别")),
    Field("started_on", "开始日期", ("享受日期", "纳入日期", "认定日期", "批准日期", "起始日期"), kind="date"),
    Field("ended_on", "结束日期", ("终止日期", "退出日期", "停止日期"), kind="date"),
    Field("guardian", "监护人/亲属", GUARDIANS),
    Field("guardian_phone", "监护人电话", ("亲属电话", *(f"{who}{what}" for who in ("监护人/亲属", *GUARDIANS)
                                              for what in ("电话", "联系电话")))),
    Field("health", "健康状况", ("身体状况",)),
    Field("help", "帮扶措施", ("帮扶情况",)),
    Field("note", "备注", ("说明",)),
)  # fmt: skip
LONGEST = {"guardian": 20, "health": 100, "help": 200, "note": 200}
LABELS = {
    "guardian": "监护人/亲属", "guardian_phone": "监护人电话", "health": "健康状况", "help": "帮扶措施", "note": "备注",
}  # fmt: skip
#: Words of other offices' sheets, the first that occurs counts.
WORDS = (
    (SupportKind.DESTITUTE, ("特困", "五保")), (SupportKind.LOW_INCOME, ("低保", "最低生活")),
    (SupportKind.DISABLED, ("残疾", "残障")), (SupportKind.ALONE, ("孤寡", "孤老", "独居", "空巢")),
    (SupportKind.LEFT_BEHIND, ("留守",)), (SupportKind.OTHER, ("其他", "困难")),
)  # fmt: skip
_PARTS = re.compile(r"[、，,;；/\s+]+")
NOTE = 100
UNKNOWN = "登记里没有此人，请先入户登记或导入住户台账，再导入这一行。"


def kinds_of(text: str) -> list[tuple[SupportKind, str]]:
    """The kinds that a cell names, each with the word that is none of ours ('' for a known one)."""
    found: dict[SupportKind, str] = {}
    for part in filter(None, _PARTS.split(text)):
        kind = next((kind for kind, words in WORDS if any(word in part for word in words)), None)
        found.setdefault(kind or SupportKind.OTHER, "" if kind else part)
    return list(found.items())


@dataclass(slots=True)
class Work:
    """What a row does: support that begins or ends, and what is known around the person."""

    person: Person | None = None
    begins: list[tuple[SupportKind, dt.date | None, str]] = field(default_factory=list)
    ends: list[tuple[SupportStatus, dt.date]] = field(default_factory=list)
    file: dict[str, str] = field(default_factory=dict)


class Planner:
    """Holds the rows of a sheet against the register, at a constant number of queries a file."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context, self.today = context, timezone.localdate(context.at)
        self.spots = Spots(context.area)
        identities = [identity_of(record) for record in records]
        self.matches = Matcher(context).match(identities)
        self.identities = identities
        self.namesakes = self._namesakes(identities)
        people = {match.person.pk for match in self.matches if match.person is not None}
        people |= {row.person_id for rows in self.namesakes.values() for row in rows}
        self.open: dict[int, dict[str, SupportStatus | None]] = defaultdict(dict)
        for row in SupportStatus.objects.filter(person__in=people, ended_on=None):
            self.open[row.person_id][row.kind] = row
        self.files = {row.person_id: row for row in CareFile.objects.filter(person__in=people)}

    def _namesakes(self, identities: Sequence[Identity]) -> dict[str, list[Residency]]:
        """Who lives in the importing area, by names of the sheet."""
        names = {one.name for one in identities if one.name}
        areas = Area.objects.within(self.context.area).order_by().values("pk")
        rows = Residency.objects.actual().filter(
            person__name__in=names, person__voided_at=None, area__in=areas
        )
        found: dict[str, list[Residency]] = defaultdict(list)
        for row in rows.select_related("person", "area"):
            found[row.person.name].append(row)
        return found

    def plan(self, number: int, record: Record) -> Planned:
        """One row; it changes nothing here."""
        identity, match = self.identities[number], self.matches[number]
        planned = Planned(record.row, Effect.UNCHANGED, title=identity.name, work=Work())
        for key, words in (*identity.warnings, *match.warnings):
            planned.problems.append(record.problem(key, words))
        person = self._person(record, planned, identity, match)
        if is_rejected(planned) or person is None:
            return planned
        planned.work.person = person
        self._supports(record, planned, person)
        if not is_rejected(planned):
            self._around(record, planned, person)
            if planned.changes:
                planned.effect = Effect.UPDATED
        return planned

    def _person(self, record: Record, planned: Planned, identity: Identity, match: Match) -> Person | None:
        if identity.problem or match.problem:
            planned.reject(record.problem("name", identity.problem or match.problem))
            return None
        if match.person is not None:
            return match.person
        spot = self.spots.find(village=text_of(record, "village"), group=text_of(record, "group"))
        if spot.problem:
            planned.reject(record.problem(spot.column, spot.problem))
            return None
        where = spot.area or self.context.area
        same = [row for row in self.namesakes.get(identity.name, []) if where.holds(row.area)]
        # Two different ID numbers are two people.
        same = [row for row in same if not (identity.id_number and row.person.id_number)]
        if len(same) == 1:
            planned.problems.append(
                record.problem("name", f"按姓名和{where.name}对上，请核对是不是同一个人。")
            )
            return same[0].person
        words = f"{where.name}有 {len(same)} 个“{identity.name}”，请写身份证号或电话。" if same else UNKNOWN
        planned.reject(record.problem("name", words))
        return None

    def _day(self, record: Record, planned: Planned, key: str) -> dt.date | None:
        day = parse_date(record.values.get(key), reference=self.context.reference)
        problem = day.problem or ("日期还没有到，没有收下。" if day.value and day.value > self.today else "")
        if problem:
            planned.problems.append(record.problem(key, problem))
            return None
        return day.value

    def _supports(self, record: Record, planned: Planned, person: Person) -> None:
        kinds = kinds_of(text_of(record, "kinds"))
        if not kinds:
            planned.reject(record.problem("kinds", "没有写困难类别，如：低保、残疾。"))
            return
        began, ended = self._day(record, planned, "started_on"), self._day(record, planned, "ended_on")
        if began and ended and ended < began:
            planned.problems.append(record.problem("ended_on", "早于开始日期，没有收下。"))
            ended = None
        work: Work = planned.work
        for kind, word in kinds:
            if word:
                planned.problems.append(record.problem("kinds", f"没有“{word[:20]}”这个类别，记为其他困难。"))
            standing = self.open[person.pk]
            if kind in standing:
                self._standing(record, planned, (kind, standing[kind]), (began, ended))
            elif ended is not None:
                planned.problems.append(
                    record.problem("ended_on", f"没有登记“{kind.label}”，不用结束，没有收下。")
                )
            else:
                standing[kind] = None
                work.begins.append((kind, began, word[:NOTE]))
                planned.changes.append(Change(kind.label, "", f"{began or self.today:%Y-%m-%d} 起"))

    def _standing(
        self, record: Record, planned: Planned, known: tuple[SupportKind, SupportStatus | None],
        days: tuple[dt.date | None, dt.date | None],
    ) -> None:  # fmt: skip
        """He receives it already: it may end; another beginning is told and left."""
        (kind, row), (began, ended) = known, days
        if row is None:  # an earlier row of this sheet
            return
        if began and began != row.started_on:
            words = f"“{kind.label}”已登记自 {row.started_on:%Y-%m-%d} 起，不改；要改请在个人页面办理。"
            planned.problems.append(record.problem("started_on", words))
        if ended is None:
            return
        if ended < row.started_on:
            planned.problems.append(record.problem("ended_on", "早于登记的开始日期，没有收下。"))
            return
        planned.work.ends.append((row, ended))
        planned.changes.append(Change(kind.label, f"{row.started_on:%Y-%m-%d} 起", f"{ended:%Y-%m-%d} 结束"))
        del self.open[planned.work.person.pk][kind]

    def _around(self, record: Record, planned: Planned, person: Person) -> None:
        """Guardian, health, help, note: only what the sheet says; numbers in free text are turned away."""
        values = {key: text for key in LONGEST if (text := text_of(record, key))}
        for key, longest in LONGEST.items():
            if len(values.get(key, "")) > longest:
                planned.problems.append(record.problem(key, f"最多{longest}个字，后面的没有收下。"))
                values[key] = values[key][:longest]
        for key, words in number_errors(values).items():
            planned.problems.append(record.problem(key, f"{words}这一格没有收下。"))
            del values[key]
        phone = parse_phone(record.values.get("guardian_phone"))
        if phone.problem:
            planned.problems.append(record.problem("guardian_phone", phone.problem))
        elif phone.value:
            values["guardian_phone"] = phone.value
        known = self.files.get(person.pk)
        for key, value in values.items():
            old = getattr(known, key) if known else ""
            if value != old:
                planned.work.file[key] = value
                shown = (mask_phone(one) if one and key == "guardian_phone" else one for one in (old, value))
                planned.changes.append(Change(LABELS[key], *shown))


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Each row: what begins, what ends, what else becomes known."""
    planner = Planner(context, records)
    for number, record in enumerate(records):
        yield planner.plan(number, record)


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write through the services of the pages. Raises PlanStale where the register is no longer as planned."""
    for row in rows:
        try:
            _write(context, row.work)
        except (ValidationError, StaleVersion) as changed:
            raise PlanStale from changed


def _write(context: ImportContext, work: Work) -> None:
    by, at = context.staff, context.at
    if work.person is None:
        return
    for kind, began, note in work.begins:
        made = support_add(person=work.person, kind=kind, by=by, started_on=began, note=note, at=at)
        context.note_created(made)
    for support, ended in work.ends:
        changed = support_end(support=support, by=by, on=ended, at=at)
        context.note_updated(changed, {"ended_on": None})
    if work.file:
        known = CareFile.objects.filter(person=work.person).first()
        before = {key: getattr(known, key) for key in work.file} if known else {}
        version = known.version if known else 0
        saved = care_file_save(person=work.person, version=version, by=by, **work.file)
        if saved is not None and known is None:
            context.note_created(saved)
        elif saved is not None:
            context.note_updated(saved, {**before, "version": version})


VULNERABLE = register_import(
    ImportKind(
        key="vulnerable",
        name="特殊困难群体",
        fields=FIELDS,
        plan=plan,
        apply=apply,
        identity=(("name", "kinds"), ("id_number", "kinds")),
        permissions=("households.change_person", "measures.change_carevisit"),
        step_rows=300,
        order=75,
    )
)
