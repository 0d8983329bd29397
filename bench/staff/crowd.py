"""Virtual staff, by locust: each saves a household form every three minutes and a temperature every minute.

python -m bench.staff.crowd URL < STAFF: reads what bench/staff/laying.py printed, prints one line of JSON.

They do what a browser does on the app's own pages: the round once, then each temperature as its row's form by htmx;
the household form by 保存,下一户, whose answer leads to the next door's form. Fields are taken from the pages.
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402
from http.cookiejar import Cookie  # noqa: E402
from typing import Any, ClassVar  # noqa: E402
from urllib.parse import urlencode, urlsplit  # noqa: E402

import gevent  # noqa: E402
from locust import FastHttpUser, task  # noqa: E402
from locust.env import Environment  # noqa: E402

from bench.staff.reading import Fields, forms_of  # noqa: E402

FORM_EVERY, READING_EVERY = 180.0, 60.0
A_SECOND = 8  # who begin in a second, each by opening the round: beside them the others are at work already
HOLD = 180  # seconds for which all of them are held
STEP, HIGHER, REACHED = (
    15,
    1.25,
    0.95,
)  # seconds a step, each so much faster; what share of it must be reached
ROUND, READING, FORM, SAVE = "the round", "temperature, save", "household form", "household form, save"
NAP = 1.0


class Pace:
    """How often each does what, in seconds; None: not at all. Everybody draws a new moment when `change` rises."""

    form: float | None = FORM_EVERY
    reading: float | None = READING_EVERY
    change = 0


class Officer(FastHttpUser):  # type: ignore[misc]
    """One of the staff, with a group of doors of his own."""

    staff: ClassVar[list[dict[str, str]]] = []
    saved: ClassVar[Counter[str]] = Counter()
    sending: ClassVar[set[Any]] = set()  # who waits for an answer to what he sent
    network_timeout = connection_timeout = 60.0

    def on_start(self) -> None:
        me = Officer.staff.pop()
        self.page: tuple[str, Fields] | None = None
        self.door: str | None = f"/households/{me['door']}/survey/"
        self.rows: list[tuple[str, Fields]] = []
        self.change = -1
        self.client.cookiejar.set_cookie(_session_cookie(urlsplit(self.host).hostname or "", me["session"]))
        with self.client.get("/quarantine/round/", name=ROUND, catch_response=True) as answer:
            forms = forms_of(answer.text or "")
            self.rows = [(to, fields) for to, fields in forms if "temperature" in fields]
            _judge(answer, answer.status_code == 200 and bool(self.rows))

    @task  # type: ignore[misc]
    def work(self) -> None:
        """Until something is due, sleep; then do it."""
        if self.change != Pace.change:
            self.change, now = Pace.change, time.monotonic()
            self.due = {
                what: now + random.random() * every
                for what, every in (("form", Pace.form), ("reading", Pace.reading))
                if every is not None
            }
        what = min(self.due, key=self.due.__getitem__, default="")
        wait = self.due[what] - time.monotonic() if what else NAP
        if wait > 0:
            gevent.sleep(min(wait, NAP))
            return
        every = Pace.form if what == "form" else Pace.reading
        self.due[what] = max(self.due[what] + (every or NAP), time.monotonic() - (every or NAP))
        if what == "form":
            self.save_form()
        else:
            self.save_reading()

    def save_reading(self) -> None:
        """The next row of the round that waits."""
        if not self.rows:
            return
        to, fields = self.rows.pop(0)
        typed = f"36.{random.randint(1, 9)}"
        Officer.sending.add(self)
        with self._post(to, fields | {"temperature": [typed]}, READING, {"HX-Request": "true"}) as answer:
            is_saved = answer.status_code == 200 and typed in (answer.text or "")
            _judge(answer, is_saved)
        self._count(READING, is_saved)

    def save_form(self) -> None:
        """The form of the door at hand, signed; its answer leads to the next door."""
        if self.page is None and self.door is not None:
            self._open(self.door)
        if self.page is None:
            return
        (to, fields), self.page = self.page, None
        signed = fields | {"outcome": ["SIGNED"], "save_next": ["1"]}
        Officer.sending.add(self)
        with self._post(to, signed, SAVE, {}) as answer:
            is_saved = answer.status_code == 302
            _judge(answer, is_saved)
            following = urlsplit(answer.headers.get("Location") or "").path if is_saved else ""
        self._count(SAVE, is_saved)
        self.door = None  # behind the last door stands no form
        if following.endswith("/survey/"):
            self._open(following)

    def _count(self, what: str, is_saved: bool) -> None:
        Officer.saved[what] += is_saved
        Officer.sending.discard(self)

    def _open(self, door: str) -> None:
        with self.client.get(door, name=FORM, catch_response=True) as answer:
            found = [
                fields
                for _to, fields in forms_of(answer.text or "")
                if "outcome" in fields or "version" in fields
            ]
            _judge(answer, answer.status_code == 200 and bool(found))
        self.page = (door, found[0]) if found else None

    def _post(self, to: str, fields: Fields, name: str, headers: dict[str, str]) -> Any:
        headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.post(
            to, data=urlencode(fields, doseq=True), name=name, headers=headers, catch_response=True,
            allow_redirects=False,
        )  # fmt: skip


def _judge(answer: Any, is_good: bool) -> None:
    if is_good:
        answer.success()
    else:
        answer.failure(f"status {answer.status_code}, {len(answer.text or '')} characters")


def _session_cookie(host: str, value: str) -> Cookie:
    return Cookie(
        version=0, name="sessionid", value=value, port=None, port_specified=False, domain=host,
        domain_specified=False, domain_initial_dot=False, path="/", path_specified=True, secure=False, expires=None,
        discard=True, comment=None, comment_url=None, rest={},
    )  # fmt: skip


def told(environment: Environment, seconds: float) -> dict[str, Any]:
    """What locust has counted since its last reset."""
    entries = {name: one for (name, _method), one in environment.stats.entries.items()}
    return {
        "seconds": seconds,
        "errors": environment.stats.total.num_failures,
        "words": sorted({str(error.error)[:200] for error in environment.stats.errors.values()}),
        "p95": environment.stats.total.get_response_time_percentile(0.95) or 0,
        "max": environment.stats.total.max_response_time,
        "entries": {
            name: {
                "requests": one.num_requests, "rate": one.num_requests / seconds,
                "p50": one.get_response_time_percentile(0.5), "p95": one.get_response_time_percentile(0.95),
            }
            for name, one in entries.items()
        },
    }  # fmt: skip


def watch(environment: Environment, seconds: float) -> dict[str, Any]:
    """Count anew for so many seconds."""
    environment.stats.reset_all()
    began = time.monotonic()
    gevent.sleep(seconds)
    return told(environment, time.monotonic() - began)


def climb(environment: Environment, staff: int, seconds: float) -> list[dict[str, Any]]:
    """Forms alone, step by step faster, until one is missed or refused."""
    steps = []
    rate = staff / FORM_EVERY
    while True:
        rate *= HIGHER
        Pace.form, Pace.reading, Pace.change = staff / rate, None, Pace.change + 1
        found = watch(environment, seconds)
        reached = found["entries"].get(SAVE, {"rate": 0})["rate"]
        steps.append({**found, "wanted": rate, "reached": reached})
        print(f"{rate:.1f} forms/s wanted: {reached:.1f}, p95 {found['p95']:.0f} ms", file=sys.stderr)
        if found["errors"] or reached < rate * REACHED:
            return steps


def put_down() -> None:
    """Nobody begins anything more; what has been sent is waited for."""
    Pace.form, Pace.reading, Pace.change = None, None, Pace.change + 1
    gevent.sleep(2 * NAP)
    while Officer.sending:
        gevent.sleep(NAP)


def main() -> None:
    host, hold, step = sys.argv[1], *(float(one) for one in sys.argv[2:4] or (HOLD, STEP))
    Officer.staff = [json.loads(line) for line in sys.stdin]
    Officer.host, number = host, len(Officer.staff)
    environment = Environment(user_classes=[Officer])
    runner = environment.create_local_runner()
    began = time.monotonic()
    runner.start(number, spawn_rate=A_SECOND)
    while environment.stats.get(ROUND, "GET").num_requests < number:
        gevent.sleep(NAP)
    beginning = told(environment, time.monotonic() - began)
    print(
        f"{number} at work after {beginning['seconds']:.0f} s: p95 {beginning['p95']:.0f} ms", file=sys.stderr
    )
    held = watch(environment, hold)
    print(f"held: p95 {held['p95']:.0f} ms, {held['errors']} errors", file=sys.stderr)
    steps = climb(environment, number, step)
    put_down()
    runner.quit()
    print(json.dumps({"beginning": beginning, "held": held, "steps": steps, "saved": Officer.saved}))


if __name__ == "__main__":
    main()
