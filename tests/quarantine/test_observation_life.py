"""缩短, 重新起算, 拒绝, return after a transfer, the clock of a household; each undone by a further event."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Level
from quarantine import areas
from quarantine.ledgers.temperatures import _days
from quarantine.models import (
    AlertKind,
    EventKind,
    Handover,
    Observation,
    ObservationState,
    Policy,
    Recalculation,
    RecalculationState,
    VisitState,
)
from quarantine.services.alerts import alert_raise
from quarantine.services.corrections import event_annul, latest_event
from quarantine.services.handovers import handover_request
from quarantine.services.observations import (
    observation_extend,
    observation_refused,
    observation_restart,
    observation_shorten,
    observation_transfer,
)
from quarantine.services.recalculations import recalculation_apply, recalculation_dismiss, recalculation_renew
from quarantine.services.release import blockers_of
from quarantine.services.returns import observation_return
from tests.factories import OfficeCast, aware, make_area, make_office, make_person
from tests.quarantine.cases import make_observation, make_returnee, running, sent, signed_in, switch_on

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def times(text: str) -> dict[str, dt.datetime]:
    return {"at": aware(text), "known_at": aware(text)}


def annul(observation: Observation, office: OfficeCast, at: str) -> Observation:
    observation.refresh_from_db()
    event = latest_event(observation, aware(at))
    assert event is not None
    event_annul(event=event, version=observation.version, reason="录错", by=office.ding, known_at=aware(at))
    observation.refresh_from_db()
    return observation


def waiting_days(observation: Observation) -> tuple[D, D]:
    planned = (
        observation.visits.filter(state=VisitState.PLANNED).order_by("date").values_list("date", flat=True)
    )
    return planned[0], list(planned)[-1]


def terms(**values: Any) -> None:
    policy = Policy.objects.get(state="IN_FORCE")
    policy.terms = {**policy.terms, **values}
    policy.save()


# --- shortened ---------------------------------------------------------------------------------------------------
def test_shortening_calls_off_what_lies_beyond_and_its_annulment_plans_it_again(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_shorten(
        observation=observation, version=1, last_on=D(2020, 1, 30), reason="专家组意见", by=office.health,
        **times("2020-01-27 10:00"),
    )  # fmt: skip
    observation.refresh_from_db()
    assert observation.last_on == D(2020, 1, 30)
    assert waiting_days(observation)[1] == D(2020, 1, 30)
    annul(observation, office, "2020-01-27 11:00")
    assert observation.last_on == D(2020, 2, 3)
    assert waiting_days(observation)[1] == D(2020, 2, 3)


# --- started again -----------------------------------------------------------------------------------------------
def restart(office: OfficeCast, observation: Observation, **values: Any) -> Observation:
    fields: dict[str, Any] = {
        "version": observation.version, "cause": "LEFT_HOME", "basis_on": D(2020, 1, 28), "reason": "外出打牌",
        "by": office.health, **times("2020-01-28 15:00"), **values,
    }  # fmt: skip
    return observation_restart(observation=observation, **fields)


def test_a_restart_counts_again_and_goes_on_measuring_today(office: OfficeCast) -> None:
    observation = make_observation(office)
    restart(office, observation)
    observation.refresh_from_db()
    assert (observation.day_one_on, observation.last_on) == (D(2020, 1, 29), D(2020, 2, 11))
    assert observation.day_number(D(2020, 1, 29)) == 1
    planned = observation.visits.filter(state=VisitState.PLANNED)
    assert planned.filter(date=D(2020, 1, 28), slot="PM").exists()
    assert planned.filter(date=D(2020, 2, 11)).count() == 2


def test_days_before_the_count_began_anew_have_no_number(office: OfficeCast) -> None:
    observation = make_observation(office)
    restart(office, observation)
    observation.refresh_from_db()
    rows = list(_days(observation, D(2020, 1, 29)))
    numbers = {row[1]: row[0] for row in rows}
    assert [numbers[D(2020, 1, day)] for day in (27, 28, 29, 30)] == [None, None, 1, 2]
    alert = alert_raise(observation=observation, kind=AlertKind.LEFT_HOME, at=aware("2020-01-28 15:00"))
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    Observation.objects.filter(pk=observation.pk).update(day_one_on=tomorrow, last_on=tomorrow)
    page = signed_in(office.health).get(reverse("quarantine:alert_detail", args=[alert.uid])).content.decode()
    assert "还没到第1天" in page
    assert "第0天" not in page


def test_an_annulled_restart_gives_back_every_date(office: OfficeCast) -> None:
    observation = make_observation(office)
    before = [observation.start_basis, observation.basis_on, observation.day_one_on, observation.last_on]
    restart(office, observation)
    annul(observation, office, "2020-01-28 16:00")
    assert [
        observation.start_basis, observation.basis_on, observation.day_one_on, observation.last_on
    ] == before  # fmt: skip
    assert waiting_days(observation)[1] == D(2020, 2, 3)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"cause": "WHIM"}, "cause"),
        ({"basis_on": D(2020, 1, 29)}, "basis_on"),
        ({"basis_on": D(2020, 1, 1)}, "basis_on"),
    ],
)
def test_a_restart_that_cannot_be_is_refused_beside_its_field(
    office: OfficeCast, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        restart(office, make_observation(office), **values)
    assert field in refused.value.message_dict


def test_a_refusal_is_an_event_and_raises_an_alert(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_refused(
        observation=observation, version=1, reason="不让进门", by=office.jia, **times("2020-01-26 09:00")
    )
    assert observation.events.filter(kind=EventKind.REFUSED).count() == 1
    assert observation.alerts.get().kind == AlertKind.REFUSED


# --- back from a hospital ------------------------------------------------------------------------------------------
def transferred(office: OfficeCast) -> Observation:
    observation = make_observation(office)
    return observation_transfer(
        observation=observation, version=1, destination="县人民医院", reason="发热", by=office.health,
        **times("2020-01-27 10:00"),
    )  # fmt: skip


def test_who_comes_back_is_observed_again_with_the_clock_going_on(office: OfficeCast) -> None:
    before = transferred(office)
    further = observation_return(
        observation=before, clock="CONTINUE", reason="排除", by=office.health, **times("2020-01-30 15:00")
    )
    assert (
        further.continues == before and further.area == before.area and further.household == before.household
    )
    assert (further.day_one_on, further.last_on) == (before.day_one_on, before.last_on)
    assert waiting_days(further) == (D(2020, 1, 30), D(2020, 2, 3))
    before.refresh_from_db()
    assert before.state == ObservationState.CLOSED


@pytest.mark.parametrize(
    ("clock", "at", "field"),
    [
        ("CONTINUE", "2020-02-04 09:00", "clock"),
        ("PHASE", "2020-01-30 09:00", "clock"),
        ("", "2020-01-30 09:00", "clock"),
        ("RESTART", "2020-01-26 09:00", "at"),
    ],
)
def test_a_return_that_cannot_be_is_refused(office: OfficeCast, clock: str, at: str, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        observation_return(
            observation=transferred(office), clock=clock, reason="排除", by=office.health, at=aware(at),
            known_at=aware("2020-02-05 09:00"),
        )  # fmt: skip
    assert field in refused.value.message_dict


def test_only_who_was_transferred_comes_back(office: OfficeCast) -> None:
    with pytest.raises(ValidationError, match="只有转送的人"):
        observation_return(
            observation=make_observation(office), clock="RESTART", reason="x", by=office.health
        )


# --- the clock of a household --------------------------------------------------------------------------------------
def couple(office: OfficeCast) -> tuple[Observation, Observation]:
    first = make_observation(office, "李一")
    second = make_returnee(office, "李二", household=first.household)
    return first, make_observation(office, returnee=second)


def extended(office: OfficeCast, observation: Observation) -> None:
    observation.refresh_from_db()
    observation_extend(
        observation=observation, version=observation.version, days=3, reason="待检", by=office.health,
        **times("2020-01-27 10:00"),
    )  # fmt: skip


def test_nothing_is_proposed_where_the_policy_says_nothing_of_households(office: OfficeCast) -> None:
    first, _second = couple(office)
    extended(office, first)
    assert not Recalculation.objects.exists()


def test_a_later_last_day_is_proposed_to_who_lives_in_and_applied_by_an_event(office: OfficeCast) -> None:
    terms(shares_clock=True)
    first, second = couple(office)
    extended(office, first)
    proposed = Recalculation.objects.pending().get()
    assert proposed.observation == second and "同住人李一" in proposed.reason
    assert "延长观察的建议还没有处理" in blockers_of(second, aware("2020-02-05 09:00"))
    recalculation_apply(recalculation=proposed, by=office.ding, at=aware("2020-01-27 11:00"))
    second.refresh_from_db()
    assert second.last_on == D(2020, 2, 6)
    event = second.events.get(kind=EventKind.EXTENDED)
    assert event.by == office.ding and "同住人李一" in event.reason
    annul(second, office, "2020-01-27 12:00")
    assert second.last_on == D(2020, 2, 3)


def test_who_was_taken_to_hospital_starts_the_count_of_the_others_again(office: OfficeCast) -> None:
    terms(shares_clock=True)
    first, second = couple(office)
    first.refresh_from_db()
    observation_transfer(
        observation=first, version=first.version, destination="县医院", reason="发热", by=office.health,
        **times("2020-01-28 10:00"),
    )  # fmt: skip
    proposed = Recalculation.objects.pending().get(observation=second)
    assert (proposed.day_one_on, proposed.last_on) == (D(2020, 1, 29), D(2020, 2, 11))
    recalculation_apply(recalculation=proposed, by=office.ding, at=aware("2020-01-28 11:00"))
    second.refresh_from_db()
    assert (second.start_basis, second.basis_on) == ("LAST_CONTACT", D(2020, 1, 28))


def test_a_proposal_that_no_longer_holds_refuses_in_words_and_is_worked_out_again(office: OfficeCast) -> None:
    terms(shares_clock=True)
    first, second = couple(office)
    extended(office, first)
    proposed = Recalculation.objects.pending().get()
    second.refresh_from_db()
    observation_extend(
        observation=second,
        version=second.version,
        days=1,
        reason="x",
        by=office.jia,
        **times("2020-01-27 10:30"),
    )
    with pytest.raises(ValidationError, match=r"又有变动.*延长"):
        recalculation_apply(recalculation=proposed, by=office.ding, at=aware("2020-01-27 11:00"))
    fresh = recalculation_renew(recalculation=proposed, by=office.ding, at=aware("2020-01-27 11:10"))
    assert fresh is not None and fresh.old_last_on == D(2020, 2, 4)
    recalculation_apply(recalculation=fresh, by=office.ding, at=aware("2020-01-27 11:20"))
    proposed.refresh_from_db()
    assert proposed.state == RecalculationState.EXPIRED


def test_a_proposal_whose_cause_was_annulled_does_not_stand(office: OfficeCast) -> None:
    terms(shares_clock=True)
    first, _second = couple(office)
    extended(office, first)
    annul(first, office, "2020-01-27 11:00")
    proposed = Recalculation.objects.pending().get()
    with pytest.raises(ValidationError, match="已被更正"):
        recalculation_apply(recalculation=proposed, by=office.ding)
    assert recalculation_renew(recalculation=proposed, by=office.ding) is None


def test_a_proposal_is_decided_once(office: OfficeCast) -> None:
    terms(shares_clock=True)
    first, second = couple(office)
    extended(office, first)
    proposed = Recalculation.objects.pending().get()
    recalculation_dismiss(recalculation=proposed, reason="分房居住", by=office.ding)
    with pytest.raises(ValidationError, match="不执行，由丁某办理"):
        recalculation_apply(recalculation=proposed, by=office.jia)
    assert "延长观察的建议还没有处理" not in blockers_of(second, aware("2020-02-05 09:00"))


# --- pages -------------------------------------------------------------------------------------------------------
def event(observation: Observation, kind: str) -> str:
    return reverse("quarantine:observation_event", args=[observation.uid, kind])


def test_each_event_is_entered_on_its_page_and_stands_in_the_file(office: OfficeCast) -> None:
    observation, client = running(office), signed_in(office.jia)
    today = timezone.localdate()
    for kind, values, words in (
        ("left-home", {}, "擅自外出后还没有重新起算"),
        ("restart", {"cause": "LEFT_HOME", "basis_on": today.isoformat()}, "重新起算"),
        ("shorten", {"last_on": (today + dt.timedelta(days=3)).isoformat()}, "缩短"),
        ("refused", {}, "拒绝配合"),
    ):
        observation.refresh_from_db()
        assert client.get(event(observation, kind)).status_code == 200
        data = sent(version=observation.version, reason="核实情况", **values)
        page = client.post(event(observation, kind), data, follow=True).content.decode()
        assert words in page, kind
        if kind == "restart":
            assert "擅自外出后还没有重新起算" not in page
    assert set(observation.events.values_list("kind", flat=True)) >= {
        "LEFT_HOME",
        "RESTARTED",
        "SHORTENED",
        "REFUSED",
    }


def test_what_cannot_be_is_said_beside_its_field(office: OfficeCast) -> None:
    observation, client = running(office), signed_in(office.jia)
    data = sent(version=observation.version, reason="核实", last_on="2019-01-01")
    answer = client.post(event(observation, "shorten"), data)
    assert answer.status_code == 422 and "不能早于第1天" in answer.content.decode()
    data = sent(version=observation.version, reason="核实", cause="LEFT_HOME", basis_on="")
    assert "请填写日期" in client.post(event(observation, "restart"), data).content.decode()


def test_a_return_shows_where_each_way_of_counting_leads_and_opens_a_further_observation(
    office: OfficeCast,
) -> None:
    observation, client = running(office), signed_in(office.jia)
    client.post(
        event(observation, "transfer"), sent(version=observation.version, destination="县医院", reason="发热")
    )
    observation.refresh_from_db()
    page = client.get(event(observation, "return")).content.decode()
    last = observation.last_on
    assert f"最后一天{last.month}月{last.day}日" in page and "没有集中隔离后的居家阶段" in page
    assert (
        "返回观察"
        in client.get(reverse("quarantine:observation_detail", args=[observation.uid])).content.decode()
    )
    answer = client.post(event(observation, "return"), sent(clock="CONTINUE", reason="排除"), follow=True)
    further = Observation.objects.get(continues=observation)
    assert (
        answer.redirect_chain[-1][0].endswith(f"{further.uid}/") and "转送前的观察" in answer.content.decode()
    )


def test_an_area_that_gets_a_successor_takes_its_handovers_along(office: OfficeCast) -> None:
    observation = running(office)
    handover_request(
        observation=observation, version=observation.version, to_area=office.other_village, reason="回村",
        by=office.jia,
    )  # fmt: skip
    new = make_area(office.street, Level.VILLAGE, "龚家新村", "510121006009")
    areas.succeeded({office.other_village.pk: new.pk}, timezone.now(), office.admin)
    assert Handover.objects.pending().get().to_area == new
    assert areas.holds_open([new.pk]) and not areas.holds_open([office.other_village.pk])


def test_who_lives_in_and_is_not_observed_is_named_where_the_household_shares_the_clock(
    office: OfficeCast,
) -> None:
    observation = running(office)
    make_person("同住者", observation.household)
    client, url = signed_in(office.jia), reverse("quarantine:observation_detail", args=[observation.uid])
    assert "同住者" not in client.get(url).content.decode()
    terms(shares_clock=True)
    assert "同住者" in client.get(url).content.decode()
