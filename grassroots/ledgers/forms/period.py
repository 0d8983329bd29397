"""An area, a day, and the time up to which it is counted (统计截止时间)."""

from __future__ import annotations

import datetime as dt

from grassroots.ledgers.forms.cutoff import cutoff_field
from grassroots.ledgers.forms.download import AreaDayForm


class PeriodForm(AreaDayForm):
    """An area of one's own, a day and a cut-off."""

    cutoff = cutoff_field()

    def clean_cutoff(self) -> dt.time | None:
        cutoff: dt.time | None = self.cleaned_data["cutoff"]
        return cutoff.replace(second=0, microsecond=0) if cutoff else None
