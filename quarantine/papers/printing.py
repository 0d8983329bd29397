"""Papers as pages: every copy a page of its own, tables cut where a page ends, the QR code beside the code."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from grassroots.grid.qr import qr_svg
from quarantine.models import Paper, PaperKind

LINES_A_PAGE = 18  # of a sheet of a round on A4 lying, with the lines that name a place
DAYS_A_PAGE = 14  # of a person's sheet
GREETING = 20  # characters; a longer first line that ends in a colon is a paragraph
_HEADING = re.compile(r"^[一二三四五六七八九十]+、[^。；，]{1,18}$")


@dataclass
class Paragraph:
    """One paragraph: the first, when it greets somebody, is not indented."""

    text: str
    style: str = ""


@dataclass
class Sheet:
    """One printed page."""

    paper: Paper
    facts: dict[str, Any]
    qr: SafeString
    copy: str = ""  # 第一联　被观察人留存
    page: str = ""  # 第1页　共2页
    rows: list[dict[str, Any]] = field(default_factory=list)
    is_first: bool = True
    is_last: bool = True

    @property
    def paragraphs(self) -> list[Paragraph]:
        lines = self.facts["paragraphs"]
        return [Paragraph(line, _style(line, index)) for index, line in enumerate(lines)]

    @property
    def template(self) -> str:
        """Which piece draws it."""
        kind = self.paper.kind
        if kind in {PaperKind.ROUND, PaperKind.ROUTE}:
            return "quarantine/papers/route.html"
        names = {PaperKind.DOOR: "door", PaperKind.TEMPERATURE: "temperature"}
        return f"quarantine/papers/{names.get(PaperKind(kind), 'letter')}.html"

    @property
    def groups(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Lines of a round by place, in their order."""
        return [(place, list(lines)) for place, lines in groupby(self.rows, key=lambda row: row["place"])]

    @property
    def columns(self) -> int:
        """How many columns the table of a round has."""
        return 5 + 4 * len(self.facts["slots"])


def _style(line: str, index: int) -> str:
    if index == 0 and len(line) <= GREETING and line.endswith(("：", ":")):
        return "greeting"
    return "heading" if _HEADING.match(line) else ""


NUMERALS = "一二三四五六七八九十"


def sheets_of(papers: Sequence[Paper], request: HttpRequest) -> list[Sheet]:
    """All pages of these papers, in order: every copy, every part of a long table. No query."""
    found: list[Sheet] = []
    for paper in papers:
        facts = paper.read_facts()
        address = request.build_absolute_uri(reverse("quarantine:paper_open", args=[paper.code]))
        found += _pages(paper, facts, qr_svg(address))
    return found


def _pages(paper: Paper, facts: dict[str, Any], qr: SafeString) -> list[Sheet]:
    rows = facts.get("rows")
    if rows is None:
        return [
            Sheet(paper, facts, qr, copy=_copy_words(number, keeper, len(facts["keepers"])))
            for number, keeper in enumerate(facts["keepers"] or [""])
        ]
    if paper.kind == PaperKind.TEMPERATURE:
        rows = [{**row, "date": dt.date.fromisoformat(row["on"])} for row in rows]
        parts = [rows[start : start + DAYS_A_PAGE] for start in range(0, len(rows), DAYS_A_PAGE)]
    else:
        parts = walked_pages(rows)
    return [
        Sheet(
            paper, facts, qr, rows=part, is_first=number == 0, is_last=number == len(parts) - 1,
            page=f"第 {number + 1} 页　共 {len(parts)} 页" if len(parts) > 1 else "",
        )
        for number, part in enumerate(parts)
    ]  # fmt: skip


def walked_pages(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Lines of a round, page by page; the place is named anew where it changes and on top of every page."""
    parts: list[list[dict[str, Any]]] = []
    room = 0
    for row in rows:
        is_new_place = not parts or parts[-1][-1]["place"] != row["place"]
        if room < 1 + is_new_place:
            parts.append([])
            room, is_new_place = LINES_A_PAGE, True
        parts[-1].append(row)
        room -= 1 + is_new_place
    return parts


def _copy_words(number: int, keeper: str, count: int) -> str:
    if not keeper:
        return ""
    return f"第{NUMERALS[number]}联　{keeper}留存" if count > 1 else f"{keeper}留存"
