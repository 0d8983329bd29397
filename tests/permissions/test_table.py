"""The permission table, run: every URL × role, POSTs included, with real ids inside and outside the scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.permissions.lines import EVERYBODY, OUTSIDE, Line
from tests.permissions.table import ELSEWHERE, LINES, OPEN_TO_ALL
from tests.permissions.world import World, message_of

BACKEND = "grassroots.grid.backends.RoleBackend"
pytestmark = pytest.mark.django_db


def client_of(staff: Any) -> Client:
    client = Client()
    client.force_login(staff, backend=BACKEND)
    return client


def patterns(resolver: URLResolver, prefix: str = "", namespace: str = "") -> list[tuple[str, str]]:
    """(name, route) of every URL of the project."""
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += patterns(entry, prefix + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            found.append((f"{namespace}{entry.name}", prefix + str(entry.pattern)))
    return found


def test_every_url_stands_in_the_table():
    listed = {(line.name, line.route) for line in LINES}
    names = {line.name for line in LINES} | OPEN_TO_ALL | ELSEWHERE
    missing = [
        (name, route)
        for name, route in patterns(get_resolver())
        if name not in names
        or (
            (routes := {r for n, r in listed if n == name and r})
            and not _covered(route, routes, listed, name)
        )
    ]
    assert missing == []


def _covered(route: str, routes: set[str], listed: set[tuple[str, str]], name: str) -> bool:
    """A name with several routes: this one is named, or it is the one without a part of its own."""
    return any(part in route for part in routes) or (name, "") in listed


def send(client: Client, line: Line, things: Any) -> Any:
    """Send the line's request, and take back what it did: every line meets the same world."""
    given = line.args(things) if line.args else []
    url = reverse(line.name, kwargs=given) if isinstance(given, dict) else reverse(line.name, args=given)
    with transaction.atomic():
        if line.method == "GET":
            response = client.get(url)
        else:
            data = {"submission_id": str(uuid.uuid4()), **(line.data(things) if line.data else {})}
            response = client.post(url, data)
        transaction.set_rollback(True)
    return response


def expected(line: Line, role: str, *, is_inside: bool) -> str:
    if not is_inside:
        return "404"
    return "ok" if role in line.may else "403"


def outcome(status: int) -> str:
    """What an answer means here: a form with errors (422, 400) or a stale one (409) was let through."""
    return "ok" if status in {200, 204, 302, 400, 409, 422} else str(status)


def sides(line: Line, world: World, role: str) -> list[tuple[str, Any, bool]]:
    """The things to try, and whether they lie inside the role's scope."""
    if line.args is None and line.data is None:
        return [("own", world.own, True)]
    is_street = role in {"ding", "police", "inspector", "auditor", "admin"}
    return [
        ("own", world.own, is_street or role not in OUTSIDE),
        ("foreign", world.foreign, is_street or role in OUTSIDE),
    ]


# Whom a line is sent by on SQLite: somebody of a group, of another village and of the street, whose scopes are read by
# queries; of the others, whose rights are names that no database decides, one in turn.
BY_DATABASE = ("bing", "ding", "jia")
IN_TURN = sorted(EVERYBODY - set(BY_DATABASE))


def lines_of(namespace: str, role: str) -> Iterator[Line]:
    """The lines that somebody sends: all of them on PostgreSQL, where the suite is whole."""
    for number, line in enumerate(LINES):
        is_sent = connection.vendor == "postgresql" or role in (*BY_DATABASE, IN_TURN[number % len(IN_TURN)])
        if is_sent and line.name.startswith(f"{namespace}:"):
            yield line


NAMESPACES = sorted({line.name.partition(":")[0] for line in LINES})


@pytest.mark.parametrize("role", sorted(EVERYBODY))
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_own_and_foreign_things(world: World, namespace: str, role: str):
    client = client_of(world.office.everyone()[role])
    wrong = []
    for line in lines_of(namespace, role):
        for side, things, is_inside in sides(line, world, role):
            got = outcome(send(client, line, things).status_code)
            if got != (want := expected(line, role, is_inside=is_inside)):
                wrong.append(f"{line.method} {line.name} {line.route} {side}: {got} instead of {want}")
            if line.name == "grid:logout":
                client = client_of(world.office.everyone()[role])
    assert wrong == []


def test_nobody_signed_in_is_led_to_the_sign_in_page(world: World):
    wrong = []
    for line in LINES:
        response = send(Client(), line, world.own)
        if response.status_code != 302 or not response.url.startswith(reverse("grid:login")):
            wrong.append((line.method, line.name, response.status_code))
    assert wrong == []


def test_somebody_elses_message_is_not_found(world: World):
    url = reverse("notices:message_open", args=[message_of(world.office.jia)])
    assert client_of(world.office.yi).post(url).status_code in {404, 405}
    assert client_of(world.office.yi).get(url).status_code in {404, 405}
    assert 404 in {
        client_of(world.office.yi).post(url).status_code,
        client_of(world.office.yi).get(url).status_code,
    }


@pytest.mark.parametrize(
    "name",
    [
        "quarantine:policy_switch",
        "quarantine:policy_withdraw",
        "quarantine:policy_edit",
        "grid:duty_kind_edit",
        "measures:kind_edit",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_concerns_the_whole_office_is_for_the_administrator(world: World, name: str, method: str):
    row = {
        "quarantine:policy_switch": world.template,
        "quarantine:policy_withdraw": world.policy,
        "quarantine:policy_edit": world.policy,
        "grid:duty_kind_edit": world.kind,
        "measures:kind_edit": world.own.plan.kind,
    }[name]
    url = reverse(name, args=[row.code if name == "measures:kind_edit" else row.pk])
    answers = {}
    for role, staff in world.office.everyone().items():
        client = client_of(staff)
        data = {"submission_id": str(uuid.uuid4())}
        answers[role] = outcome((client.get(url) if method == "get" else client.post(url, data)).status_code)
    assert {role for role, answer in answers.items() if answer == "ok"} == {"admin"}
    assert set(answers.values()) == {"ok", "403"}
