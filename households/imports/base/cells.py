"""Cells of some thousand rows, read a column at a time; what a column says again and again is read once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from grassroots.ledgers.reading import (
    Parsed,
    parse_date,
    parse_datetime,
    parse_id,
    parse_int,
    parse_sex,
    parse_temperature,
    parse_text,
    parse_yes_no,
)
from grassroots.ledgers.reading.parsed import NOTHING, original_text
from households.imports.base import words
from households.imports.base.fields import LIMITS, STEP_KEYS, STEP_WORDS
from households.rules.answers import MEASURE_AGAIN_BELOW
from households.rules.identity import OLDEST_YEARS, IdKind, IdNumber, flawless_residents, parse_id_number
from households.rules.names import check_name, normalise_name
from households.rules.phones import parse_phone

MEMO_SIZE = 150_000
# Columns that say the same things as others: what is read in one is known in both.
ALIKE = {"head": "name", "head_phone": "phone"}
# What looks odd in these columns is taken as it stands.
TAKEN_ALL_THE_SAME = frozenset({"temperature", "relation"})
EARLIEST = dt.date(2019, 1, 1)
_PLAIN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PLAIN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
Cell = tuple[Any, str]  # the value (None: nothing said), and what is wrong with the cell in words


class Memo(dict[object, Any]):
    """What cells were read as, by the cell; `flaws` says what is wrong with some of them."""

    def __init__(self, read: Callable[[object], Cell]) -> None:
        super().__init__({None: None})
        self.read = read
        self.flaws: dict[object, str] = {}

    def __missing__(self, cell: object) -> Any:
        if len(self) > MEMO_SIZE:
            self.clear()
            self[None] = None
        value, flaw = self.read(cell)
        if flaw:
            self.flaws[cell] = flaw
        self[cell] = value
        return value


@dataclass(slots=True)
class Block:
    """Some rows of a sheet by column: `at` are their places in the sheet, `rows` their numbers, `raw` the cells as they
    stand, `read` the values; a column that the sheet does not have is in neither, one without a filled cell in `raw`
    only. `flaws` by place in the block: (field key, message, whether the cell is left out or cut)."""

    at: Sequence[int]
    rows: list[int]
    raw: dict[str, Sequence[object]]
    captions: Mapping[str, str]
    read: dict[str, Sequence[Any]] = field(default_factory=dict)
    flaws: dict[int, list[tuple[str, str, bool]]] = field(default_factory=dict)

    def column(self, key: str) -> Sequence[Any]:
        """The values of a column, None for each row where the sheet has no such column."""
        found = self.read.get(key)
        return found if found is not None else [None] * len(self.rows)

    def first(self, key: str, places: Iterable[int]) -> Any:
        """What a column says first in these rows; None where it says nothing."""
        column = self.read.get(key)
        if column is not None:
            for place in places:
                if (value := column[place]) is not None:
                    return value
        return None

    def flaw(self, place: int, key: str, message: str, *, is_left: bool) -> None:
        """Note what is wrong with a cell."""
        self.flaws.setdefault(place, []).append((key, message, is_left))


class Reader:
    """Reads the columns of one import: a memo for each, dates by the sheet's own day."""

    def __init__(self, reference: dt.date, at: dt.datetime) -> None:
        self.reference, self.at = reference, at
        self.today = timezone.localdate(at)
        self._memos: dict[str, Memo] = {}
        self._reads: dict[str, Callable[[object], Cell]] = {
            "name": read_name, "housing": _choice(words.HOUSING, "房屋性质"),
            "relation": _choice(words.RELATIONS, "与户主关系", other="OTHER"), "sex": _of(parse_sex),
            "birth_date": self._birth, "age": read_age, "id_kind": _choice(words.ID_KINDS, "证件类型"),
            "phone": read_phone, "residency": _choice(words.RESIDENCIES, "居住情况"),
            "left_county": read_yes_no, "hubei_contact": read_yes_no, "left_on": self._past,
            "returned_on": self._past, "temperature": read_temperature, "symptoms": read_symptoms,
            "state": _choice(words.STATES, "排查状态"), "signed": _of(parse_yes_no),
            "method": _choice(words.METHODS, "排查方式"), "tries": read_tries, "visited_at": self._visited,
            "leaflets": read_leaflets, "steps": read_steps, "registered": _of(parse_int), "letter": read_code,
            "code": read_code, "note": read_note,
        }  # fmt: skip
        self._reads |= {key: _of(parse_yes_no) for key in STEP_KEYS}

    def block(
        self,
        rows: Sequence[tuple[int, Sequence[object]]],
        at: Sequence[int],
        columns: Mapping[str, int],
        captions: Mapping[str, str],
    ) -> Block:
        """The rows at these places of a sheet, read."""
        table = list(zip(*(rows[index][1] for index in at), strict=True))
        raw: dict[str, Sequence[object]] = {key: table[column] for key, column in columns.items()}
        block = Block(at, [rows[index][0] for index in at], raw, captions)
        for key, column in raw.items():
            if key != "id_number" and column.count(None) < len(column):
                self._column(block, key, column)
        if "id_number" in raw:
            self._numbers(block, raw["id_number"])
        return block

    def words(
        self, rows: Sequence[tuple[int, Sequence[object]]], columns: Mapping[str, int], key: str
    ) -> set[str]:
        """All that a column of a sheet says."""
        if key not in columns:
            return set()
        at, memo = columns[key], self._memo(key)
        return {word for cell in {cells[at] for _row, cells in rows} if (word := memo[cell])}

    def _memo(self, key: str) -> Memo:
        key = ALIKE.get(key, key)
        memo = self._memos.get(key)
        if memo is None:
            memo = self._memos[key] = Memo(self._reads.get(key) or _text_up_to(LIMITS.get(key)))
        return memo

    def _column(self, block: Block, key: str, cells: Sequence[object]) -> None:
        memo = self._memo(key)
        block.read[key] = list(map(memo.__getitem__, cells))
        if memo.flaws:
            self._flaws(block, key, cells, memo)

    def _flaws(self, block: Block, key: str, cells: Sequence[object], memo: Memo) -> None:
        if not memo.flaws.keys().isdisjoint(cells):
            for place, cell in enumerate(cells):
                if (flaw := memo.flaws.get(cell)) is not None:
                    block.flaw(place, key, flaw, is_left=memo[cell] is None or key not in TAKEN_ALL_THE_SAME)

    def _numbers(self, block: Block, cells: Sequence[object]) -> None:
        """Identity numbers: nearly all differ, so nothing is kept of them."""
        kinds = block.column("id_kind")
        found = flawless_residents(zip(cells, kinds, strict=True), self.today)
        for place, (cell, number) in enumerate(zip(cells, found, strict=True)):
            if number is None and cell is not None:
                found[place] = self._doubtful(block, place, cell, kinds[place])
        block.read["id_number"] = found

    def _doubtful(self, block: Block, place: int, cell: object, kind: str | None) -> IdNumber | None:
        text = parse_id(cell)
        if text.problem:
            block.flaw(place, "id_number", text.problem, is_left=True)
        return self._number(block, place, text.value, kind) if text.value else None

    def _number(self, block: Block, place: int, text: str, kind: str | None) -> IdNumber | None:
        read = parse_id_number(text, None if kind == IdKind.NONE else kind, self.today)
        if not read.problems:
            return read if read.number else None
        for problem in read.problems:
            block.flaw(place, "id_number", problem.message, is_left=read.has_errors)
        return read if read.number and not read.has_errors else None

    def _past(self, cell: object) -> Cell:
        read = parse_date(cell, reference=self.reference)
        if read.value and read.value > self.today:
            return None, f"“{read.original}”晚于今天，请核对。"
        return read.value, read.problem

    def _birth(self, cell: object) -> Cell:
        read = parse_date(cell, reference=None)
        if read.value and not 0 <= self.today.year - read.value.year <= OLDEST_YEARS:
            return None, f"出生日期“{read.original}”不对，请核对。"
        return read.value, read.problem

    def _visited(self, cell: object) -> Cell:
        """When the knock was: a moment, of a day alone its noon; never after now."""
        read = parse_datetime(cell, reference=self.reference)
        if read.value is None:
            return None, read.problem
        if read.value.date() > self.today or read.value.date() < EARLIEST:
            return None, f"“{read.original}”不可能是排查时间，请核对。"
        return self.moment(read.value), ""

    def moment(self, day: dt.date | dt.datetime) -> dt.datetime:
        """A day (its noon) or a time on the office's clock as a moment, at the latest now."""
        if not isinstance(day, dt.datetime):
            day = dt.datetime.combine(day, dt.time())
        if day.time() == dt.time():
            day = day.replace(hour=12)
        return min(timezone.make_aware(day), self.at)


