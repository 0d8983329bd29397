"""`import_ledger`: one JSON object, the confirmation implied, and words instead of a traceback."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from grassroots.ledgers.models import BatchState, ImportBatch
from households.models import Person
from quarantine.models import Observation
from tests.factories import OfficeCast
from tests.quarantine.imports.conftest import WANG, csv_of

pytestmark = pytest.mark.django_db
STREET = "510121006000"


def run(path: Path, *options: str, user: str = "ding", area: str = STREET) -> dict[str, Any]:
    out = io.StringIO()
    call_command("import_ledger", str(path), "--area", area, "--as", user, *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture
def file(tmp_path: Path, office: OfficeCast) -> Path:
    path = tmp_path / "返乡.csv"
    path.write_bytes(
        csv_of(WANG, {**WANG, "姓名": ""}, {**WANG, "姓名": "李四", "身份证号": "", "手机号": "1381234567"})
    )
    return path


def test_it_prints_what_came_of_the_file(file: Path):
    assert run(file) == {
        "kind": "returnees", "rows": 3, "created": 2, "updated": 0, "unchanged": 0,
        "rejected": [{"row": 3, "column": "姓名", "value": "", "message": "没有姓名，无法登记。"}],
        "warnings": [
            {"row": 4, "column": "手机号", "value": "1381234567", "message": "手机号应为11位，现在是10位，请核对。"}
        ],
    }  # fmt: skip
    assert Observation.objects.count() == 2
    assert ImportBatch.objects.get().state == BatchState.APPLIED


def test_a_dry_run_writes_nothing_and_keeps_no_file(file: Path, settings: Any):
    assert run(file, "--dry-run")["created"] == 2
    assert not Person.objects.exists()
    assert ImportBatch.objects.get().state == BatchState.DISCARDED
    assert [path for path in Path(settings.IMPORT_ROOT).rglob("*") if path.is_file()] == []


def test_the_second_time_nothing_changes(file: Path):
    run(file)
    again = run(file)
    assert (again["created"], again["updated"], again["unchanged"], len(again["rejected"])) == (0, 0, 2, 1)


def test_the_report_is_the_sheet_with_a_column_more(file: Path, tmp_path: Path):
    run(file, "--dry-run", "--report", str(tmp_path / "结果.csv"))
    with (tmp_path / "结果.csv").open(encoding="utf-8-sig", newline="") as report:
        rows = list(csv.reader(report))
    assert [row[-1].split("\n")[0] for row in rows] == ["导入结果", "新增", "未收", "新增"]
    assert rows[1][:3] == ["城厢社区", "城厢社区1组12号", "王𬱖"]


def test_a_plain_text_is_a_roll_call(tmp_path: Path, office: OfficeCast):
    path = tmp_path / "接龙.txt"
    path.write_text("翠柏苑3栋接龙\n1、陈磊梅 2单元201,5口人\n收到\n", encoding="gb18030")
    outcome = run(path)
    assert (outcome["kind"], outcome["rows"], outcome["created"]) == ("rollcall", 1, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"user": "nobody"}, "没有账号"), ({"area": "999"}, "没有代码"), ({"user": "inspector"}, "不能导入"),
        ({"user": "jia"}, "辖区"), ({"user": "admin"}, "看不出"),
    ],
)  # fmt: skip
def test_who_may_not_is_told_so(file: Path, options: dict[str, str], words: str):
    with pytest.raises(CommandError, match=words):
        run(file, **options)
    assert not Person.objects.exists()


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00\x03\x00" * 99, b"PK\x03\x04 broken"])
def test_what_cannot_be_read_is_said(tmp_path: Path, office: OfficeCast, content: bytes):
    path = tmp_path / "坏.xlsx"
    path.write_bytes(content)
    with pytest.raises(CommandError):
        run(path)
    with pytest.raises(CommandError, match="读不了"):
        run(tmp_path / "没有.xlsx")


def test_an_unknown_kind_names_those_there_are(file: Path):
    with pytest.raises(CommandError, match="returnees"):
        run(file, "--kind", "nothing")
