"""A new policy version proposes what it would change for running terms; applied one by one or together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from quarantine.models import (
    EventKind,
    Observation,
    ObservationEvent,
    Policy,
    Recalculation,
    RecalculationState,
    VisitState,
)
from quarantine.services import policies
from quarantine.services.corrections import event_annul, latest_event
from quarantine.services.observations import StartDates, observation_extend, observation_open
from quarantine.services.policies import policy_save, policy_switch_on, policy_withdraw, propose_remaining
from quarantine.services.recalculations import recalculation_apply
from quarantine.services.release import blockers_of
from tests.factories import OfficeCast, aware, make_office, make_person
from tests.quarantine.cases import (
    make_observation,
    make_returnee,
    queries_of,
    running,
    sent,
    signed_in,
    switch_on,
)

pytestmark = pytest.mark.django_db
NOON = "2020-01-28 12:30"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def new_version(office: OfficeCast, at: str = NOON, **terms: Any) -> Policy:
    """A further version of the policy in force, with some terms changed."""
    policy = Policy.objects.filter(state="IN_FORCE").latest("version")
    draft = policy_save(
        base=policy, code=policy.code, name=policy.name, terms=terms, document_no="〔2020〕9号"
    )
    return policy_switch_on(template=draft, effective_from=dt.date(2020, 1, 1), by=office.admin, at=aware(at))


HOME7 = {"phases": [{"place": "HOME", "days": 7, "test_days": []}]}


def test_a_shorter_term_is_proposed_with_both_sides_and_why_and_changes_nothing_yet(
    office: OfficeCast,
) -> None:
    observation = make_observation(office)
    policy = new_version(office, **HOME7)
    one = Recalculation.objects.get()
    assert (one.old_last_on, one.last_on) == (dt.date(2020, 2, 3), dt.date(2020, 1, 27))
    assert "14天" in one.old_words and "7天" in one.new_words
    assert "第2版（〔2020〕9号）：期限由居家14天改为居家7天" in one.reason
    observation.refresh_from_db()
    assert observation.last_on == dt.date(2020, 2, 3) and observation.policy != policy
    assert "按新政策重算的建议还没有处理" in blockers_of(observation, aware("2020-02-05 09:00"))


def test_applying_writes_an_event_with_its_reason_and_calls_off_what_lies_beyond(office: OfficeCast) -> None:
    observation = make_observation(office)
    policy = new_version(office, **HOME7)
    recalculation_apply(
        recalculation=Recalculation.objects.get(),
        by=office.ding,
        reason="街道统一执行",
        at=aware("2020-01-28 13:00"),
    )
    observation.refresh_from_db()
    assert (observation.policy, observation.last_on) == (policy, dt.date(2020, 1, 27))
    event = observation.events.get(kind=EventKind.RECALCULATED)
    assert event.by == office.ding and event.reason.endswith("街道统一执行")
    assert not observation.visits.filter(state=VisitState.PLANNED, closes_at__gt=aware("2020-01-28 13:00"))


def test_annulling_it_gives_back_policy_dates_and_visits(office: OfficeCast) -> None:
    observation = make_observation(office)
    first = observation.policy
    new_version(office, **HOME7)
    recalculation_apply(
        recalculation=Recalculation.objects.get(), by=office.ding, at=aware("2020-01-28 13:00")
    )
    observation.refresh_from_db()
    event = latest_event(observation, aware("2020-01-28 14:00"))
    assert event is not None
    event_annul(
        event=event,
        version=observation.version,
        reason="弄错",
        by=office.ding,
        known_at=aware("2020-01-28 14:00"),
    )
    observation.refresh_from_db()
    assert (observation.policy, observation.last_on) == (first, dt.date(2020, 2, 3))
    planned = observation.visits.filter(state=VisitState.PLANNED).order_by("-date")
    assert planned[0].date == dt.date(2020, 2, 3)


def test_days_that_were_added_stay_added(office: OfficeCast) -> None:
    observation = make_observation(office)
    at = aware("2020-01-26 10:00")
    observation_extend(
        observation=observation, version=1, days=3, reason="x", by=office.jia, at=at, known_at=at
    )
    new_version(office, **HOME7)
    assert Recalculation.objects.get().last_on == dt.date(2020, 1, 30)


def test_other_slots_are_laid_out_from_now_on(office: OfficeCast) -> None:
    observation = make_observation(office)
    slots = [{"code": "AM", "label": "上午", "opens": "07:00", "closes": "11:00"}]
    new_version(office, slots=slots)
    assert "测温时段有变动" in Recalculation.objects.get().reason
    recalculation_apply(
        recalculation=Recalculation.objects.get(), by=office.ding, at=aware("2020-01-28 13:00")
    )
    ahead = observation.visits.filter(state=VisitState.PLANNED, opens_at__gt=aware("2020-01-28 13:00"))
    assert set(ahead.values_list("slot", flat=True)) == {"AM"}
    assert timezone.localtime(ahead.earliest("opens_at").opens_at).hour == 7


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"symptoms": ["无", "发热"]}, {}),  # changes no date, no place, no slot
        ({**HOME7}, {"origin": "成都市", "origin_kind": "IN_PROVINCE"}),
    ],
)
def test_nothing_is_proposed_where_nothing_changes_or_another_policy_takes_him_not_in(
    office: OfficeCast, terms: dict[str, Any], fields: dict[str, Any]
) -> None:
    make_observation(office, returnee=make_returnee(office, **fields))
    if fields:
        draft = policy_save(
            base=Policy.objects.get(code="home-5", state="TEMPLATE"), code="home-5", name="另一项",
            terms={"regions": ["湖北"]},
        )  # fmt: skip
        policy_switch_on(template=draft, effective_from=dt.date(2020, 1, 1), by=office.admin, at=aware(NOON))
    else:
        new_version(office, **terms)
    assert not Recalculation.objects.exists()


def test_who_arrived_before_it_took_effect_is_left_alone(office: OfficeCast) -> None:
    make_observation(office)
    template = Policy.objects.get(code="home-5", state="TEMPLATE")
    policy_switch_on(
        template=template,
        effective_from=dt.date(2020, 2, 1),
        regions=["湖北"],
        by=office.admin,
        at=aware(NOON),
    )
    assert not Recalculation.objects.exists()


def test_the_end_of_the_measure_is_proposed_to_everybody(office: OfficeCast) -> None:
    observation = make_observation(office)
    template = Policy.objects.get(code="none", state="TEMPLATE")
    policy_switch_on(
        template=template, effective_from=dt.date(2020, 1, 29), by=office.admin, at=aware("2020-01-28 12:30")
    )
    one = Recalculation.objects.get()
    assert one.last_on == dt.date(2020, 1, 28) and "不再实行隔离观察" in one.reason
    recalculation_apply(recalculation=one, by=office.ding, at=aware("2020-01-28 13:00"))
    observation.refresh_from_db()
    assert observation.policy.parsed().is_measure_on  # release goes by the rules it was opened under


def test_a_close_contact_without_a_file_counts_from_the_same_day(office: OfficeCast) -> None:
    at = aware("2020-01-25 09:00")
    observation_open(
        person=make_person("密接"), area=office.compound, dates=StartDates(last_contact_on=dt.date(2020, 1, 24)),
        by=office.jia, place_note="1号", at=at, known_at=at,
    )  # fmt: skip
    new_version(office, **HOME7)
    one = Recalculation.objects.get()
    assert (one.basis_on, one.day_one_on, one.last_on) == (
        dt.date(2020, 1, 24), dt.date(2020, 1, 25), dt.date(2020, 1, 31),
    )  # fmt: skip


def test_a_newer_version_takes_the_place_of_what_waits(office: OfficeCast) -> None:
    make_observation(office)
    new_version(office, **HOME7)
    new_version(office, phases=[{"place": "HOME", "days": 10, "test_days": []}])
    states = list(Recalculation.objects.order_by("pk").values_list("state", flat=True))
    assert states == [RecalculationState.EXPIRED, RecalculationState.PENDING]


def test_a_version_that_was_taken_back_is_not_applied(office: OfficeCast) -> None:
    make_observation(office)
    policy = new_version(office, **HOME7)
    policy_withdraw(policy=policy, by=office.admin, effective_to=dt.date(2019, 12, 1))
    with pytest.raises(ValidationError, match="已经停用"):
        recalculation_apply(recalculation=Recalculation.objects.get(), by=office.ding)


def test_the_tick_goes_on_where_switching_on_stopped(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        make_observation(office)
    monkeypatch.setattr(policies, "recalculations_propose", _in_twos)
    policy = new_version(office, **HOME7)
    assert (Recalculation.objects.count(), policy.compared_up_to is None) == (2, False)
    propose_remaining(aware(NOON))
    policy.refresh_from_db()
    assert (Recalculation.objects.count(), policy.compared_up_to) == (5, None)


def _in_twos(**given: Any) -> int | None:
    from quarantine.services.recalculations import recalculations_propose

    return recalculations_propose(limit=2, **given)


# --- the page ----------------------------------------------------------------------------------------------------
LIST = "quarantine:recalculation_list"


def crowd(office: OfficeCast, number: int) -> list[Observation]:
    rows = [running(office) for _ in range(number)]
    new_version(office, at=f"{timezone.now():%F %H:%M}", **HOME7)
    return rows


def test_the_list_shows_both_sides_and_counts_by_village(office: OfficeCast) -> None:
    rows = crowd(office, 2)
    page = signed_in(office.ding).get(reverse(LIST)).content.decode()
    assert all(row.person.name in page for row in rows)
    assert "期限由居家14天改为居家7天" in page and 'chip__count">2<' in page
    assert "没有等待处理" in signed_in(office.bing).get(reverse(LIST)).content.decode()


def test_ticked_ones_are_carried_out_and_a_stale_one_says_why(office: OfficeCast) -> None:
    fine, stale, left = crowd(office, 3)
    observation_extend(observation=stale, version=stale.version, days=1, reason="x", by=office.jia)
    picks = [str(one.uid) for one in Recalculation.objects.filter(observation__in=[fine, stale])]
    answer = (
        signed_in(office.ding)
        .post(reverse(LIST), sent(pick=picks, do="picked"), follow=True)
        .content.decode()
    )
    assert "已执行 1 条" in answer and "又有变动" in answer
    states = dict(Recalculation.objects.values_list("observation", "state"))
    assert states == {fine.pk: "APPLIED", stale.pk: "PENDING", left.pk: "PENDING"}


def test_all_together_each_writes_its_own_event(office: OfficeCast) -> None:
    crowd(office, 3)
    client = signed_in(office.ding)
    client.post(reverse(LIST), sent(do="all", reason="统一执行"))
    assert ObservationEvent.objects.filter(kind=EventKind.RECALCULATED).count() == 3
    assert not Recalculation.objects.pending().exists()


def test_a_stale_one_is_worked_out_again_on_its_page(office: OfficeCast) -> None:
    (row,) = crowd(office, 1)
    observation_extend(observation=row, version=row.version, days=1, reason="x", by=office.jia)
    old = Recalculation.objects.get()
    client = signed_in(office.jia)
    assert "又有变动" in client.get(reverse(LIST)).content.decode()
    client.post(reverse("quarantine:recalculation_decide", args=[old.uid, "renew"]), sent())
    fresh = Recalculation.objects.pending().get()
    assert fresh.last_on == old.last_on + dt.timedelta(days=1)
    apply = reverse("quarantine:recalculation_decide", args=[fresh.uid, "apply"])
    assert client.post(apply, sent(reason="")).status_code == 302
    assert Recalculation.objects.get(pk=fresh.pk).state == RecalculationState.APPLIED


def test_leaving_it_needs_a_reason(office: OfficeCast) -> None:
    crowd(office, 1)
    url = reverse("quarantine:recalculation_decide", args=[Recalculation.objects.get().uid, "dismiss"])
    client = signed_in(office.jia)
    assert client.post(url, sent(reason="")).status_code == 422
    assert client.post(url, sent(reason="已超7天，等核酸结果")).status_code == 302
    assert Recalculation.objects.get().state == RecalculationState.DISMISSED


def test_the_list_needs_as_many_queries_for_many_as_for_one(office: OfficeCast) -> None:
    crowd(office, 1)
    client, url = signed_in(office.ding), reverse(LIST)
    one = queries_of(client, url)
    crowd(office, 3)
    assert queries_of(client, url) == one <= 16


def test_a_policy_that_another_one_comes_before_proposes_nothing(office: OfficeCast) -> None:
    make_observation(office)
    template = Policy.objects.get(code="home-5", state="TEMPLATE")
    policy_switch_on(
        template=template,
        effective_from=dt.date(2019, 12, 1),
        regions=["湖北"],
        by=office.admin,
        at=aware(NOON),
    )
    assert not Recalculation.objects.exists()
    policy_switch_on(
        template=template,
        effective_from=dt.date(2020, 1, 10),
        regions=["湖北"],
        by=office.admin,
        at=aware(NOON),
    )
    assert Recalculation.objects.get().policy.code == "home-5"


def test_a_version_that_is_covered_by_a_later_one_stands_among_the_earlier_ones(office: OfficeCast) -> None:
    running(office)
    new_version(office, **HOME7)
    page = signed_in(office.jia).get(reverse("quarantine:policy_list")).content.decode()
    assert "已由第2版接替" in page and "还有 1 人按这一版观察" in page
