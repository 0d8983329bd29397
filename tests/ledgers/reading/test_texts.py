"""Text files and pasted text: encodings, separators, quoting."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grassroots.ledgers.reading import Limits, UnreadableFile, read_file, read_text

ROWS = [["姓名", "电话"], ["王暐", "13800000001"], ["欧阳 娜娜", "028-84931234"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_and_separator(encoding: str, delimiter: str, end: str) -> None:
    text = end.join(delimiter.join(row) for row in ROWS) + end
    (grid,) = read_file(text.encode(encoding), name="名单.csv")
    assert grid.rows == ROWS
    assert grid.sheet == "名单"


def test_rare_characters_survive_every_encoding_that_has_them() -> None:
    text = "姓名,电话\n王𬱖,13800000001\n"
    for encoding in ("utf-8", "gb18030", "utf-16"):
        assert read_file(text.encode(encoding), name="a.csv")[0].rows[1][0] == "王𬱖"


def test_a_path_and_an_open_file_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_bytes("姓名,电话\n甲,1\n".encode())
    assert (
        read_file(path, name=path.name)[0].rows
        == read_file(io.BytesIO(path.read_bytes()), name="x.csv")[0].rows
    )


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="编码"):
        read_file("姓名,".encode() + b"\xff\xff\xfe\x80" * 30, name="a.csv")


def test_quotes_that_keep_digits_are_taken_off() -> None:
    assert read_text('="0123"\t\'0456\n甲\t乙').rows[0] == ["0123", "0456"]


def test_a_line_end_within_quotes_belongs_to_its_cell() -> None:
    assert read_text('姓名\t"联系\n电话"\n甲\t1').rows == [["姓名", "联系\n电话"], ["甲", "1"]]


def test_more_rows_than_allowed_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="10行"):
        read_file(b"a,b\n" * 20, name="a.csv", limits=Limits(max_rows=10))


def test_more_columns_than_allowed_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="列"):
        read_file(b"a," * 700 + b"b\n", name="a.csv")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="gb18030", exclude_categories=["Cc", "Cs"]), max_size=6),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_pasted_cells_come_back(cells: list[list[str]]) -> None:
    """But for blanks at the edges of the table, and quotes that a spreadsheet writes around digits."""
    rows = [["姓名", "备注"], *cells]
    text = "\n".join("\t".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    grid = read_text(text)
    for given_row, row in zip(rows, grid.rows, strict=False):
        for given_cell, cell in zip(given_row, row, strict=False):
            assert (cell or "").strip() == given_cell.strip() or given_cell.startswith(("'", '="'))
