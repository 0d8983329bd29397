"""`manage.py statistics --area CODE [--on DATE] [--cutoff HH:MM] [--format json|table]`: counts live."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import clock_words
from grassroots.ledgers.management.commands._options import area_option, cutoff_option, date_option
from grassroots.ledgers.statistics import statistics
from grassroots.ledgers.table import headings, share_text, shares_of, values_of


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _cell(text: str, width: int, *, is_number: bool) -> str:
    gap = " " * max(0, width - _width(text))
    return gap + text if is_number else text + gap


def _plain(figures: dict[str, int]) -> list[str]:
    places = shares_of(headings())
    values = enumerate(values_of(figures))
    return [share_text(value) if place in places else str(value) for place, value in values]


class Command(BaseCommand):
    """Prints the 统计表 of an area, counted from the rows as they are now."""

    help = "统计表：按区域现算，输出 json 或表格"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--area", required=True, help="区划代码")
        parser.add_argument("--on", default=None, help="日期，默认今天")
        parser.add_argument(
            "--cutoff", default=None, help="统计截止时间，如 17:00(今日=昨日17时至今日17时)；默认全天"
        )
        parser.add_argument("--format", choices=["json", "table"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        on, cutoff = date_option(options["on"]), cutoff_option(options["cutoff"])
        data = statistics(area_option(options["area"]), AsOf.day(on, cutoff=cutoff))
        if options["format"] == "json":
            self.stdout.write(json.dumps(data, ensure_ascii=False))
            return
        self._table(data, cutoff)

    def _table(self, data: dict[str, Any], cutoff: dt.time | None) -> None:
        heads = ["村(社区)", *(f"{item.group}{item.caption}" for item in headings())]
        rows = [[row["name"], *_plain(row)] for row in data["rows"]]
        rows.append(["合计", *_plain(data["totals"])])
        widths = [max(_width(line[i]) for line in [heads, *rows]) for i in range(len(heads))]
        until = f" 统计截止时间{clock_words(cutoff)}" if cutoff else ""
        self.stdout.write(f"{data['name']} {data['on']}{until}")
        for line in [heads, *rows]:
            cells = [
                _cell(text, width, is_number=i > 0)
                for i, (text, width) in enumerate(zip(line, widths, strict=True))
            ]
            self.stdout.write("  ".join(cells).rstrip())
