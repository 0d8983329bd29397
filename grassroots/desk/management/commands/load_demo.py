"""`manage.py load_demo village|street|towns [--on DATE]`."""

from __future__ import annotations

import datetime as dt
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from grassroots.desk.demo.accounts import account_lines
from grassroots.desk.demo.build import DemoRefused, analyze, load
from grassroots.ledgers.rollups import refresh_rollups

BAR_WIDTH = 30


class Command(BaseCommand):
    """Loads demo data into an empty database; deterministic by its seed."""

    help = "装入演示数据:village(一个村，约300户)、street(淮口街道全量)或 towns(金堂县五个镇街)"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("size", choices=["village", "street", "towns"])
        parser.add_argument("--on", default=None, help="演示日期 YYYY-MM-DD,代表 2020-01-29;默认今天")
        parser.add_argument("--seed", type=int, default=20200129)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            on = dt.date.fromisoformat(options["on"]) if options["on"] else timezone.localdate()
        except ValueError as error:
            raise CommandError(f"日期“{options['on']}”看不懂，请写成 2020-01-29 这样。") from error
        began = time.monotonic()
        try:
            load(options["size"], on, seed=options["seed"], progress=self._bar)
        except DemoRefused as refused:
            raise CommandError(str(refused)) from refused
        refresh_rollups(timezone.now())
        analyze()
        self.stdout.write(
            f"演示数据已装入({options['size']}，{time.monotonic() - began:.1f} 秒)。村级及以下代码为虚构。"
        )
        for line in account_lines():
            self.stdout.write(line)

    def _bar(self, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        filled = BAR_WIDTH * done // max(total, 1)
        self.stderr.write(f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done}/{total} 户", ending="")
        if done >= total:
            self.stderr.write("")
