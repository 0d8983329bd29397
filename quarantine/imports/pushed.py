"""Taking in a list pushed down from above: who each row is, what to answer, who checks it (docs/pushed.md)."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.duties import DutyTarget
from grassroots.grid.models import Area, Level, Staff
from grassroots.ledgers.answering.plan import RESULT_CAPTIONS
from grassroots.ledgers.intake.protocol import (
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    Record,
    register_import,
)
from grassroots.ledgers.reading import Field, parse_date
from grassroots.ledgers.reading.parsed import tidy
from households.imports.matching import Identity, Match, Matcher, identity_of
from households.imports.places import NO_VILLAGE, NewArea, Places, Spot, plain_village
from households.rules.addresses import normalise_address_text
from quarantine.imports.pushed_source import SendersFile
from quarantine.imports.pushed_writing import RowWork, apply
from quarantine.models import Observation, Outcome, PushedPerson, Returnee
from quarantine.rules.pushed import FileFact, MatchBy, Proposal, RowFacts, propose
from quarantine.services.policies import policies_in_force
from quarantine.services.pushed_officers import checkers_of

KEYS_AT_ONCE = 2000
BY = {"id": MatchBy.NUMBER, "phone": MatchBy.PHONE, "address": MatchBy.ADDRESS}
NOBODY = "这一行没有姓名，也没有能用的证件号码，无法核对是谁。"

FIELDS = (
    Field("number", "序号"),
    Field("name", "姓名", ("人员姓名", "被推送人", "当事人")),
    Field("id_number", "身份证号", ("证件号码", "公民身份号码", "证件号")),
    Field("phone", "手机号", ("联系电话", "电话", "手机号码", "联系方式")),
    Field("source", "数据来源", ("信息来源", "线索来源", "推送来源", "推送单位", "数据类型")),
    Field("origin", "疑似来源地", ("来源地", "从何地返回", "疑似来源", "风险地区", "重点地区", "漫出地", "轨迹地区",
                               "涉疫地区", "来自地区")),
    Field("place", "落脚地", ("现落脚地", "目的地", "现住址", "落地地址", "流入地", "当前所在地", "现居住地", "落脚点",
                           "抵达地", "落脚地址")),
    Field("village", "村(社区)", ("社区", "所属村社区", "落脚村社区")),
    Field("group", "组(网格)", ("组", "网格")),
    Field("left_on", "离开日期", ("离开时间", "离鄂时间", "离汉时间", "流出时间"), kind="date"),
    Field("arrived_on", "到达日期", ("返回日期", "到达时间", "抵达时间", "流入时间", "落地时间", "轨迹时间", "返回时间",
                                 "入川时间", "最后轨迹时间"), kind="date"),
    Field("trace", "轨迹", ("行程轨迹", "活动轨迹", "停留情况", "停留时长", "轨迹信息", "轨迹描述", "行程")),
    Field("sex", "性别"),
    Field("age", "年龄"),
    Field("registered_place", "户籍地", ("户籍地址",)),
    Field("transport", "交通方式", ("交通工具",)),
    Field("transport_no", "车次/航班/车牌(座号)", ("车次", "航班", "车牌号")),
    Field("note", "备注", ("说明",)),
    Field("result", "核查结果", tuple(caption for caption in RESULT_CAPTIONS if caption != "核查结果")),
    Field("result_note", "核查备注", ("反馈备注", "核查说明", "反馈说明")),
)  # fmt: skip
OWN = {"number", "result", "result_note", "note"}  # where answers stand, and what says nothing of the person
_COUNTY = re.compile(r"^(?:.{2,5}省)?(?:.{2,6}市)?(?:[^市省]{2,4}[县区])?")
_STREET = re.compile(_COUNTY.pattern + r"([^县市区省0-9]{2,5}?(?:街道(?:办事处)?|镇|乡))")
_VILLAGE = re.compile(r"[^0-9]{2,8}?(?:社区|村(?!民))")
LENGTHS = {"source": 60, "origin": 80, "place": 120}


@dataclass(slots=True)
class Seen:
    """A row as it was read."""

    record: Record
    identity: Identity
    spot: Spot
    texts: dict[str, str] = field(default_factory=dict)
    dates: dict[str, dt.date | None] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    match: Match = field(default_factory=Match)
    area: Area | None = None
    target: DutyTarget | None = None


class Planner:
    """Holds a list against the register: a fixed number of queries for some thousand rows."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context = context
        self.today = timezone.localdate(context.at)
        self.places = Places(context)
        upward = Area.objects.filter(path__in=context.area.ancestor_paths())
        line = list(upward.values_list("level", "name"))
        self.streets = [name for level, name in line if level == Level.STREET]
        self.village = next((name for level, name in line if level == Level.VILLAGE), "")
        self.file = SendersFile(context)
        self.content = content_digest(records)
        self.there = self._there()
        self.rows = [self._read(record) for record in records]
        matches = Matcher(context).match([row.identity for row in self.rows])
        for row, match in zip(self.rows, matches, strict=True):
            row.match = match
            self._settle(row)
        self.files, self.observed = self._files()
        self.policies = [terms for _policy, terms in policies_in_force()]
        wanted = [row.target for row in self.rows if row.target is not None]
        self.checkers = checkers_of(wanted, self.today)

    def _there(self) -> set[int]:
        """Places in the order of the rows that stand in the register already: the list was taken in before."""
        rows = PushedPerson.objects.filter(list__area=self.context.area, list__content_digest=self.content)
        return set(rows.values_list("number", flat=True))

    # -- reading

    def _read(self, record: Record) -> Seen:
        identity = identity_of(record)
        if identity.id_number or identity.name:
            identity.problem = "" if identity.id_number else identity.problem
        texts = {key: tidy(record.values.get(key)) for key in (*LENGTHS, "village", "group", "trace", "note")}
        spot = self.places.find(village=texts["village"], group=texts["group"], address=texts["place"])
        row = Seen(record, identity, spot, texts)
        for key in ("left_on", "arrived_on"):
            day = parse_date(record.values.get(key), reference=self.context.reference)
            row.dates[key] = day.value
            if day.problem:
                row.problems.append((key, day.problem))
        if not spot.problem and spot.door_key and isinstance(spot.area, Area):
            identity.place = (spot.area.pk, texts["place"])
        return row

    def _outside(self, row: Seen) -> str:
        """The place outside the office's area that the row names; '' where it names none."""
        if row.spot.problem and row.spot.problem != NO_VILLAGE:
            return row.texts["village"] or row.texts["place"]
        if row.texts["village"]:
            return ""
        text = normalise_address_text(row.texts["place"])
        named = _STREET.match(text)
        if (
            named
            and self.streets
            and all(_plain_street(named[1]) != _plain_street(own) for own in self.streets)
        ):
            return named[1]
        # An office below the street takes an address without its own village's name for one of its own.
        village = _VILLAGE.match(text[named.end() :] if named else _COUNTY.sub("", text))
        if self.village and village and plain_village(village[0]) != plain_village(self.village):
            return village[0]
        return ""

    # -- where a row is checked

    def _settle(self, row: Seen) -> None:
        """The area that checks it: where the person lives, else the place named, else the importing office."""
        home = row.match.home if not row.match.problem else None
        if home is not None and self.context.area.holds(home.area):
            row.area = home.area
            row.target = DutyTarget(home.area_id, home.household_id, home.person_id)
            return
        area = row.spot.area if not row.spot.problem else None
        while isinstance(area, NewArea):
            area = area.parent
        if area is not None and area.pk != self.context.area.pk:
            row.area, row.target = area, DutyTarget(area.pk)
        else:
            row.area = self.context.area

    def _checker(self, row: Seen) -> Staff:
        """The officer of that place; who took the list in where the row names none, or nobody answers there."""
        return (self.checkers.get(row.target) if row.target else None) or self.context.staff

    # -- what the register knows

    def _files(self) -> tuple[dict[int, list[Returnee]], set[int]]:
        """Files by person, and who is or was under observation (two queries for some thousand people)."""
        people = sorted({row.match.person.pk for row in self.rows if row.match.person is not None})
        files: dict[int, list[Returnee]] = defaultdict(list)
        observed: set[int] = set()
        for at in range(0, len(people), KEYS_AT_ONCE):
            part = people[at : at + KEYS_AT_ONCE]
            for returnee in Returnee.objects.active().filter(person__in=part).order_by("pk"):
                files[returnee.person_id].append(returnee)
            rows = Observation.objects.filter(person__in=part).exclude(outcome=Outcome.VOIDED)
            observed |= set(rows.values_list("person_id", flat=True))
        return files, observed

    def _facts(self, row: Seen, outside: str) -> RowFacts:
        person, home = row.match.person, row.match.home
        is_observed = person is not None and person.pk in self.observed
        files = self.files.get(person.pk, []) if person is not None else []
        id_flaws = {key for key, _message in row.identity.warnings} & {"id_number"}
        return RowFacts(
            matched_by=BY.get(row.match.how, MatchBy.NOBODY) if person is not None else MatchBy.NOBODY,
            lives_here=home is not None and not row.match.problem and self.context.area.holds(home.area),
            is_away=home is not None and home.is_away,
            away_where=home.away_where if home is not None else "",
            files=tuple(FileFact(one.arrived_on, is_observed) for one in files),
            is_observed=is_observed,
            has_bad_id=bool(id_flaws),
            names_nobody=not row.identity.name and not row.identity.id_number,
            outside=outside,
            origin=row.texts["origin"],
            arrived_on=row.dates["arrived_on"],
            words=" ".join((row.texts["trace"], row.texts["note"], row.texts["place"])),
        )

    # -- planning

    def plan(self, number: int, row: Seen) -> Planned:
        planned = Planned(row.record.row, Effect.CREATED, title=row.identity.name)
        outside = self._outside(row)
        facts = self._facts(row, outside)
        proposal = propose(facts, self.policies, self.today)
        for key, message in (*row.identity.warnings, *row.match.warnings, *row.problems):
            planned.problems.append(row.record.problem(key, message))
        if row.match.first is not None:
            first = self.rows[row.match.first].record.row
            planned.problems.append(row.record.problem("name", f"与第{first}行是同一个人，两行都要答复。"))
        left_out = ""
        if facts.names_nobody:
            left_out = NOBODY
            planned.reject(row.record.problem("name", left_out))
        elif outside and not facts.lives_here:
            left_out = f"名单写的“{outside[:40]}”不在“{self.context.area.name}”内。"
            key = "village" if row.texts["village"] else "place"
            planned.reject(row.record.problem(key, left_out))
        if number in self.there and not left_out:
            planned.effect = Effect.UNCHANGED
        planned.work = self._work(number, row, facts, proposal, left_out)
        if planned.effect == Effect.CREATED:
            planned.proposals = self._words(proposal, planned.work)
        return planned

    def _words(self, proposal: Proposal, work: RowWork) -> list[str]:
        if work.is_answered:
            return [f"直接答复“{proposal.code.label}”:{proposal.reason}"]
        who = f"由{work.row.assigned_to.name}核查" if work.row.assigned_to else "待指定核查人"
        return [f"建议答复“{proposal.code.label}”:{proposal.reason}", who]

    def _work(self, number: int, row: Seen, facts: RowFacts, proposal: Proposal, left_out: str) -> RowWork:
        identity, person = row.identity, row.match.person
        assert row.area is not None
        is_ours = person is not None and not row.match.problem
        files = self.files.get(person.pk, []) if person is not None else []
        pushed = PushedPerson(
            number=number, sheet=row.record.sheet[:60], row=row.record.row, name=identity.name[:50],
            id_kind=identity.id_kind, id_number=identity.id_number, id_digest=digest(identity.id_number, "id"),
            phone=identity.phone, phone_digest=digest(identity.phone, "phone"), person=person,
            matched_by=facts.matched_by, area=self.context.area if left_out else row.area,
            assigned_to=self.context.staff if left_out else self._checker(row), proposed=proposal.code,
            reason=proposal.reason[:200], left_out=left_out[:200], recorded_at=self.context.at,
            returnee=files[-1] if files and proposal.is_certain else None, **row.dates,
            **{key: row.texts[key][:length] for key, length in LENGTHS.items()},
        )  # fmt: skip
        is_answered = proposal.is_certain and is_ours and not left_out
        return RowWork(pushed, self.file, self.content, is_answered, is_there=number in self.there)


def _plain_street(name: str) -> str:
    return re.sub(r"(?:街道办事处|街道|镇|乡)$", "", name)


def content_digest(records: Sequence[Record]) -> str:
    """A keyed digest of what the sender said, by which a list that was taken in before is known again: whatever the
    file's format, and with or without answers in it."""
    rows = [[tidy(record.values.get(one.key)) for one in FIELDS if one.key not in OWN] for record in records]
    return digest(json.dumps(rows, ensure_ascii=False), "pushed-list")


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Each row: what is proposed, why, and who checks it; all rows of a list that is there already are unchanged."""
    planner = Planner(context, records)
    for number, row in enumerate(planner.rows, start=1):
        yield planner.plan(number, row)


PUSHED = register_import(
    ImportKind(
        key="pushed",
        name="上级推送名单",
        fields=FIELDS,
        plan=plan,
        apply=apply,
        identity=(
            ("id_number", "source", "place"),
            ("id_number", "origin", "place"),
            ("phone", "origin", "place"),
            ("name", "source", "origin"),
            ("name", "result"),
            ("id_number", "trace"),
        ),
        permissions=("quarantine.add_pushedlist",),
        takes_rejected=True,
        order=40,
    )
)
