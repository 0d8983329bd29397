"""Rows inserted into a sheet with everything that hangs on rows: openpyxl's own `insert_rows` moves only the cells."""

from __future__ import annotations

from typing import Any

from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import MultiCellRange

from grassroots.ledgers.filling.drawing.references import Insertion


def insert_rows(book: Any, sheet: Any, insertion: Insertion) -> None:
    """Make room: cells, heights, merged cells, print set-up, validations, conditional formats, names, formulas."""
    moved = _merged(sheet, insertion)
    last = sheet.max_row
    if last >= insertion.at:
        area = f"A{insertion.at}:{get_column_letter(sheet.max_column)}{last}"
        sheet.move_range(area, rows=insertion.count)
    sheet.merged_cells = MultiCellRange()
    for region in moved:
        sheet.merge_cells(region)
    _heights(sheet, insertion)
    _formats(sheet, insertion)
    _validations(sheet, insertion)
    _print_set_up(sheet, insertion)
    _anchors(sheet, insertion)
    _formulas(book, sheet, insertion)


def _merged(sheet: Any, insertion: Insertion) -> list[str]:
    """Where the merged regions will be. Their covered cells become plain ones meanwhile, with their borders."""
    regions = []
    for region in list(sheet.merged_cells.ranges):
        top, bottom = insertion.span(region.min_row, region.max_row)
        left, right = get_column_letter(region.min_col), get_column_letter(region.max_col)
        regions.append(f"{left}{top}:{right}{bottom}")
        _unmerge(sheet, region)
    return regions


def _unmerge(sheet: Any, region: Any) -> None:
    """Take a merge apart; the cells that it covered keep their styles."""
    styles = {
        (row, column): sheet._cells[row, column]._style
        for row in range(region.min_row, region.max_row + 1)
        for column in range(region.min_col, region.max_col + 1)
        if (row, column) in sheet._cells
    }
    sheet.unmerge_cells(region.coord)
    for (row, column), style in styles.items():
        sheet.cell(row, column)._style = style


def _heights(sheet: Any, insertion: Insertion) -> None:
    dimensions = sheet.row_dimensions
    for number in sorted((row for row in dimensions if row >= insertion.at), reverse=True):
        dimension = dimensions.pop(number)
        dimension.index = number + insertion.count
        dimensions[number + insertion.count] = dimension
    for brk in sheet.row_breaks.brk:
        brk.id = insertion.moved(brk.id)


def _formats(sheet: Any, insertion: Insertion) -> None:
    old, sheet.conditional_formatting = sheet.conditional_formatting, ConditionalFormattingList()
    for formatting in old:
        for rule in formatting.rules:
            rule.formula = [
                insertion.formula(text, sheet=sheet.title, own=sheet.title) for text in rule.formula
            ]
            sheet.conditional_formatting.add(insertion.ranges(str(formatting.sqref)), rule)


def _validations(sheet: Any, insertion: Insertion) -> None:
    for validation in sheet.data_validations.dataValidation:
        validation.sqref = MultiCellRange(insertion.ranges(str(validation.sqref)))
        for name in ("formula1", "formula2"):
            if text := getattr(validation, name):
                setattr(validation, name, insertion.formula(text, sheet=sheet.title, own=sheet.title))


def _print_set_up(sheet: Any, insertion: Insertion) -> None:
    if area := sheet.print_area:
        parts = area if isinstance(area, list) else area.split(",")
        sheet.print_area = ",".join(insertion.reference(part.rpartition("!")[2]) for part in parts)
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = insertion.reference(sheet.auto_filter.ref)
    for table in sheet.tables.values():
        table.ref = insertion.reference(table.ref)
        if table.autoFilter is not None and table.autoFilter.ref:
            table.autoFilter.ref = insertion.reference(table.autoFilter.ref)


def _anchors(sheet: Any, insertion: Insertion) -> None:
    for row in sheet.iter_rows(min_row=insertion.at):
        for cell in row:
            if getattr(cell, "hyperlink", None) is not None:
                cell.hyperlink.ref = cell.coordinate
    for drawn in [*sheet._charts, *sheet._images]:
        for marker in (getattr(drawn.anchor, "_from", None), getattr(drawn.anchor, "to", None)):
            if marker is not None and marker.row >= insertion.at - 1:
                marker.row += insertion.count


def _formulas(book: Any, sheet: Any, insertion: Insertion) -> None:
    for other in book.worksheets:
        for row in other.iter_rows():
            for cell in row:
                if cell.data_type == "f" and isinstance(cell.value, str):
                    cell.value = insertion.formula(cell.value, sheet=sheet.title, own=other.title)
    for names in (book.defined_names, *(other.defined_names for other in book.worksheets)):
        for name in names.values():
            if name.attr_text:
                name.attr_text = insertion.formula(name.attr_text, sheet=sheet.title, own="")
