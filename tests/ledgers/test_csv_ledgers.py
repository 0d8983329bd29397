"""Every ledger as CSV in both encodings: the same cells as the workbook, whatever the names hold."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import LedgerContext, ledger_registry, unguarded
from grassroots.ledgers.engine.export import flat_layout
from grassroots.ledgers.exports import export_run
from households.models import Person
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.conftest import export
from tests.quarantine.cases import make_observation, make_returnee

pytestmark = pytest.mark.django_db
DAY = dt.date(2020, 1, 26)
KEYS = ["base", "returnees", "key-persons", "statistics", "temperatures", "duties"]
ENCODINGS = ["utf-8-sig", "gb18030"]
RARE = "𬱖頔暐奡㐂🀄€"  # beyond the BMP, extension A, what old GBK has not


def lines_of(data: bytes, encoding: str) -> list[list[str]]:
    rows = csv.reader(io.StringIO(data.decode(encoding), newline=""))
    return [[unguarded(field) for field in row] for row in rows]


def as_csv(office: OfficeCast, key: str, encoding: str, **options: Any) -> bytes:
    file = io.BytesIO()
    export_run(key=key, area=office.street, staff=office.ding, on=DAY, target=file, file_format="csv",
               encoding=encoding, **options)  # fmt: skip
    return file.getvalue()


@pytest.fixture
def filled(office: OfficeCast) -> OfficeCast:
    """Somebody under observation whose texts are as bad as they come, and places and officers like him."""
    early = aware("2020-01-20 08:00")
    home = make_household(office.compound, opened_on=early.date(), recorded_at=early)
    returnee = make_returnee(
        office, f"=1+1{RARE}", household=home, recorded_at=early, origin=f"+{RARE}", note='@SUM("A1"),\n换行',
        stops="-2\t" + RARE,
    )  # fmt: skip
    make_person(f"-{RARE}", home)
    home.residencies.update(started_on=early.date(), recorded_at=early)
    observation = make_observation(office, returnee=returnee)
    visit = observation.visits.get(date=DAY, slot="AM")
    reading_record(visit=visit, temperature=Decimal("37.9"), by=office.health, at=aware("2020-01-26 08:00"))
    Area.objects.filter(pk=office.village.pk).update(name=f"={RARE}村")
    Area.objects.filter(pk=office.group.pk).update(name=f"@{RARE}组")
    Staff.objects.filter(pk=office.jia.pk).update(name=f"+{RARE}")
    return office


def sheet_cells(office: OfficeCast, key: str) -> set[str]:
    """The texts of the workbook's cells."""
    book = export(key, office.street, office.ding, on=DAY)
    return {
        cell
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if type(cell) is str
    }


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("key", KEYS)
def test_rare_and_hostile_text_is_in_it_as_in_the_workbook(
    filled: OfficeCast, key: str, encoding: str
) -> None:
    lines = lines_of(as_csv(filled, key, encoding), encoding)
    found = {field for line in lines[1:-1] for field in line}
    rare = {cell for cell in sheet_cells(filled, key) if "𬱖" in cell and not cell.startswith("导出人")}
    assert rare and rare <= found


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("key", KEYS)
def test_every_line_is_as_wide_as_the_captions_and_the_last_says_whose_it_is(
    filled: OfficeCast, key: str, encoding: str
) -> None:
    context = LedgerContext(filled.street, filled.ding, DAY, aware("2020-01-26 20:00"))
    layout = flat_layout(ledger_registry.get(key).layout_of(context))
    head, *rows, last = lines_of(as_csv(filled, key, encoding), encoding)
    assert head == [column.full_caption for column in layout.columns]
    assert rows and {len(row) for row in rows} == {len(head)}
    assert last[0].startswith("注:导出人:丁某;") and last[0].endswith("已脱敏")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("key", KEYS)
def test_no_field_is_a_formula_for_a_spreadsheet(filled: OfficeCast, key: str, encoding: str) -> None:
    text = as_csv(filled, key, encoding).decode(encoding)
    fields = [field for row in csv.reader(io.StringIO(text, newline="")) for field in row]
    assert not [field for field in fields if field[:1] in tuple("=+-@\t\r") and field not in ("-", "+")]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("key", ["base", "returnees", "key-persons", "temperatures"])
def test_numbers_are_masked_and_stay_so_in_both(filled: OfficeCast, key: str, encoding: str) -> None:
    people = list(Person.objects.all())
    text = as_csv(filled, key, encoding).decode(encoding)
    assert "5101************" in text
    assert not [person for person in people if person.id_number in text or person.phone in text]


def test_utf8_begins_with_the_mark_that_excel_looks_for_and_gb18030_has_none(filled: OfficeCast) -> None:
    starts = [as_csv(filled, "duties", encoding)[:4] for encoding in ENCODINGS]
    assert starts[0][:3] == b"\xef\xbb\xbf" and starts[1] == "序号".encode("gb18030")


def test_the_command_writes_gb18030_when_asked(filled: OfficeCast, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    call_command(
        "export_ledger", "duties", user="ding", area="510121006000", on="2020-01-26", out=str(path), format="csv",
        encoding="gb18030", stdout=io.StringIO(),
    )  # fmt: skip
    assert f"@{RARE}组" in path.read_bytes().decode("gb18030")
