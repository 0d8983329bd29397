"""Pages: each size gets a database and a process of its own.

The processes take turns, page by page and block by block, so that what else the machine does falls on both sizes alike.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import quantiles
from typing import Any

from bench.groups import Group, Section
from bench.offices import place

SIZES = ("village", "street")
LIMIT_QUERIES, LIMIT_P95_MS, LIMIT_RATIO = 15, 150, 1.5
BLOCK = 10  # requests in a row of one process

Page = dict[str, Any]


class Worker:
    """A process that has loaded one size of demo and measures what it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, **question: Any) -> dict[str, Any]:
        """One question, one answer, a line of JSON each. Raises RuntimeError when the process has died."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the benchmark of {question} has died, see above")
        return json.loads(line)  # type: ignore[no-any-return]


@contextmanager
def worker(size: str, url: str) -> Iterator[Worker]:
    """Start the process of one size with an empty database and an empty var; both are gone afterwards."""
    with place(url, f"bench_{size}") as environment:
        command = [sys.executable, "-m", "bench.pages.worker"]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Worker(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(30)


def measure(workers: dict[str, Worker], rounds: int) -> dict[str, dict[str, Page]]:
    """p50 and p95 (ms), queries and rows of every page by size; the sizes take turns in blocks of BLOCK requests."""
    found: dict[str, dict[str, Page]] = {size: {} for size in SIZES}
    for name in workers["village"].ask(do="list")["pages"]:
        times: dict[str, list[float]] = {size: [] for size in SIZES}
        for size in SIZES:
            found[size][name] = workers[size].ask(do="open", page=name)
        for _ in range(0, rounds, BLOCK):
            for size in SIZES:
                answer = workers[size].ask(do="measure", page=name, rounds=BLOCK)
                times[size] += answer["times"]
                found[size][name]["queries"] = max(found[size][name]["queries"], answer["queries"])
        for size in SIZES:
            workers[size].ask(do="close", page=name)
            cuts = quantiles(times[size], n=20)
            found[size][name] |= {"p50": cuts[9], "p95": cuts[18]}
        print(
            f"{name}: " + " / ".join(f"{found[size][name]['p50']:.1f} ms" for size in SIZES), file=sys.stderr
        )
    return found


def _short(one: Page, other: Page, ratio: float) -> str:
    words = []
    if max(one["queries"], other["queries"]) > LIMIT_QUERIES:
        words.append(f"over {LIMIT_QUERIES} queries")
    if max(one["p95"], other["p95"]) > LIMIT_P95_MS:
        words.append(f"p95 over {LIMIT_P95_MS} ms")
    if ratio > LIMIT_RATIO:
        words.append(f"over {LIMIT_RATIO} times as dear")
    return "; ".join(words) or "ok"


def page_table(pages: dict[str, dict[str, Page]]) -> list[str]:
    """The table of pages: village beside street, their ratio, and where a page falls short of its aim."""
    village, street = (pages[size] for size in SIZES)
    lines = [
        "| page | rows | queries | p50 ms | p95 ms | street ÷ village | aims |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for name in village:
        one, other = village[name], street[name]
        ratio = other["p50"] / one["p50"]
        rows = f"{one['rows']} / {other['rows']}" if one["rows"] or other["rows"] else ""
        lines.append(
            f"| {name} | {rows} | {one['queries']} / {other['queries']} | {one['p50']:.1f} / {other['p50']:.1f} "
            f"| {one['p95']:.1f} / {other['p95']:.1f} | {ratio:.2f} | {_short(one, other, ratio)} |"
        )
    return lines


def run(options: argparse.Namespace) -> Section:
    """Measure every page at both sizes."""
    loaded = {}
    with ExitStack() as stack:
        workers = {size: stack.enter_context(worker(size, options.url)) for size in SIZES}
        for size in SIZES:
            loaded[size] = workers[size].ask(do="load", size=size)["seconds"]
        pages = measure(workers, options.rounds)
    floor = " / ".join(f"{pages[size].pop('floor')['p50']:.1f}" for size in SIZES)
    load = " · ".join(f"{size} {seconds:.1f} s" for size, seconds in loaded.items())
    return Section(
        page_table(pages),
        [
            f"Village / street; {options.rounds} requests a page, in process (server time). Aim: at most "
            f"{LIMIT_QUERIES} queries, p95 under {LIMIT_P95_MS} ms, at most {LIMIT_RATIO} times as dear (p50) at "
            "`street` (43,171 households, 125,587 people) as at `village` (300 households). The two take turns. "
            "Queries are counted without BEGIN, COMMIT and SAVEPOINT; rows are what the page lists."
        ],
        [
            f"Floor: a page that asks the database for 1 and shows nothing: p50 {floor} ms.",
            f"`load_demo`: {load}. Aim for `street`: under 60 s.",
        ],
    )


GROUP = Group("pages", "Pages", run)
