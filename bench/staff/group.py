"""A county's 2,143 staff at work at once: over HTTP, on the gunicorn of the Procfile, load generator included."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from bench.groups import Group, Section
from bench.offices import Environment, manage, place

STAFF = {"street": 2143, "village": 60}
TIMES = {"street": ("180", "15"), "village": ("20", "5")}  # seconds of holding, of a step
P95_MS = 1000
ROOT = Path(__file__).parents[2]
READING, SAVE = "temperature, save", "household form, save"
Found = dict[str, Any]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def web(environment: Environment) -> Iterator[str]:
    """The Procfile's web process in an office; its address. Raises TimeoutError."""
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    port = _free_port()
    own = {**environment, "PORT": str(port), "BIND": "127.0.0.1", "WORKER_TMP": "/dev/shm"}
    command = ["bash", "-c", line.removeprefix("web:").strip()]
    process = subprocess.Popen(command, env=own, cwd=ROOT, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/health/", process)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.2)
    raise TimeoutError(f"nobody answers at {address}")


def _python(module: str, *arguments: str, environment: Environment, given: str = "") -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, env=environment, check=True, input=given, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    return done.stdout


def in_database(url: str) -> dict[str, int]:
    """How many forms and temperatures were saved there."""
    found = {}
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for what, table in ((SAVE, "households_survey"), (READING, "quarantine_reading")):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            found[what] = cursor.fetchone()[0]
    return found


def measure(url: str, size: str) -> Found:
    """What the crowd found, and what the database holds afterwards. Raises CalledProcessError."""
    with place(url, "bench_staff") as environment:
        manage(environment, "ensure_keys")
        manage(environment, "migrate", "-v0", "--no-input")
        manage(environment, "collectstatic", "-v0", "--no-input")
        staff = _python("bench.staff.laying", str(STAFF[size]), environment=environment)
        print("laid", file=sys.stderr)
        with web(environment) as address:
            told = _python("bench.staff.crowd", address, *TIMES[size], environment=environment, given=staff)
        found: Found = json.loads(told)
        return {**found, "held_in_database": in_database(environment["DATABASE_URL"])}


def verdict(found: Found) -> list[str]:
    """Where it falls short, in words."""
    held = found["held"]
    words = []
    if errors := held["errors"] + found["beginning"]["errors"]:
        words.append(f"{errors} errors ({'; '.join(held['words'] + found['beginning']['words'])})")
    if held["p95"] > P95_MS:
        words.append(f"p95 {held['p95']:.0f} ms (aim {P95_MS})")
    for what, number in found["held_in_database"].items():
        if number != (counted := found["saved"].get(what, 0)):
            words.append(f"{what}: {counted} counted, {number} in the database")
    return words


def highest(found: Found) -> Found | None:
    """The fastest step without an error, if there is one."""
    clean = [step for step in found["steps"] if not step["errors"] and SAVE in step["entries"]]
    return max(clean, key=lambda step: step["reached"]) if clean else None


def table(found: Found) -> list[str]:
    """A row a kind of request while all are at work, and the fastest step."""
    lines = ["| | a second | p50 ms | p95 ms | errors |", "| --- | ---: | ---: | ---: | ---: |"]
    held = found["held"]
    for name, one in sorted(held["entries"].items()):
        lines.append(f"| {name} | {one['rate']:.1f} | {one['p50']:.0f} | {one['p95']:.0f} | |")
    total = sum(one["rate"] for one in held["entries"].values())
    lines.append(f"| **all** | {total:.1f} | | {held['p95']:.0f} | {held['errors']} |")
    if best := highest(found):
        save = best["entries"][SAVE]
        words = f"{best['reached']:.1f} | {save['p50']:.0f} | {save['p95']:.0f} | 0"
        lines.append(f"| **forms alone, as fast as it goes** | {words} |")
    return lines


def run(options: argparse.Namespace) -> Section:
    """All of them for three minutes, then forms alone, step by step faster."""
    found = measure(options.url, options.size)
    short, steps = verdict(found), found["steps"]
    counted = found["held_in_database"]
    climbed = ", ".join(f"{step['reached']:.1f} of {step['wanted']:.1f}" for step in steps)
    return Section(
        table(found),
        [
            f"{STAFF[options.size]:,} staff, each with a session laid beforehand, a group of 25 doors of his own and "
            "three people behind each; each saves a household form every three minutes (POST with 保存,下一户, then "
            "the next door's form) and a temperature a minute (a row of the round by htmx), for "
            f"{found['held']['seconds']:.0f} s after all have begun. The web line of the Procfile (2 workers of 4 "
            "threads), PostgreSQL that waits for the disk, and locust, all on this machine; no worker, no tick. Aim: "
            "no error, p95 under 1 s."
        ],
        [
            "All aims are met." if not short else f"Short of the aims: {'; '.join(short)}.",
            f"The database holds {counted[SAVE]:,} forms and {counted[READING]:,} temperatures, "
            + ("each that was counted once." if not any("counted" in one for one in short) else "see above."),
            f"Forms alone, reached of wanted a second, {TIMES[options.size][1]} s a step: {climbed}. Published for a "
            "comparable Django system (CARE): 4.4 daily rounds a second, and a crash at 1,900 users.",
        ],
    )


GROUP = Group("staff", "A county's staff at once", run)
