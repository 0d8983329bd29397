"""How much memory this process has had at most."""

from __future__ import annotations

import resource


def peak_mb() -> float:
    """Peak resident memory of this process in MB (Linux counts it in KB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
