"""What a sheet says of the knock on a door: outcome, day, letter, what people answered; and whether the register knows.

The number of households surveyed is the number of signed letters, so nothing but a sign of signing counts as signed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake.protocol import Effect, PlanStale
from households.imports.base import words
from households.imports.base.fields import STEP_KEYS
from households.imports.base.plans import HousePlan, KnockPlan, MemberPlan, Row
from households.imports.base.register import Known, People, local_day
from households.imports.base.words import NOT_YET, VISITED
from households.models import HousingKind, SurveyMethod, SurveyOutcome, SurveyState
from households.rules.answers import travel_problem
from households.rules.outcomes import NOBODY_MET, Standing, standing_after
from households.rules.proxies import proxy_parse

if TYPE_CHECKING:
    from grassroots.ledgers.intake.protocol import ImportContext
    from households.imports.base.cells import Block, Reader

_STANDING = {
    "state": "survey_state", "surveyed_at": "surveyed_at", "signed_at": "signed_at", "absent_tries": "absent_tries",
    "next_visit_on": "next_visit_on",
}  # fmt: skip
MADE_UP = "*"
_OUTCOMES = frozenset(SurveyOutcome.values)
UNSIGNED = "没有写明是否签承诺书，排查数以签订承诺书为准，这一户没有登记排查。"
_NAMES = re.compile(r"[、,，;；/\s]+")
_SAYS_NO = frozenset({False, None, "", ()})
_LABELS = {
    "left_county": "近14天离开本县", "hubei_contact": "武汉(湖北)旅居或接触史", "returned_from": "从何地返回",
    "left_on": "离开日期", "returned_on": "返回日期", "transport": "交通工具及班次", "companions": "同行人员",
    "temperature": "体温", "symptoms": "症状", "note": "备注",
}  # fmt: skip


@dataclass(slots=True)
class Said:
    """What the rows of one household say of the knock, the first that says anything counting."""

    outcome: str | None = None
    is_doubtful: bool = False
    """Somebody was met, and no word of a letter."""
    visited_at: dt.datetime | None = None
    method: str | None = None
    letter: str | None = None
    tries: int | None = None
    surveyor: str | None = None
    respondent: str | None = None
    proxy: str | None = None
    """Who answered for them, as the ledger writes it (rules/proxies.py)."""
    leaflets: int | None = None
    steps: frozenset[str] = frozenset()
    remark: str = ""
    """A remark that told the outcome: it belongs to the knock."""


def said_of(block: Block, places: Sequence[int]) -> Said:
    """What the rows at these places say of the knock."""
    first = block.first
    said = Said(
        visited_at=first("visited_at", places), method=first("method", places), letter=first("letter", places),
        tries=first("tries", places), surveyor=first("surveyor", places), respondent=first("respondent", places),
        proxy=first("proxy", places), leaflets=first("leaflets", places), steps=first("steps", places) or frozenset(),
    )  # fmt: skip
    if named := [key for key in STEP_KEYS if key in block.read and first(key, places)]:
        said.steps = said.steps | frozenset(named)
    _outcome(said, first("state", places), first("signed", places), block, places)
    return said


def _outcome(said: Said, state: str | None, signed: bool | None, block: Block, places: Sequence[int]) -> None:
    """Signed by the state, a sign, a step or a letter; else what state, housing, remarks or the way of asking tell."""
    notes = (
        [note for place in places if (note := block.column("note")[place])] if "note" in block.read else []
    )
    if state in _OUTCOMES and not (state == SurveyOutcome.SIGNED and signed is False):
        said.outcome = state
    elif signed or said.letter or "step_sign" in said.steps:
        said.outcome = SurveyOutcome.SIGNED
    elif state == NOT_YET:
        return
    elif block.first("housing", places) == HousingKind.VACANT:
        said.outcome = SurveyOutcome.VACANT
    elif said.tries or any(map(words.is_absent, notes)):
        said.outcome = SurveyOutcome.ABSENT
    elif any(map(words.is_refused, notes)):
        said.outcome = SurveyOutcome.REFUSED
    elif said.method == SurveyMethod.PHONE:
        said.outcome = SurveyOutcome.BY_PHONE
    else:
        said.is_doubtful = state == VISITED or said.visited_at is not None
    if said.outcome in (SurveyOutcome.ABSENT, SurveyOutcome.REFUSED, SurveyOutcome.VACANT) and state is None:
        said.remark = next(iter(notes), "")


@dataclass
class Knocks:
    """The knocks of a file."""

    context: ImportContext
    reader: Reader
    has_letters: bool = False
    """Whether the sheet has a column of letters' numbers: a blank one is then no number, not one to be made up."""
    taken: Mapping[tuple[int, str], int] = field(default_factory=dict)
    _letters: dict[tuple[int, str], HousePlan] = field(default_factory=dict)
    _staff: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)

    def ask_staff(self, names: set[str]) -> None:
        """Who of the staff has these names, with the paths of their postings (one query for new names)."""
        wanted = {one for name in names for one in _names_in(name)} - self._staff.keys() - {""}
        if not wanted:
            return
        self._staff |= {name: [] for name in wanted}
        rows = Staff.objects.visible_to(self.context.staff).filter(name__in=wanted).order_by("pk")
        for name, pk, path in rows.values_list("name", "pk", "postings__area__path"):
            self._staff[name].append((pk, path or ""))

    def plan(self, row: Row, house: HousePlan, said: Said, people: Sequence[MemberPlan]) -> None:
        """Plan the knock that the rows of a household tell, on its first row."""
        if house.knock is not None or house.known_knock is not None:
            return  # another block of the same household has told it
        known = house.known
        if said.outcome is None:
            if said.is_doubtful and (known is None or known.row.signed_at is None):
                row.warn("state" if row.cell("state") else "visited_at", UNSIGNED)
            if known is not None and known.knocks:
                house.known_knock = known.knocks[-1]
            return
        if known is not None and (knock := _registered(known.row, known.knocks, said)) is not None:
            house.known_knock = knock
            self._changes(row, house, knock, said)
            self._letter_of_known(row, house, knock, said)
            return
        if known is not None and said.visited_at is None and known.row.survey_state == said.outcome:
            return
        if known is None and house.pk is not None:
            raise PlanStale  # the household stands there already, without this knock (protocol.ImportKind.whole)
        house.knock = self._new(row, house, said, people)
        if known is not None:
            row.change(
                "排查状态",
                SurveyState(known.row.survey_state).label,
                SurveyState(house.knock.standing["survey_state"]).label,
            )

    def _new(self, row: Row, house: HousePlan, said: Said, people: Sequence[MemberPlan]) -> KnockPlan:
        assert said.outcome is not None
        at = said.visited_at or self.reader.moment(self.context.reference)
        before = Standing()
        if house.known is None:
            standing = _first_standing(said.outcome, at)
        else:
            before = Standing(
                **{name: getattr(house.known.row, column) for name, column in _STANDING.items()}
            )
            standing = _after(before, said.outcome, at)
        if said.tries and said.outcome == SurveyOutcome.ABSENT:
            standing = {**standing, "absent_tries": max(said.tries, standing["absent_tries"])}
        is_signed = said.outcome == SurveyOutcome.SIGNED
        tries = (
            (said.tries or standing["absent_tries"])
            if said.outcome == SurveyOutcome.ABSENT
            else said.tries or 0
        )
        staff_id, note = self._surveyor(row, house, said)
        proxy = proxy_parse(said.proxy or "") or (said.respondent or "", "", "")
        return KnockPlan(
            at, said.outcome, said.method or _method(said.outcome), staff_id,
            said.steps | ({"step_sign"} if is_signed else frozenset()), standing,
            self._letter(row, house, said, is_first=before.signed_at is None) if is_signed else None,
            absent_try=min(tries, 999), respondent=said.respondent or proxy[0],
            respondent_relation=proxy[1], respondent_phone=proxy[2], leaflets=said.leaflets or 0,
            slip_left=said.outcome == SurveyOutcome.ABSENT and words.slip_was_left(said.remark),
            note="；".join(part for part in (said.remark, note) if part)[:200],
            signed_by=said.respondent or proxy[0] or next((one.name for one in people if one.relation == "HEAD"), ""),
        )  # fmt: skip

    def _surveyor(self, row: Row, house: HousePlan, said: Said) -> tuple[int, str]:
        """Who knocked: of the staff of that name the one whose area is nearest; an unknown name becomes a remark."""
        if not said.surveyor:
            return self.context.staff.pk, ""
        area = house.area
        while not isinstance(area, Area):
            area = area.parent
        for name in _names_in(said.surveyor):
            if rows := self._staff.get(name):
                best = max(rows, key=lambda one: (_common(one[1], area.path), -one[0]))
                return best[0], "" if name == said.surveyor else f"入户人员:{said.surveyor}"
        if said.surveyor not in self._unknown:
            self._unknown.add(said.surveyor)
            row.warn(
                "surveyor",
                f"“{said.surveyor}”不在系统人员里：由{self.context.staff.name}代记，姓名写在排查备注里(同名的不再逐行提醒)。",
            )
        return self.context.staff.pk, f"入户人员:{said.surveyor}"

    # -- letters

    def _letter(self, row: Row, house: HousePlan, said: Said, *, is_first: bool) -> str | None:
        """The number of the letter of a new knock; a household that signed before keeps its own letter."""
        if said.letter:
            if house.known is not None and any(
                number == said.letter for _pk, _survey, number in house.known.letters
            ):
                return None
            return said.letter if self._is_free(row, house, said.letter) else ""
        if not is_first:
            return None
        return "" if self.has_letters else MADE_UP

    def _letter_of_known(self, row: Row, house: HousePlan, knock: Known, said: Said) -> None:
        """A number that the register does not have for a household whose signing it has."""
        assert house.known is not None
        letters = house.known.letters
        if not said.letter or any(number == said.letter for _pk, _survey, number in letters):
            return
        if not self._is_free(row, house, said.letter):
            return
        own = next((one for one in letters if one[1] == knock.pk), None)
        row.work.letter = (own[0] if own else None, said.letter)
        row.change("承诺书编号", own[2] if own else "", said.letter)

    def _is_free(self, row: Row, house: HousePlan, number: str) -> bool:
        """Whether no other household of the area has a letter of that number."""
        area_id = getattr(house.area, "pk", None) or id(house.area)
        holder = self._letters.setdefault((area_id, number), house)
        registered = self.taken.get((area_id, number))
        if holder is house and registered in (None, house.pk):
            return True
        row.leave("letter", "这个承诺书编号已用于另一户，没有登记编号，请核对纸质编号。")
        return False

    # -- a knock that is registered

    def _changes(self, row: Row, house: HousePlan, knock: Known, said: Said) -> None:
        changes: dict[str, Any] = {}
        if said.method and said.method != knock.method:
            changes["method"] = said.method
            row.change("排查方式", SurveyMethod(knock.method).label, SurveyMethod(said.method).label)
        if said.tries and said.tries != knock.absent_try:
            changes["absent_try"] = said.tries
            row.change("无人户(第N次)", knock.absent_try, said.tries)
        if said.respondent and said.respondent != knock.respondent:
            changes["respondent"] = said.respondent
            row.change("被调查人", knock.respondent, said.respondent)
        if said.leaflets is not None and said.leaflets != knock.leaflets:
            changes["leaflets"] = said.leaflets
            row.change("宣传单(份)", knock.leaflets, said.leaflets)
        row.work.knock_changes = changes or None


