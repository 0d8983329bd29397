"""Forms from above about temperatures: a row a person, a column a day or a slot (1月29日 上午, 第3天)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import cast

from grassroots.grid.duties import duties_for_many
from grassroots.grid.models import Area
from grassroots.grid.names import PlaceNames, place_names
from grassroots.ledgers.engine import Column, FormRows, LedgerContext, LedgerDefinition, ledger_registry
from households.ledgers import asof_of
from quarantine.ledgers.temperatures import (
    FILTERS,
    SHEET,
    SLOTS,
    block_values,
    homes_of,
    is_wanted,
    ledger_observations,
    observations_with_visits,
    target_of,
    temperature_sheets,
)
from quarantine.models import Observation

#: Days before and after the ledger's own that a form may have columns for, and days of a term counted from its first.
DAYS_AROUND, DAYS_OF_TERM = 31, 28
#: Observations whose readings are held at a time.
CHUNK = 500
WORDS = {"AM": ("上午", "早", "早上", "晨", "早晨", "am"), "PM": ("下午", "晚", "晚上", "pm")}
ENDINGS = ("", "体温")

PEOPLE = (
    Column("village", "村(社区)", aliases=("所属村(社区)", "村", "社区")),
    Column("group", "组(网格)", aliases=("村民小组", "网格")),
    Column("name", "姓名", aliases=("被观察人姓名", "隔离人员姓名")),
    Column("sex", "性别"),
    Column("age", "年龄", format="int"),
    Column("id_number", "身份证号", mask="id"),
    Column("phone", "联系电话", mask="phone"),
    Column("address", "现住址", aliases=("居住地址", "隔离地点", "观察地点")),
    Column("origin", "从何地返回"),
    Column("left_on", "离开日期", format="date"),
    Column("arrived_on", "返回日期", format="date"),
    Column("start_on", "开始观察日期", format="date", aliases=("隔离开始日期", "观察起始日期")),
    Column("last_on", "预计解除日期", format="date", aliases=("期满日期",)),
    Column("housemates", "同住人数", format="int"),
    Column("day", "第几天", format="int", aliases=("已观察天数", "观察天数")),
    Column("officer", "包保责任人/电话"),
    Column("health", "医护人员/电话"),
)


def daily_columns(context: LedgerContext) -> tuple[Column, ...]:
    """Facts of the person; the slots of the day, of each day around it, and of each day of the term."""
    return (*PEOPLE, *_reading_columns(context.on))


@lru_cache(maxsize=8)
def _reading_columns(on: dt.date) -> tuple[Column, ...]:
    today = [
        Column(code, f"{label}体温", format="temp", aliases=_slot_words("", code)) for code, label in SLOTS
    ]
    days = [on + dt.timedelta(days=offset) for offset in range(-DAYS_AROUND, DAYS_AROUND + 1)]
    dated = [_columns_of(day.isoformat(), f"{day.month}月{day.day}日", _day_words(day)) for day in days]
    counted = [
        _columns_of(f"day{number}", f"第{number}天", (f"第{number}日", f"d{number}", f"day{number}"))
        for number in range(1, DAYS_OF_TERM + 1)
    ]
    return (*today, *(column for columns in (*dated, *counted) for column in columns))


def _columns_of(key: str, caption: str, words: tuple[str, ...]) -> Iterator[Column]:
    """Columns of one day: one for each slot, and one that holds both."""
    names = (caption, *words)
    for code, label in SLOTS:
        aliases = tuple(word for name in names for word in _slot_words(name, code))
        yield Column(f"{key}:{code}", f"{caption}{label}", format="temp", aliases=aliases)
    yield Column(key, caption, aliases=(*words, *(f"{name}体温" for name in names)))


def _slot_words(day: str, code: str) -> tuple[str, ...]:
    return tuple(f"{day}{word}{ending}" for word in WORDS[code] for ending in ENDINGS)


def _day_words(day: dt.date) -> tuple[str, ...]:
    """How offices write a day above a column: 1.29, 01-29, 2020年1月29日, 29日 is too little."""
    return (
        f"{day.month}.{day.day}", f"{day:%m.%d}", f"{day.month}月{day.day}号", f"{day:%m月%d日}", day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}",
    )  # fmt: skip


def daily_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """A row an observation of 体温监测登记表, with what was known of each slot when the ledger was asked for."""
    places = place_names(cast(Area, context.area))
    keys = [column.key for column in daily_columns(context)]
    asof = asof_of(context)
    rows = observations_with_visits(context).iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        chains = duties_for_many([target_of(row) for row in chunk], context.on)
        homes = homes_of(chunk, asof)
        for row in filter(partial(is_wanted, context=context), chunk):
            place = places.get(row.area_id, PlaceNames())
            housemates = homes.get(row.household_id or 0)
            values = block_values(row, place, chains[target_of(row)], housemates, context.on)
            day = row.day_number(context.on)
            values |= {"village": place.village, "group": place.group, "day": day if day > 0 else None}
            values |= _slots(row, context.on)
            yield [values.get(key) for key in keys]


def _slots(row: Observation, on: dt.date) -> dict[str, object]:
    """The last reading of each slot, by every column that may hold it."""
    found: dict[str, object] = {}
    by_day: dict[dt.date, list[str]] = defaultdict(list)
    for visit in row.visits.all():
        readings = list(visit.readings.all())
        if not readings:
            continue
        temperature = readings[-1].temperature
        number = row.day_number(visit.date)
        found[f"{visit.date.isoformat()}:{visit.slot}"] = found[f"day{number}:{visit.slot}"] = temperature
        by_day[visit.date].append(str(temperature))
        if visit.date == on:
            found[visit.slot] = temperature
    for date, words in by_day.items():
        found[date.isoformat()] = found[f"day{row.day_number(date)}"] = "/".join(words)
    return found


ledger_registry.register(
    LedgerDefinition(
        "temperatures",
        "体温监测登记表",
        SHEET,
        sheets=temperature_sheets,
        filters=FILTERS,
        entries=ledger_observations,
        rows_per_entry=14,
        order=50,
        form=FormRows(daily_columns, daily_rows, rows_per_entry=1),
    )
)