def _of(parse: Callable[[object], Parsed[Any]]) -> Callable[[object], Cell]:
    def read(cell: object) -> Cell:
        found = parse(cell)
        return found.value, found.problem

    return read


def _choice(choices: Any, what: str, other: str | None = None) -> Callable[[object], Cell]:
    known = words.by_word(choices)

    def read(cell: object) -> Cell:
        text = words.plain(original_text(cell))
        value = known.get(text)
        if value is not None or text in NOTHING:
            return value, ""
        return other, f"{what}“{original_text(cell).strip()}”认不出来" + (
            ",按“其他”登记。" if other else "。"
        )

    return read


def _text_up_to(limit: int | None) -> Callable[[object], Cell]:
    def read(cell: object) -> Cell:
        found = parse_text(cell)
        if found.value is None or found.value in NOTHING:
            return None, found.problem
        if limit and len(found.value) > limit:
            return found.value[:limit], f"超过{limit}个字，只收前{limit}个字。"
        return found.value, ""

    return read


def read_note(cell: object) -> Cell:
    """A remark: whatever it says."""
    found = parse_text(cell)
    if found.value and len(found.value) > LIMITS["note"]:
        return found.value[: LIMITS["note"]], f"超过{LIMITS['note']}个字，只收前{LIMITS['note']}个字。"
    return found.value, found.problem


