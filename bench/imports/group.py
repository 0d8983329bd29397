"""Imports: a street's base ledger into an empty register, by each way in a process and a database of its own, in turn.

`--rows` cuts the ledger to its first rows, to try it out; what is checked in is the whole.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import psycopg2

from bench.groups import Group, Section
from bench.imports import files
from bench.imports.sheet import CODE, USER
from bench.offices import Environment, demo_office, manage, place

LIMIT_PEER, LIMIT_FLOOR, LIMIT_MB = 8, 4, 1024
NAMES = {
    "ours": "**ours, `import_ledger`**",
    "peer": "django-import-export, bulk mode",
    "floor": "floor: calamine's read, COPY into one flat table",
}
ON = "2020-01-29"  # the day of the demo
# The new office has one account, so the surveyors' names are in remarks; and it is read back today, not on ON.
NOT_COMPARED = frozenset({"入户人员", "年龄"})

Found = dict[str, list[dict[str, Any]]]


def _copy_database(environment: Environment, name: str) -> Environment:
    """The environment with a copy of its database under another name."""
    url = environment["DATABASE_URL"]
    server, template = url.rsplit("/", 1)
    connection = psycopg2.connect(f"{server}/postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    connection.close()
    return {**environment, "DATABASE_URL": f"{server}/{name}"}


def _ask(environment: Environment, way: str, path: Path) -> Any:
    command = [sys.executable, "-m", f"bench.imports.{way}", str(path)]
    found = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer = json.loads(found.stdout)
    print(f"{way}: {answer['seconds']:.1f} s, {answer['peak_mb']:.0f} MB", file=sys.stderr)
    return answer


def _export(environment: Environment, path: Path, *options: str) -> None:
    manage(
        environment, "export_ledger", "base", "--area", CODE, "--as", USER, "--out", str(path), "--unmasked",
        "--purpose", "量度", *options,
    )  # fmt: skip


def _office(environment: Environment, path: Path, *options: str) -> None:
    manage(environment, "migrate", "-v0", "--no-input")
    subprocess.run(
        [sys.executable, "-m", "bench.imports.office", str(path), *options], env=environment, check=True
    )


def measure(options: argparse.Namespace, folder: Path) -> tuple[Found, dict[str, Any]]:
    """What every way answered in each of the runs, and what the run with changed rows did. Raises RuntimeError where
    not every row came in, or the register does not say what the sheet said."""
    path, changed_path = folder / "base.xlsx", folder / "changed.xlsx"
    with demo_office(options.url, "bench_imports_source", options.size) as source:
        _export(source, path, "--on", ON)
    if options.rows:
        whole = path.rename(folder / "whole.xlsx")
        files.cut(whole, path, options.rows)
    found: Found = {name: [] for name in NAMES}
    with place(options.url, "bench_imports_new") as new, place(options.url, "bench_imports_areas") as areas:
        _office(new, path)
        _office(areas, path, "--all")
        for run in range(options.runs):
            target = _copy_database(new, "bench_imports_ours")
            found["ours"].append(_ask(target, "ours", path))
            if not run:
                _check(target, path, folder / "again.xlsx", found["ours"][0])
            found["peer"].append(_ask(_copy_database(areas, "bench_imports_peer"), "peer", path))
            found["floor"].append(_ask(_copy_database(areas, "bench_imports_peer"), "floor", path))
        count = files.change(path, changed_path)
        updated = _ask(target, "ours", changed_path)
    if (updated["updated"], updated["created"]) != (count, 0):
        raise RuntimeError(f"{count} rows were changed, and {updated} came of it")
    return found, updated


def _check(environment: Environment, path: Path, again: Path, answer: dict[str, Any]) -> None:
    if answer["created"] != answer["rows"]:
        raise RuntimeError(f"not every row came in: {answer}")
    _export(environment, again)
    if files.cells(path, NOT_COMPARED) != files.cells(again, NOT_COMPARED):
        raise RuntimeError("the register does not say what the sheet said")


def seconds(answers: list[dict[str, Any]]) -> float:
    return median(answer["seconds"] for answer in answers)


def table(found: Found, updated: dict[str, Any]) -> list[str]:
    """The ways with seconds, rows a second, ratios and memory."""
    peer, low = seconds(found["peer"]), seconds(found["floor"])
    lines = [
        "| import | seconds | rows/s | times as fast as django-import-export | ÷ floor | peak MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, label in NAMES.items():
        lines.append(_line(label, seconds(found[name]), found[name], peer, low))
    label = f"ours, again with 1% of the rows changed ({updated['updated']:,})"
    lines.append(_line(label, updated["seconds"], [updated], peer, low))
    return lines


def _line(label: str, took: float, answers: list[dict[str, Any]], peer: float, low: float) -> str:
    rows, peak = answers[0]["rows"], median(answer["peak_mb"] for answer in answers)
    return (
        f"| {label} | {took:.1f} | {rows / took:,.0f} | {peer / took:.1f} | {took / low:.2f} | {peak:.0f} |"
    )


def verdict(found: Found) -> str:
    """Which aims are met."""
    ours, short = seconds(found["ours"]), []
    if (times := seconds(found["peer"]) / ours) < LIMIT_PEER:
        short.append(f"{times:.1f} times as fast as django-import-export")
    if (floors := ours / seconds(found["floor"])) > LIMIT_FLOOR:
        short.append(f"{floors:.2f} floors")
    if (peak := max(answer["peak_mb"] for answer in found["ours"])) > LIMIT_MB:
        short.append(f"{peak:.0f} MB")
    return "All aims are met." if not short else f"Short of the aims: {'; '.join(short)}."


def run(options: argparse.Namespace) -> Section:
    """Measure the import of the base ledger."""
    with tempfile.TemporaryDirectory() as folder:
        found, updated = measure(options, Path(folder))
    rows = found["ours"][0]["rows"]
    reading = {name: median(answer["reading"] for answer in found[name]) for name in ("peer", "floor")}
    is_cut = f" **Only its first {options.rows:,} rows, to try it out.**" if options.rows else ""
    return Section(
        table(found, updated),
        [
            f"The base ledger of 淮口街道, exported in clear ({rows:,} rows of 40 columns), into an office that has "
            f"its villages and nobody registered.{is_cut} Medians of {options.runs} runs, in which the ways take "
            f"turns, each in a process and a database of its own. Aim: at least {LIMIT_PEER} times the rows a second "
            f"of django-import-export in bulk mode, at most {LIMIT_FLOOR} times the floor, under {LIMIT_MB} MB. "
            f"{verdict(found)}"
        ],
        [
            "Ours is the whole command, unattended: the file kept sealed, read in a process apart, every number "
            "checked, people and doors matched, groups and compounds made, numbers and phones encrypted with their "
            "digests, surveys, answers and letters with their day, a line of history for each household, person and "
            "residency, a preview and what is needed to take it back. Afterwards the ledger is exported from the new "
            "office and compared cell by cell. django-import-export (`use_bulk`, `skip_diff`, `force_init_instance`, "
            "plain foreign keys, no text of instances) imports doors, people with encrypted and digested numbers, and "
            "residencies; it matches nothing, writes no surveys, letters or history, and finds groups and compounds "
            f"ready made. Of its seconds {reading['peer']:.1f} go into tablib's and openpyxl's reading; of the "
            f"floor's {reading['floor']:.1f} are calamine's. Memory is that of our process and of "
            "those that it starts, to read and to encrypt, together."
        ],
    )


GROUP = Group("imports", "Imports", run)
