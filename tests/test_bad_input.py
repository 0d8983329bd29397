"""Bad input through the pages: clear words beside the field, everything typed still there, nothing lost or doubled."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grassroots.ledgers.exports import export_run
from households.models import Household, Person, Residency, Survey
from households.rules.identity import make_resident_id
from quarantine.models import Reading, Returnee, ServiceRequest
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage
from tests.permissions.table import LINES
from tests.permissions.test_fuzz import allowed, url_of
from tests.permissions.test_table import client_of
from tests.permissions.world import World, make_world
from tests.quarantine.cases import running, switch_on
from tests.texts import text_of

pytestmark = pytest.mark.django_db
Data = dict[str, Any]
LONG_NAME = "阿卜杜热伊木·" + "买买提" * 14 + "江"  # 50 characters
NUMBER = make_resident_id("510121", dt.date(1990, 1, 1), 8)
RARE = "𬱖暐·奡"


@pytest.fixture
def office(db: None) -> OfficeCast:
    cast = make_office()
    switch_on(cast.admin)
    return cast


@pytest.fixture
def jia(office: OfficeCast) -> Client:
    return client_of(office.jia)


@pytest.fixture
def home(office: OfficeCast) -> Household:
    return make_household(office.group)


@pytest.fixture
def page(jia: Client, home: Household) -> SurveyPage:
    """The survey of a home where 张三 lives."""
    make_person("张三", home)
    return SurveyPage(jia, home.uid).fill(outcome="SIGNED")


def typed_in(response: HttpResponse, name: str) -> str:
    """What stands in the control of that name."""
    text = response.content.decode()
    tag = re.search(rf'<(?:input|textarea)\b[^>]*\bname="{re.escape(name)}"[^>]*>([^<]*)', text)
    assert tag, f"no control {name}"
    value = re.search(r'\bvalue="([^"]*)"', tag[0])
    return html.unescape(value[1] if value else tag[1]).strip()


def beside(response: HttpResponse, name: str) -> str:
    """The words beside the control of that name: what its aria-describedby or its own block says."""
    text = response.content.decode()
    tag = re.search(rf'<(?:input|textarea|select)\b[^>]*\bname="{re.escape(name)}"[^>]*>', text)
    assert tag, f"no control {name}"
    pointed = re.search(r'aria-describedby="([^"]*)"', tag[0])
    found = ""
    for one in pointed[1].split() if pointed else []:
        block = re.search(rf'id="{re.escape(one)}"[^>]*>(.*?)</(?:div|p|ul|span)>', text, re.S)
        found += re.sub(r"<[^>]+>", " ", block[1]) if block else ""
    return html.unescape(" ".join(found.split()))


def send(client: Client, url: str, **data: Any) -> HttpResponse:
    return client.post(url, {"submission_id": str(uuid.uuid4()), **data})


# --- temperatures ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed, hint", [("63.5", "写颠倒"), ("3.65", "小数点"), ("365", "小数点"), ("abc", "数字")]
)
def test_a_temperature_of_the_survey_that_nobody_has(page: SurveyPage, typed: str, hint: str) -> None:
    page.fill_card(0, temperature=typed)
    response = page.press()
    assert response.status_code == 422 and not Survey.objects.exists()
    name = f"{page.keys[0]}-temperature"
    assert hint in beside(response, name)
    assert typed_in(response, name) == typed


@pytest.mark.parametrize(
    "typed, hint", [("63.5", "写反"), ("3.65", "小数点"), ("36.55", "小数"), ("abc", "数字")]
)
def test_a_temperature_of_the_round_that_nobody_has(office: OfficeCast, typed: str, hint: str) -> None:
    visit = running(office).visits.filter(opens_at__lte=timezone.now()).order_by("-opens_at").first()
    assert visit is not None
    url = reverse("quarantine:visit_record", args=[visit.uid])
    response = send(client_of(office.health), url, temperature=typed, method="FOREHEAD", symptoms=["咳嗽"])
    assert response.status_code == 422 and not Reading.objects.exists()
    assert hint in beside(response, "temperature")
    assert typed_in(response, "temperature") == typed


# --- dates ----------------------------------------------------------------------------------------------------
def test_an_arrival_before_the_departure_in_the_survey(page: SurveyPage) -> None:
    page.fill_card(0, returned_from="武汉", left_on="2020-01-22", returned_on="2020-01-20")
    response = page.press()
    name = f"{page.keys[0]}-returned_on"
    assert response.status_code == 422 and not Survey.objects.exists()
    assert "早于" in beside(response, name)
    assert typed_in(response, name) == "2020-01-20"


def test_an_arrival_before_the_departure_in_the_file(jia: Client, home: Household) -> None:
    url = reverse("quarantine:returnee_create", kwargs={"person_uid": make_person("", home).uid})
    response = send(
        jia, url, origin="武汉市", left_on="2020-01-22", arrived_on="2020-01-20", note="坐了一夜车"
    )
    assert response.status_code == 422 and not Returnee.objects.exists()
    assert "早于" in beside(response, "arrived_on") + beside(response, "left_on")
    assert (typed_in(response, "arrived_on"), typed_in(response, "note")) == ("2020-01-20", "坐了一夜车")


def test_a_birth_in_the_future(page: SurveyPage, jia: Client) -> None:
    born = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    page.fill_card(0, birth_date=born)
    response = page.press()
    name = f"{page.keys[0]}-birth_date"
    assert "不能晚于今天" in beside(response, name) and typed_in(response, name) == born
    person = Person.objects.get(name="张三")
    url = reverse("households:person_edit", args=[person.uid])
    response = send(
        jia, url, name="张三", birth_date=born, id_kind="RESIDENT_ID", seen=person.history.first().pk
    )
    assert "不能晚于今天" in beside(response, "birth_date") and typed_in(response, "birth_date") == born


@pytest.mark.parametrize("typed", ["2020-02-30", "昨天", "0202-01-29"])
def test_a_day_that_there_is_not(jia: Client, home: Household, typed: str) -> None:
    url = reverse("quarantine:returnee_create", kwargs={"person_uid": make_person("", home).uid})
    response = send(jia, url, origin="武汉市", arrived_on=typed)
    assert response.status_code == 422
    assert beside(response, "arrived_on") and typed_in(response, "arrived_on") == typed


# --- one number, two people -----------------------------------------------------------------------------------
def test_a_number_that_somebody_has_says_where_he_lives(page: SurveyPage, office: OfficeCast) -> None:
    other = make_person("李四", make_household(office.group, door="808"))
    page.fill_card(0, id_kind="RESIDENT_ID", id_number=other.id_number)
    response = page.press()
    name = f"{page.keys[0]}-id_number"
    assert response.status_code == 422
    assert "李四" in beside(response, name) and "808" in beside(response, name)
    assert typed_in(response, name) == other.id_number


def test_where_somebody_lives_is_not_told_beyond_the_scope(page: SurveyPage, office: OfficeCast) -> None:
    # A door in words: short digits alone turn up by chance in the page's own ids and tokens.
    other = make_person("李四", make_household(office.other_group, door="临河岸"))
    page.fill_card(0, id_kind="RESIDENT_ID", id_number=other.id_number)
    response = page.press()
    assert response.status_code == 422
    assert "不在您的辖区" in beside(response, f"{page.keys[0]}-id_number")
    assert "李四" not in text_of(response) and "临河岸" not in text_of(response)


# --- names ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [LONG_NAME, RARE])
def test_a_name_survives_every_path(page: SurveyPage, jia: Client, office: OfficeCast, name: str) -> None:
    page.fill_card(0, name=name)
    assert page.press().status_code == 302
    person = Person.objects.get()
    assert person.name == name
    assert name in text_of(jia.get(reverse("households:person_detail", args=[person.uid])))
    assert name in text_of(send(jia, reverse("desk:search"), q=name))
    target = io.BytesIO()
    on = timezone.localdate()
    export_run(key="base", area=office.group, staff=office.jia, on=on, target=target, file_format="csv")
    assert name in target.getvalue().decode("utf-8-sig")


def test_a_name_of_51_characters_is_told_how_long_it_is(page: SurveyPage) -> None:
    page.fill_card(0, name=LONG_NAME + "长")
    response = page.press()
    name = f"{page.keys[0]}-name"
    assert "50" in beside(response, name) and typed_in(response, name) == LONG_NAME + "长"


def test_a_separator_of_another_kind_becomes_the_right_one(page: SurveyPage) -> None:
    page.fill_card(0, name="买买提・江")
    assert page.press().status_code == 302
    assert Person.objects.get().name == "买买提·江"


# --- what no field takes --------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["长" * 10_000, "a\x00b"])
def test_what_no_field_takes_is_refused_in_words(jia: Client, home: Household, typed: str) -> None:
    url = reverse("quarantine:returnee_create", kwargs={"person_uid": make_person("", home).uid})
    response = send(jia, url, origin=typed, arrived_on=timezone.localdate().isoformat(), note="在家")
    assert response.status_code == 422 and not Returnee.objects.exists()
    assert re.search(r"[\u4e00-\u9fff]", beside(response, "origin"))
    assert typed_in(response, "note") == "在家"


def test_every_field_of_the_survey_refuses_ten_thousand_characters(page: SurveyPage) -> None:
    card = page.keys[0]
    for name in (
        "household_note",
        "household_landlord",
        "respondent",
        "note",
        f"{card}-note",
        f"{card}-companions",
    ):
        page.fill(**{name: "长" * 10_000})
    response = page.press()
    assert response.status_code == 422 and not Survey.objects.exists()
    for name in ("household_note", "respondent", f"{card}-note"):
        assert "字" in beside(response, name)


@pytest.mark.parametrize("typed", ["很多", "-3", "1e9", "²"])
def test_a_number_that_is_none(page: SurveyPage, typed: str) -> None:
    page.fill(leaflets=typed)
    response = page.press()
    assert response.status_code == 422 and not Survey.objects.exists()
    assert beside(response, "leaflets") and typed_in(response, "leaflets") == typed


# --- submissions ----------------------------------------------------------------------------------------------
# POSTs that write nothing, or whose effect cannot double.
WITHOUT_ID = {
    "desk:search", "grid:logout", "grid:keepalive", "households:door_find", "households:survey_member_row",
    "households:id_check", "ledgers:download", "ledgers:ledger_options", "quarantine:pushed_file",
    "notices:inbox_read_all", "grid:password_change", "desk:display",
}  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    return make_world()


NO_IDS = [None, "", "garbage", "\x00"]


@pytest.mark.parametrize("sent", NO_IDS)
def test_a_form_without_its_submission_id_is_refused_in_words(world: World, sent: str | None) -> None:
    """Every form with each of them; on SQLite, to which none of them comes, a quarter of the forms with each."""
    wrong = []
    forms = [line for line in LINES if line.method == "POST" and line.name not in WITHOUT_ID]
    if connection.vendor != "postgresql":
        forms = forms[NO_IDS.index(sent) :: len(NO_IDS)]
    clients = {role: client_of(world.office.everyone()[role]) for role in map(allowed, forms)}
    for line in forms:
        client = clients[allowed(line)]
        data = {
            **(line.data(world.own) if line.data else {}),
            **({} if sent is None else {"submission_id": sent}),
        }
        response = client.post(url_of(line, world), data)
        if response.status_code != 400 or "提交编号" not in text_of(response):
            wrong.append((line.name, line.route, response.status_code))
    assert wrong == []


def _forms(world: World) -> dict[str, tuple[str, Data, str, Any]]:
    """A form of each kind: URL, what is typed, the field that another payload changes, its model."""
    person = make_person("", world.own.household)
    day = timezone.localdate().isoformat()
    return {
        "household": (
            reverse("households:household_create"),
            {"area": world.own.area.pk, "door_text": "9-9-909", "housing_kind": "OWNED"}, "door_text", Household,
        ),
        "returnee": (
            reverse("quarantine:returnee_create", kwargs={"person_uid": person.uid}),
            {"origin": "武汉市", "arrived_on": day}, "origin", Returnee,
        ),
        "service": (
            reverse("quarantine:service_create", args=[person.uid]),
            {"kind": "SHOPPING", "request": "油", "source": "PHONE"}, "request", ServiceRequest,
        ),
        "person": (
            reverse("quarantine:returnee_create"),
            {"name": "新来的", "id_kind": "RESIDENT_ID", "id_number": NUMBER,
             "residency_kind": "TEMPORARY", "area": world.own.area.pk, "address_text": "9号", "origin": "武汉市",
             "arrived_on": day}, "address_text", Residency,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["household", "returnee", "service", "person"])
def test_the_same_form_twice_has_one_effect_and_another_one_under_its_id_none(
    world: World, name: str
) -> None:
    url, data, field, model = _forms(world)[name]
    client, before = client_of(world.office.jia), model.objects.count()
    data["submission_id"] = str(uuid.uuid4())
    first, second = client.post(url, data), client.post(url, data)
    assert (first.status_code, second.status_code) == (302, 302), text_of(first)
    assert first["Location"] == second["Location"]
    assert model.objects.count() == before + 1
    changed = {**data, field: f"{data[field]}9"}
    conflict = client.post(url, changed)
    assert conflict.status_code == 409
    assert re.search(r"已经?.*(提交|保存)", text_of(conflict))
    assert model.objects.count() == before + 1
