"""场所 from a sheet: what is new, what changes, what cannot be; the ledger as handed out comes in unchanged."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from grassroots.ledgers.exports import export_run
from grassroots.ledgers.intake.services import batch_undo
from measures.models import Venue, VenueEvent
from measures.services.venues import venue_register
from tests.factories import OfficeCast, make_office
from tests.ledgers.office.cases import AT, counts, imported, lines, planned, words, write
from tests.measures.cases import kind_of

pytestmark = pytest.mark.django_db
HEADER = "村(社区),组(网格),场所名称,类型,地址,负责人,联系电话,关停日期,恢复营业日期"


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def take(office: OfficeCast, *rows: str, header: str = HEADER):
    return imported("venues", office.street, office.ding, lines(header, *rows))


def one(name: str) -> Venue:
    return Venue.objects.get(name=name)


def test_venues_come_in_with_the_day_on_which_they_were_closed(office: OfficeCast) -> None:
    told = take(
        office,
        "城厢社区,1组,桥头茶馆,茶馆,河边路3号,王某,13812341234,2020-01-25,",
        "龚家村,,星光KTV,KTV,,,,2020-01-24,2020-01-28",
        "龚家村,,村头浴池,澡堂子,,,,,2020-01-28",
    )
    assert counts(told) == (3, 0, 0, 0), words(told)
    teahouse, ktv, other = one("桥头茶馆"), one("星光KTV"), one("村头浴池")
    assert (teahouse.area, teahouse.phone, teahouse.closed_on) == (
        office.group,
        "13812341234",
        dt.date(2020, 1, 25),
    )
    assert (ktv.state, ktv.closed_on, ktv.reopened_on) == ("OPEN", dt.date(2020, 1, 24), dt.date(2020, 1, 28))
    assert other.kind == kind_of("other-venue") and not other.events.exists()
    assert "没有“澡堂子”这个类型" in words(told, "warnings") and "没有关停日期" in words(told, "warnings")
    again = take(office, "城厢社区,1组,桥头茶馆,茶馆,河边路3号,王某,13812341234,2020-01-25,")
    assert counts(again) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("城厢社区,,,茶馆,,,,,", "没有场所名称"),
        ("不明村,,桥头茶馆,茶馆,,,,,", "里没有“不明村”"),
        (",,桥头茶馆,茶馆,,,,,", "没有写在哪个村"),
        ("城厢社区,,王某13812341234,茶馆,,,,,", "证件号、手机号"),
    ],
)
def test_a_row_without_name_or_place_is_turned_down(office: OfficeCast, row: str, message: str) -> None:
    told = take(office, row)
    assert counts(told) == (0, 0, 0, 1) and message in words(told)
    assert not Venue.objects.exists()


def test_what_is_known_is_changed_and_never_closed_twice(office: OfficeCast) -> None:
    venue = venue_register(
        kind=kind_of("teahouse"), area=office.compound, name="桥头茶馆", by=office.jia, at=AT
    )
    told = take(
        office,
        "城厢社区,,桥头茶馆,茶馆,河边路3号,,,2020-01-25,",
        "城厢社区,,桥头茶馆,茶馆,别处,,,,",
    )
    assert counts(told) == (0, 1, 1, 0) and "与第2行是同一家" in words(told, "warnings")
    venue.refresh_from_db()
    assert (venue.address, venue.closed_on, venue.area) == (
        "河边路3号",
        dt.date(2020, 1, 25),
        office.compound,
    )
    assert counts(take(office, "城厢社区,,桥头茶馆,茶馆,河边路3号,,,2020-01-27,")) == (0, 0, 1, 0)


def test_an_import_is_taken_back_whole(office: OfficeCast) -> None:
    venue = venue_register(kind=kind_of("teahouse"), area=office.group, name="桥头茶馆", by=office.jia, at=AT)
    data = lines(
        HEADER, "城厢社区,,桥头茶馆,茶馆,河边路3号,,,2020-01-25,", "龚家村,,星光KTV,KTV,,,,2020-01-24,"
    )
    batch = write(planned("venues", office.street, office.ding, data))
    batch_undo(batch=batch, by=office.ding)
    venue.refresh_from_db()
    assert (venue.address, venue.state, venue.closed_on) == ("", "OPEN", None)
    assert not Venue.objects.filter(name="星光KTV").exists() and not VenueEvent.objects.exists()


def test_the_ledger_as_handed_out_comes_in_unchanged(office: OfficeCast) -> None:
    take(office, "城厢社区,1组,桥头茶馆,茶馆,河边路3号,王某,13812341234,2020-01-25,")
    file = io.BytesIO()
    export_run(
        key="venues", area=office.street, staff=office.ding, on=AT.date(), target=file, file_format="csv"
    )
    told = imported("venues", office.street, office.ding, file.getvalue())
    assert counts(told) == (0, 0, 1, 0), words(told)
