"""A person's file: masked, logged, unmasked for a purpose, dialled, changed."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog
from households import hooks
from households.models import Person, Residency, Survey, SurveyMember, SurveyOutcome
from households.rules.identity import make_resident_id
from households.services import PersonData, person_save
from tests.factories import OfficeCast, make_household, make_person
from tests.households.door_pages import office, send, signed_in
from tests.texts import source_of, text_of

__all__ = ["office"]


def page_of(person: Person, verb: str = "") -> str:
    return f"/households/people/{person.uid}/{verb + '/' if verb else ''}"


def logged(action: AccessAction) -> list[AccessLog]:
    return list(AccessLog.objects.filter(action=action))


@pytest.fixture
def person(office: OfficeCast) -> Person:
    return make_person("张建国", make_household(office.compound, door="101"))


@pytest.fixture
def foreigner(office: OfficeCast) -> Person:
    return make_person("远某", make_household(office.other_group, door="34", building="", unit=""))


# --- opening ---------------------------------------------------------------------------------------------


def test_the_file_is_masked_and_opening_it_is_logged(office: OfficeCast, person: Person):
    page = text_of(signed_in(office.jia).get(page_of(person)))
    assert person.masked_id_number in page and person.masked_phone in page
    assert person.id_number not in page and person.phone not in page
    (line,) = logged(AccessAction.OPEN)
    assert (line.staff, line.subject_uid, line.area) == (office.jia, str(person.uid), office.compound)


def test_a_person_outside_the_scope_is_404_whatever_is_asked(office: OfficeCast, foreigner: Person):
    client, residency = signed_in(office.jia), foreigner.residencies.get()
    support = foreigner.supports.create(kind="LOW_INCOME")
    assert client.get(page_of(foreigner)).status_code == 404
    verbs = ["edit", "unmask", "duties/create", "supports/create", f"supports/{support.pk}/end"]
    verbs += [f"residencies/{residency.pk}/{verb}" for verb in ("end", "away", "return")]
    for verb in verbs:
        assert client.get(page_of(foreigner, verb)).status_code == 404, verb
        assert (
            send(client, page_of(foreigner, verb), purpose="核对身份", on="2020-01-29").status_code == 404
        ), verb
    assert send(client, page_of(foreigner, "dial")).status_code == 404
    assert not AccessLog.objects.filter(subject_uid=str(foreigner.uid)).exists()


def test_a_residency_or_support_of_somebody_else_is_404(
    office: OfficeCast, person: Person, foreigner: Person
):
    residency, support = foreigner.residencies.get(), foreigner.supports.create(kind="LOW_INCOME")
    client = signed_in(office.jia)
    assert (
        send(client, page_of(person, f"residencies/{residency.pk}/end"), on="2020-01-29").status_code == 404
    )
    assert send(client, page_of(person, f"supports/{support.pk}/end"), on="2020-01-29").status_code == 404


def test_somebody_entered_by_mistake_is_gone(office: OfficeCast, person: Person):
    Person.objects.filter(pk=person.pk).update(voided_at=timezone.now())
    assert signed_in(office.jia).get(page_of(person)).status_code == 404


def test_the_rights_are_asked_for(office: OfficeCast, person: Person):
    residency = person.residencies.get()
    inspector = signed_in(office.inspector)
    assert inspector.get(page_of(person)).status_code == 200
    assert "查看完整证件号" not in text_of(inspector.get(page_of(person)))
    for verb in ("edit", "unmask", "duties/create", "supports/create", f"residencies/{residency.pk}/end"):
        assert inspector.get(page_of(person, verb)).status_code == 403, verb
        assert send(inspector, page_of(person, verb), purpose="核对身份").status_code == 403, verb
    assert signed_in(office.auditor).get(page_of(person)).status_code == 403


def test_places_outside_the_scope_are_not_named(office: OfficeCast, person: Person):
    other = make_household(office.other_group, door="34", building="", unit="")
    Residency.objects.create(
        person=person, household=other, area=other.area, is_away=True, kind="REGISTERED"
    )  # fmt: skip
    page = source_of(signed_in(office.jia).get(page_of(person)))
    assert "您辖区以外的地方" in page and str(other.uid) not in page and "34号" not in page
    assert "34号" in source_of(signed_in(office.ding).get(page_of(person)))


def test_answers_of_earlier_knocks_are_shown(office: OfficeCast, person: Person):
    household = person.residencies.get().household
    survey = Survey.objects.create(
        household=household, area=office.compound, staff=office.yi, recorded_by=office.yi,
        outcome=SurveyOutcome.SIGNED,
    )  # fmt: skip
    SurveyMember.objects.create(
        survey=survey, person=person, hubei_contact=True, returned_from="武汉", temperature="36.8"
    )
    page = text_of(signed_in(office.jia).get(page_of(person)))
    assert "从武汉返回" in page and "36.8" in page and "乙某" in page


def test_the_file_costs_the_same_for_one_answer_and_for_nine(office: OfficeCast, person: Person):
    household, counts = person.residencies.get().household, []
    client = signed_in(office.jia)
    client.get(page_of(person))
    for number in range(9):
        at = {"household": household, "area": office.compound, "staff": office.yi, "recorded_by": office.yi}
        survey = Survey.objects.create(**at, outcome=SurveyOutcome.SIGNED)
        SurveyMember.objects.create(survey=survey, person=person)
        person.supports.create(kind="OTHER", ended_on=timezone.localdate())
        if number in (0, 8):
            with CaptureQueriesContext(connection) as captured:
                client.get(page_of(person))
            counts.append(len(captured))
    assert counts[0] == counts[1] <= 26


def test_apps_above_show_their_boxes(office: OfficeCast, person: Person, monkeypatch: pytest.MonkeyPatch):
    def panel(one, staff):
        assert (one, staff) == (person, office.jia)
        return "_partials/note.html", {"tone": "info", "text": "居家观察第 3 天"}

    monkeypatch.setattr(hooks, "person_panels", [panel, lambda one, staff: None])
    assert "居家观察第 3 天" in text_of(signed_in(office.jia).get(page_of(person)))


# --- unmasking and dialling ------------------------------------------------------------------------------


def test_unmasking_shows_the_numbers_once_and_logs_the_purpose(office: OfficeCast, person: Person):
    client, submission = signed_in(office.jia), uuid.uuid4()
    page = text_of(send(client, page_of(person, "unmask"), submission=submission, purpose="核对身份"))
    assert person.id_number in page and person.phone in page
    (line,) = logged(AccessAction.UNMASK)
    assert (line.staff, line.subject_uid, line.purpose) == (office.jia, str(person.uid), "核对身份")
    again = send(client, page_of(person, "unmask"), submission=submission, purpose="核对身份")
    assert again.status_code == 302 and len(logged(AccessAction.UNMASK)) == 1


@pytest.mark.parametrize("purpose", ["", " ", "看"])
def test_unmasking_without_a_purpose_shows_nothing(office: OfficeCast, person: Person, purpose: str):
    response = send(signed_in(office.jia), page_of(person, "unmask"), purpose=purpose)
    assert response.status_code == 422 and person.id_number not in text_of(response)
    assert not logged(AccessAction.UNMASK)


def test_asking_by_address_shows_nothing(office: OfficeCast, person: Person):
    response = signed_in(office.jia).get(page_of(person, "unmask"))
    assert person.id_number not in text_of(response) and not logged(AccessAction.UNMASK)


def test_dialling_is_logged_and_gives_a_link(office: OfficeCast, person: Person):
    response = send(signed_in(office.jia), page_of(person, "dial"), next="/households/absent/")
    page = text_of(response)
    assert f'href="tel:{person.phone}"' in page and 'href="/households/absent/"' in page
    (line,) = logged(AccessAction.DIAL)
    assert (line.staff, line.subject_uid) == (office.jia, str(person.uid))


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_dialling_leads_back_into_the_house_only(office: OfficeCast, person: Person, back: str):
    assert back not in text_of(send(signed_in(office.jia), page_of(person, "dial"), next=back))


def test_without_a_phone_nothing_is_dialled(office: OfficeCast, person: Person):
    Person.objects.filter(pk=person.pk).update(phone="")
    assert send(signed_in(office.jia), page_of(person, "dial")).status_code == 302
    assert signed_in(office.jia).get(page_of(person, "dial")).status_code == 405
    assert not logged(AccessAction.DIAL)


# --- changing --------------------------------------------------------------------------------------------


def form_of(client, person: Person) -> dict[str, str]:
    """What the form holds when it is opened."""
    page = text_of(client.get(page_of(person, "edit")))
    seen = re.search(r'name="seen" value="(\d*)"', page)
    return {
        "name": person.name, "sex": person.sex, "birth_date": f"{person.birth_date:%Y-%m-%d}",
        "id_kind": person.id_kind, "seen": seen[1] if seen else "",
    }  # fmt: skip


def test_an_empty_number_leaves_what_is_registered(office: OfficeCast, person: Person):
    client = signed_in(office.jia)
    response = send(client, page_of(person, "edit"), **form_of(client, person), work_unit="淮口中学")
    assert response.status_code == 302
    now = Person.objects.get(pk=person.pk)
    assert (now.work_unit, now.id_number, now.phone) == ("淮口中学", person.id_number, person.phone)


def test_a_phone_can_be_deleted(office: OfficeCast, person: Person):
    client = signed_in(office.jia)
    send(client, page_of(person, "edit"), **form_of(client, person), clear_phone="on")
    assert Person.objects.get(pk=person.pk).phone == ""


def test_the_form_never_shows_the_numbers(office: OfficeCast, person: Person):
    page = text_of(signed_in(office.jia).get(page_of(person, "edit")))
    assert person.id_number not in page and person.phone not in page


def test_errors_stand_beside_the_field_and_everything_typed_stays(office: OfficeCast, person: Person):
    client = signed_in(office.jia)
    values = form_of(client, person) | {"name": "", "phone": "1380013", "work_unit": "淮口中学"}
    response = send(client, page_of(person, "edit"), **values)
    assert response.status_code == 422 and "淮口中学" in text_of(response)
    response = send(client, page_of(person, "edit"), **(values | {"name": "张建国"}))
    page = text_of(response)
    assert response.status_code == 422 and "手机号应为11位" in page and 'value="1380013"' in page
    assert Person.objects.get(pk=person.pk).phone == person.phone


def test_a_wrong_check_digit_is_saved_with_a_reason_only(office: OfficeCast, person: Person):
    client = signed_in(office.jia)
    good = make_resident_id("510121", person.birth_date, 123 if person.sex == "M" else 124)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    values = form_of(client, person) | {"id_number": wrong}
    response = send(client, page_of(person, "edit"), **values)
    assert response.status_code == 422 and "校验不符" in text_of(response)
    assert send(client, page_of(person, "edit"), **values, id_check_reason="证件如此").status_code == 302
    now = Person.objects.get(pk=person.pk)
    assert (now.id_number, now.id_check_reason) == (wrong, "证件如此")


def test_a_contradiction_is_saved_only_when_ticked(office: OfficeCast, person: Person):
    client = signed_in(office.jia)
    values = form_of(client, person) | {"sex": "F" if person.sex == "M" else "M"}
    response = send(client, page_of(person, "edit"), **values)
    page = text_of(response)
    assert response.status_code == 422 and 'name="confirmed"' in page and "性别与证件号码" in page
    assert send(client, page_of(person, "edit"), **values, confirmed="id-sex").status_code == 302


def test_the_number_of_somebody_else_says_where_he_is_registered(
    office: OfficeCast, person: Person, foreigner: Person
):
    near = make_person("李邻居", make_household(office.compound, door="202"))
    client = signed_in(office.jia)
    values = form_of(client, person) | {"birth_date": "", "sex": ""}
    page = text_of(send(client, page_of(person, "edit"), **values, id_number=near.id_number))
    assert "李邻居" in page and "202" in page and "两人同号的说明" in page
    page = text_of(send(client, page_of(person, "edit"), **values, id_number=foreigner.id_number))
    assert "远某" not in page and "34号" not in page and "不在您的辖区" in page


def test_a_stale_save_shows_both_values(office: OfficeCast, person: Person):
    client = signed_in(office.jia)
    values = form_of(client, person) | {"work_unit": "甲:淮口中学"}
    data = PersonData(
        name=person.name, sex=person.sex, birth_date=person.birth_date, id_number=None, phone=None,
        work_unit="乙:淮口小学",
    )  # fmt: skip
    person_save(person=person, data=data, by=office.yi)
    response = send(client, page_of(person, "edit"), **values)
    page = text_of(response)
    assert response.status_code == 409 and "甲:淮口中学" in page and "乙:淮口小学" in page
    assert Person.objects.get(pk=person.pk).work_unit == "乙:淮口小学"
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    assert send(client, page_of(person, "edit"), **(values | {"seen": seen[1]})).status_code == 302
    assert Person.objects.get(pk=person.pk).work_unit == "甲:淮口中学"
