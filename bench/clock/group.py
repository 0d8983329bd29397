"""The tick and the round of a city: 100,000 and 1,000,000 people under observation, each in a database of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from statistics import median
from typing import Any

from bench.groups import Group, Section
from bench.offices import place

SIZES = {"street": (100_000, 1_000_000), "village": (1_000, 10_000)}
IDLE_RATIO, IDLE_MS, OPENING_S, OPENING_MB, ROUND_MS = 1.5, 50, 60, 500, 150

City = dict[str, Any]


def measure(url: str, observations: int) -> City:
    """What the worker found in a city of that size. Raises CalledProcessError."""
    with place(url, f"bench_clock_{observations}") as environment:
        command = [sys.executable, "-m", "bench.clock.worker", str(observations)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: City = json.loads(done.stdout)
    return found


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def verdict(small: City, large: City) -> list[str]:
    """Where the larger city falls short of its aims, in words."""
    before, after = median(small["idle"]), median(large["idle"])
    opening = large["opening"]
    short = [
        (
            after / before > IDLE_RATIO,
            f"an idle tick costs {after / before:.2f} times as much (aim {IDLE_RATIO})",
        ),
        (after > IDLE_MS, f"an idle tick takes {after:.0f} ms (aim {IDLE_MS})"),
        (opening["seconds"] > OPENING_S, f"opening takes {opening['seconds']:.0f} s (aim {OPENING_S})"),
        (opening["peak_mb"] > OPENING_MB, f"opening needs {opening['peak_mb']:.0f} MB (aim {OPENING_MB})"),
        (_p95(large["round"]["times"]) > ROUND_MS, f"the round: p95 over {ROUND_MS} ms"),
    ]
    return [words for falls_short, words in short if falls_short]


def table(cities: list[City]) -> list[str]:
    """A row a measurement, a column a city, and the ratio of the two."""
    rows = [
        ("idle tick, ms (median)", [median(city["idle"]) for city in cities], ".1f"),
        ("tick that opens a slot, s", [city["opening"]["seconds"] for city in cities], ".1f"),
        ("· its peak memory, MB", [city["opening"]["peak_mb"] for city in cities], ".0f"),
        ("tick an hour before closing, s", [city["before closing"]["seconds"] for city in cities], ".1f"),
        ("tick that closes it, 5% missed, s", [city["closing"]["seconds"] for city in cities], ".1f"),
        ("· its peak memory, MB", [city["closing"]["peak_mb"] for city in cities], ".0f"),
        (
            "round page of one officer, ms (median)",
            [median(city["round"]["times"]) for city in cities],
            ".1f",
        ),
        ("round page, ms (p95)", [_p95(city["round"]["times"]) for city in cities], ".1f"),
    ]
    heads = [f"{city['city']['observations']:,} under observation" for city in cities]
    lines = [f"| | {' | '.join(heads)} | ratio |", "| --- | ---: | ---: | ---: |"]
    for words, (small, large), style in rows:
        lines.append(f"| {words} | {small:{style}} | {large:{style}} | {large / small:.2f} |")
    return lines


def run(options: argparse.Namespace) -> Section:
    """Lay both cities, one after the other, and measure the same day in each."""
    cities = []
    for observations in SIZES[options.size]:
        cities.append(measure(options.url, observations))
        print(f"{observations:,} laid and measured", file=sys.stderr)
    small, large = cities
    short = verdict(small, large)
    city = large["city"]
    return Section(
        table(cities),
        [
            f"{city['observations']:,} open observations: {city['visits']:,} visits laid (three days, two slots a day, "
            f"of which one is over), {city['officers']:,} villagers' groups of 50 people with a health worker each; no "
            "readings, no survey forms. Ticks at 06:00, 11:00 and 12:00 of one day with the office's clock, every "
            "step of the tick in it, the figures of the day included."
        ],
        [
            "All aims are met." if not short else f"Short of the aims: {'; '.join(short)}.",
            f"At closing {small['missed']:,} / {large['missed']:,} visits became missed; all day "
            f"{small['reminders']:,} / {large['reminders']:,} reminders, each once. The figures of all areas at the "
            f"first tick of the day: {small['rollups']:.1f} / {large['rollups']:.1f} s. Database: "
            f"{small['size'] / 1e6:,.0f} / {large['size'] / 1e6:,.0f} MB; laid in {small['laying']:.0f} / "
            f"{large['laying']:.0f} s.",
        ],
    )


GROUP = Group("clock", "The clock of a city", run)
