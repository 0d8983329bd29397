"""`python -m tests.faults.nursery`: loads the project once and forks a real worker or beat for each line it reads.

    start LOG ARGUMENT...     answers with the process id
A child is a process group of its own; its end is waited for by nobody.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys


def main() -> None:
    import django

    django.setup()
    from grassroots.celery import app

    app.loader.import_default_modules()
    import apprise.plugins  # noqa: F401  # as a worker that has sent before

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        _start, log, *arguments = shlex.split(line)
        pid = os.fork()
        if pid == 0:
            child(log, arguments)
        print(pid, flush=True)


def child(log: str, arguments: list[str]) -> None:
    """Become a worker or a beat."""
    from grassroots.celery import app

    os.setpgrp()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(os.devnull)  # noqa: SIM115
    app.start(argv=["--quiet", *arguments])
    os._exit(0)


if __name__ == "__main__":
    main()
