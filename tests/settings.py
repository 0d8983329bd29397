"""The project's settings for tests: state in a throw-away folder, a database of one's own, cheap hashes.

| variable | meaning | default |
| --- | --- | --- |
| DATABASE_URL, REDIS_URL | as in grassroots.settings | SQLite; no Redis |
| PYTEST_DB_SUFFIX | joins the test database's name, so that two runs can share a server | "" |
| GRASSROOTS_TEST_VAR | the throw-away folder; made and removed by the run that finds it unset | a new one |
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "GRASSROOTS_TEST_VAR" not in os.environ:
    # In memory where there is room: SQLite with synchronous=FULL waits for the disk at every commit.
    _memory = Path("/dev/shm")
    _has_room = os.access(_memory, os.W_OK) and shutil.disk_usage(_memory).free > 2**30
    _place = _memory if _has_room else None
    os.environ["GRASSROOTS_TEST_VAR"] = tempfile.mkdtemp(prefix="grassroots-test-", dir=_place)
    atexit.register(shutil.rmtree, os.environ["GRASSROOTS_TEST_VAR"], ignore_errors=True)
# Never the var of a running office, whatever the shell has exported.
# Workers of one run have folders of their own in it: none sweeps up the files of another.
os.environ["GRASSROOTS_VAR"] = str(
    Path(os.environ["GRASSROOTS_TEST_VAR"]) / os.environ.get("PYTEST_XDIST_WORKER", "")
)

from grassroots.settings import *  # noqa: F403
from grassroots.settings import DATABASES, VAR_DIR

_suffix = os.environ.get("PYTEST_DB_SUFFIX", "")
_test = DATABASES["default"].setdefault("TEST", {})  # type: ignore[typeddict-item]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in an office: an in-memory database locks by table and refuses where a file would wait.
    _test["NAME"] = str(Path(VAR_DIR) / f"test{_suffix}.sqlite3")
else:
    _test["NAME"] = f"test_{DATABASES['default']['NAME']}{_suffix}"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Columns that the office adds are read when they change, not by the clock: tests count queries.
OWN_COLUMN_SECONDS = None
# The same of what roles may do (tests/grid/test_roles_kept.py).
ROLE_GRANTS_SECONDS = None
