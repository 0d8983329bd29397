"""`manage.py statistics --area CODE [--on DATE] [--format json|table]`: counts live."""

from __future__ import annotations

import json
import unicodedata
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from grassroots.ledgers.asof import AsOf, indicators
from grassroots.ledgers.management.commands._options import area_option, date_option
from grassroots.ledgers.statistics import statistics


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _cell(text: str, width: int, *, is_number: bool) -> str:
    gap = " " * max(0, width - _width(text))
    return gap + text if is_number else text + gap


class Command(BaseCommand):
    """Prints the 统计表 of an area, counted from the rows as they are now."""

    help = "统计表:按区域现算,输出 json 或表格"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--area", required=True, help="区划代码")
        parser.add_argument("--on", default=None, help="日期,默认今天")
        parser.add_argument("--format", choices=["json", "table"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        data = statistics(area_option(options["area"]), AsOf.day(date_option(options["on"])))
        if options["format"] == "json":
            self.stdout.write(json.dumps(data, ensure_ascii=False))
            return
        self._table(data)

    def _table(self, data: dict[str, Any]) -> None:
        shown = [item for item in indicators() if item.in_table]
        heads = ["村(社区)", *(f"{item.group}{item.caption}" for item in shown)]
        rows = [[row["name"], *(str(row[item.key]) for item in shown)] for row in data["rows"]]
        rows.append(["合计", *(str(data["totals"][item.key]) for item in shown)])
        widths = [max(_width(line[i]) for line in [heads, *rows]) for i in range(len(heads))]
        self.stdout.write(f"{data['name']} {data['on']}")
        for line in [heads, *rows]:
            cells = [
                _cell(text, width, is_number=i > 0)
                for i, (text, width) in enumerate(zip(line, widths, strict=True))
            ]
            self.stdout.write("  ".join(cells).rstrip())
