"""Sealed files: what goes in comes out, anything else is refused, and nothing in clear lies on the disk."""

from __future__ import annotations

import base64
import io
import os
import resource
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from grassroots.grid import sealed_files
from grassroots.grid.crypto import DecryptionError
from grassroots.grid.keys import add_key, drop_key, ensure_keyring, load_keyring
from grassroots.grid.rotation import keys_rotate
from grassroots.grid.sealed_files import CHUNK_BYTES, SealedReader, SealedWriter, key_id_of_file

STEP = CHUNK_BYTES + sealed_files.TAG_BYTES


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path: Path) -> Path:
    """A keyring of this test's own."""
    settings.KEYRING_PATH = tmp_path / "keys.json"
    ensure_keyring(settings.KEYRING_PATH)
    return settings.KEYRING_PATH


def seal(path: Path, content: bytes) -> Path:
    with SealedWriter(path) as out:
        out.write(content)
    return path


def header_bytes(path: Path) -> int:
    return path.read_bytes().index(b"\n") + 1


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000]
)
def test_what_goes_in_comes_out(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    with SealedReader(seal(tmp_path / "f", content)) as file:
        assert file.size == size
        assert file.read() == content
        assert file.read(10) == b""


@given(pieces=st.lists(st.binary(max_size=90), max_size=30), reads=st.lists(st.integers(-1, 60), max_size=12))
def test_pieces_of_any_size_in_and_any_reads_and_seeks_out(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], reads: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("sealed")
    content = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_files, "CHUNK_BYTES", 64)
        with SealedWriter(folder / "f") as out:
            for piece in pieces:
                out.write(piece)
    plain = io.BytesIO(content)
    with SealedReader(folder / "f") as file:
        for number in reads:
            assert file.read(number) == plain.read(number)
            assert file.tell() == plain.tell()
            place = (number * 7) % (len(content) + 1)
            assert file.seek(place) == plain.seek(place)
        assert file.seek(-len(content), io.SEEK_END) == 0
    shutil.rmtree(folder)


def test_nothing_in_clear_lies_on_the_disk_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = seal(tmp_path / "new" / "f", b"510121195001010011" * 9_000)
    assert b"510121195001010011" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_the_same_content_is_never_sealed_the_same_way(tmp_path: Path) -> None:
    first, second = seal(tmp_path / "a", b"x" * 100), seal(tmp_path / "b", b"x" * 100)
    assert first.read_bytes()[-50:] != second.read_bytes()[-50:]


@pytest.mark.parametrize("cut", [1, 16, STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP])
def test_a_file_that_was_cut_off_anywhere_is_refused_when_it_is_opened(tmp_path: Path, cut: int) -> None:
    path = seal(tmp_path / "f", os.urandom(3 * CHUNK_BYTES))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DecryptionError):
        SealedReader(path)


@pytest.mark.parametrize("more", [b"x", b"x" * 16, b"x" * STEP])
def test_a_file_that_something_was_added_to_is_refused(tmp_path: Path, more: bytes) -> None:
    path = seal(tmp_path / "f", os.urandom(CHUNK_BYTES))
    path.write_bytes(path.read_bytes() + more)
    with pytest.raises(DecryptionError):
        SealedReader(path)


def test_chunks_cannot_be_changed_swapped_or_brought_from_another_file(tmp_path: Path) -> None:
    path, other = (seal(tmp_path / name, os.urandom(4 * CHUNK_BYTES)) for name in "ab")
    raw, foreign, head = path.read_bytes(), other.read_bytes(), header_bytes(path)
    chunks = [raw[head + at * STEP : head + (at + 1) * STEP] for at in range(4)]
    assert header_bytes(other) == head
    changed = bytearray(raw)
    changed[head + 5] ^= 1
    swapped = raw[:head] + chunks[1] + chunks[0] + chunks[2] + chunks[3]
    brought = raw[:head] + foreign[head : head + STEP] + b"".join(chunks[1:])
    for content in (bytes(changed), swapped, brought):
        path.write_bytes(content)
        with SealedReader(path) as file, pytest.raises(DecryptionError):
            file.read()


@pytest.mark.parametrize("at", [9, 12, 20])
def test_the_first_line_is_authenticated(tmp_path: Path, at: int) -> None:
    path = seal(tmp_path / "f", b"content")
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DecryptionError):
        SealedReader(path)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04", b"sealed:1\n", b"\xff" * 500, b"sealed:2:g1:k1:64:AAAA\n" + b"x" * 40,
        b"sealed:1:g1:k1:999999999999:AAAA\nx", b"sealed:1:g1:k1:-1:AAAA\nx", b"sealed:1:zz:k1:64:AAAA\nxx",
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DecryptionError):
        SealedReader(tmp_path / "f")


