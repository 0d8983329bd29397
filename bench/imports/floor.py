"""The floor: python-calamine's read of the sheet, and COPY of the same rows into one flat table without an index.

`python -m bench.imports.floor FILE`; prints a line of JSON.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg2
from python_calamine import CalamineWorkbook

from bench.imports.sheet import HEADER_ROWS
from bench.usage import peak_mb

BATCH = 5000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _batches(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def run(path: Path, url: str) -> dict[str, Any]:
    """Read and copy; returns rows, seconds (reading apart) and peak memory in MB."""
    connection = psycopg2.connect(url)
    cursor = connection.cursor()
    count, reading = 0, 0.0
    began = time.perf_counter()
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows()
    head = list(islice(rows, HEADER_ROWS))
    names = ", ".join(f"c{number} text" for number in range(len(head[0])))
    cursor.execute(f"CREATE TABLE bench_flat ({names})")
    reading = time.perf_counter() - began
    mark = time.perf_counter()
    for batch in _batches(iter(rows)):
        reading += time.perf_counter() - mark
        lines = ["\t".join(map(str, row)) for row in batch if type(row[0]) is float]
        text = "\n".join(line if "\\" not in line else line.translate(_ESCAPES) for line in lines)
        cursor.copy_expert("COPY bench_flat FROM STDIN", io.StringIO(text + "\n"))
        count += len(lines)
        mark = time.perf_counter()
    connection.commit()
    seconds = time.perf_counter() - began
    cursor.execute("DROP TABLE bench_flat")
    connection.commit()
    return {"rows": count, "seconds": seconds, "reading": reading, "peak_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), os.environ["DATABASE_URL"])))
