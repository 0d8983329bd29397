"""bench/results.md, a section a group, and the tables that README.md shows of it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from bench.groups import Group, Section

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
README = HERE.parent / "README.md"
HEAD = "# Measured\n\nWhat `make bench` found; `ARGS=GROUP` runs one group and leaves the others as they stand.\n"


def marker(key: str) -> str:
    """What stands before and after a group's table."""
    return f"<!-- bench:{key} -->"


def machine() -> str:
    """On what it ran, and how busy that was."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"PostgreSQL; load of the machine at the end {os.getloadavg()[1]:.1f}."
    )


def section_text(group: Group, section: Section) -> str:
    """The group's section of results.md, from its heading on."""
    mark = marker(group.key)
    table = "\n".join([mark, *section.table, mark])
    paragraphs = [f"## {group.title}", machine(), *section.before, table, *section.after]
    return "\n\n".join(paragraphs) + "\n"


def results_with(text: str, group: Group, section: Section, order: list[str]) -> str:
    """The text of results.md with the group's section in place of an earlier one, sections in the given order."""
    found = {part.split("\n", 1)[0]: part for part in re.split(r"(?m)^(?=## )", text)[1:]}
    found[f"## {group.title}"] = section_text(group, section)
    headings = [f"## {title}" for title in order]
    known = [found[heading].strip() for heading in headings if heading in found]
    return "\n".join([HEAD, "\n\n".join(known), ""])


def readme_with(readme: str, results: str, key: str) -> str:
    """README.md with the group's table of results.md between its two markers, or at the one. Raises ValueError."""
    parts, shown = results.split(marker(key)), readme.split(marker(key))
    if len(parts) != 3 or len(shown) not in {2, 3}:
        raise ValueError(
            f"{marker(key)} must stand twice in bench/results.md, and once or twice in README.md"
        )
    return marker(key).join([shown[0], parts[1], shown[-1]])


def keep(group: Group, section: Section, order: list[str]) -> None:
    """Write what a group found into results.md and README.md."""
    text = RESULTS.read_text() if RESULTS.exists() else ""
    RESULTS.write_text(results_with(text, group, section, order))
    README.write_text(readme_with(README.read_text(), RESULTS.read_text(), group.key))
