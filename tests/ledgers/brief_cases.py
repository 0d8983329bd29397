"""What tests of the daily brief build from."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.briefs import Typed, brief_text
from grassroots.ledgers.models import BriefDraft, Publication
from grassroots.ledgers.services.briefs import brief_draft_save, publication_publish
from grassroots.ledgers.snapshots import snapshot
from quarantine.models import Observation
from quarantine.services.observations import StartDates, observation_open
from tests.factories import OfficeCast, aware
from tests.quarantine.cases import make_observation, make_returnee

DAY, FIVE = dt.date(2020, 1, 26), dt.time(17)
AFTER = aware("2020-01-26 17:30")
TYPED = Typed("人手不足。", "继续排查。", "丁某", "", "028-84900000")


def text_of(area: Area, on: dt.date = DAY, cutoff: dt.time | None = FIVE) -> str:
    """The brief of an area without anything written by hand."""
    asof = AsOf.day(on, cutoff=cutoff)
    return brief_text(area, asof, snapshot(area, asof).totals, typed=Typed())


def found_late(office: OfficeCast, name: str = "", at: str = "2020-01-26 09:00") -> Observation:
    """Somebody under observation since before the brief was published, entered after it."""
    entered = AFTER + dt.timedelta(hours=2)
    returnee = make_returnee(office, name, found_at=aware(at), recorded_at=entered)
    return observation_open(
        person=returnee.person, area=returnee.area, household=returnee.household, returnee=returnee,
        dates=StartDates.of(returnee), by=office.jia, at=aware(at), known_at=entered,
    )  # fmt: skip


def known(office: OfficeCast, at: str = "2020-01-25 09:00") -> Observation:
    """Somebody under observation who was entered at once."""
    returnee = make_returnee(office, found_at=aware(at), recorded_at=aware(at))
    return make_observation(office, at=at, returnee=returnee)


def save(office: OfficeCast, *, version: int = 0, by: Staff | None = None, **typed: Any) -> BriefDraft:
    """The hand-written part of the village's brief."""
    accepted = typed.pop("accepted", ())
    return brief_draft_save(
        area=office.village, on=DAY, typed=replace(TYPED, **typed), version=version, by=by or office.ding,
        accepted=accepted,
    )  # fmt: skip


def publish(office: OfficeCast, area: Area | None = None, **fields: Any) -> Publication:
    """The brief of the village up to 17:00, published half an hour later."""
    values = {"on": DAY, "cutoff": FIVE, "by": office.ding, "at": AFTER, **fields}
    return publication_publish(area=area or office.village, **values)
