"""Sheets of households as offices write them, brought in as the pipeline does."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake.preview import Line, all_lines
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_write
from grassroots.ledgers.models import ImportBatch
from households.rules.identity import make_resident_id
from tests.factories import aware

AT = aware("2020-01-29 20:00")
HOUSE = (
    "序号",
    "小区/院落",
    "楼栋",
    "单元",
    "房号",
    "户主姓名",
    "户主电话",
    "房屋性质",
    "是否签承诺书",
    "备注",
)
MEMBER = ("姓名", "与户主关系", "性别", "身份证号", "联系电话", "居住情况", "体温(℃)", "症状")
HEAD = (*HOUSE[:8], *MEMBER, *HOUSE[8:])
LINE = "填报单位:城厢社区    填表日期:2020年1月29日"

Row = Mapping[str, Any]


def row(**cells: Any) -> Row:
    """A row by short names: door=502, name=…"""
    names = {
        "compound": "小区/院落", "building": "楼栋", "unit": "单元", "door": "房号", "head": "户主姓名",
        "head_phone": "户主电话", "housing": "房屋性质", "signed": "是否签承诺书", "note": "备注", "name": "姓名",
        "relation": "与户主关系", "sex": "性别", "id": "身份证号", "phone": "联系电话", "living": "居住情况",
        "temperature": "体温(℃)", "symptoms": "症状", "village": "村(社区)", "group": "组", "state": "排查状态",
        "visited": "排查时间", "letter": "承诺书编号", "surveyor": "入户人员", "tries": "无人户(第N次)", "age": "年龄",
        "contact": "武汉(湖北)旅居或接触史", "from": "从何地返回", "left": "离开日期", "returned": "返回日期",
        "where": "外出地", "registered": "户籍人数", "address": "现住址", "method": "排查方式", "code": "户编号",
    }  # fmt: skip
    return {names[key]: value for key, value in cells.items()}


WANG_ID = make_resident_id("510121", dt.date(1980, 1, 1), 102)
LI_ID = make_resident_id("510121", dt.date(1979, 1, 1), 203)
ZHAO_ID = make_resident_id("510121", dt.date(1990, 3, 7), 591)
WANG = row(
    compound="翠柏苑", building="3栋", unit="2单元", door=502, head="王芳", housing="自住", signed="√", name="王芳",
    relation="户主", sex="女", id=WANG_ID, phone="13812345678", living="户籍", temperature=36.5,
)  # fmt: skip
LI = row(
    compound="翠柏苑", building="3栋", unit="2单元", door=502, head="王芳", name="李强", relation="配偶", sex="男",
    id=LI_ID, living="户籍", temperature=36.6,
)  # fmt: skip


def head_of(rows: Sequence[Row]) -> list[str]:
    """The captions that these rows need, in the order of a usual form."""
    named = list(dict.fromkeys(key for one in rows for key in one))
    return sorted(named, key=lambda key: HEAD.index(key) if key in HEAD else len(HEAD))


def workbook(
    rows: Sequence[Row],
    head: Sequence[str] | None = None,
    *,
    captions: Mapping[str, str] | None = None,
    title: str = "城厢社区入户排查登记表",
    above: Sequence[str] = (LINE,),
    merge: Sequence[str] = (),
) -> bytes:
    """A workbook: title, lines, captions (`captions` renames them), rows. Columns in `merge` are merged down over rows
    that are equal there and in the door."""
    head = list(head or head_of(rows))
    book = Workbook()
    sheet: Any = book.active
    for line in (title, *above):
        sheet.append([line])
        sheet.merge_cells(
            start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=len(head)
        )
    sheet.append([(captions or {}).get(name, name) for name in head])
    first = sheet.max_row + 1
    for one in rows:
        sheet.append([one.get(name) for name in head])
    for name in merge:
        _merge_down(sheet, head.index(name) + 1, first, rows)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _merge_down(sheet: Any, column: int, first: int, rows: Sequence[Row]) -> None:
    start = 0
    for place in range(1, len(rows) + 1):
        same = place < len(rows) and all(
            rows[place].get(key) == rows[start].get(key) for key in ("房号", "楼栋", "户主姓名")
        )
        if not same:
            if place - start > 1:
                sheet.merge_cells(
                    start_row=first + start, end_row=first + place - 1, start_column=column, end_column=column
                )
            start = place


def taken_in(data: bytes, area: Area, staff: Staff, *, at: Any = AT, name: str = "表.xlsx") -> ImportBatch:
    """A batch with its preview."""
    batch = batch_start(area=area, staff=staff, name=name, chunks=[data], at=at)
    batch = batch_plan(batch=batch, by=staff, at=at)
    assert batch.kind == "households"
    return batch


def written(batch: ImportBatch, *, at: Any = AT) -> ImportBatch:
    """Confirmed and written."""
    batch_confirm(batch=batch, by=batch.staff, digest=batch.plan_digest)
    batch_write(batch, staff=batch.staff, at=at)
    return batch


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected."""
    return batch.created, batch.updated, batch.unchanged, batch.rejected


def lines(batch: ImportBatch) -> list[Line]:
    """What the preview says, in the order of the rows."""
    return sorted(all_lines(batch), key=lambda line: line.index)


def said(batch: ImportBatch) -> list[str]:
    """All reasons and warnings."""
    return [problem.message for line in lines(batch) for problem in line.problems]