@lru_cache(maxsize=20_000)
def _names_in(text: str) -> tuple[str, ...]:
    """A cell that may name several officers: as it stands, then each."""
    return (text, *_NAMES.split(text))


def _registered(row: Known, knocks: Sequence[Known], said: Said) -> Known | None:
    """The registered knock that a sheet tells of: of its day, or without a day the latest, if it ended alike."""
    assert said.outcome is not None
    is_signed = said.outcome == SurveyOutcome.SIGNED and row.signed_at is not None
    if said.visited_at is None:
        return knocks[-1] if knocks and (is_signed or row.survey_state == said.outcome) else None
    day = local_day(said.visited_at)
    same = [knock for knock in knocks if local_day(knock.visited_at) == day]
    return next((knock for knock in reversed(same) if is_signed or knock.outcome == said.outcome), None)


def _after(before: Standing, outcome: str, at: dt.datetime) -> Mapping[str, Any]:
    """How a household stands after a knock, by column."""
    after = standing_after(before, outcome=outcome, visited_at=at)
    return {column: getattr(after, name) for name, column in _STANDING.items()}


@lru_cache(maxsize=20_000)
def _first_standing(outcome: str, at: dt.datetime) -> Mapping[str, Any]:
    return _after(Standing(), outcome, at)


def _method(outcome: str) -> str:
    return SurveyMethod.PHONE if outcome == SurveyOutcome.BY_PHONE else SurveyMethod.AT_DOOR