def test_a_writer_that_fails_is_closed_or_forgotten_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), SealedWriter(tmp_path / "failed") as out:
        out.write(b"x" * 100_000)
        raise RuntimeError
    closed = SealedWriter(tmp_path / "closed")
    closed.write(b"x")
    closed.close()
    forgotten = SealedWriter(tmp_path / "forgotten")
    forgotten.write(b"x")
    del forgotten
    assert [path.name for path in tmp_path.iterdir() if path.name != "keys.json"] == []
    with pytest.raises(ValueError, match="closed"):
        closed.write(b"more")


def test_a_disk_that_is_full_at_the_end_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"), SealedWriter(tmp_path / "f") as out:
        out.write(b"x" * 100)
    assert not (tmp_path / "f").exists()


def test_what_a_killed_process_leaves_is_refused(tmp_path: Path) -> None:
    code = (
        "import os, sys; from grassroots.grid.sealed_files import SealedWriter;"
        "from django.conf import settings; from pathlib import Path;"
        "settings.configure(KEYRING_PATH=Path(sys.argv[1]));"
        "out = SealedWriter(sys.argv[2]); out.write(b'x' * 1_000_000); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "keys.json"), str(tmp_path / "f")]
    assert subprocess.run(command, check=False).returncode == -9
    assert (tmp_path / "f").exists()
    with pytest.raises(DecryptionError):
        SealedReader(tmp_path / "f")


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = seal(tmp_path / "f", b"first")
    with pytest.raises(FileExistsError):
        SealedWriter(path)
    with SealedReader(path) as file:
        assert file.read() == b"first"


def test_a_workbook_written_into_it_is_read_by_zipfile_openpyxl_and_calamine(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for number in range(3_000):
        book.active.append([number, "李四", "510121195001010011"])
    with SealedWriter(tmp_path / "f") as out:
        book.save(out)
    with SealedReader(tmp_path / "f") as file:
        assert zipfile.ZipFile(file).testzip() is None
        sheet = openpyxl.load_workbook(file, read_only=True).active
        assert [cell.value for cell in next(sheet.iter_rows(min_row=2_000))] == [
            1999,
            "李四",
            "510121195001010011",
        ]
        file.seek(0)
        rows = python_calamine.CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
        assert len(rows) == 3_000
        assert rows[-1] == [2999.0, "李四", "510121195001010011"]


def test_files_under_a_retired_key_stay_readable_and_their_key_is_kept(
    db: None, keys: Path, settings: Any, tmp_path: Path
) -> None:
    settings.SEALED_ROOTS = [tmp_path / "exports"]
    path = seal(tmp_path / "exports" / "f", b"old")
    rotation = keys_rotate(drop_old=True)
    assert (rotation.dropped, rotation.kept) == ((), ("k1",))
    assert key_id_of_file(path) == "k1"
    assert key_id_of_file(seal(tmp_path / "exports" / "g", b"new")) == rotation.key_id
    with SealedReader(path) as file:
        assert file.read() == b"old"
    path.unlink()
    assert "k1" in keys_rotate(drop_old=True).dropped


def test_without_its_key_a_file_is_refused(keys: Path, tmp_path: Path) -> None:
    path = seal(tmp_path / "f", b"x")
    add_key(keys)
    drop_key(keys, "k1")
    assert "k1" not in load_keyring(keys).keys
    with pytest.raises(DecryptionError, match="key"):
        SealedReader(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    with SealedWriter(tmp_path / "warm") as out:
        out.write(b"x" * 2_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block = os.urandom(1_000_000)
    with SealedWriter(tmp_path / "f") as out:
        for _ in range(120):
            out.write(block)
    with SealedReader(tmp_path / "f") as file:
        assert sum(len(part) for part in file.chunks()) == 120_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB


def test_every_file_has_a_salt_of_its_own(tmp_path: Path) -> None:
    salts = {seal(tmp_path / str(at), b"").read_bytes().split(b"\n")[0].split(b":")[-1] for at in range(5)}
    assert len(salts) == 5
    assert {len(base64.b64decode(salt)) for salt in salts} == {sealed_files.SALT_BYTES}
