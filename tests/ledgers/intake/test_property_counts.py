"""Whatever stands in a file, every row is counted once, and a second time nothing is left to do."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from grassroots.ledgers.intake import protocol
from grassroots.ledgers.intake.preview import all_lines
from tests.factories import make_office
from tests.ledgers.intake.conftest import taken_in, written
from tests.ledgers.intake.toy import TOY

PLACES = st.sampled_from(["红旗社区", "莲花村", "城厢社区", "", "合计", "双新村", "=1+1", "x" * 60])
COUNTS = st.sampled_from(["10", "20", "3户", "不详", "", "-", "1e3", "10"])
ROWS = st.lists(st.tuples(PLACES, COUNTS), max_size=30)


class EveryRowOnce(TestCase):
    """The toy kind, through the whole pipeline."""

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(rows=ROWS)
    def test_rows_are_created_updated_unchanged_or_rejected(self, rows: list[tuple[str, str]]) -> None:
        office = make_office()
        text = io.StringIO()
        csv.writer(text).writerows([("地名", "应排查户数"), *rows])
        if TOY.key not in {kind.key for kind in protocol.import_kinds()}:
            protocol.register_import(TOY)
        try:
            with override_settings(IMPORT_ROOT=Path("/dev/shm") / "grassroots-counts"):
                batch = taken_in(office.street, office.admin, text.getvalue().encode(), kind="toy")
                shown = list(all_lines(batch))
                assert batch.rows == batch.created + batch.updated + batch.unchanged + batch.rejected
                assert sorted(line.index for line in shown) == list(range(batch.rows))
                kept = [(place, count) for place, count in rows if (place or count) and place != "合计"]
                assert batch.rows <= len(rows)
                assert batch.rows >= len([one for one in kept if one[0]])
                written(batch)
                again = taken_in(office.street, office.admin, text.getvalue().encode(), kind="toy")
                assert (again.created, again.rejected, again.rows) == (0, batch.rejected, batch.rows)
        finally:
            del protocol._kinds[TOY.key]