def _common(one: str, other: str) -> int:
    """How many steps of two paths are the same."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _pair in same) // int(Area.steplen)


# -- answers


def answers_checked(row: Row, said: Said, found: dict[str, Any], today: dt.date) -> dict[str, Any]:
    """What somebody answered, without what cannot be true; where nobody was met, 否 and 无 are what the form came
    with."""
    if said.remark and found.get("note") == said.remark:
        del found["note"]
    if all(value == () for value in found.values()):
        return {}
    if said.outcome in NOBODY_MET and all(value in _SAYS_NO for value in found.values()):
        return {}
    if "returned_on" in found:
        name, sentence = travel_problem(
            left_on=found.get("left_on"), returned_on=found["returned_on"], today=today
        )
        if sentence:
            row.leave(name, sentence)
            del found[name]
    return found


def answers_plan(row: Row, member: MemberPlan, found: dict[str, Any], people: People) -> None:
    """Hold somebody's answers against those that are registered: the ones of this knock, else the latest."""
    house = member.house
    if not found or house is None:
        return
    if house.knock is not None:
        member.answers = found
        row.becomes(Effect.UPDATED)
        return
    registered = people.answers.get(member.person.pk, []) if member.person is not None else []
    knock = house.known_knock
    own = next((one for one in registered if knock is not None and one.survey_id == knock.pk), None)
    beside = own or (registered[-1] if registered else None)
    changed = {key: value for key, value in found.items() if not _is_same(key, value, beside)}
    if not changed or (
        beside is None and all(value in _SAYS_NO for value in changed.values()) and knock is None
    ):
        return
    if knock is None:
        row.warn("", "没有写明排查结果(是否签承诺书)，体温等回答没有登记。")
        return
    for key, value in changed.items():
        row.change(_LABELS[key], _shown(getattr(beside, key, None)), _shown(value))
    member.answers, member.known_answers = (changed if own else found), own


def _is_same(key: str, value: Any, registered: Known | None) -> bool:
    old = getattr(registered, key, None)
    if key == "symptoms":
        return tuple(old or ()) == value
    return bool(old == value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(value) if isinstance(value, (list, tuple)) else str(value or "")
