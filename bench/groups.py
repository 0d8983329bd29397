"""The groups of benchmarks: modules with a `GROUP`, named in MODULES in the order of results.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

MODULES = (
    "bench.pages.group",
    "bench.exports.group",
    "bench.imports.group",
    "bench.clock.group",
    "bench.staff.group",
)


@dataclass(frozen=True)
class Section:
    """What a group found: paragraphs of Markdown, and the table, which goes into README.md as well."""

    table: list[str]
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """Benchmarks that are run and reported together.

    `key` names the group on the command line and its markers (`<!-- bench:KEY -->`) in README.md; `title` is its
    heading in results.md. `run` gets the options of the command line (`rounds`, `runs`, `size`, and `url`, a
    PostgreSQL server on which it may make databases, see bench/offices.py).
    """

    key: str
    title: str
    run: Callable[[argparse.Namespace], Section]


def groups() -> dict[str, Group]:
    """All groups by key."""
    found = [import_module(name).GROUP for name in MODULES]
    return {group.key: group for group in found}
