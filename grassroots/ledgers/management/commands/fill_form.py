"""Fill an empty form from above with the rows of the ledger that fits it.

`manage.py fill_form FILE --area CODE --as USER --out FILE [--on DATE] [--unmasked --purpose TEXT]
[--ledger KEY] [--filter KEY=VALUE …]`
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grassroots.grid.models import Staff
from grassroots.ledgers.exports import ExportRefused
from grassroots.ledgers.filling.forms import LIMITS, Form
from grassroots.ledgers.filling.services import Wish, form_fill, form_open
from grassroots.ledgers.filling.words import HOW_WORDS, hint_of
from grassroots.ledgers.management.commands._options import area_option, date_option, filter_options
from grassroots.ledgers.reading import UnreadableFile


class Command(BaseCommand):
    """Fills a form, with the scope and the rights of the person named by --as; logged. Says how each column was
    understood and which stay empty."""

    help = "填上级下发的空表"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="空表（.xlsx）")
        parser.add_argument("--area", required=True, help="区划代码")
        parser.add_argument("--as", dest="user", required=True, help="以谁的权限填（账号）")
        parser.add_argument("--out", required=True, help="输出文件")
        parser.add_argument("--on", default=None, help="日期，默认今天")
        parser.add_argument("--unmasked", action="store_true", help="不脱敏（须有权限并写明用途）")
        parser.add_argument("--purpose", default="", help="用途")
        parser.add_argument("--ledger", default="", help="从哪个台账取数，例如 returnees；不写自动选择")
        parser.add_argument(
            "--filter", dest="filters", action="append", default=[], metavar="KEY=VALUE",
            help="只填哪些行，例如 来源=武汉、湖北其他；可以写多次",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        staff = Staff.objects.filter(username=options["user"], is_active=True).first()
        if staff is None:
            raise CommandError(f"没有账号“{options['user']}”，或已停用。")
        wish = Wish(
            area=area_option(options["area"]), on=date_option(options["on"]), ledger=options["ledger"],
            filters=filter_options(options["filters"]), unmasked=options["unmasked"], purpose=options["purpose"],
        )  # fmt: skip
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                data = file.read(LIMITS.max_bytes + 1)
        except OSError as error:
            raise CommandError(f"读不了文件“{path}”：{error.strerror}") from error
        try:
            form = form_open(data=data, name=path.name, wish=wish, staff=staff)
            self._tell(form)
            filled = form_fill(data=data, form=form, wish=wish, staff=staff)
            Path(options["out"]).write_bytes(filled.data)
        except (ExportRefused, UnreadableFile) as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"写不了文件“{options['out']}”：{error.strerror}") from error
        self.stdout.write(f"已填 {filled.rows} 行到 {options['out']}")

    def _tell(self, form: Form) -> None:
        self.stdout.write(
            f"工作表“{form.grid.sheet}”，数据来自“{form.source.definition.name}”（{form.source.key}）"
        )
        for match in form.matches:
            where = form.source.column(match.field).full_caption if match.field else "（空着）"
            self.stdout.write(f"  {match.caption.text} → {where}  [{HOW_WORDS[match.how]}]")
        if form.unknown:
            self.stdout.write(f"空着的列：{'、'.join(form.unknown)}")
        for note in (*form.notes, *hint_of(form)):
            self.stdout.write(note)
