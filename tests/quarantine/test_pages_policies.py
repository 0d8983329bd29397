"""Policies: switched on with their own regions, withdrawn, by administrators only."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from quarantine.models import Policy
from tests.factories import OfficeCast, make_office
from tests.quarantine.cases import running, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def test_an_administrator_switches_a_policy_on_with_its_own_regions(office: OfficeCast) -> None:
    template = Policy.objects.get(code="home-14", state="TEMPLATE")
    client = signed_in(office.admin)
    assert "湖北" in client.get(reverse("quarantine:policy_switch", args=[template.pk])).content.decode()
    data = sent(
        effective_from="2020-02-13",
        regions="湖北、温州\n台州，湖北",
        cutoff_on="2020-02-01",
        document_no="〔2020〕3号",
    )
    client.post(reverse("quarantine:policy_switch", args=[template.pk]), data)
    policy = Policy.objects.get(code="home-14", state="IN_FORCE", version=2)
    assert policy.parsed().regions == ("湖北", "温州", "台州")
    assert (policy.switched_on_by, policy.parsed().cutoff_on) == (office.admin, dt.date(2020, 2, 1))
    template.refresh_from_db()
    assert template.parsed().regions == ("湖北",)


def test_dates_of_a_policy_out_of_order_are_refused(office: OfficeCast) -> None:
    template = Policy.objects.get(code="home-14", state="TEMPLATE")
    data = sent(effective_from="2020-02-13", effective_to="2020-02-01")
    answer = signed_in(office.admin).post(reverse("quarantine:policy_switch", args=[template.pk]), data)
    assert answer.status_code == 422 and "effective_to" in answer.context["form"].errors


def test_only_an_administrator_switches_policies(office: OfficeCast) -> None:
    template = Policy.objects.get(code="home-14", state="TEMPLATE")
    live = Policy.objects.get(state="IN_FORCE")
    for staff in (office.jia, office.ding, office.health, office.inspector):
        client = signed_in(staff)
        assert client.get(reverse("quarantine:policy_list")).status_code == 200
        assert client.get(reverse("quarantine:policy_switch", args=[template.pk])).status_code == 403
        assert client.post(reverse("quarantine:policy_withdraw", args=[live.pk]), sent()).status_code == 403


def test_a_policy_that_ends_lets_running_observations_run_on(office: OfficeCast) -> None:
    observation = running(office)
    live = Policy.objects.get(state="IN_FORCE")
    client = signed_in(office.admin)
    client.post(reverse("quarantine:policy_withdraw", args=[live.pk]), sent(effective_to="2020-06-30"))
    live.refresh_from_db()
    assert live.effective_to == dt.date(2020, 6, 30)
    page = signed_in(office.jia).get(reverse("quarantine:observation_detail", args=[observation.uid]))
    assert page.status_code == 200
