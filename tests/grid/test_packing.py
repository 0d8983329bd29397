"""A process beside that encrypts, digests and puts rows together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grassroots.grid import crypto, packing
from households.models import Relation

NUMBERS = ["510121198307058213", "", "13880000001"]


@pytest.fixture
def packer(monkeypatch: pytest.MonkeyPatch) -> Iterator[packing.Packer]:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})
    with packing.packer() as beside:
        assert beside is not None
        yield beside


def test_its_rows_are_sealed_and_digested_as_here(packer: packing.Packer) -> None:
    columns = [
        ("text", ["1", "2", "3"]),
        ("sealed", NUMBERS),
        ("digest", NUMBERS, "id"),
        ("again", ["8213", "", "8213"], "id-last4"),
        ("text", [Relation.HEAD, Relation.OTHER, Relation.OTHER]),
        ("numbers", [0, None, 12]),
        ("flags", [True, None, False]),
        ("same", "t\t\\N"),
    ]
    lines = packer.pack(columns).result().decode().splitlines()
    again = packer.pack(columns).result().decode().splitlines()
    rows = [line.split("\t") for line in lines]
    assert [crypto.decrypt(row[1]) for row in rows] == NUMBERS
    assert [row[2] for row in rows] == crypto.digest_many(NUMBERS, "id")
    assert [row[3] for row in rows] == crypto.digest_many(["8213", "", "8213"], "id-last4")
    assert [[row[0], *row[4:]] for row in rows] == [
        ["1", "HEAD", "0", "t", "t", "\\N"], ["2", "OTHER", "\\N", "\\N", "t", "\\N"],
        ["3", "OTHER", "12", "f", "t", "\\N"],
    ]  # fmt: skip
    assert lines[0] != again[0]
    assert lines[1] == again[1]


def test_its_end_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})
    script = tmp_path / "ends.py"
    script.write_text("")
    monkeypatch.setattr(packing, "SCRIPT", script)
    with packing.packer() as beside:
        assert beside is not None
        with pytest.raises(packing.PackerGone):
            beside.pack([("text", ["1"])]).result()
