"""Run in a process of its own: fills a workbook with openpyxl, with bounded memory and time, without Django.

Reads one message of `marshal` (form, order, rows) from standard input and writes one: ("ok", workbook) or
("error", why). Started by `apart.py` as a script; see docs/decisions/0033.
"""

from __future__ import annotations

import marshal
import resource
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]


def main() -> None:
    """Fill, with memory (bytes) and CPU time (seconds) as the command line says."""
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    form, order, rows = marshal.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(marshal.dumps(answer(form, order, rows)))


def answer(form: bytes, order: dict[str, Any], rows: list[list[Any]]) -> tuple[str, Any]:
    """What `main` writes."""
    # The package's own __init__ starts Celery, which nobody needs here.
    package = types.ModuleType("grassroots")
    package.__path__ = [str(ROOT / "grassroots")]
    sys.modules.setdefault("grassroots", package)
    from grassroots.ledgers.filling.drawing.form import Order, fill, unpacked
    from grassroots.ledgers.filling.drawing.slimming import TooLarge

    try:
        values = [[unpacked(value) for value in row] for row in rows]
        return "ok", fill(form, Order(**order), values)
    except (MemoryError, TooLarge):
        return "error", "large"
    except Exception as error:  # whatever openpyxl makes of a file that is none
        return "error", f"{type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    main()
