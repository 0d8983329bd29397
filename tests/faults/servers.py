"""The private PostgreSQL and Redis of scripts/with_services.sh: frozen, stopped and started again."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

PLACE = Path(os.environ["GRASSROOTS_VAR"]).parent


def send(pids: list[int], how: signal.Signals) -> None:
    """Send a signal to processes that may have ended."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)


def children_of(parent: int) -> list[int]:
    """The processes that one has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):  # ended meanwhile
            if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(place.name))
    return found


class Redis:
    """Started with nothing kept on disk: what waits in it is lost when it is killed."""

    port = urlsplit(os.environ["REDIS_URL"]).port

    @property
    def pids(self) -> list[int]:
        return [int((PLACE / "redis.pid").read_text())]

    def stop(self) -> None:
        """Kill it outright."""
        send(self.pids, signal.SIGKILL)
        while self._answers():
            time.sleep(0.02)

    def _answers(self) -> bool:
        asked = ["redis-cli", "-p", str(self.port), "ping"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    def start(self) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(PLACE), "--save", "",
                   "--appendonly", "no"]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=PLACE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        (PLACE / "redis.pid").write_text(str(process.pid))
        while not self._answers():
            time.sleep(0.02)


class Postgres:
    """As with_services.sh started it."""

    data = PLACE / "pg"

    def __init__(self) -> None:
        self.program, *self.options = shlex.split((self.data / "postmaster.opts").read_text())

    @property
    def pids(self) -> list[int]:
        """The postmaster and its children."""
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        return [main, *children_of(main)]

    def tool(self, name: str) -> str:
        """The path of a program that came with the server."""
        return str(Path(self.program).parent / name)

    def _control(self, *arguments: str) -> None:
        command = [self.tool("pg_ctl"), "-D", str(self.data), "-w", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """As a power cut does: no session ends in order."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        keep = [option for option in self.options if option not in {"-D", str(self.data)}]
        self._control("-l", str(self.data / "server.log"), "-o", shlex.join(keep), "start")
