"""The figures that the tick would have kept on the days before the demo begins: what the trend of 领导看板 shows."""

from __future__ import annotations

import datetime as dt

from grassroots.desk.trend import DAYS, SERIES
from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.models import AreaRollup
from grassroots.ledgers.statistics import count_all


def write_kept(today: dt.date) -> None:
    """Figures of every area for the days before `today`, as the trend reads them; those of yesterday are complete,
    because pages show them until the first tick of today.
    """
    keys = [key for key, *_ in SERIES]
    for root in Area.objects.filter(depth=1):
        for ago in range(1, DAYS):
            on = today - dt.timedelta(days=ago)
            counted = count_all(root, AsOf.day(on), keys if ago > 1 else None)
            wanted = set(keys) if ago > 1 else None
            AreaRollup.objects.bulk_create(
                AreaRollup(
                    area_id=pk, on=on, computed_at=counted.asof.end,
                    total={key: n for key, n in total.items() if wanted is None or key in wanted},
                    own={key: counts[pk] for key, counts in counted.own.items() if counts.get(pk)},
                )
                for pk, total in counted.every_total().items()
            )  # fmt: skip
