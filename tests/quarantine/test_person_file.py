"""专档: one page a person; who sees it, what it shows, what is written down when it is opened or printed."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog
from households.models import Person
from quarantine.models import Returnee, VisitState
from quarantine.models.life import ReleaseFollowup
from quarantine.person_file import Entry, Section, file_sections
from quarantine.services.alert_actions import alert_acknowledge
from quarantine.services.papers import papers_issue
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.quarantine.cases import (
    make_observation,
    make_returnee,
    queries_of,
    running,
    sent,
    signed_in,
    switch_on,
)
from tests.quarantine.file_cases import STARTS, measured, observed_for_14_days, with_route
from tests.texts import source_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


def file_url(person: Person, page: str = "person_file") -> str:
    return reverse(f"quarantine:{page}", args=[person.uid])


def file_of(client: Client, person: Person) -> str:
    return source_of(client.get(file_url(person)))


def full_file(office: OfficeCast, times: int = 1) -> Returnee:
    returnee = with_route(make_returnee(office))
    for first in STARTS[:times]:
        observed_for_14_days(returnee, office.health, office.ding, first)
    return returnee


def test_it_shows_route_contacts_alerts_corrections_and_every_reading_as_mark_and_cell(
    office: OfficeCast,
) -> None:
    returnee = full_file(office)
    text = file_of(signed_in(office.jia), returnee.person)
    assert "武汉 → 成都东" in text and "G1234 05车12A" in text
    assert "黎四" in text and "未跟踪" in text
    assert text.count('class="tc-mark tc-mark--second"') == 2 + 1  # and once in the key
    assert "去卫生院取药" in text and "复测正常，继续观察" in text
    corrections = text[text.index('id="corrections"') :]
    assert "39.6℃" in corrections and "36.9℃" in corrections and "看错了小数点" in corrections
    drawing = text[text.index("<svg") : text.index("</figure>")]
    readings = 28 - 2 + 2 + 1  # every slot but two, two measured again, one corrected
    assert drawing.count("<path") == readings
    assert len(re.findall(r'class="slot-line', text)) == readings
    assert drawing.count('class="tc-state"') == 2
    assert '<title id="chart-title-1-1">' in drawing and "<desc" in drawing


def test_opening_it_is_logged_and_nothing_stands_in_clear(office: OfficeCast) -> None:
    returnee = with_route(make_returnee(office))
    text = file_of(signed_in(office.jia), returnee.person)
    person = returnee.person
    assert person.id_number not in text and person.phone not in text and "13911112222" not in text
    row = AccessLog.objects.latest("pk")
    assert (row.action, row.subject_uid, row.staff_id) == (AccessAction.OPEN, str(person.uid), office.jia.pk)


def test_printing_asks_for_a_purpose_is_logged_and_masked(office: OfficeCast) -> None:
    person = with_route(make_returnee(office)).person
    client, url = signed_in(office.jia), file_url(person, "person_file_print")
    assert client.post(url, sent(purpose=" ")).status_code == 422
    assert not AccessLog.objects.filter(action=AccessAction.PRINT).exists()
    page = client.post(url, sent(purpose="装订存档")).content.decode()
    assert person.masked_id_number in page and person.id_number not in page and person.phone not in page
    assert f"{person.pk:08d}" in page
    row = AccessLog.objects.get(action=AccessAction.PRINT)
    assert (row.purpose, row.detail["unmasked"]) == ("装订存档", False)
    assert not AccessLog.objects.filter(action=AccessAction.UNMASK).exists()


def test_it_is_printed_in_full_once_and_that_is_logged_as_unmasking(office: OfficeCast) -> None:
    person = with_route(make_returnee(office)).person
    client, url = signed_in(office.jia), file_url(person, "person_file_print")
    values = sent(purpose="转送时随人带走", in_full="on")
    page = client.post(url, values).content.decode()
    assert person.id_number in page and person.phone in page and "13911112222" in page
    assert AccessLog.objects.get(action=AccessAction.UNMASK).purpose == "转送时随人带走"
    again = client.post(url, values)
    assert again.status_code == 302
    assert AccessLog.objects.filter(action=AccessAction.PRINT).count() == 1


def test_who_may_not_unmask_cannot_print_in_full(office: OfficeCast) -> None:
    person = with_route(make_returnee(office)).person
    url = file_url(person, "person_file_print")
    page = signed_in(office.inspector).post(url, sent(purpose="上级检查", in_full="on")).content.decode()
    assert person.masked_id_number in page and person.id_number not in page


def test_an_observation_elsewhere_opens_the_file_there_and_shows_only_its_own(office: OfficeCast) -> None:
    mine = make_observation(office)
    guest = make_household(office.other_group)
    elsewhere = make_returnee(office, household=guest)
    outsider = make_observation(office, returnee=elsewhere)
    outsider.person.residencies.update(household=mine.household, area=mine.area, relation="OTHER")
    client = signed_in(office.jia)
    text = file_of(client, outsider.person)
    assert "另有 1 次观察在您的辖区以外" in text
    assert "逐日测温" not in text
    assert signed_in(office.bing).get(file_url(outsider.person)).status_code == 200
    assert signed_in(office.bing).get(file_url(mine.person)).status_code == 404


def test_the_contact_who_is_registered_finds_who_named_him(office: OfficeCast) -> None:
    returnee = make_returnee(office)
    other = make_person("黎四", make_household(office.compound))
    returnee.contacts.create(name="黎四", person=other, relation="堂兄", contact_on=dt.date(2020, 1, 21))
    text = file_of(signed_in(office.jia), other)
    assert "被列为密切接触者" in text and file_url(returnee.person) in text


def test_a_symptom_alone_is_not_called_fever(office: OfficeCast) -> None:
    observation = make_observation(office)
    measured(observation.visits.order_by("opens_at")[0], office.health, "36.6", symptoms=("干咳",))
    table = file_of(signed_in(office.jia), observation.person)
    table = table[table.index("逐日测温") : table.index("异常事件</h3>")]
    assert "有症状" in table and "发热" not in table


def test_papers_given_and_calls_after_release_stand_beside(office: OfficeCast) -> None:
    observation = running(office)
    [paper] = papers_issue(observations=[observation], kind="NOTICE", by=office.jia)
    ReleaseFollowup.objects.create(
        observation=observation, day_number=3, due_on=dt.date(2020, 2, 8), state="DONE", how="PHONE", result="WELL",
        done_at=timezone.now(), done_by=office.health,
    )  # fmt: skip
    text = file_of(signed_in(office.jia), observation.person)
    assert f"编号 {paper.serial}" in text and reverse("quarantine:paper_detail", args=[paper.code]) in text
    assert "解除后第3天" in text and "电话" in text


def test_what_was_done_about_an_alert_is_told_step_by_step(office: OfficeCast) -> None:
    observation = running(office)
    measured(observation.visits.order_by("opens_at")[0], office.health, "38.1")
    alert_acknowledge(alert=observation.alerts.get(), by=office.ding)
    text = file_of(signed_in(office.jia), observation.person)
    assert "丁某 知悉" in text[text.index("异常事件</h3>") :]


def test_other_modules_add_sections(office: OfficeCast, monkeypatch: pytest.MonkeyPatch) -> None:
    person = running(office).person
    monkeypatch.setattr("quarantine.person_file.file_sections", [*file_sections])
    from quarantine import person_file as page

    page.file_sections.append(
        lambda who, observations, staff: Section(
            "发放文书", [Entry(dt.date(2020, 1, 25), f"告知书 {who.pk}")]
        )
    )
    assert f"告知书 {person.pk}" in file_of(signed_in(office.jia), person)


def test_its_queries_do_not_grow_with_observations_visits_and_readings(office: OfficeCast) -> None:
    little = running(office).person
    much = full_file(office, times=3).person
    assert much.observations.count() == 3
    client = signed_in(office.jia)
    few, many = (queries_of(client, file_url(person)) for person in (little, much))
    # One more where alerts have steps; readings, visits and observations add none.
    assert (few, many) == (37, 38)


def test_days_to_come_are_not_told_as_missed(office: OfficeCast) -> None:
    observation = running(office, days=2)
    observation.visits.filter(state=VisitState.PLANNED, closes_at__lt=dt.datetime.now(dt.UTC)).update(
        state=VisitState.MISSED
    )
    text = file_of(signed_in(office.jia), observation.person)
    drawing = text[text.index("<svg") : text.index("</figure>")]
    came = observation.visits.filter(state=VisitState.MISSED).count()
    assert drawing.count('class="tc-state"') == came
