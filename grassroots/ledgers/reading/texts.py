"""Text files (csv, tab-separated, plain lines) and pasted text as grids."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

from grassroots.ledgers.reading.grids import Grid, trimmed
from grassroots.ledgers.reading.limits import UPLOAD, Limits, UnreadableFile

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",\t;|"
BINARY = "这不是表格文件。请传Excel文件（.xlsx、.xls）或CSV文件。"
ENCODING = "文字编码认不出来。请在Excel或WPS里打开，另存为.xlsx后再传。"


def decode(data: bytes) -> str:
    """Text of a file: UTF-8 with or without mark, UTF-16, GB18030. Raises UnreadableFile for what is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    if b"\0" in data[:4096]:
        zeros = data[:4096:2].count(0), data[1:4096:2].count(0)
        if min(zeros) * 8 > max(zeros) or len(data) % 2:
            raise UnreadableFile(BINARY)
        return _decoded(data, "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile(ENCODING) from error
    strange = sum(char < " " and char not in "\t\r\n\f\v" for char in text[:10_000])
    if strange * 50 > len(text[:10_000]):
        raise UnreadableFile(BINARY)
    return text


def read_csv(data: bytes, limits: Limits, *, name: str = "") -> Grid:
    """A text file with separators. Raises UnreadableFile."""
    return _split(decode(data), limits, sheet=name)


def read_text(text: str, limits: Limits = UPLOAD) -> Grid:
    """Pasted text: cells between tabs as Excel copies them (quoted where they hold line ends), or plain lines.

    Lines without any tab stay whole, one cell a line (a roll call), unless all of them hold the same commas.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        return _split(text, limits, delimiter="\t")
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    commas = {line.count(",") for line in filled}
    if len(filled) > 1 and len(commas) == 1 and commas != {0}:
        return _split(text, limits, delimiter=",")
    return trimmed(Grid("", [[line.strip()] for line in lines]))


def _split(text: str, limits: Limits, *, sheet: str = "", delimiter: str = "") -> Grid:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    rows: list[list[object]] = []
    try:
        for row in reader:
            rows.append([_cell(value) for value in row])
            if len(rows) > limits.max_rows:
                raise UnreadableFile(f"文件超过{limits.max_rows}行，请分成几个文件再传。")
    except csv.Error as error:
        raise UnreadableFile(f"第{reader.line_num}行读不了，请在Excel里打开，另存为.xlsx后再传。") from error
    width = max(map(len, rows), default=0)
    if width > limits.max_columns:
        raise UnreadableFile(f"文件有{width}列，最多读{limits.max_columns}列。")
    for line in rows:
        line.extend([None] * (width - len(line)))
    return trimmed(Grid(sheet, rows))


def _cell(value: str) -> str | None:
    """A field without the quoting that spreadsheets use to keep digits: ="0123", '0123."""
    if value.startswith('="') and value.endswith('"'):
        value = value[2:-1]
    elif value.startswith("'") and re.fullmatch(r"'[-=+@\d].*", value, re.DOTALL):
        value = value[1:]
    return value or None


def _delimiter(text: str) -> str:
    """The separator that cuts most of the first rows into the same number of cells; line ends in quotes count not."""
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        try:
            rows = list(islice(csv.reader(io.StringIO(text[:50_000], newline=""), delimiter=delimiter), 50))
        except csv.Error:
            continue
        widths = [len(row) for row in rows if any(row)]
        common = max(set(widths), key=widths.count, default=1)
        value = widths.count(common) * min(common, 20) if common > 1 else 0
        if value > most:
            best, most = delimiter, value
    return best
