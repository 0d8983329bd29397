"""Four workers and two beats in processes of their own, a robot that listens, and one clock for all of them."""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from tests.faults.servers import send
from tests.notices.robot import Heard, Robot

WORKERS, BEATS = 4, 2
PATIENCE_S = 60.0
T = TypeVar("T")
_CODE = re.compile(r"编号 ([0-9A-F]{8})")


def code_of(heard: Heard) -> str:
    """The number of the message that was heard."""
    return _CODE.findall(heard.body.encode().decode("unicode_escape"))[-1]


def ask(question: Callable[[], T]) -> T:
    """The answer of the database, however long it is away."""
    while True:
        try:
            return question()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.1)


class Stack:
    """Processes are forked by the nursery; the clock is a file that all of them read."""

    def __init__(self) -> None:
        self.var = Path(os.environ["GRASSROOTS_VAR"])
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "PYTHONWARNINGS": "ignore",
        }
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], env=environment, cwd=settings.BASE_DIR, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.nursery.stdout is not None and self.nursery.stdin is not None
        self.says, self.hears = self.nursery.stdout, self.nursery.stdin
        self.robot = Robot().start()
        self.workers: list[int] = []
        self.beats: list[int] = []
        self.excused: Counter[str] = Counter()  # numbers that were out when their sender was killed
        self.number = 0

    # --- processes
    def ready(self) -> None:
        """Wait until the nursery has loaded the project."""
        assert self.says.readline().strip() == "ready"

    def _start(self, name: str, *arguments: str) -> int:
        self.number += 1
        log = self.var / f"{name}.log"
        self.hears.write(f"start {shlex.quote(str(log))} {shlex.join(arguments)}\n")
        self.hears.flush()
        return int(self.says.readline())

    def start_workers(self, number: int = WORKERS) -> None:
        for _ in range(number):
            name = f"worker{self.number}"
            options = ["--pool", "threads", "--concurrency", "2", "--queues", "celery,notices", "--hostname",
                       f"{name}@faults", "--without-gossip", "--without-mingle", "--without-heartbeat",
                       "--loglevel", "WARNING"]  # fmt: skip
            self.workers.append(self._start(name, "-A", "grassroots", "worker", *options))

    def start_beats(self, number: int = BEATS) -> None:
        for _ in range(number):
            name = f"beat{self.number}"
            options = ["--schedule", str(self.var / name), "--pidfile=", "--loglevel", "WARNING"]
            self.beats.append(self._start(name, "-A", "grassroots", "beat", *options))

    def kill_workers(self, number: int) -> None:
        """kill -9, in the middle of whatever they do."""
        gone, self.workers = self.workers[:number], self.workers[number:]
        send(gone, signal.SIGKILL)

    def everything(self) -> list[int]:
        return [*self.workers, *self.beats]

    def end(self) -> None:
        send(self.everything(), signal.SIGCONT)
        send(self.everything(), signal.SIGKILL)
        self.hears.close()
        self.nursery.wait(timeout=20)
        self.robot.stop()

    # --- the clock
    def set_clock(self, at: dt.datetime) -> None:
        """Let it be `at` now, in every process."""
        ahead = (at - dt.datetime.now(dt.UTC)).total_seconds()
        fresh = self.var / "clock.new"
        fresh.write_text(str(ahead))
        fresh.rename(self.var / "clock")

    def advance(self, by: dt.timedelta) -> None:
        self.set_clock(timezone.now() + by)

    # --- waiting
    def wait(self, until: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Until it is so; fails with `what` when it takes too long."""
        end = time.monotonic() + seconds
        while not ask(until):
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds:.0f} s")
            time.sleep(0.1)

    def heard_at_least(self, number: int) -> None:
        self.wait(lambda: len(self.robot.heard) >= number, f"{number} requests")
