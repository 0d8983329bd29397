"""An empty form in the layout that a county sends: two header rows with groups, prepared rows, signature, note."""

from __future__ import annotations

import io

import openpyxl
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

CAPTIONS: tuple[tuple[str, str], ...] = (
    ("", "序号"), ("", "镇(街道)"), ("", "村(社区)"), ("基本信息", "姓名"), ("基本信息", "性别"), ("基本信息", "年龄"),
    ("基本信息", "公民身份号码"), ("基本信息", "手机号码"), ("返乡情况", "来源地"), ("返乡情况", "离开日期"),
    ("返乡情况", "抵金日期"), ("返乡情况", "乘坐交通工具"), ("返乡情况", "班次"), ("管控情况", "管控方式"),
    ("管控情况", "起始时间"), ("管控情况", "解除时间"), ("管控情况", "是否发热"), ("管控情况", "当日体温(上午)"),
    ("管控情况", "当日体温(下午)"), ("包保责任人", "姓名"), ("包保责任人", "电话"), ("", "领导批示"), ("", "备注"),
)  # fmt: skip


def county_form(prepared: int = 10) -> bytes:
    """The form as a file: title, unit line, header in rows 3 and 4, rows from 5 on."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    width, side = len(CAPTIONS), Side(style="thin")
    edge = Border(left=side, right=side, top=side, bottom=side)
    last = get_column_letter(width)
    sheet["A1"], sheet["A2"] = (
        "附件1\n湖北返(来)人员管控情况台账",
        "填报单位(盖章):           填报日期:     年   月   日",
    )
    for row in range(3, 5 + prepared):
        for column in range(1, width + 1):
            sheet.cell(row, column).border = edge
            sheet.cell(row, column).font = Font(name="仿宋", size=11)
            sheet.cell(row, column).alignment = Alignment(horizontal="center", wrap_text=True)
    for column, (group, leaf) in enumerate(CAPTIONS, start=1):
        sheet.cell(3 if not group else 4, column, leaf)
        if group and CAPTIONS[column - 2][0] != group:
            sheet.cell(3, column, group)
            count = sum(each == group for each, _leaf in CAPTIONS)
            sheet.merge_cells(start_row=3, end_row=3, start_column=column, end_column=column + count - 1)
        if not group:
            sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
    for row, text in (
        (5 + prepared, "主要领导(签字):     审核人:     填表人:"),
        (6 + prepared, "注:无新增也须填报(零报告)。"),
    ):
        sheet.cell(row, 1, text)
    for row in (1, 2, 5 + prepared, 6 + prepared):
        sheet.merge_cells(f"A{row}:{last}{row}")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
