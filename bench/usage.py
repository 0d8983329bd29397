"""How much memory a process has had at most."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mb() -> float:
    """Peak resident memory of this process in MB, its interpreter and libraries included.

    Of this process alone: what `getrusage` tells begins with the peak of the process that started it.
    """
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def reset_peak() -> None:
    """Let the peak of this process begin anew at what it holds now (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
