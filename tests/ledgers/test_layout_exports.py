"""Exports in saved layouts: what the sheet shows, what it never shows, which filters hold, the command."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.models import AccessAction, AccessLog, AreaDuty, DutyKind
from grassroots.ledgers.engine import Column, Layout, LedgerContext, ledger_registry
from grassroots.ledgers.engine.preview import preview_ledger
from grassroots.ledgers.exports import ExportRefused, export_run
from grassroots.ledgers.layout_choice import (
    LayoutRefused,
    filters_with,
    layout_named,
    layout_version,
)
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion
from tests.factories import OfficeCast
from tests.ledgers.conftest import captions, export, grid
from tests.ledgers.layout_cases import make, standard
from tests.quarantine.cases import make_observation

pytestmark = pytest.mark.django_db
DAY = dt.date(2020, 1, 26)
KEYS = ["base", "returnees", "key-persons", "statistics", "temperatures", "duties"]


@pytest.mark.parametrize("key", KEYS)
def test_every_ledger_comes_in_an_edited_layout(office: OfficeCast, key: str) -> None:
    make_observation(office, "王某")
    plain = standard(office, key)
    columns = (Column("free_1", "签收", group=("甲", "乙")), *reversed(plain.columns))
    row = make(office, key, layout=replace(
        plain, title="{unit}改过的", columns=columns, header_lines=("第一行",), unit_line=("报:{unit}",),
        footer_lines=(("甲:", "乙:"),), notes=("附:{filled_on}",), paper="A3", orientation="portrait",
        freeze_columns=1,
    ))  # fmt: skip
    book = export(key, office.street, office.ding, on=DAY, layout=str(row.uid))
    sheet = book.worksheets[0]
    words = [str(cell) for line in grid(book) for cell in line if cell is not None]
    assert words[:3] == ["淮口街道改过的", "第一行", "报:淮口街道"] and {"甲:", "乙:"} <= set(words)
    assert any(word.startswith("附:20") for word in words)
    header = [cell.value for line in sheet[str(sheet.print_title_rows).replace("$", "")] for cell in line]
    assert header.index("甲") < header.index("乙") < header.index("签收")
    assert [column.caption for column in columns if column.caption not in header] == []
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (8, "portrait")
    assert sheet.freeze_panes[0] == "B"


@pytest.mark.parametrize("key", ["base", "returnees", "key-persons", "temperatures"])
@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_a_forged_version_shows_no_number_in_full(office: OfficeCast, key: str, file_format: str) -> None:
    """Whatever stands in the table of versions: masks are those of the registered columns."""
    person = make_observation(office, "王某").person
    plain = standard(office, key).to_json()
    for column in plain["columns"]:
        column |= {"mask": None, "format": "text", "caption": f"{column['caption']}!"}
    plain["columns"] += [{"key": "free_7", "caption": "{id_number}"}]
    for name in ("header_lines", "notes", "unit_line"):
        plain[name] = ["{id_number} {phone} {unit}"]
    plain |= {"title": "{id_number}{phone}", "footer_lines": [["{id_number}", "{phone}"]]}
    row = make(office, key)
    LedgerLayoutVersion.objects.create(layout=row, number=2, definition=plain, by=office.ding)
    LedgerLayout.objects.update(version=2)
    file = io.BytesIO()
    export_run(
        key=key, area=office.street, staff=office.ding, on=timezone.localdate(), target=file,
        file_format=file_format, layout=str(row.uid),
    )  # fmt: skip
    text = unpacked(file, file_format)
    assert "王某" in text and "5101************" in text
    assert person.id_number not in text and person.phone not in text


def unpacked(file: io.BytesIO, file_format: str) -> str:
    if file_format == "csv":
        return file.getvalue().decode("utf-8-sig")
    with zipfile.ZipFile(file) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def test_an_export_says_which_version_of_which_layout_it_took(office: OfficeCast) -> None:
    row = make(office)
    export("returnees", office.street, office.ding, on=DAY, layout=str(row.uid))
    assert AccessLog.objects.get(action=AccessAction.EXPORT).detail["layout"] == "报区里(第 1 版)"


def test_a_layout_out_of_reach_is_refused_in_words(office: OfficeCast) -> None:
    row = make(office, area=office.other_village)
    for uid in (str(row.uid), "x", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(ExportRefused, match="没有这个版式"):
            export("returnees", office.group, office.jia, on=DAY, layout=uid)


def test_a_layouts_filters_hold_unless_others_are_chosen(office: OfficeCast) -> None:
    make_observation(office, "王某")
    row = make(office, filters={"state": ("NONE",)})
    empty = export("returnees", office.street, office.ding, on=DAY, layout=str(row.uid))
    assert "王某" not in str(grid(empty)) and "(只列 状态:未观察)" in str(grid(empty))
    other = export(
        "returnees", office.street, office.ding, on=DAY, layout=str(row.uid), filters={"状态": "OPEN"}
    )
    assert "王某" in str(grid(other)) and "(只列 状态:观察中)" in str(grid(other))


def test_a_filter_of_a_layout_that_the_ledger_has_no_more_is_let_go(office: OfficeCast) -> None:
    row = make(office)
    LedgerLayoutVersion.objects.create(
        layout=row, number=2, definition=standard(office).to_json(), by=office.ding,
        filters={"colour": ["red"], "state": ["SOLD", "OPEN"], "reason": ["SOLD"]},
    )  # fmt: skip
    LedgerLayout.objects.update(version=2)
    version = layout_version(str(row.uid), ledger="returnees", staff=office.ding)
    assert filters_with(version, ledger_registry.get("returnees"), {}) == {"state": ("OPEN",)}


def test_a_duty_kind_that_is_no_more_leaves_its_column_empty(office: OfficeCast) -> None:
    make_observation(office, "王某")
    row = make(office, "duties")
    AreaDuty.objects.filter(kind__code="leader").delete()
    DutyKind.objects.filter(code="leader").delete()
    book = export("duties", office.street, office.ding, on=DAY, layout=str(row.uid))
    place = captions(book).index("包片领导")
    assert [line[place] for line in grid(book) if isinstance(line[0], int)] == [None, None]


def test_a_layout_is_found_by_its_name_the_nearest_first(office: OfficeCast) -> None:
    make(office)
    village = make(office, area=office.village)
    assert layout_named("报区里", ledger="returnees", area=office.group, staff=office.ding) == village
    with pytest.raises(LayoutRefused, match="没有版式“没有的”，可用的有：报区里"):
        layout_named("没有的", ledger="returnees", area=office.group, staff=office.ding)


def command(path: Path, name: str, **options: Any) -> None:
    call_command(
        "export_ledger", "returnees", user="ding", area="510121006001", on="2020-01-26", out=str(path), layout=name,
        stdout=io.StringIO(), **options,
    )  # fmt: skip


def test_the_command_takes_a_layout_by_its_name(office: OfficeCast, tmp_path: Path) -> None:
    make(office, layout=replace(standard(office), title="花名册"))
    command(tmp_path / "r.xlsx", "报区里")
    assert grid(load_workbook(tmp_path / "r.xlsx"))[0][0] == "花名册"
    with pytest.raises(CommandError, match="没有版式“别的”，可用的有：报区里"):
        command(tmp_path / "s.xlsx", "别的")
    assert [path.name for path in tmp_path.iterdir()] == ["r.xlsx"]


def test_the_command_tells_nobody_of_layouts_elsewhere(office: OfficeCast, tmp_path: Path) -> None:
    make(office, area=office.other_village, name="秘密")
    with pytest.raises(CommandError, match=r"可用的有：\(只有标准版式\)") as error:
        call_command("export_ledger", "returnees", user="jia", area="510121006001001", layout="秘密",
                     out=str(tmp_path / "r.xlsx"), stdout=io.StringIO())  # fmt: skip
    assert list(tmp_path.iterdir()) == [] and "丙" not in str(error.value)


def test_a_layout_of_one_column_and_one_of_very_long_captions(office: OfficeCast) -> None:
    long = "长" * 200
    row = make(office, layout=Layout("一列", (Column("name", long, group=(long, long)),)))
    book = export("returnees", office.street, office.ding, on=DAY, layout=str(row.uid))
    assert str(grid(book)).count(long) == 3


def test_the_context_of_a_preview_is_masked(office: OfficeCast) -> None:
    person = make_observation(office, "王某").person
    for key in ("base", "returnees", "key-persons", "temperatures"):
        definition = ledger_registry.get(key)
        context = LedgerContext(
            office.street, office.ding, timezone.localdate(), timezone.now(), unmasked=True
        )
        shown = preview_ledger(definition, context, definition.layout_of(context))
        assert "王某" in str(shown) and person.id_number not in str(shown) and person.phone not in str(shown)
