"""`make bench`: runs the benchmarks, prints their tables and writes bench/results.md.

Each size gets a database of its own on the server that DATABASE_URL names, and a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg2

HERE = Path(__file__).parent
SIZES = ("village", "street")
LIMIT_QUERIES, LIMIT_P95_MS, LIMIT_RATIO = 15, 150, 1.5


def make_database(url: str, name: str) -> str:
    """Create an empty database beside the one that `url` names; returns its URL."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    return f"{url.rsplit('/', 1)[0]}/{name}"


def measure(size: str, url: str, rounds: int) -> dict[str, Any]:
    """Load the demo of that size and measure its pages, in a process of its own."""
    with tempfile.TemporaryDirectory() as var:
        environment = {
            **os.environ, "DATABASE_URL": url, "GRASSROOTS_VAR": var, "DJANGO_SETTINGS_MODULE": "grassroots.settings",
        }  # fmt: skip
        command = [sys.executable, "-m", "bench.pages", size, str(rounds)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def page_table(results: dict[str, dict[str, Any]]) -> list[str]:
    """The table of pages: village beside street, their ratio, and where a page falls short of its aim."""
    village, street = (results[size]["pages"] for size in SIZES)
    lines = [
        "| page | queries village / street | p50 ms village / street | p95 ms village / street "
        "| street ÷ village (p50) | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name in village:
        one, other = village[name], street[name]
        ratio = other["p50"] / one["p50"]
        short = []
        if max(one["queries"], other["queries"]) > LIMIT_QUERIES:
            short.append(f"over {LIMIT_QUERIES} queries")
        if max(one["p95"], other["p95"]) > LIMIT_P95_MS:
            short.append(f"p95 over {LIMIT_P95_MS} ms")
        if ratio > LIMIT_RATIO:
            short.append(f"over {LIMIT_RATIO} times as dear")
        lines.append(
            f"| {name} | {one['queries']} / {other['queries']} | {one['p50']:.1f} / {other['p50']:.1f} "
            f"| {one['p95']:.1f} / {other['p95']:.1f} | {ratio:.2f} | {'; '.join(short) or 'ok'} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="requests a page")
    options = parser.parse_args()
    server = os.environ["DATABASE_URL"]
    results = {size: measure(size, make_database(server, f"bench_{size}"), options.rounds) for size in SIZES}
    load = " · ".join(f"{size} {results[size]['load_seconds']:.1f} s" for size in SIZES)
    floor = " / ".join(f"{results[size]['floor_ms']:.1f}" for size in SIZES)
    text = [
        "# Measured",
        "",
        f"`make bench` on {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, PostgreSQL; {options.rounds} requests a page, in process (server time).",
        "",
        "## Pages",
        "",
        f"Aim: at most {LIMIT_QUERIES} queries, p95 under {LIMIT_P95_MS} ms, at most {LIMIT_RATIO} times as dear at "
        "`street` (125,587 people) as at `village` (about 850).",
        "",
        *page_table(results),
        "",
        f"Floor: a page that only signs in and asks the database for 1: p50 {floor} ms (village / street).",
        "",
        "## Demo data",
        "",
        f"`load_demo`: {load}. Aim for `street`: under 60 s.",
        "",
    ]
    (HERE / "results.md").write_text("\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
