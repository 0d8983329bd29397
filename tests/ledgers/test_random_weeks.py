"""Random weeks as they go by: rollups after every tick equal live counts, and everything happens in them."""

from __future__ import annotations

import datetime as dt
import itertools
from unittest.mock import patch

import pytest
from django.db import transaction

from grassroots.grid.models import Area, Level
from grassroots.ledgers import rollups
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.rollups import refresh_rollups, rollups_of
from grassroots.ledgers.statistics import count_all
from quarantine.steps import mark_closed_slots
from tests.ledgers.weeks import NUMBERS, SEEDS, seed_of, week_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("number", NUMBERS[:2])
def test_rollups_equal_live_counts_after_every_tick(number: int) -> None:
    """Whether or not so many dirty villages side by side have their township counted whole: by turns."""
    many = itertools.cycle((1, 8) if number else (8, 1))

    def tick(at: dt.datetime) -> None:
        if at.hour % 9:
            return  # the clock was stopped
        county = Area.objects.get(level=Level.COUNTY)
        mark_closed_slots(at)
        with patch.object(rollups, "MANY", next(many)):
            refresh_rollups(at)
        live = count_all(county, AsOf.day(at.date(), at)).every_total()
        shown = {pk: row.total for pk, row in rollups_of(list(Area.objects.all()), at.date()).items()}
        assert filled(shown) == filled(live), at

    week_of(seed_of(number), is_counted=False, after=tick)


def filled(figures: dict[int, dict[str, int]]) -> dict[int, dict[str, int]]:
    """Without zeros: a rollup leaves out what is not there."""
    return {pk: {key: n for key, n in row.items() if n} for pk, row in figures.items()}


@pytest.mark.postgres
def test_they_hold_every_kind_of_event() -> None:
    done: set[str] = set()
    for seed in SEEDS:
        with transaction.atomic():
            done |= set(week_of(seed, is_counted=False).replay.done)
            transaction.set_rollback(True)
    assert done >= {
        "_open", "_move", "_end", "_extend", "_annul", "_read", "_correct", "_mark", "_release", "_hand_over",
        "accept", "shorten", "restart", "refuse", "return",
    }  # fmt: skip
