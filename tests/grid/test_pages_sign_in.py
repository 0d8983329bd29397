"""Signing in, being locked out, idling, and one's own password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from grassroots.grid.models import AccessAction, AccessLog, Staff
from tests.factories import PASSWORD, OfficeCast

LOGIN = "/grid/sign-in/"


def actions(staff: Staff) -> list[str]:
    return list(AccessLog.objects.filter(staff=staff).order_by("pk").values_list("action", flat=True))


def test_somebody_signs_in_lands_on_the_workbench_and_signs_out(office: OfficeCast, client: Client) -> None:
    answer = client.post(LOGIN, {"username": "jia", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.post("/grid/sign-out/")["Location"] == LOGIN
    assert actions(office.jia) == [AccessAction.SIGN_IN, AccessAction.SIGN_OUT]


def test_a_wrong_password_is_said_in_words_and_logged(office: OfficeCast, client: Client) -> None:
    answer = client.post(LOGIN, {"username": "jia", "password": "wrong"})
    assert answer.status_code == 422
    assert "账号或密码不正确" in answer.content.decode()
    assert actions(office.jia) == [AccessAction.SIGN_IN_FAILED]


def test_an_unknown_account_is_not_written_down(office: OfficeCast, client: Client) -> None:
    client.post(LOGIN, {"username": "my-password-1", "password": "x"})
    assert not AccessLog.objects.exists()


def test_five_failures_lock_the_account_also_for_the_right_password(
    office: OfficeCast, client: Client
) -> None:
    for _ in range(5):
        answer = client.post(LOGIN, {"username": "jia", "password": "wrong"})
    assert answer.status_code == 429
    assert "账号已锁定 15 分钟" in answer.content.decode()
    assert client.post(LOGIN, {"username": "jia", "password": PASSWORD}).status_code == 429
    assert client.post(LOGIN, {"username": "yi", "password": PASSWORD}).status_code == 302


def test_one_who_has_left_cannot_sign_in(office: OfficeCast, client: Client) -> None:
    Staff.objects.filter(pk=office.jia.pk).update(is_active=False)
    assert client.post(LOGIN, {"username": "jia", "password": PASSWORD}).status_code == 422


def test_the_next_page_stays_inside_the_site(office: OfficeCast, client: Client) -> None:
    sent = {"username": "jia", "password": PASSWORD}
    assert client.post(LOGIN, {**sent, "next": "https://evil.example/"})["Location"] == "/"
    assert Client().post(LOGIN, {**sent, "next": "/grid/areas/"})["Location"] == "/grid/areas/"


def test_an_idle_session_ends_with_a_word(office: OfficeCast, sign_in: Callable[[Staff], Client]) -> None:
    client = sign_in(office.jia)
    client.get("/grid/areas/")
    session = client.session
    session["seen"] -= settings.SESSION_IDLE_SECONDS + 1
    session.save()
    answer = client.get("/grid/areas/", follow=True)
    assert "超过 30 分钟没有操作" in answer.content.decode()
    assert client.get("/grid/areas/").status_code == 302


def test_keeping_alive_answers_without_a_page(office: OfficeCast, sign_in: Callable[[Staff], Client]) -> None:
    assert sign_in(office.jia).post("/grid/keepalive/").status_code == 204


@pytest.mark.parametrize("path", ["/grid/areas/", "/grid/staff/", "/grid/access-log/", "/grid/office/"])
def test_nobody_sees_a_page_without_signing_in(office: OfficeCast, client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"{LOGIN}?next={path}"
    assert client.get(path, headers={"HX-Request": "true"}).status_code == 401


@pytest.fixture
def newcomer(office: OfficeCast) -> Staff:
    Staff.objects.filter(pk=office.jia.pk).update(must_change_password=True)
    return Staff.objects.get(pk=office.jia.pk)


def new_password(
    old: str = PASSWORD, new: str = "another horse 8", again: str | None = None
) -> dict[str, Any]:
    return {"old_password": old, "new_password1": new, "new_password2": new if again is None else again}


def test_a_first_password_must_be_changed_before_anything_else(
    newcomer: Staff, sign_in: Callable[[Staff], Client]
) -> None:
    client = sign_in(newcomer)
    assert client.get("/grid/areas/")["Location"] == "/grid/password/"
    assert "首次登录" in client.get("/grid/password/").content.decode()
    assert client.post("/grid/password/", new_password())["Location"] == "/"
    assert client.get("/grid/areas/").status_code == 200
    newcomer.refresh_from_db()
    assert newcomer.check_password("another horse 8")
    assert AccessAction.PASSWORD in actions(newcomer)


def test_a_changed_password_ends_other_sessions(
    office: OfficeCast, sign_in: Callable[[Staff], Client]
) -> None:
    here, elsewhere = sign_in(office.jia), sign_in(office.jia)
    here.post("/grid/password/", new_password())
    assert here.get("/grid/areas/").status_code == 200
    assert elsewhere.get("/grid/areas/").status_code == 302


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (new_password(old="wrong"), "原密码不正确"),
        (new_password(again="not the same 9"), "两次输入的新密码不一样"),
        (new_password(new=PASSWORD), "新密码不能和原密码相同"),
        (new_password(new="12345678"), "密码"),
        (new_password(new="short7"), "8"),
    ],
)
def test_a_bad_new_password_is_refused_in_words(
    office: OfficeCast, sign_in: Callable[[Staff], Client], sent: dict[str, Any], words: str
) -> None:
    answer = sign_in(office.jia).post("/grid/password/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Staff.objects.get(pk=office.jia.pk).check_password(PASSWORD)


def test_an_idle_fragment_is_refused_and_not_replaced_by_the_sign_in_page(
    office: OfficeCast, sign_in: Callable[[Staff], Client]
) -> None:
    client = sign_in(office.jia)
    client.get("/grid/areas/")
    session = client.session
    session["seen"] -= settings.SESSION_IDLE_SECONDS + 1
    session.save()
    assert client.get("/grid/areas/", headers={"HX-Request": "true"}).status_code == 401


def test_a_sign_in_is_noted_without_a_line_in_the_history_of_changes(
    office: OfficeCast, client: Client
) -> None:
    before = office.jia.history.count()
    client.post(LOGIN, {"username": "jia", "password": PASSWORD})
    office.jia.refresh_from_db()
    assert office.jia.last_login is not None
    assert office.jia.history.count() == before
