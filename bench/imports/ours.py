"""Ours, by the command that offices use: `python -m bench.imports.ours FILE`; prints a line of JSON.

Seconds are those of `import_ledger` from its first line to its last: the file sealed, read in a process of its own,
recognised, every row checked and matched, the preview kept, everything written with history, and the effects noted by
which it can be taken back. Memory is the most that this process and those that read have together; what
two of them share is counted twice.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from bench.imports.sheet import CODE, USER  # noqa: E402

EVERY = 0.1  # seconds


class Memory(threading.Thread):
    """Looks every now and then how much memory the process and its children have together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_kb = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(EVERY):
            self.peak_kb = max(self.peak_kb, sum(map(_resident_kb, [os.getpid(), *_children(os.getpid())])))

    def stop(self) -> float:
        """The peak in MB."""
        self.over.set()
        self.join()
        return self.peak_kb / 1024


def _children(of: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{of}/task").glob("*"):
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found + [far for pid in found for far in _children(pid)]


def _resident_kb(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def run(path: Path) -> dict[str, Any]:
    """Import the file; returns what the command said, seconds and peak memory in MB."""
    memory, said = Memory(), io.StringIO()
    memory.start()
    began = time.perf_counter()
    call_command("import_ledger", str(path), "--area", CODE, "--as", USER, stdout=said)
    seconds = time.perf_counter() - began
    told = json.loads(said.getvalue())
    counts = {key: told[key] for key in ("rows", "created", "updated", "unchanged")}
    lists = {key: len(told[key]) for key in ("rejected", "warnings")}
    return {**counts, **lists, "seconds": seconds, "peak_mb": memory.stop()}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
