"""What tests of measures build from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from grassroots.grid.models import Area, Staff
from measures.models import Kind, Record, Venue
from measures.services.records import RecordData, measure_record
from measures.services.venues import venue_event, venue_register
from tests.factories import OfficeCast


def kind_of(code: str) -> Kind:
    return Kind.objects.get(code=code)


def days_ago(number: int) -> dt.date:
    return timezone.localdate() - dt.timedelta(days=number)


def make_venue(office: OfficeCast, name: str = "桥头茶馆", code: str = "teahouse", **more: Any) -> Venue:
    area: Area = more.pop("area", office.group)
    return venue_register(kind=kind_of(code), area=area, name=name, by=more.pop("by", office.jia), **more)


def happen(venue: Venue, action: str, by: Staff, ago: int = 0, **more: Any) -> Any:
    """Something happened at the venue so many days ago."""
    return venue_event(venue=venue, action=action, on=days_ago(ago), by=by, **more)


def record(office: OfficeCast, code: str, quantity: int | None = 1, **more: Any) -> Record:
    """A measure of today, or of `on`, recorded by 甲 in his group."""
    by, at = more.pop("by", office.jia), more.pop("at", None)
    more["by"] = more.pop("data_by", None)
    data = RecordData(
        area=more.pop("area", office.group), on=more.pop("on", days_ago(0)), quantity=quantity, **more
    )
    return measure_record(kind=kind_of(code), data=data, recorded_by=by, at=at)
