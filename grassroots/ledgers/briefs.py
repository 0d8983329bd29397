"""The daily brief (日报) as text: head, sections, signatures (DOMAIN.md §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import ONE_DAY, AsOf
from grassroots.ledgers.engine import chinese_date, clock_words
from grassroots.ledgers.paragraphs import SECTIONS, Figures, section_text

NUMERALS = "一二三四五六七八九十"
NOTHING = "无。"
BLANK = "________"


@dataclass(frozen=True)
class Typed:
    """What people write themselves: two paragraphs, and who signs."""

    problems: str = ""
    plans: str = ""
    reporter: str = ""
    reviewer: str = ""
    phone: str = ""


def period_words(asof: AsOf) -> str:
    """2020年1月28日17时至2020年1月29日17时; a whole day: 2020年1月29日0时至24时."""
    if asof.cutoff is None:
        return f"{chinese_date(asof.on)}0时至24时"
    at = clock_words(asof.cutoff)
    return f"{chinese_date(asof.on - ONE_DAY)}{at}至{chinese_date(asof.on)}{at}"


def cutoff_words(on: dt.date, cutoff: dt.time | None) -> str:
    """统计截止时间 in one piece: 2020年1月29日17时."""
    return f"{chinese_date(on)}{clock_words(cutoff)}"


def brief_text(
    area: Area, asof: AsOf, figures: Mapping[str, int], *, typed: Typed, changes: Sequence[str] = ()
) -> str:
    """The brief of an area for a period. `changes` are the lines of 更正说明 of a brief that corrects another.

    Every sentence is there whatever the figures: a zero reads 无新增.
    """
    head = [f"{area.name}疫情防控日报" + ("（更正）" if changes else ""), f"统计时段：{period_words(asof)}"]
    parts = ["\n".join(head)]
    if changes:
        parts.append("\n".join(["更正说明", *changes]))
    known = Figures(figures, area.level)
    by_hand = {"problems": typed.problems, "plans": typed.plans}
    for numeral, section in zip(NUMERALS, SECTIONS, strict=False):
        text = by_hand[section.key].strip() or NOTHING if section.is_typed else section_text(section, known)
        parts.append(f"{numeral}、{section.title}\n{text}")
    parts.append(
        f"填报人：{typed.reporter or BLANK}  审核人：{typed.reviewer or BLANK}  电话：{typed.phone or BLANK}"
    )
    return "\n\n".join(parts) + "\n"


_HEADINGS = {f"{numeral}、{section.title}" for numeral, section in zip(NUMERALS, SECTIONS, strict=False)}


def lines_of(text: str) -> list[tuple[str, str]]:
    """A brief line by line for pages that show it: what the line is ("title", "heading" or "text"), and the line."""
    lines = text.rstrip("\n").split("\n")
    kinds = ["heading" if line in _HEADINGS or line == "更正说明" else "text" for line in lines]
    return list(zip(["title", *kinds[1:]], lines, strict=True))


def made_words(at: dt.datetime) -> str:
    """When a brief was made, as the office writes it: 1月29日 17:05."""
    local = timezone.localtime(at)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
