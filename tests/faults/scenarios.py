"""The faults. Each moves the clock to something that falls due, breaks something meanwhile, and waits for the rest.

The office's days: slots open at 06:00 and 12:00 and close at 12:00 and 21:00; digests at opening, an hour before
closing, at closing. A minute of stopped servers is two seconds here and a minute with --long.
"""

from __future__ import annotations

import datetime as dt
import signal
import sys
import time
from collections.abc import Callable, Sequence

from django.utils import timezone

from grassroots.grid.models import Staff
from grassroots.notices.models import Channel, Delivery, DeliveryState
from quarantine.services.digests import KIND
from tests.factories import aware
from tests.faults.servers import Postgres, Redis, send
from tests.faults.stack import WORKERS, Stack, ask
from tests.faults.tally import Row, expected, on_record, tally

OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)
SECOND = dt.timedelta(seconds=1)


class Faults:
    """The stack, the servers, the officers, and how long a server stays away."""

    def __init__(self, stack: Stack, workers: Sequence[Staff], *, away: float) -> None:
        self.stack, self.workers, self.away = stack, workers, away
        self.redis, self.postgres = Redis(), Postgres()
        self.are_senders_gone = False

    def run(self, name: str, begins: str, fault: Callable[[], None]) -> Row:
        """One fault: the clock at two seconds before `begins`, the fault, and all that follows from it."""
        started = time.monotonic()
        self.stack.robot.mode, self.stack.robot.delay = "ok", 0.0
        self.stack.robot.heard.clear()
        self.stack.excused.clear()
        self.are_senders_gone = False
        since = aware(begins) - 2 * SECOND
        self.stack.set_clock(since)
        fault()
        self.settle(since)
        row = ask(lambda: tally(name, self.stack, self.workers, since, timezone.now()))
        row.seconds = time.monotonic() - started
        print(f"{name}: {row.seconds:.1f} s", file=sys.stderr, flush=True)
        return row

    def settle(self, since: dt.datetime) -> None:
        """Until all that is due is on record and no delivery is open; where they wait for a time, the clock moves."""
        seen: object = None
        still_since = time.monotonic()
        end = time.monotonic() + 60 + self.away
        while True:
            now = timezone.now()
            lacking = ask(lambda now=now: len(expected(self.workers, since, now) - on_record()))
            rows = Delivery.objects.filter(state__in=OPEN).order_by("pk")
            waiting = ask(
                lambda rows=rows: list(rows.values_list("pk", "state", "attempts", "next_attempt_at"))
            )
            if not lacking and not waiting and now >= since + 2 * SECOND:
                return
            if time.monotonic() > end:
                raise AssertionError(f"{lacking} digests lacking, open deliveries: {waiting}")
            state = (lacking, waiting)
            if state != seen:
                seen, still_since = state, time.monotonic()
            elif waiting and not lacking and time.monotonic() - still_since > 0.9:
                self.hop(now, waiting)
            time.sleep(0.1)

    def hop(self, now: dt.datetime, waiting: list[tuple[int, str, int, dt.datetime]]) -> None:
        """Move the clock to the next attempt, or, where senders were killed, past the time for which they are missed.

        Senders that live have their time by the computer's clock: for them ours does not run ahead.
        """
        later = [at for _pk, state, _attempts, at in waiting if state == DeliveryState.WAITING]
        if any(state == DeliveryState.SENDING for _pk, state, _attempts, _at in waiting):
            if self.are_senders_gone:
                self.stack.advance(95 * SECOND)
        elif min(later) > now:
            self.stack.advance(min(later) - now + SECOND)

    # --- the faults
    def nothing(self) -> None:
        """No fault: the first slot opens."""

    def killed(self) -> None:
        """kill -9 of all workers while requests are out."""
        self.stack.robot.mode, self.stack.robot.delay = "slow", 2.5
        self.stack.heard_at_least(3)
        self.stack.kill_workers(WORKERS)
        self.are_senders_gone = True
        out = ask(lambda: list(Delivery.objects.filter(state=DeliveryState.SENDING)))
        self.stack.excused.update(one.code for one in out)
        assert out, "nothing was out when the workers were killed"
        self.stack.robot.mode = "ok"
        self.stack.start_workers()

    def hung_up(self) -> None:
        """The robot takes every message and closes the connection without an answer, twice over."""
        self.stack.robot.mode = "drop"
        self.stack.heard_at_least(7)
        self.stack.robot.mode = "ok"

    def refused(self) -> None:
        """HTTP 500, then errcode 45009, until the digest is worth nothing any more; one address is broken."""
        broken = Channel.objects.filter(name="1村群")
        address = ask(lambda: broken.get().address)
        ask(lambda: Channel.objects.bulk_update([_with(broken.get(), "nonsense")], ["address"]))
        self.stack.robot.mode = "500"
        self.stack.heard_at_least(7)
        self.stack.robot.mode = "refuse"
        self.stack.set_clock(aware("2020-01-31 14:59:10"))
        self.stack.heard_at_least(14)
        self.stack.set_clock(aware("2020-01-31 15:00:05"))
        stale = Delivery.objects.filter(state__in=OPEN, kind=KIND, expires_at__lte=aware("2020-01-31 15:00"))
        self.stack.wait(lambda: not stale.exists(), "all of them ended", 20)
        self.stack.robot.mode = "ok"
        ask(lambda: Channel.objects.bulk_update([_with(broken.get(), address)], ["address"]))

    def midnight(self) -> None:
        """The clock runs over midnight and the end of the month; then the first slot of the new one opens."""
        self.stack.wait(lambda: timezone.now() > aware("2020-02-01 00:00:01"), "midnight")
        self.stack.set_clock(aware("2020-02-01 06:00:01"))

    def redis_away(self) -> None:
        """Redis is frozen, goes on, and is then killed with all that waited in it."""
        send(self.redis.pids, signal.SIGSTOP)
        time.sleep(self.away)
        send(self.redis.pids, signal.SIGCONT)
        time.sleep(0.3)
        self.redis.stop()
        time.sleep(self.away)
        self.redis.start()

    def postgres_away(self) -> None:
        """PostgreSQL is frozen while requests are out, goes on, and is then stopped as by a power cut."""
        self.stack.robot.mode, self.stack.robot.delay = "slow", 0.7
        self.stack.heard_at_least(3)
        send(self.postgres.pids, signal.SIGSTOP)
        time.sleep(self.away)
        send(self.postgres.pids, signal.SIGCONT)
        self.stack.heard_at_least(6)
        self.postgres.stop()
        time.sleep(self.away)
        self.stack.robot.mode = "ok"
        self.postgres.start()

    def asleep(self) -> None:
        """The whole system sleeps for ten hours while requests are out."""
        self.stack.robot.mode, self.stack.robot.delay = "slow", 1.0
        self.stack.heard_at_least(3)
        pids = [*self.stack.everything(), *self.redis.pids, *self.postgres.pids]
        send(pids, signal.SIGSTOP)
        self.stack.advance(dt.timedelta(hours=10))
        time.sleep(self.away)
        self.stack.robot.mode = "ok"
        send(list(reversed(pids)), signal.SIGCONT)


def _with(channel: Channel, address: str) -> Channel:
    channel.address = address
    return channel


def run_all(faults: Faults) -> list[Row]:
    """All faults, one after the other, over the end of a month; four workers and two beats run throughout."""
    return [
        faults.run("none (4 workers, 2 beats)", "2020-01-31 06:00", faults.nothing),
        faults.run("robot refuses, one address broken", "2020-01-31 11:00", faults.refused),
        faults.run("kill -9 of all workers in mid-send", "2020-01-31 20:00", faults.killed),
        faults.run("robot hangs up after receiving", "2020-01-31 21:00", faults.hung_up),
        faults.run("midnight and the end of the month", "2020-02-01 00:00", faults.midnight),
        faults.run("Redis frozen, then killed", "2020-02-01 11:00", faults.redis_away),
        faults.run("PostgreSQL frozen, then stopped", "2020-02-01 12:00", faults.postgres_away),
        faults.run("all asleep for ten hours", "2020-02-01 20:00", faults.asleep),
    ]
