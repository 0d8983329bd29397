"""Shifts at checkpoints: who stands when, who is missing, who has come."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Staff
from measures.models import Shift, ShiftPost
from measures.services.shifts import (
    shift_arrive,
    shift_cancel,
    shift_lay,
    shift_put,
    shift_repeat,
    shift_take_off,
)
from tests.factories import OfficeCast, make_office
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import queries_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(dt.datetime(2020, 1, 29, 10, 0))


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def lay(office: OfficeCast, place: str = "村口", hour: float = 8, *people: Staff, **more: Any) -> Shift:
    """A shift of eight hours, `hour` hours before or after the midnight before NOW."""
    midnight = NOW.replace(hour=0) if "on" not in more else more.pop("on")
    starts_at = midnight + dt.timedelta(hours=hour)
    given = {"area": office.group, "by": office.jia, "ends_at": starts_at + dt.timedelta(hours=8), **more}
    return shift_lay(place=place, starts_at=starts_at, people=people, **given)


def running(office: OfficeCast, *people: Staff, **more: Any) -> Shift:
    """One that began an hour ago."""
    return lay(office, more.pop("place", "村口"), -1, *people, on=timezone.now(), **more)


def test_who_has_not_come_when_the_shift_has_begun_is_missing(office: OfficeCast) -> None:
    shift = lay(office, "村口", 8, office.jia, office.yi)
    shift_arrive(shift=shift, staff=office.jia, by=office.jia, at=NOW)

    def missing(at: dt.datetime) -> set[str]:
        return {row.staff.name for row in shift.posts.select_related("shift", "staff") if row.is_missing(at)}

    assert missing(NOW) == {"乙某"} and missing(NOW - dt.timedelta(hours=3)) == set()
    with pytest.raises(ValidationError, match="甲某已在 10:00 到岗"):
        shift_arrive(shift=shift, staff=office.jia, by=office.yi, at=NOW)


@pytest.mark.parametrize(("hours", "words"), [(-4, "08:00 才开始"), (7, "已经结束")])
def test_arrivals_belong_to_the_shift(office: OfficeCast, hours: int, words: str) -> None:
    shift = lay(office, "村口", 8, office.jia)
    with pytest.raises(ValidationError, match=words):
        shift_arrive(shift=shift, staff=office.jia, by=office.jia, at=NOW + dt.timedelta(hours=hours))
    with pytest.raises(ValidationError, match="不在这个班次"):
        shift_arrive(shift=shift, staff=office.yi, by=office.yi, at=NOW)


def test_nobody_stands_at_two_places_at_once(office: OfficeCast) -> None:
    lay(office, "村口", 8, office.jia)
    with pytest.raises(ValidationError, match="甲某这段时间已排在“村口”"):
        lay(office, "桥头", 12, office.jia)
    assert not Shift.objects.filter(place="桥头").exists()
    later = lay(office, "桥头", 16, office.jia)
    with pytest.raises(ValidationError, match="已经在这个班次"):
        shift_put(shift=later, staff=office.jia)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"ends_at": NOW.replace(hour=7)}, "ends_at"), ({"ends_at": NOW + dt.timedelta(days=2)}, "ends_at"),
     ({"place": " "}, "place")],
)  # fmt: skip
def test_a_shift_that_cannot_be_is_refused_by_field(
    office: OfficeCast, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        lay(office, more.pop("place", "村口"), **more)
    assert list(refused.value.message_dict) == [field]


def test_the_same_tomorrow_takes_those_who_are_free_and_is_laid_once(office: OfficeCast) -> None:
    shift = lay(office, "村口", 8, office.jia, office.yi)
    lay(office, "桥头", 24 + 9, office.yi)
    again = shift_repeat(shift=shift, by=office.jia)
    assert again.starts_at - shift.starts_at == dt.timedelta(days=1)
    assert [row.staff for row in again.posts.all()] == [office.jia]
    with pytest.raises(ValidationError, match="已经排了班"):
        shift_repeat(shift=shift, by=office.jia)


def test_who_has_come_is_not_taken_off_nor_his_shift_called_off(office: OfficeCast) -> None:
    shift = lay(office, "村口", 8, office.jia, office.yi)
    shift_arrive(shift=shift, staff=office.jia, by=office.jia, at=NOW)
    shift_take_off(shift=shift, staff=office.yi)
    with pytest.raises(ValidationError, match="已经到岗"):
        shift_take_off(shift=shift, staff=office.jia)
    with pytest.raises(ValidationError, match="已有人到岗"):
        shift_cancel(shift=shift)


def test_the_board_shows_who_is_missing_and_a_tap_notes_the_arrival(office: OfficeCast) -> None:
    shift = running(office, office.jia, office.yi)
    client, url = client_of(office.jia), reverse("measures:shift_list")
    assert client.get(url).context["missing"] == 2 and "乙某（未到）" in text_of(client.get(url))
    tap = reverse("measures:shift_tap", args=[shift.uid, "arrive"])
    assert post(client, tap, {"staff": str(office.jia.uid)}).status_code == 302
    assert client.get(url).context["missing"] == 1
    assert "已在" in text_of(
        client.post(tap, {"staff": str(office.jia.uid), "submission_id": "0" * 32}, follow=True)
    )
    assert client.get(url, {"on": "9999-99-99"}).context["on"] == timezone.localdate()


def test_who_stands_elsewhere_notes_his_own_arrival_and_changes_nothing(office: OfficeCast) -> None:
    """丙 of the other village helps out: he sees this shift and no other of the place."""
    shift = running(office, office.bing, office.yi)
    other = running(office, place="桥头")
    client = client_of(office.bing)
    assert client.get(reverse("measures:shift_detail", args=[shift.uid])).status_code == 200
    assert client.get(reverse("measures:shift_detail", args=[other.uid])).status_code == 404
    taps = {
        tap: reverse("measures:shift_tap", args=[shift.uid, tap])
        for tap in ("arrive", "off", "repeat", "cancel")
    }
    theirs = {"staff": str(office.yi.uid)}
    refused = [
        post(client, taps["arrive"], theirs),
        *(post(client, taps[tap], theirs) for tap in ("off", "repeat", "cancel")),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert post(
        client, reverse("measures:shift_detail", args=[shift.uid]), {"staff": str(office.bing.uid)}
    ).status_code in {403, 422}
    assert post(client, taps["arrive"], {}).status_code == 302
    assert list(ShiftPost.objects.exclude(arrived_at=None).values_list("staff__name", flat=True)) == ["丙某"]


def test_the_board_costs_the_same_for_one_shift_and_for_many(office: OfficeCast) -> None:
    running(office, office.jia)
    url = reverse("measures:shift_list")
    few = queries_of(client_of(office.ding), url)
    for number in range(12):
        running(office, place=f"路口{number}", area=office.compound)
    assert queries_of(client_of(office.ding), url) == few
