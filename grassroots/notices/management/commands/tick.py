"""`manage.py tick [--at ISO-DATETIME]`: one tick by hand, for schedulers other than Celery beat and for trying out."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from grassroots.notices.tick import tick


def parse_at(text: str) -> dt.datetime:
    """The moment that was typed; without a zone it is the office's time. Raises CommandError with an example."""
    try:
        at = parse_datetime(text.strip())
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"时间“{text}”看不懂，请写成 2020-01-29T12:05 或 2020-01-29T12:05+08:00 这样。")
    return timezone.make_aware(at) if timezone.is_naive(at) else at


class Command(BaseCommand):
    """Runs every step of the tick once and prints one line of JSON: the time, and each step's counts."""

    help = "运行一次系统时钟:标记漏测、发送提醒、提出解除建议"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", default=None, help="按这个时间运行，如 2020-01-29T12:05;默认现在")

    def handle(self, *args: Any, **options: Any) -> None:
        at = parse_at(options["at"]) if options["at"] else timezone.now()
        counts = {name: dict(found) for name, found in tick(at).items()}
        line = {"at": timezone.localtime(at).isoformat(timespec="seconds"), "steps": counts}
        self.stdout.write(json.dumps(line, ensure_ascii=False))
