"""Databases of a benchmark's own, on the server that DATABASE_URL names, and processes that work in them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

Environment = dict[str, str]


def make_database(url: str, name: str) -> str:
    """Create an empty database beside the one that `url` names; returns its URL."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    return f"{url.rsplit('/', 1)[0]}/{name}"


@contextmanager
def place(url: str, name: str) -> Iterator[Environment]:
    """The environment of a process with an empty database and an empty var; var is gone afterwards."""
    with tempfile.TemporaryDirectory() as var:
        yield {
            **os.environ, "DATABASE_URL": make_database(url, name), "GRASSROOTS_VAR": var,
            "DJANGO_SETTINGS_MODULE": "grassroots.settings",
        }  # fmt: skip


def manage(environment: Environment, *arguments: str) -> None:
    """Run a command of manage.py, its output among the errors. Raises CalledProcessError."""
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


@contextmanager
def demo_office(url: str, name: str, size: str) -> Iterator[Environment]:
    """The environment of a process in an office with demo data for 2020-01-29."""
    with place(url, name) as environment:
        manage(environment, "migrate", "-v0", "--no-input")
        manage(environment, "load_demo", size, "--on", "2020-01-29")
        yield environment
