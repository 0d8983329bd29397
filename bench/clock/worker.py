"""Lays a city of so many people under observation and measures ticks and the round page in it; prints one line of JSON.

python -m bench.clock.worker OBSERVATIONS
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.clock.laying import DAY, City, aware, lay  # noqa: E402
from bench.usage import peak_mb, reset_peak  # noqa: E402
from grassroots.grid.models import Area, Staff  # noqa: E402
from grassroots.ledgers.rollups import refresh_rollups  # noqa: E402
from grassroots.notices.models import Message, Reminder  # noqa: E402
from grassroots.notices.tick import tick  # noqa: E402
from quarantine.models import Visit, VisitState  # noqa: E402

IDLE_TICKS, PAGES, WARM_UP = 30, 30, 3
MISSED_OF = 20  # one in twenty is left unmeasured


def measured(work: Callable[[], Any]) -> dict[str, Any]:
    """Seconds and peak memory of one piece of work, and what it answered."""
    reset_peak()
    began = time.perf_counter()
    answer = work()
    return {"seconds": time.perf_counter() - began, "peak_mb": peak_mb(), "answer": answer}


def tick_at(at: dt.datetime) -> dict[str, Any]:
    """One tick at a time of the office's day, the clock of the machine with it."""
    with time_machine.travel(at, tick=False):
        found = measured(lambda: tick(at))
    found["answer"] = {
        step: {name: number for name, number in counts.items() if number}
        for step, counts in found["answer"].items()
        if any(counts.values())
    }
    return found


def many(work: Callable[[], Any], times: int) -> list[float]:
    """Milliseconds of each of so many times, after a few that do not count."""
    for _ in range(WARM_UP):
        work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return found


def idle(at: dt.datetime) -> list[float]:
    """Ticks that find nothing to do, a minute after each other."""
    minutes = iter(range(1000))
    return many(lambda: tick_at(at + dt.timedelta(minutes=next(minutes))), IDLE_TICKS)


def measure_most() -> int:
    """The morning's visits but one in twenty become measured, as officers would have it."""
    found = Visit.objects.filter(date=DAY, slot="AM", state=VisitState.PLANNED)
    now = aware(DAY, 10)
    return found.extra(where=[f"quarantine_visit.id %% {MISSED_OF} <> 0"]).update(
        state=VisitState.DONE, state_at=now, state_recorded_at=now
    )


def round_page(city: City) -> dict[str, Any]:
    """The round of one officer, as a browser asks for it."""
    client = Client()
    client.force_login(Staff.objects.get(pk=city.officer), backend="grassroots.grid.backends.RoleBackend")
    url = f"{reverse('quarantine:round')}?on={DAY}&slot=AM"
    with time_machine.travel(aware(DAY, 10), tick=False):
        response: Any = client.get(url)
        rows = response.content.decode().count("居民")
        if response.status_code != 200 or not rows:
            raise RuntimeError(f"the round answered {response.status_code} with {rows} people")
        return {"times": many(lambda: client.get(url), PAGES), "rows": rows}


def main(observations: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0, interactive=False)
    began = time.perf_counter()
    city = lay(observations)
    found: dict[str, Any] = {"laying": time.perf_counter() - began, "city": vars(city)}
    with time_machine.travel(aware(DAY, 5), tick=False):
        found["rollups"] = measured(lambda: refresh_rollups(aware(DAY, 5)))["seconds"]
    found["first"] = tick_at(aware(DAY, 5, 1))  # the day before has closed, the day's rollups are made
    found["idle before"] = idle(aware(DAY, 5, 2))
    found["opening"] = tick_at(aware(DAY, 6))
    sent = Message.objects.count()
    if sent < city.officers:
        raise RuntimeError(f"{sent} messages for {city.officers} officers")
    found["idle"] = idle(aware(DAY, 6, 1))
    found["round"] = round_page(city)
    found["measured"] = measure_most()
    found["before closing"] = tick_at(aware(DAY, 11))
    found["closing"] = tick_at(aware(DAY, 12))
    missed = Visit.objects.filter(date=DAY, state=VisitState.MISSED).count()
    if missed != city.observations - found["measured"]:
        raise RuntimeError(f"{missed} visits became missed of {city.observations - found['measured']}")
    found["again"] = tick_at(aware(DAY, 12, 1))
    found["missed"] = missed
    found["reminders"] = Reminder.objects.count()
    found["areas"] = Area.objects.count()
    found["size"] = _size()
    return found


def _size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
