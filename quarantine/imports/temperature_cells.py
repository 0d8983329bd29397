"""Sheets of temperatures: which column is which slot of which day, and what its cells say.

Understood are one row a person with two columns a day under the day (1月28日 / 上午, 下午), one row a day with the
day in a column, today's morning and afternoon beside the name, and one sheet a person with the person above the table
(居家医学观察人员体温监测登记表, as this system hands it out).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from grassroots.ledgers.intake.protocol import ImportContext, Record
from grassroots.ledgers.intake.records import Records
from grassroots.ledgers.reading import Caption, Field
from grassroots.ledgers.reading.cells import parse_date
from grassroots.ledgers.reading.dates import full_dates, month_days, nearest_year
from grassroots.ledgers.reading.parsed import NOTHING, original_text
from quarantine.models import VisitState
from quarantine.rules.readings import check_temperature

READING = "reading:"
MORNING, AFTERNOON = "AM", "PM"
SLOT_WORDS = {MORNING: "上午", AFTERNOON: "下午"}
IGNORED = "ignored"
FIELDS = (
    Field("number", "序号", kind=IGNORED),
    Field("village", "村(社区)", ("村社区", "村", "社区")),
    Field("group", "组", ("组(网格)", "网格")),
    Field("name", "姓名", ("被观察人", "被观察人姓名")),
    Field("sex", "性别", kind=IGNORED),
    Field("age", "年龄", kind=IGNORED),
    Field("id_number", "身份证号", ("证件号码", "身份证号码"), kind="id"),
    Field("phone", "联系电话", ("电话", "手机号"), kind="phone"),
    Field("address", "住址", ("现住址", "居住地址", "观察地点")),
    Field("origin", "从何地返回", kind=IGNORED),
    Field("start_on", "开始日期", ("开始观察日期",), kind=IGNORED),
    Field("last_on", "期满日期", ("预计解除日期",), kind=IGNORED),
    Field("day_number", "第几天", kind=IGNORED),
    Field("date", "日期", ("测量日期", "测温日期"), kind="date"),
    Field("morning", "上午体温", ("今日上午体温", "早体温"), kind="temp"),
    Field("afternoon", "下午体温", ("今日下午体温", "晚体温"), kind="temp"),
    Field("officer", "包保责任人", kind=IGNORED),
    Field("note", "备注", kind=IGNORED),
)  # fmt: skip
_MORNING = re.compile(r"上午|早|晨|AM", re.IGNORECASE)
_AFTERNOON = re.compile(r"下午|晚|傍晚|PM", re.IGNORECASE)
_DAY_ALONE = re.compile(r"(?<![0-9月.])([0-9]{1,2})\s*[日号]")
# What the office writes instead of a temperature.
_MARKS = (
    (VisitState.REFUSED, re.compile(r"拒")),
    (VisitState.PHONE, re.compile(r"电话")),
    (VisitState.AWAY, re.compile(r"不在|外出|无人|未在家|没在家|走亲|住院")),
)
_NOT_MEASURED = frozenset({"未测", "未测量", "漏测", "没测", "未检测", "待测"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot of one day as the sheet has it: a temperature, a mark, or what is wrong."""

    key: str
    on: dt.date
    slot: str
    temperature: Decimal | None = None
    mark: VisitState | None = None
    problem: str = ""
    text: str = ""

    @property
    def words(self) -> str:
        """1月28日上午."""
        return f"{self.on.month}月{self.on.day}日{SLOT_WORDS.get(self.slot, self.slot)}"


def reading_columns(captions: Sequence[Caption], reference: dt.date) -> Mapping[int, str]:
    """Keys of the columns that are slots of days: reading:2020-01-28:AM."""
    by_day: dict[dt.date, list[tuple[int, str]]] = defaultdict(list)
    for caption in captions:
        on = _day_of(caption, reference)
        if on is not None:
            by_day[on].append((caption.column, _slot_of(caption.text)))
    found: dict[int, str] = {}
    for on, columns in by_day.items():
        for place, (column, slot) in enumerate(columns):
            slot = slot or (MORNING, AFTERNOON)[min(place, 1)]
            key = f"{READING}{on.isoformat()}:{slot}"
            if key not in found.values():
                found[column] = key
    return found


def _slot_of(text: str) -> str:
    if _MORNING.search(text):
        return MORNING
    return AFTERNOON if _AFTERNOON.search(text) else ""


