"""Corrections of captions: kept for the street, used by everybody in it, encrypted."""

from __future__ import annotations

import pytest
from django.db import connection

from grassroots.ledgers.captions import LONGEST_CAPTION, remember, remembered_for, remembered_for_many
from grassroots.ledgers.models import CaptionMemory
from tests.factories import OfficeCast, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


def test_what_one_village_corrects_the_whole_street_knows(office: OfficeCast) -> None:
    remember(office.group, "returnees", {"基本信息/户名": "name", "微信号": ""}, by=office.jia)
    assert remembered_for(office.other_village, "returnees") == {"基本信息/户名": "name", "微信号": ""}
    assert CaptionMemory.objects.values_list("area", flat=True).distinct().get() == office.street.pk


def test_the_latest_word_counts(office: OfficeCast) -> None:
    remember(office.village, "returnees", {"来源": "origin"}, by=office.jia)
    remember(office.village, "returnees", {"来源": "source"}, by=office.ding)
    assert remembered_for(office.village, "returnees") == {"来源": "source"}
    assert CaptionMemory.objects.get().by == office.ding


def test_purposes_do_not_mix(office: OfficeCast) -> None:
    remember(office.village, "returnees", {"来源": "origin"}, by=office.jia)
    assert remembered_for_many(office.village, ["base", "returnees"]) == {
        "base": {},
        "returnees": {"来源": "origin"},
    }


def test_what_is_no_caption_is_not_kept(office: OfficeCast) -> None:
    remember(office.village, "returnees", {"": "name", "长" * (LONGEST_CAPTION + 1): "name"}, by=office.jia)
    assert not CaptionMemory.objects.exists()


def test_a_caption_is_encrypted_at_rest(office: OfficeCast) -> None:
    remember(office.village, "returnees", {"510121198609283607": "name"}, by=office.jia)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledgers_captionmemory")
        assert "510121198609283607" not in str(cursor.fetchall())
