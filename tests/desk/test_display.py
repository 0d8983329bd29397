"""The look of the screen is remembered on the device, and asks nothing of the office."""

import pytest
from django.urls import reverse

from tests.factories import make_office
from tests.households.door_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return signed_in(make_office().jia)


def choose(client, code, **headers):
    return client.post(reverse("desk:display"), {"display": code}, headers=headers)


def test_as_the_device_asks_unless_something_was_chosen(client):
    page = client.get("/").content.decode()
    assert 'media="screen and (prefers-color-scheme: dark)"' in page
    assert 'media="screen and (prefers-contrast: more)"' in page


@pytest.mark.parametrize(
    ("code", "sheet", "other"), [("dark", "theme-dark", "theme-sun"), ("sun", "theme-sun", "theme-dark")]
)
def test_a_choice_holds_for_every_later_page(client, code, sheet, other):
    choose(client, code)
    page = client.get("/").content.decode()
    assert f"{sheet}.css" in page and other not in page
    assert f'value="{code}"\n                      aria-pressed="true"' in page


def test_bright_takes_neither_sheet_and_the_device_is_asked_again_on_request(client):
    choose(client, "bright")
    assert "css/theme-" not in client.get("/").content.decode()
    choose(client, "")
    assert "theme-dark" in client.get("/").content.decode()


def test_the_person_is_back_where_he_was_but_never_on_another_site(client):
    host = {"Referer": "http://testserver/households/"}
    assert choose(client, "dark", **host).url == "http://testserver/households/"
    assert choose(client, "dark", Referer="https://elsewhere.example/").url == "/"
    assert choose(client, "nonsense").url == "/"
    assert client.cookies["display"].value == ""
