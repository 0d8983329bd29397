"""Exports: every way of writing in a process of its own, in turn, so that what else the machine does falls on all."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.groups import Group, Section
from bench.offices import Environment, demo_office

LIMIT_PEER, LIMIT_FLOOR, LIMIT_MB = 12, 2.5, 150
NAMES = {
    "ours_masked": "**ours, masked**",
    "ours_unmasked": "**ours, unmasked**",
    "openpyxl_styled": "openpyxl write-only, styled cells",
    "openpyxl_plain": "openpyxl write-only, plain",
    "xlsxwriter": "XlsxWriter constant_memory, styled",
    "floor": "floor: one query, joined strings, deflate",
}
OURS = ("ours_masked", "ours_unmasked")
ALIKE = ("ours_masked", "openpyxl_styled", "openpyxl_plain", "xlsxwriter")

Found = dict[str, list[dict[str, Any]]]


def _ask(environment: Environment, module: str, *arguments: str) -> Any:
    command = [sys.executable, "-m", module, *arguments]
    found = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout)


def measure(environment: Environment, runs: int) -> Found:
    """What every writer answered in each of the runs. Raises RuntimeError when they wrote other rows or cells."""
    found: Found = {name: [] for name in ("nothing", *NAMES)}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs):
            for name, answers in found.items():
                path = Path(folder) / f"{name}.xlsx"
                answer = _ask(environment, "bench.exports.writers", name, str(path))
                answer["file_mb"] = path.stat().st_size / 1e6 if path.exists() else 0.0
                answers.append(answer)
                print(
                    f"{run + 1}. {name}: {answer['seconds']:.1f} s, {answer['peak_mb']:.0f} MB",
                    file=sys.stderr,
                )
            if not run:
                _check(environment, found, Path(folder))
    return found


def _check(environment: Environment, found: Found, folder: Path) -> None:
    rows = {name: found[name][0]["rows"] for name in NAMES}
    if len(set(rows.values())) != 1:
        raise RuntimeError(f"not the same rows: {rows}")
    sums = _ask(environment, "bench.exports.check", *[str(folder / f"{name}.xlsx") for name in ALIKE])
    if len({tuple(found) for found in sums}) != 1 or sums[0][0] != rows["floor"]:
        raise RuntimeError(f"not the same cells: {dict(zip(ALIKE, sums, strict=True))}")


def writing(answers: list[dict[str, Any]]) -> float:
    """The median of what a writer is measured by: end to end, but for peers without the making of their rows."""
    return median(answer["seconds"] - answer.get("making", 0) for answer in answers)


def table(found: Found) -> list[str]:
    """Writers with seconds, their ratios, memory and size of file."""
    peer, low = writing(found["openpyxl_styled"]), writing(found["floor"])
    before = median(answer["peak_mb"] for answer in found["nothing"])
    lines = [
        "| writer | seconds | times as fast as openpyxl, styled | ÷ floor | peak MB | above idle | file MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, label in NAMES.items():
        seconds = writing(found[name])
        peak = median(answer["peak_mb"] for answer in found[name])
        size = "" if name == "floor" else f"{found[name][0]['file_mb']:.1f}"
        lines.append(
            f"| {label} | {seconds:.1f} | {peer / seconds:.1f} | {seconds / low:.2f} | {peak:.0f} "
            f"| {peak - before:.0f} | {size} |"
        )
    return lines


def verdict(found: Found) -> str:
    """Which aims are met."""
    peer, low = writing(found["openpyxl_styled"]), writing(found["floor"])
    short = []
    for name in OURS:
        seconds, peak = writing(found[name]), max(answer["peak_mb"] for answer in found[name])
        if peer / seconds < LIMIT_PEER:
            short.append(f"{name}: {peer / seconds:.1f} times")
        if seconds / low > LIMIT_FLOOR:
            short.append(f"{name}: {seconds / low:.2f} floors")
        if peak > LIMIT_MB:
            short.append(f"{name}: {peak:.0f} MB")
    return "All aims are met." if not short else f"Short of the aims: {'; '.join(short)}."


def run(options: argparse.Namespace) -> Section:
    """Measure the export of the base ledger."""
    with demo_office(options.url, "bench_exports", options.size) as environment:
        found = measure(environment, options.runs)
    rows = found["floor"][0]["rows"]
    making = median(answer["making"] for answer in found["openpyxl_styled"])
    return Section(
        table(found),
        [
            f"`export_ledger base` of 淮口街道: {rows:,} rows of 40 columns, from the query to the closed file, log "
            f"entry included; medians of {options.runs} runs, in which the writers take turns, each in a process of "
            f"its own. Aim: at least {LIMIT_PEER} times as fast as openpyxl's write-only mode with styled cells, at "
            f"most {LIMIT_FLOOR} times the floor, under {LIMIT_MB} MB. {verdict(found)}"
        ],
        [
            f"The peers get the very rows (masked), ready made; making them took {making:.1f} s, which is *not* in "
            "their seconds. openpyxl's styles are made once and shared, the quickest way that it has. What ours, "
            "openpyxl and XlsxWriter wrote was read back with calamine and is the same cell by cell. The floor opens "
            "no sealed number and styles nothing. Peak memory is that of the whole process, interpreter, Django and "
            "libraries included; above idle: less that of one that has all this loaded and does nothing."
        ],
    )


GROUP = Group("exports", "Exports", run)