def _day_of(caption: Caption, reference: dt.date) -> dt.date | None:
    """The day that a caption names, at the latest a few weeks after the sheet's own."""
    text = unicodedata.normalize("NFKC", caption.text)
    if named := full_dates(text):
        return named[0]
    if pairs := month_days(text):
        return nearest_year(*pairs[0], reference)
    for part in caption.path:
        bare = re.sub(
            r"上午|下午|早上?|晚上?|体温|AM|PM", "", unicodedata.normalize("NFKC", part), flags=re.I
        )
        if re.fullmatch(r"\s*[0-9]{1,4}\s*[-./][0-9./-]+\s*", bare):
            return parse_date(bare.strip(), reference=reference).value
    if alone := _DAY_ALONE.search(text):
        return _day_of_month(int(alone[1]), reference)
    return None


def _day_of_month(day: int, reference: dt.date) -> dt.date | None:
    """28日 without a month: the last such day up to the sheet's own."""
    months = [(reference.year, reference.month), *_months_before(reference)]
    for year, month in months:
        try:
            found = dt.date(year, month, day)
        except ValueError:
            continue
        if found <= reference:
            return found
    return None


def _months_before(reference: dt.date) -> list[tuple[int, int]]:
    first = reference.replace(day=1) - dt.timedelta(days=1)
    second = first.replace(day=1) - dt.timedelta(days=1)
    return [(first.year, first.month), (second.year, second.month)]


_ABOVE = {"姓名": "name", "身份证号": "id_number", "联系电话": "phone", "现住址": "address"}


def with_person_above(records: Sequence[Record]) -> Iterator[Record]:
    """The records; those of a sheet without a column for people get the person that stands above its table."""
    if not isinstance(records, Records):
        yield from records
        return
    for sheet in records.sheets:
        person = {} if sheet.columns.keys() & {"name", "id_number"} else _person_in(sheet.lines)
        captions = {_ABOVE[caption]: caption for caption in _ABOVE if _ABOVE[caption] in person}
        for index in range(len(sheet.rows)):
            record = sheet.record(index)
            if person:
                record = replace(
                    record,
                    values={**person, **record.values},
                    captions={**captions, **record.captions},
                )
            yield record


def _person_in(lines: Sequence[str]) -> dict[str, object]:
    """What stands behind the captions above a table; a covered number is none."""
    found: dict[str, object] = {}
    for line in lines:
        cells = [cell.strip() for cell in re.split(r"\s{2,}|[:：]", line)]
        for caption, value in pairwise(cells):
            key = _ABOVE.get("".join(caption.split()))
            if key and value and value not in _ABOVE and "*" not in value:
                found.setdefault(key, value)
    return found


def cells_of(record: Record, context: ImportContext) -> Iterator[Cell]:
    """The slots of a row that hold anything, in the order of time."""
    found = [
        _cell(key, *_slot_in(key), value)
        for key, value in record.values.items()
        if key.startswith(READING) and not _is_empty(value)
    ]
    day = parse_date(record.values.get("date"), reference=context.reference, ahead_days=0)
    for key, slot in (("morning", MORNING), ("afternoon", AFTERNOON)):
        value = record.values.get(key)
        if _is_empty(value):
            continue
        if day.problem:
            found.append(Cell(key, context.reference, slot, problem=day.problem, text=original_text(value)))
        else:
            found.append(_cell(key, day.value or context.reference, slot, value))
    yield from sorted(found, key=lambda cell: (cell.on, cell.slot))


def _slot_in(key: str) -> tuple[dt.date, str]:
    _prefix, on, slot = key.split(":")
    return dt.date.fromisoformat(on), slot


def _is_empty(value: object) -> bool:
    text = original_text(value).strip()
    return text in NOTHING or text in _NOT_MEASURED


def _cell(key: str, on: dt.date, slot: str, value: object) -> Cell:
    text = original_text(value).strip()
    temperature, problem = check_temperature(text)
    if temperature is not None:
        return Cell(key, on, slot, temperature, text=text)
    mark = next((state for state, pattern in _MARKS if pattern.search(text)), None)
    if mark is not None and not re.search(r"\d\d", text):
        return Cell(key, on, slot, mark=mark, text=text)
    return Cell(key, on, slot, problem=f"{problem}。" if problem else "", text=text)
