"""Steps of the tick: keep rollups fresh."""

from grassroots.grid.registry import register_step
from grassroots.ledgers.rollups import refresh_rollups

register_step("ledgers.rollups", refresh_rollups, order=90)