def read_code(cell: object) -> Cell:
    """A number on paper, without blanks."""
    text = "".join(original_text(cell).split())
    if text in NOTHING:
        return None, ""
    return (text, "") if len(text) <= 40 else (text[:40], "编号最多40个字，只收前40个字。")


def read_name(cell: object) -> Cell:
    """A name as it is kept; one that cannot be a name is none, with the reason."""
    if isinstance(cell, str) and _PLAIN_NAME.fullmatch(cell):
        return cell, ""
    text = original_text(cell)
    if text.strip() in NOTHING:
        return None, ""
    name = normalise_name(text)
    problems = check_name(name)
    return (None, problems[0].message) if problems else (name, "")


def read_age(cell: object) -> Cell:
    """Whole years; 8个月 is 0."""
    if isinstance(cell, str) and re.search(r"[月天]", cell):
        return 0, ""
    read = parse_int(cell)
    if read.value is not None and not 0 <= read.value <= OLDEST_YEARS:
        return None, f"年龄“{read.original}”不对，请核对。"
    return read.value, read.problem


def read_phone(cell: object) -> Cell:
    """The digits; '' for 无手机 is as nothing said."""
    if isinstance(cell, str) and _PLAIN_MOBILE.fullmatch(cell):
        return cell, ""
    read = parse_phone(original_text(cell))
    wrong = [problem.message for problem in read.problems if not problem.is_warning]
    if wrong:
        return None, wrong[0]
    return read.number or None, read.problems[0].message if read.problems else ""


def read_yes_no(cell: object) -> Cell:
    """An answer: also one with words behind it, 有(武汉), 无接触."""
    read = parse_yes_no(cell)
    if read.problem and (first := read.original.strip()[:1]) in tuple("是有否无未没"):
        return first in ("是", "有"), ""
    return read.value, read.problem


def read_temperature(cell: object) -> Cell:
    """℃; a low one is taken and pointed out."""
    read = parse_temperature(cell)
    if read.value is not None and read.value < MEASURE_AGAIN_BELOW:
        return read.value, f"体温{read.value}℃偏低，请核实。"
    return read.value, read.problem


def read_symptoms(cell: object) -> Cell:
    """Symptoms as a tuple, () for 无."""
    return tuple(words.symptoms_in(original_text(cell))), ""


def read_tries(cell: object) -> Cell:
    """How often nobody was found."""
    text = original_text(cell).strip()
    if text in NOTHING or text == "0":
        return None, ""
    found = words.tries_in(text)
    return found, "" if found else f"“{text}”看不出是第几次。"


def read_leaflets(cell: object) -> Cell:
    """How many were handed out; √ is one."""
    read = parse_yes_no(cell)
    if isinstance(cell, str) and read.value is not None and not cell.strip().isdecimal():
        return int(read.value), ""
    count = parse_int(cell)
    if count.value is not None and not 0 <= count.value <= 999:
        return None, "份数应在0–999之间。"
    return count.value, count.problem


def read_steps(cell: object) -> Cell:
    """Keys of the steps that a cell names: 进扫发签询; √ and 是 are all seven."""
    text = original_text(cell).strip()
    named = frozenset(STEP_WORDS[char] for char in text if char in STEP_WORDS)
    if named or text in NOTHING:
        return named or None, ""
    done = parse_yes_no(cell)
    return (frozenset(STEP_KEYS) if done.value else None), done.problem


def texts(cells: Iterable[object]) -> list[str]:
    """Cells as trimmed text, '' for blank ones."""
    return ["" if cell is None else original_text(cell).strip() for cell in cells]
