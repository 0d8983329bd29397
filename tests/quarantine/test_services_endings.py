"""How an observation ends, and how a mistaken event is annulled: bitemporal stays, two people, blockers."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.core.exceptions import ValidationError

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, indicators
from households.models import Followup
from quarantine.models import (
    Alert,
    AlertKind,
    EventKind,
    Observation,
    ObservationState,
    ObservationStay,
    Outcome,
    VisitState,
)
from quarantine.services.corrections import event_annul, latest_event
from quarantine.services.observations import (
    observation_end,
    observation_extend,
    observation_left_home,
    observation_move,
    observation_release,
    observation_transfer,
)
from quarantine.services.readings import visit_explain
from quarantine.services.release import blockers_of, reviewers_of
from tests.factories import OfficeCast, aware, make_office
from tests.quarantine.cases import make_observation, switch_on

pytestmark = pytest.mark.django_db
OVER = "2020-02-04 09:00"


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def explain_all(observation: Observation) -> None:
    """As if every slot had been measured: nothing is missed."""
    observation.visits.update(state=VisitState.DONE)


def release(office: OfficeCast, observation: Observation, at: str = OVER, **fields: object) -> Observation:
    values = {"reviewer": office.ding, "by": office.health, "version": observation.version}
    return observation_release(
        observation=observation, at=aware(at), known_at=aware(at), **{**values, **fields}
    )  # type: ignore[arg-type]


def annul(observation: Observation, by: object, known_at: str) -> None:
    observation.refresh_from_db()
    event = latest_event(observation, aware(known_at))
    assert event is not None
    event_annul(event=event, version=observation.version, reason="录错了", by=by, known_at=aware(known_at))  # type: ignore[arg-type]
    observation.refresh_from_db()


def stock(area: Area, at: str, known_at: str) -> int:
    rows = ObservationStay.objects.filter(area=area, from_at__lte=aware(at), recorded_at__lte=aware(known_at))
    live = [row for row in rows if row.superseded_at is None or row.superseded_at > aware(known_at)]
    return sum(row.until_at is None or row.until_at > aware(at) for row in live)


def test_release_takes_two_people(office: OfficeCast) -> None:
    observation = make_observation(office)
    explain_all(observation)
    with pytest.raises(ValidationError) as refused:
        release(office, observation, reviewer=office.health)
    assert "reviewer" in refused.value.message_dict


def test_the_reviewer_must_have_the_right_to_release_there(office: OfficeCast) -> None:
    observation = make_observation(office)
    explain_all(observation)
    assert set(reviewers_of(observation, office.health)) == {office.ding}
    with pytest.raises(ValidationError, match="没有确认解除"):
        release(office, observation, reviewer=office.jia)


def test_release_names_every_blocker(office: OfficeCast) -> None:
    observation = make_observation(office)
    missed = observation.visits.order_by("opens_at").first()
    assert missed is not None
    observation.visits.exclude(pk=missed.pk).update(state=VisitState.DONE)
    observation.visits.filter(pk=missed.pk).update(state=VisitState.MISSED)
    Alert.objects.create(observation=observation, area=observation.area, kind=AlertKind.FEVER)
    with pytest.raises(ValidationError) as refused:
        release(office, observation, at="2020-02-03 23:59")
    words = " ".join(refused.value.messages)
    assert "未满" in words and "1次漏测没有说明" in words and "1起异常事件没有办结" in words


def test_an_explained_miss_no_longer_blocks(office: OfficeCast) -> None:
    observation = make_observation(office)
    explain_all(observation)
    missed = observation.visits.order_by("opens_at").first()
    assert missed is not None
    observation.visits.filter(pk=missed.pk).update(state=VisitState.MISSED)
    assert blockers_of(observation, aware(OVER))
    visit_explain(visit=missed, explanation="下雪封路，电话询问正常", by=office.jia)
    assert blockers_of(observation, aware(OVER)) == []


def test_release_closes_and_signs(office: OfficeCast) -> None:
    observation = make_observation(office)
    explain_all(observation)
    row = release(office, observation, reason="期满无症状")
    assert (row.state, row.outcome) == (ObservationState.CLOSED, Outcome.RELEASED)
    event = row.events.get(kind=EventKind.RELEASED)
    assert (event.by_id, event.confirmed_by_id) == (office.health.pk, office.ding.pk)
    assert row.household is not None
    row.household.refresh_from_db()
    assert row.household.followup_state == Followup.RETURNEE


def test_a_transfer_cancels_what_was_planned_after_it(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_transfer(
        observation=observation, version=1, destination="县人民医院发热门诊", reason="发热", by=office.health,
        at=aware("2020-01-27 10:00"), known_at=aware("2020-01-27 10:00"),
    )  # fmt: skip
    states = Counter(
        observation.visits.filter(closes_at__gt=aware("2020-01-27 10:00")).values_list("state", flat=True)
    )
    assert set(states) == {VisitState.CANCELLED}
    assert observation.visits.filter(state=VisitState.PLANNED).count() == 4


def test_a_transfer_recorded_late_undoes_what_was_missed_since(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation.visits.filter(date=dt.date(2020, 1, 28)).update(state=VisitState.MISSED)
    observation_transfer(
        observation=observation, version=1, destination="县人民医院", reason="发热", by=office.health,
        at=aware("2020-01-27 10:00"), known_at=aware("2020-01-29 10:00"),
    )  # fmt: skip
    assert not observation.visits.filter(state=VisitState.MISSED).exists()


def test_a_closed_observation_takes_no_further_event(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_end(observation=observation, version=1, outcome="LOST", reason="电话不通", by=office.jia)
    with pytest.raises(ValidationError, match="已经结束"):
        observation_extend(observation=observation, version=2, days=1, reason="x", by=office.jia)


def test_leaving_home_raises_an_alert(office: OfficeCast) -> None:
    observation = make_observation(office)
    observation_left_home(observation=observation, version=1, reason="到镇上赶场", by=office.jia)
    assert observation.alerts.get().kind == AlertKind.LEFT_HOME


def test_annulling_a_release_keeps_what_was_known_before(office: OfficeCast) -> None:
    """As of the day of the mistake he was gone, as of today he never was."""
    observation = make_observation(office)
    explain_all(observation)
    release(office, observation)
    annul(observation, office.ding, "2020-02-05 09:00")
    assert observation.state == ObservationState.OPEN
    assert stock(office.compound, "2020-02-04 23:00", known_at="2020-02-04 23:00") == 0
    assert stock(office.compound, "2020-02-04 23:00", known_at="2020-02-05 10:00") == 1


def test_annulling_a_transfer_plans_its_visits_again(office: OfficeCast) -> None:
    observation = make_observation(office)
    at = aware("2020-01-27 10:00")
    observation_transfer(
        observation=observation,
        version=1,
        destination="县人民医院",
        reason="发热",
        by=office.health,
        at=at,
        known_at=at,
    )
    annul(observation, office.ding, "2020-01-28 13:00")
    planned = observation.visits.filter(state=VisitState.PLANNED, opens_at__gt=aware("2020-01-28 00:00"))
    assert planned.order_by("opens_at").values_list("date", "slot")[0] == (dt.date(2020, 1, 28), "PM")
    assert observation.visits.filter(state=VisitState.CANCELLED).count() == 3


def test_an_extension_made_annulled_and_made_again_is_measured(office: OfficeCast) -> None:
    observation = make_observation(office)
    at = aware("2020-01-28 10:00")
    observation_extend(
        observation=observation, version=1, days=2, reason="x", by=office.jia, at=at, known_at=at
    )
    annul(observation, office.jia, "2020-01-28 11:00")
    assert observation.last_on == dt.date(2020, 2, 3)
    later = aware("2020-01-28 12:00")
    observation_extend(
        observation=observation,
        version=observation.version,
        days=2,
        reason="y",
        by=office.jia,
        at=later,
        known_at=later,
    )
    last = observation.visits.filter(date__gt=dt.date(2020, 2, 3))
    assert Counter(last.values_list("state", flat=True)) == {VisitState.PLANNED: 4}


def test_annulling_a_move_brings_him_back_as_if_he_had_never_left(office: OfficeCast) -> None:
    observation = make_observation(office)
    home, at = observation.household, aware("2020-01-27 15:00")
    observation_move(
        observation=observation, version=1, area=office.other_group, reason="x", by=office.ding, place="HOTEL",
        place_note="集中隔离点", at=at, known_at=at,
    )  # fmt: skip
    annul(observation, office.ding, "2020-01-28 09:00")
    assert (observation.area, observation.household, observation.place) == (office.compound, home, "HOME")
    assert stock(office.other_group, "2020-01-27 16:00", known_at="2020-01-27 16:00") == 1
    assert stock(office.other_group, "2020-01-27 16:00", known_at="2020-01-28 10:00") == 0
    assert stock(office.compound, "2020-01-27 16:00", known_at="2020-01-28 10:00") == 1


def test_annulling_the_opening_voids_the_observation(office: OfficeCast) -> None:
    observation = make_observation(office)
    annul(observation, office.jia, "2020-01-25 10:00")
    assert (observation.state, observation.outcome) == (ObservationState.CLOSED, Outcome.VOIDED)
    assert set(observation.visits.values_list("state", flat=True)) == {VisitState.CANCELLED}
    assert stock(office.compound, "2020-01-25 09:30", known_at="2020-01-26 09:00") == 0
    make_observation(office, at="2020-01-26 09:00", returnee=observation.returnee)


def test_only_the_latest_event_can_be_annulled(office: OfficeCast) -> None:
    observation = make_observation(office)
    opened = observation.events.get()
    observation_extend(observation=observation, version=1, days=1, reason="x", by=office.jia)
    with pytest.raises(ValidationError, match="只能更正最近"):
        event_annul(event=opened, version=2, reason="x", by=office.jia)


def test_stock_and_flows_of_each_village_agree_on_each_day(office: OfficeCast) -> None:
    """在管 = 昨日在管 + 新增 + 转入 − 解除 − 转送 − 转出, through a move, a wrong transfer and its annulment."""
    moved, wrong = make_observation(office, "李一"), make_observation(office, "李二")
    observation_move(
        observation=moved, version=1, area=office.other_group, reason="x", by=office.ding,
        at=aware("2020-01-26 23:59"), known_at=aware("2020-01-28 09:00"),
    )  # fmt: skip
    at = aware("2020-01-27 10:00")
    observation_transfer(
        observation=wrong, version=1, destination="医院", reason="x", by=office.health, at=at, known_at=at
    )
    annul(wrong, office.ding, "2020-01-28 09:30")
    count = {one.key: one for one in indicators()}
    for known_at in ("2020-01-27 20:00", "2020-01-29 00:00"):
        for area in (office.compound, office.other_group):
            areas = Area.objects.filter(pk=area.pk)
            yesterday = 0
            for day in range(24, 29):
                asof = AsOf.day(dt.date(2020, 1, day), aware(known_at))
                events = [
                    sum(count[key].count(areas, asof).values())
                    for key in ("opened", "released", "transferred")
                ]
                pairs = count["moved_in"].moves(areas, asof)
                into = sum(n for (_from, to), n in pairs.items() if to == area.pk)
                out = sum(n for (from_, _to), n in pairs.items() if from_ == area.pk)
                now = sum(count["under_observation"].count(areas, asof).values())
                assert now == yesterday + events[0] - events[1] - events[2] + into - out, (
                    known_at,
                    area,
                    day,
                )
                yesterday = now
