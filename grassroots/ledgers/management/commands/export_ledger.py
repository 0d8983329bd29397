"""Write a ledger to a file.

`manage.py export_ledger KEY --area CODE --as USER --out FILE [--on DATE] [--format xlsx|csv]
[--unmasked --purpose TEXT] [--layout NAME] [--filter KEY=VALUE ...] [--encoding gb18030]`
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.exports import ExportRefused, export_run
from grassroots.ledgers.layout_choice import STANDARD, LayoutRefused, layout_named
from grassroots.ledgers.management.commands._options import area_option, date_option, filter_options


class Command(BaseCommand):
    """Writes a ledger to a file, with the scope and the rights of the person named by --as; logged."""

    help = "导出台账"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="台账代码，例如 base、key-persons")
        parser.add_argument("--area", required=True, help="区划代码")
        parser.add_argument("--as", dest="user", required=True, help="以谁的权限导出(账号)")
        parser.add_argument("--out", required=True, help="输出文件")
        parser.add_argument("--on", default=None, help="日期，默认今天")
        parser.add_argument("--format", choices=["xlsx", "csv"], default="xlsx")
        parser.add_argument(
            "--encoding", choices=["utf-8-sig", "gb18030"], default="utf-8-sig", help="CSV的编码"
        )
        parser.add_argument("--unmasked", action="store_true", help="不脱敏(须有权限并写明用途)")
        parser.add_argument("--purpose", default="", help="用途")
        parser.add_argument("--layout", default="", help="版式名称；不写用标准版式")
        parser.add_argument(
            "--filter",
            dest="filters",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="只列哪些行，例如 state=ABSENT 或 排查状态=无人、拒绝；可以写多次",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        staff = Staff.objects.filter(username=options["user"], is_active=True).first()
        if staff is None:
            raise CommandError(f"没有账号“{options['user']}”，或已停用。")
        area = area_option(options["area"])
        try:
            result = export_run(
                key=options["key"],
                area=area,
                staff=staff,
                on=date_option(options["on"]),
                target=options["out"],
                file_format=options["format"],
                encoding=options["encoding"],
                unmasked=options["unmasked"],
                purpose=options["purpose"],
                layout=self._layout(options, area, staff),
                filters=filter_options(options["filters"]),
            )
        except (ExportRefused, LayoutRefused) as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"写不了文件“{options['out']}”:{error.strerror}") from error
        self.stdout.write(f"已导出 {result.rows} 行到 {options['out']}")

    def _layout(self, options: dict[str, Any], area: Area, staff: Staff) -> str:
        """The uid of the layout named; the standard one's word when none is."""
        if not options["layout"]:
            return STANDARD
        return str(layout_named(options["layout"], ledger=options["key"], area=area, staff=staff).uid)
