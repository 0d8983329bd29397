"""Pages of observations and policies: opening explained, every event signed, stale, scope, rights, queries, print."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog
from quarantine.models import Alert, EventKind, Observation, Policy, Reading, Returnee, VisitState
from quarantine.services.observations import observation_extend
from quarantine.services.service_requests import service_request
from tests.factories import OfficeCast, make_household, make_office
from tests.quarantine.cases import (
    make_observation,
    make_returnee,
    queries_of,
    recent,
    running,
    sent,
    signed_in,
    switch_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def full(office: OfficeCast) -> Observation:
    """期满, every slot measured."""
    observation = running(office, 20)
    observation.visits.update(state=VisitState.DONE)
    return observation


def opening_url(returnee: Returnee) -> str:
    return reverse("quarantine:observation_open", kwargs={"returnee_uid": returnee.uid})


def event_url(observation: Observation, kind: str) -> str:
    return reverse("quarantine:observation_event", args=[observation.uid, kind])


def dates_of(returnee: Returnee) -> dict[str, Any]:
    return {"left_on": returnee.left_on, "arrived_on": returnee.arrived_on, "place": "HOME"}


# --- opening ----------------------------------------------------------------------------------------------
def test_the_page_explains_policy_and_term_before_opening(office: OfficeCast) -> None:
    text = signed_in(office.jia).get(opening_url(make_returnee(office))).content.decode()
    assert "适用“14天居家医学观察（2020年2月）”" in text
    assert "离鄂" in text and "次日为第1天,14天 →" in text and "期满" in text
    assert office.health.name in text  # the chain


def test_it_opens_and_leads_to_the_file(office: OfficeCast) -> None:
    returnee = recent(office)
    answer = signed_in(office.jia).post(opening_url(returnee), sent(**dates_of(returnee), reason="湖北返乡"))
    observation = Observation.objects.get()
    assert answer.url == reverse("quarantine:observation_detail", args=[observation.uid])  # type: ignore[attr-defined]
    event = observation.events.get()
    assert (event.kind, event.by, event.reason) == (EventKind.OPENED, office.jia, "湖北返乡")


def test_the_preview_follows_the_dates_with_script_and_without(office: OfficeCast) -> None:
    returnee = recent(office)
    contact = timezone.localdate() - dt.timedelta(days=1)
    data = sent(**dates_of(returnee), last_contact_on=contact, preview="1")
    client = signed_in(office.jia)
    page = client.post(opening_url(returnee), data)
    fragment = client.post(opening_url(returnee), data, headers={"HX-Request": "true"})
    assert page.context["preview"].plan.start.basis_on == contact
    assert "末次接触" in fragment.content.decode() and "<html" not in fragment.content.decode()
    assert not Observation.objects.exists()


def test_a_term_that_is_over_needs_a_tick(office: OfficeCast) -> None:
    returnee, client = make_returnee(office), signed_in(office.jia)
    refused = client.post(opening_url(returnee), sent(**dates_of(returnee)))
    assert refused.status_code == 422 and "confirmed" in refused.context["form"].errors
    client.post(opening_url(returnee), sent(**dates_of(returnee), confirmed="on"))
    assert Observation.objects.get().visits.count() == 0


def test_outside_the_policys_scope_it_says_why_and_asks_for_a_reason(office: OfficeCast) -> None:
    returnee = recent(office)
    Returnee.objects.update(origin="重庆市渝北区", origin_kind="OTHER_PROVINCE")
    client = signed_in(office.jia)
    assert "来源地不在管控地区" in client.get(opening_url(returnee)).content.decode()
    assert client.post(opening_url(returnee), sent(**dates_of(returnee))).status_code == 422
    client.post(opening_url(returnee), sent(**dates_of(returnee), reason="同车有确诊病例"))
    assert Observation.objects.get().events.get().reason == "同车有确诊病例"


def test_without_a_policy_nothing_opens_and_it_says_whom_to_ask(office: OfficeCast) -> None:
    Policy.objects.filter(state="IN_FORCE").delete()
    returnee = recent(office)
    answer = signed_in(office.jia).post(opening_url(returnee), sent(**dates_of(returnee)))
    assert answer.status_code == 422 and "请管理员先在“防控政策”里启用" in answer.content.decode()


def test_dates_that_cannot_be_are_refused_beside_them(office: OfficeCast) -> None:
    returnee = recent(office)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    data = sent(left_on=tomorrow, arrived_on=returnee.arrived_on, place="HOME")
    answer = signed_in(office.jia).post(opening_url(returnee), data)
    assert answer.status_code == 422 and "left_on" in answer.context["form"].errors


def test_a_close_contact_who_came_from_nowhere_may_be_observed(office: OfficeCast) -> None:
    person = make_returnee(office).person
    Returnee.objects.all().delete()
    url = reverse("quarantine:observation_open", kwargs={"person_uid": person.uid})
    client = signed_in(office.jia)
    assert "密切接触者" in client.get(url).content.decode()
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    client.post(url, sent(last_contact_on=yesterday, place="HOME"))
    observation = Observation.objects.get()
    assert (observation.returnee, observation.basis_on) == (None, yesterday)


def test_who_is_under_observation_is_not_opened_again(office: OfficeCast) -> None:
    observation = running(office)
    assert observation.returnee is not None
    client = signed_in(office.jia)
    assert client.get(opening_url(observation.returnee)).status_code == 302
    answer = client.post(opening_url(observation.returnee), sent(**dates_of(observation.returnee)))
    assert answer.status_code == 422 and Observation.objects.count() == 1


# --- events -----------------------------------------------------------------------------------------------
def test_each_event_is_signed_by_whoever_sent_it(office: OfficeCast) -> None:
    observation = running(office)
    signed_in(office.jia).post(event_url(observation, "extend"), sent(version=1, days=2, reason="同住人发热"))
    observation.refresh_from_db()
    event = observation.events.get(kind=EventKind.EXTENDED)
    assert (event.by, event.reason, observation.version) == (office.jia, "同住人发热", 2)


def test_whoever_ends_an_observation_hears_what_is_still_to_be_brought(office: OfficeCast) -> None:
    observation = running(office)
    service_request(
        person=observation.person, area=observation.area, kind="MEDICINE", request="药", by=office.jia
    )
    url = reverse("quarantine:observation_event", args=[observation.uid, "transfer"])
    data = sent(version=observation.version, destination="县医院", reason="发热")
    answer = signed_in(office.health).post(url, data, follow=True)
    assert "他还有1项代办服务没有办完" in answer.content.decode()
    assert "异常事件没有办结，不会自动撤销" not in answer.content.decode()


def test_whoever_annuls_what_raised_an_alert_hears_that_it_stays_open(office: OfficeCast) -> None:
    observation, client = running(office), signed_in(office.health)
    client.post(event_url(observation, "refused"), sent(version=1, reason="不开门"))
    answer = client.post(event_url(observation, "annul"), sent(version=2, reason="记错了人"), follow=True)
    assert "还有1起异常事件没有办结，不会自动撤销" in answer.content.decode()


def test_a_stale_event_shows_the_other_one_and_is_not_done(office: OfficeCast) -> None:
    observation = running(office)
    observation_extend(observation=observation, version=1, days=1, reason="别人先办", by=office.yi)
    client = signed_in(office.jia)
    answer = client.post(event_url(observation, "extend"), sent(version=1, days=3, reason="我要办"))
    text = answer.content.decode()
    assert (
        answer.status_code == 409
        and "别人先办" in text
        and "我要办" in text
        and 'name="version" value="2"' in text
    )
    assert observation.events.filter(kind=EventKind.EXTENDED).count() == 1


def test_moving_offers_only_areas_of_the_scope(office: OfficeCast) -> None:
    observation = running(office)
    client = signed_in(office.jia)
    data = sent(version=1, area=office.other_group.pk, place="HOME", reason="x")
    assert client.post(event_url(observation, "move"), data).status_code == 422
    found = client.post(
        event_url(observation, "move"), sent(find="area", area_q="组", version=1, place="HOME")
    )
    offered = {one.value for one in found.context["form"].fields["area"].widget.candidates}
    assert offered == {str(office.group.pk)}


def test_moving_to_a_door_finds_the_household(office: OfficeCast) -> None:
    observation = running(office)
    home = make_household(office.group, door="501", building="3", unit="2")
    data = sent(version=1, area=office.group.pk, door="3栋2单元501", place="HOME", reason="回父母家")
    assert signed_in(office.jia).post(event_url(observation, "move"), data).status_code == 302
    observation.refresh_from_db()
    assert (observation.area, observation.household) == (office.group, home)


def test_release_needs_the_right(office: OfficeCast) -> None:
    observation = full(office)
    assert signed_in(office.jia).get(event_url(observation, "release")).status_code == 403


def test_release_offers_reviewers_other_than_oneself_and_takes_two(office: OfficeCast) -> None:
    observation = full(office)
    client = signed_in(office.health)
    page = client.get(event_url(observation, "release"))
    assert list(page.context["form"].fields["reviewer"].queryset) == [office.ding]
    alone = sent(version=1, reviewer=str(office.health.uid))
    assert client.post(event_url(observation, "release"), alone).status_code == 422
    client.post(event_url(observation, "release"), sent(version=1, reviewer=str(office.ding.uid)))
    observation.refresh_from_db()
    assert observation.outcome == "RELEASED"


def test_what_stands_in_the_way_is_said_in_words(office: OfficeCast) -> None:
    observation = running(office)
    Alert.objects.create(observation=observation, area=observation.area, kind="FEVER")
    text = signed_in(office.health).get(event_url(observation, "release")).content.decode()
    assert "观察期未满" in text and "1起异常事件没有办结" in text and "确认解除" not in text


def test_misses_are_explained_together(office: OfficeCast) -> None:
    observation = full(office)
    missed = list(observation.visits.order_by("opens_at")[:2])
    observation.visits.filter(pk__in=[visit.pk for visit in missed]).update(state=VisitState.MISSED)
    data = sent(visits=[str(visit.uid) for visit in missed], explanation="大雪封路，电话询问正常")
    assert signed_in(office.jia).post(event_url(observation, "explain"), data).status_code == 302
    assert observation.visits.filter(explanation="大雪封路，电话询问正常").count() == 2


def test_a_visit_of_somebody_else_is_not_explained(office: OfficeCast) -> None:
    mine, other = full(office), full(office)
    foreign = other.visits.first()
    assert foreign is not None
    other.visits.update(state=VisitState.MISSED)
    mine.visits.update(state=VisitState.MISSED)
    data = sent(visits=[str(foreign.uid)], explanation="x")
    assert signed_in(office.jia).post(event_url(mine, "explain"), data).status_code == 422


def test_annulling_a_release_needs_the_right_to_release(office: OfficeCast) -> None:
    observation = full(office)
    signed_in(office.health).post(
        event_url(observation, "release"), sent(version=1, reviewer=str(office.ding.uid))
    )
    assert signed_in(office.jia).get(event_url(observation, "annul")).status_code == 403
    answer = signed_in(office.ding).post(event_url(observation, "annul"), sent(version=2, reason="点错人"))
    assert answer.status_code == 302
    text = (
        signed_in(office.ding)
        .get(reverse("quarantine:observation_detail", args=[observation.uid]))
        .content.decode()
    )
    assert "<del>解除</del>" in text and "点错人" in text


@pytest.mark.parametrize("kind", ["extend", "transfer", "move", "end", "left-home", "annul", "explain"])
def test_an_event_without_its_fields_is_refused_in_words(office: OfficeCast, kind: str) -> None:
    observation = running(office)
    observation.visits.filter(closes_at__lt=timezone.now()).update(state=VisitState.MISSED)
    answer = signed_in(office.jia).post(event_url(observation, kind), sent(version=1))
    assert answer.status_code == 422 and answer.context["form"].errors
    assert observation.events.count() == 1


@pytest.mark.parametrize("days", ["0", "-3", "99", "三天", "1e9", ""])
def test_nasty_days_are_refused_beside_the_field(office: OfficeCast, days: str) -> None:
    observation = running(office)
    answer = signed_in(office.jia).post(
        event_url(observation, "extend"), sent(version=1, days=days, reason="x")
    )
    assert answer.status_code == 422 and "days" in answer.context["form"].errors


def test_an_event_before_control_began_is_refused_beside_its_time(office: OfficeCast) -> None:
    observation = running(office)
    data = sent(version=1, days=1, reason="x", at="2020-01-01T08:00")
    answer = signed_in(office.jia).post(event_url(observation, "extend"), data)
    assert answer.status_code == 422 and "at" in answer.context["form"].errors


def test_a_kind_of_event_that_there_is_not_is_not_found(office: OfficeCast) -> None:
    assert signed_in(office.jia).get(event_url(running(office), "burn")).status_code == 404


# --- looking ----------------------------------------------------------------------------------------------
def test_the_file_shows_readings_corrections_and_gaps(office: OfficeCast) -> None:
    observation = running(office)
    visit = observation.visits.order_by("opens_at").first()
    assert visit is not None
    observation.visits.filter(pk=visit.pk).update(state=VisitState.DONE)
    wrong = Reading.objects.create(
        visit=visit,
        sequence=1,
        temperature="38.6",
        is_abnormal=True,
        by=office.health,
        entered_by=office.health,
    )
    Reading.objects.create(
        visit=visit, sequence=2, temperature="36.8", corrects=wrong, reason="看错", by=office.health,
        entered_by=office.health, is_late=True,
    )  # fmt: skip
    client = signed_in(office.jia)
    text = client.get(reverse("quarantine:observation_detail", args=[observation.uid])).content.decode()
    assert "<del>38.6 ℃</del>" in text and "看错" in text and "补录" in text
    assert "无人负责" in text  # 包段, 包户 … of this small office
    assert "为什么还不能解除" in text
    log = AccessLog.objects.get(subject_uid=str(observation.uid))
    assert log.action == AccessAction.OPEN


def test_outside_the_scope_there_is_nothing(office: OfficeCast) -> None:
    observation = running(office)
    client = signed_in(office.bing)
    for name in ("observation_detail", "observation_sheet"):
        assert client.get(reverse(f"quarantine:{name}", args=[observation.uid])).status_code == 404
    for kind in ("extend", "transfer", "move", "release", "end", "left-home", "explain", "annul"):
        assert client.post(event_url(observation, kind), sent(version=1, reason="x")).status_code == 404
    assert client.get(reverse("quarantine:observation_list")).context["rows"] == []


def test_inside_the_scope_without_the_right_it_is_refused(office: OfficeCast) -> None:
    observation = running(office)
    client = signed_in(office.police)
    assert client.get(reverse("quarantine:observation_detail", args=[observation.uid])).status_code == 200
    assert (
        client.post(event_url(observation, "extend"), sent(version=1, days=1, reason="x")).status_code == 403
    )
    assert client.get(opening_url(make_returnee(office))).status_code == 403


def test_the_list_shows_who_is_due_for_release_first(office: OfficeCast) -> None:
    late, due = running(office, 2), full(office)
    client, url = signed_in(office.jia), reverse("quarantine:observation_list")
    assert [row.pk for row in client.get(url).context["rows"]] == [due.pk, late.pk]
    assert [row.pk for row in client.get(url, {"view": "due"}).context["rows"]] == [due.pk]
    assert client.get(url, {"view": "closed"}).context["rows"] == []
    assert client.get(url, {"view": "x", "after": "~"}).status_code == 200


def test_the_list_needs_as_many_queries_for_five_as_for_two_hundred(office: OfficeCast) -> None:
    client, url = signed_in(office.jia), reverse("quarantine:observation_list")
    for _number in range(5):
        running(office, 1)
    few = queries_of(client, url)
    pattern = Observation.objects.first()
    assert pattern is not None
    for _number in range(195):
        returnee = recent(office, 1)
        values = {
            field.attname: getattr(pattern, field.attname)
            for field in Observation._meta.concrete_fields
            if field.name not in {"id", "uid"}
        }
        Observation.objects.create(**{**values, "person_id": returnee.person_id, "returnee_id": returnee.pk})
    assert queries_of(client, url) == few <= 20


def test_one_file_needs_as_many_queries_on_the_first_day_as_on_the_last(office: OfficeCast) -> None:
    client = signed_in(office.jia)
    short, long = running(office, 1), running(office, 13)
    for visit in long.visits.all():
        Reading.objects.create(
            visit=visit, sequence=1, temperature="36.5", by=office.health, entered_by=office.health
        )
    numbers = [
        queries_of(client, reverse("quarantine:observation_detail", args=[row.uid])) for row in (short, long)
    ]
    assert numbers[1] <= numbers[0] + 4 and numbers[1] <= 32  # readings and who took them


def test_the_sheet_has_fourteen_rows_and_masks_the_numbers(office: OfficeCast) -> None:
    observation = running(office, 1)
    page = signed_in(office.health).get(reverse("quarantine:observation_sheet", args=[observation.uid]))
    text = page.content.decode()
    assert [row.number for row in page.context["sheet"].rows][:14] == list(range(1, 15))
    assert observation.person.id_number not in text and observation.person.phone not in text
    assert "□期满解除" in text and office.health.name in text
    assert AccessLog.objects.filter(action=AccessAction.PRINT).count() == 1


def test_a_file_voided_by_mistake_is_refused_while_observed(office: OfficeCast) -> None:
    observation = make_observation(office)
    assert observation.returnee is not None
    url = reverse("quarantine:returnee_void", args=[observation.returnee.uid])
    answer = signed_in(office.jia).post(url, sent(version=1, reason="登错"))
    assert answer.status_code == 422 and "正在进行的观察" in answer.content.decode()
