"""Voided files of returnees: found in a list, told at the old link, taken back where nothing stands in the way."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.statistics import count_all
from households.services.removals import person_take_out
from quarantine.models import Returnee
from quarantine.services.returnees import returnee_restore, returnee_void
from tests.factories import OfficeCast, make_office
from tests.quarantine.cases import make_returnee, queries_of, recent, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db
LIST = "quarantine:returnee_voided_list"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def counted(office: OfficeCast) -> int:
    figures = count_all(office.street, AsOf.day(timezone.localdate())).total(office.street.path)
    return int(figures["returnees"])


def voided(office: OfficeCast, returnee: Returnee | None = None) -> Returnee:
    returnee = returnee or recent(office)
    returnee_void(returnee=returnee, version=returnee.version, reason="登错人", by=office.jia)
    return returnee


def url(returnee: Returnee, name: str) -> str:
    return reverse(f"quarantine:{name}", args=[returnee.uid])


def test_it_is_voided_found_told_and_taken_back_and_figures_follow(office: OfficeCast) -> None:
    returnee = recent(office)
    before, client = counted(office), signed_in(office.jia)
    values = sent(version=returnee.version, reason="登错人了")
    assert client.post(url(returnee, "returnee_void"), values).status_code == 302
    assert counted(office) == before - 1
    assert "已经作废" in client.post(url(returnee, "returnee_void"), values).content.decode()  # sent twice
    assert "登错人了" in client.get(reverse(LIST)).content.decode()
    notice = client.get(url(returnee, "returnee_detail")).content.decode()
    assert "已经作废" in notice and url(returnee, "returnee_restore") in notice
    assert client.post(url(returnee, "returnee_restore"), sent(reason=" ")).status_code == 422
    answer = client.post(url(returnee, "returnee_restore"), sent(reason="核实无误"))
    assert answer.url == url(returnee, "returnee_detail")
    assert counted(office) == before
    steps = AccessLog.objects.filter(action=AccessAction.MERGE).order_by("pk")
    assert [row.detail["step"] for row in steps] == ["作废返乡档案", "恢复返乡档案"]
    assert returnee.history.latest().history_change_reason == "核实无误"


def test_outside_the_scope_nothing_of_it_is_shown(office: OfficeCast) -> None:
    returnee = voided(office)
    client = signed_in(office.bing)
    assert returnee.person.name not in client.get(reverse(LIST)).content.decode()
    for name in ("returnee_detail", "returnee_restore"):
        assert client.get(url(returnee, name)).status_code == 404


def test_a_file_of_the_same_arrival_that_was_opened_since_stands_in_the_way(office: OfficeCast) -> None:
    first = voided(office)
    Returnee.objects.create(
        person=first.person, area=first.area, origin="武汉市", origin_kind="WUHAN", arrived_on=first.arrived_on,
        recorded_by=office.jia,
    )  # fmt: skip
    with pytest.raises(ValidationError, match="已经建过"):
        returnee_restore(returnee=first, reason="核实无误", by=office.jia)


def test_the_file_of_somebody_out_of_the_register_waits_for_him(office: OfficeCast) -> None:
    returnee = recent(office)
    person_take_out(person=returnee.person, reason="查无此人", by=office.ding)
    with pytest.raises(ValidationError, match="请先在“已合并、作废的档案”里恢复他"):
        returnee_restore(returnee=returnee, reason="核实无误", by=office.jia)


def test_a_file_that_stands_is_not_taken_back(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="没有作废"):
        returnee_restore(returnee=recent(office), reason="核实无误", by=office.jia)


def test_the_list_needs_the_same_queries_for_any_number(office: OfficeCast) -> None:
    voided(office)
    client = signed_in(office.jia)
    few = queries_of(client, reverse(LIST))
    for number in range(3):
        voided(office, make_returnee(office, arrived_on=dt.date(2020, 1, 22 + number)))
    assert queries_of(client, reverse(LIST)) == few
