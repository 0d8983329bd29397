"""`manage.py brief --area CODE [--on DATE] [--cutoff HH:MM]`: the text of the 日报, counted live, as a draft."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.briefs import Typed, brief_text
from grassroots.ledgers.management.commands._options import area_option, cutoff_option, date_option
from grassroots.ledgers.models import BriefDraft
from grassroots.ledgers.services.briefs import FIELDS
from grassroots.ledgers.snapshots import snapshot


class Command(BaseCommand):
    """Prints the brief with what has been written by hand; where the figures do not reconcile it says so on stderr."""

    help = "日报正文：按区域现算，手写的两段取已保存的"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--area", required=True, help="区划代码")
        parser.add_argument("--on", default=None, help="日期，默认今天")
        parser.add_argument("--cutoff", default=None, help="统计截止时间，如 17:00;默认24时")

    def handle(self, *args: Any, **options: Any) -> None:
        area, on = area_option(options["area"]), date_option(options["on"])
        asof = AsOf.day(on, cutoff=cutoff_option(options["cutoff"]))
        draft = BriefDraft.objects.filter(area=area, on=on).first()
        typed = Typed(**{name: getattr(draft, name) for name in FIELDS}) if draft else Typed()
        taken = snapshot(area, asof)
        self.stdout.write(brief_text(area, asof, taken.totals, typed=typed), ending="")
        for line in taken.problems:
            self.stderr.write(f"在管人数对不上，不能发布。{line}")
