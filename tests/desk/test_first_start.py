"""An empty office: every page leads to the first-start page, which works once."""

import pytest
from django.test import Client
from django.urls import reverse

from grassroots.desk.first_start import AlreadySetUp, office_set_up
from grassroots.grid.middleware import FirstStartMiddleware
from grassroots.grid.models import Area, Level, Office, Role, Staff
from tests.factories import make_office
from tests.texts import text_of

URL = "/first-start/"
FILLED = {
    "county": "金堂县", "county_code": "510121000000", "street": "淮口街道", "street_code": "510121006000",
    "office": "", "name": "管理员甲", "username": "guanli", "password": "winter-door-7731",
    "repeated": "winter-door-7731",
}  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def never_set_up(monkeypatch):
    """The middleware remembers for the life of the process that the office exists."""
    monkeypatch.setattr(FirstStartMiddleware, "is_set_up", False)


def send(**changes):
    return Client().post(URL, {**FILLED, **changes})


@pytest.mark.parametrize(
    "path", ["/", "/search/", "/grid/login/", "/households/", "/quarantine/round/", "/nothing/"]
)
def test_every_url_of_an_empty_office_leads_to_the_first_start(path):
    response = Client().get(path)
    assert (response.status_code, response.headers["Location"]) == (302, URL)


def test_health_answers_before_the_first_start():
    assert Client().get(reverse("desk:health")).json() == {"status": "ok"}


def test_it_makes_the_office_and_signs_its_first_administrator_in():
    client = Client()
    response = client.post(URL, FILLED)
    assert response.headers["Location"] == reverse("grid:area_tree")
    office = Office.objects.get()
    assert (office.name, office.is_demo, office.area.name) == ("淮口街道办事处", False, "淮口街道")
    assert [area.level for area in Area.objects.all()] == [Level.COUNTY, Level.STREET]
    admin = Staff.objects.get()
    assert admin.has_role(Role.ADMINISTRATOR)
    assert admin.check_password(FILLED["password"])
    assert not admin.must_change_password
    page = client.get(response.headers["Location"])
    assert page.status_code == 200
    assert "淮口街道" in text_of(page)


def test_the_second_time_there_is_no_such_page():
    send()
    assert Client().get(URL).status_code == 404
    assert send(username="another").status_code == 404
    assert Staff.objects.count() == 1


def test_two_at_once_make_one_office():
    send()
    fields = {key: value for key, value in FILLED.items() if key != "repeated"}
    with pytest.raises(AlreadySetUp):
        office_set_up(**{**fields, "username": "another"})
    assert Staff.objects.count() == 1


def test_there_is_none_in_an_office_that_exists():
    make_office()
    assert Client().get(URL).status_code == 404
    assert Client().get("/").headers["Location"].startswith(reverse("grid:login"))


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short7", "至少"),
        ("password1", "常见"),
        ("20200129771", "数字"),
        ("guanli2026", "相似"),
    ],
)
def test_a_weak_password_is_refused_in_words_and_everything_typed_is_kept(password, words):
    response = send(password=password, repeated=password)
    page = text_of(response)
    assert response.status_code == 422
    assert words in page
    for name, value in FILLED.items():
        if value and name not in {"password", "repeated"}:
            assert f'value="{value}"' in page, name
    assert password not in page
    assert not Office.objects.exists()
    assert not Staff.objects.exists()


def test_two_different_passwords_are_refused():
    response = send(repeated="winter-door-7732")
    assert response.status_code == 422
    assert "两次输入的密码不一样" in text_of(response)


@pytest.mark.parametrize("field", ["county", "street", "name", "username", "password"])
def test_what_is_needed_is_asked_for(field):
    assert send(**{field: " "}).status_code == 422
    assert not Office.objects.exists()


@pytest.mark.parametrize("code", ["51012x", "5101", "金堂"])
def test_a_broken_area_code_is_refused(code):
    response = send(street_code=code)
    assert response.status_code == 422
    assert "区划代码只能是6到15位数字" in text_of(response)


def test_county_and_street_may_not_share_a_code():
    response = send(street_code=FILLED["county_code"])
    assert response.status_code == 422
    assert "不能相同" in text_of(response)
    assert not Office.objects.exists()


def test_codes_may_wait():
    assert send(county_code="", street_code="").status_code == 302
    assert Area.objects.filter(code="").count() == 2
