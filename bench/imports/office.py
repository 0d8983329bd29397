"""An office that has just been set up: county, street, the villages of a sheet, one supervisor. `--all` makes the
groups and compounds too, for who does not make them while importing.

`python -m bench.imports.office FILE [--all]` on a migrated, empty database.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django

django.setup()

from python_calamine import CalamineWorkbook  # noqa: E402

from bench.imports.sheet import CODE, HEADER_ROWS, PLACE, USER, captions_of  # noqa: E402
from grassroots.grid.areas import area_add  # noqa: E402
from grassroots.grid.models import Area, Level, Office, Role  # noqa: E402
from grassroots.grid.staffing import staff_create  # noqa: E402


def make(path: Path, *, is_whole: bool) -> None:
    """Make the office that the sheet is of."""
    county = area_add(parent=None, level=Level.COUNTY, name="金堂县", code="510121000000")
    street = area_add(parent=county, level=Level.STREET, name="淮口街道", code=CODE)
    Office.objects.create(pk=1, name="淮口街道办事处", area=street)
    staff_create(
        name="周主任", username=USER, password="bench-1234-bench", roles=[Role.SUPERVISOR], areas=[street],
        must_change_password=False,
    )  # fmt: skip
    known: dict[tuple[str, ...], Area] = {}
    for names in places(path):
        above = street
        for depth, level in enumerate((Level.VILLAGE, Level.GROUP, Level.COMPOUND)):
            if not names[depth] or (depth and not is_whole):
                continue
            key = names[: depth + 1]
            if key not in known:
                known[key] = area_add(parent=above, level=level, name=names[depth])
            above = known[key]


def places(path: Path) -> list[tuple[str, ...]]:
    """The places that the sheet names: village, group, compound."""
    rows = list(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows())
    captions = captions_of(rows[:HEADER_ROWS])
    at = [captions.index(caption) for caption in PLACE]
    found = (tuple(str(row[column]) for column in at) for row in rows[HEADER_ROWS:] if row[0] != "")
    return [names for names in dict.fromkeys(found) if names[0]]


if __name__ == "__main__":
    make(Path(sys.argv[1]), is_whole="--all" in sys.argv)
