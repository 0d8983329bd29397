"""Random weeks of a small office, which several files of tests look at."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from django.db import connection

from grassroots.grid.models import Area
from tests.factories import OfficeCast, make_office
from tests.ledgers.replay import DAYS, FIRST, Replay, moment
from tests.quarantine.cases import switch_on

WEEK = [FIRST + dt.timedelta(days=number) for number in range(DAYS)]
NOW = moment(WEEK[-1] + dt.timedelta(days=3), 12)
# The random weeks of the gate, by their seeds; one on SQLite, where the same counting runs over the same rows.
SEEDS = (2, 5, 8)
NUMBERS = range(len(SEEDS) if connection.vendor == "postgresql" else 1)


def seed_of(number: int) -> int:
    """The same weeks each time; HYPOTHESIS_PROFILE=explore draws new ones."""
    return Random().getrandbits(32) if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else SEEDS[number]


@dataclass
class Week:
    """A random week of an office, which shows its seed where something fails."""

    seed: int
    office: OfficeCast
    replay: Replay

    def __repr__(self) -> str:
        return f"Week({self.seed})"

    @property
    def places(self) -> list[Area]:
        return [self.office.street, self.office.village, self.office.other_village]

    @property
    def cutoffs(self) -> list[dt.time | None]:
        """Some times of the day at random, some that bear a risk, and the whole day."""
        random = Random(self.seed)
        odd = [dt.time(0, 1), dt.time(12), dt.time(21), dt.time(23, 59)]  # slots close at 12 and 21
        return [None, random.choice(odd), dt.time(random.randint(1, 23), random.randint(0, 59))]


def week_of(seed: int, *, is_counted: bool, after: Callable[[dt.datetime], None] | None = None) -> Week:
    office = make_office()
    switch_on(office.admin)
    replay = Replay(office, Random(seed), after=after, is_counted=is_counted)
    replay.run()
    return Week(seed, office, replay)
