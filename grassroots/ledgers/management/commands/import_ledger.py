"""Bring a sheet into the register.

`manage.py import_ledger FILE --area CODE --as USER [--kind KIND] [--dry-run] [--report FILE]`
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grassroots.grid.models import Staff
from grassroots.ledgers.intake.outcome import outcome_of
from grassroots.ledgers.intake.report import report_write
from grassroots.ledgers.intake.services import (
    ImportRefused,
    PlanChanged,
    SourceGone,
    UnreadableFile,
    batch_discard,
    batch_import,
    batch_plan,
    batch_start,
)
from grassroots.ledgers.management.commands._options import Bar, area_option
from grassroots.ledgers.models import ImportBatch

CHUNK_BYTES = 1024 * 1024


class Command(BaseCommand):
    """Reads a file, and unless it is a dry run writes what it holds; prints one JSON object. Not being a dry run is
    the confirmation, also of what is proposed besides."""

    help = "导入表格:返乡人员、入户、体温、推送名单、接龙、网格、人员、责任表"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="文件(.xlsx .xls .csv .txt)")
        parser.add_argument("--area", required=True, help="区划代码")
        parser.add_argument("--as", dest="user", required=True, help="以谁的权限导入(账号)")
        parser.add_argument("--kind", default="", help="类型，不填则自动识别")
        parser.add_argument("--dry-run", action="store_true", help="只核对，不写入")
        parser.add_argument("--report", default=None, help="把结果写回同一张表(加一列导入结果)")

    def handle(self, *args: Any, **options: Any) -> None:
        staff = Staff.objects.filter(username=options["user"], is_active=True).first()
        if staff is None:
            raise CommandError(f"没有账号“{options['user']}”，或已停用。")
        area = area_option(options["area"])
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
                batch = batch_start(
                    area=area, staff=staff, name=path.name, chunks=chunks, kind=options["kind"]
                )
        except ImportRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"读不了文件“{path}”:{error.strerror}") from error
        self._run(batch, staff, **options)

    def _run(self, batch: ImportBatch, staff: Staff, **options: Any) -> None:
        bar = Bar(self.stderr)
        planning, writing = bar.of("核对"), bar.of("写入")
        try:
            if options["dry_run"]:
                batch_plan(batch=batch, by=staff, progress=planning)
            else:
                batch_import(batch=batch, by=staff, progress=planning, writing=writing)
            if not batch.kind:
                raise CommandError("看不出是哪一类表，请用 --kind 指定。")
            if options["report"]:
                report_write(batch, Path(options["report"]))
            self.stdout.write(json.dumps(outcome_of(batch), ensure_ascii=False))
        except (ImportRefused, UnreadableFile, SourceGone) as refused:
            raise CommandError(str(refused)) from refused
        except PlanChanged as changed:
            raise CommandError("登记正在被别人修改，没有写入，请再试一次。") from changed
        except OSError as error:
            raise CommandError(f"写不了文件“{options['report']}”:{error.strerror}") from error
        finally:
            if batch.is_open:
                batch_discard(batch=batch, by=staff)
