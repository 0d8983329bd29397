"""Nothing that a browser, a scanner or a mistake can send makes a page break: an answer in words, never a 500."""

from __future__ import annotations

import inspect
import itertools
import re
import uuid
from collections.abc import Iterable, Iterator
from functools import cached_property
from html.parser import HTMLParser
from typing import Any, ClassVar

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import resolve, reverse

from tests.permissions.lines import Line
from tests.permissions.table import LINES
from tests.permissions.test_table import NAMESPACES, client_of
from tests.permissions.world import World

pytestmark = pytest.mark.django_db
NASTY = [
    "-1", "²", "9" * 5000, "x\x00", "x𬱖", "2020-13-45", "9999-12-31", "0001-01-01", "0001-01-01T00:00",
    "00000000-0000-0000-0000-000000000000", "长" * 10_000,
]  # fmt: skip
# What databases take differently; the rest need not be tried on both.
BY_DATABASE = ["-1", "9" * 5000, "x\x00"]
READS = re.compile(r"""(?:GET|sent)(?:\.get\(|\.getlist\(|\[)\s*"(\w+)\"""")
ROLES = ("ding", "jia", "admin", "health", "auditor", "inspector")


def nasty() -> list[str]:
    """All of it on PostgreSQL, where the suite is whole; on SQLite what it may take in another way."""
    return NASTY if connection.vendor == "postgresql" else BY_DATABASE


def clients(world: World) -> dict[str, Client]:
    found = {role: client_of(staff) for role, staff in world.office.everyone().items() if role in ROLES}
    for client in found.values():
        client.raise_request_exception = False
    return found


def allowed(line: Line) -> str:
    return next(role for role in ROLES if role in line.may)


def url_of(line: Line, world: World) -> str:
    given = line.args(world.own) if line.args else []
    return reverse(line.name, kwargs=given) if isinstance(given, dict) else reverse(line.name, args=given)


def broken(client: Client, method: str, url: str, data: dict[str, Any]) -> str:
    """The exception that the request brought out, if one did; what it wrote is taken back."""
    with transaction.atomic():
        response = getattr(client, method)(url, data)
        transaction.set_rollback(True)
    if response.status_code < 500:
        return ""
    shown = {name: str(value)[:30] for name, value in data.items()}
    return f"{method} {url} {shown}: {response.exc_info[1]!r}"  # type: ignore[attr-defined]


def parameters(url: str) -> set[str]:
    """What the view's module reads from the query, by its source."""
    module = inspect.getmodule(inspect.unwrap(resolve(url).func))
    assert module is not None
    return set(READS.findall(inspect.getsource(module)))


class _Watched(QueryDict):
    """A query that knows by which names it was read, forms included."""

    names: ClassVar[set[str]] = set()
    is_made = False  # while it is made, it asks itself

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.is_made = True

    def _read(self, key: object) -> None:
        if self.is_made:
            self.names.add(str(key))

    def __getitem__(self, key: str) -> Any:
        self._read(key)
        return super().__getitem__(key)

    def getlist(self, key: str, default: Any = None) -> Any:
        self._read(key)
        return super().getlist(key, default)

    def __contains__(self, key: object) -> bool:
        self._read(key)
        return super().__contains__(key)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request's query is a watched one."""

    def query(request: WSGIRequest) -> QueryDict:
        return _Watched(request.META.get("QUERY_STRING", ""), encoding=request.encoding)

    got = cached_property(query)
    got.__set_name__(WSGIRequest, "GET")
    monkeypatch.setattr(WSGIRequest, "GET", got)


def broken_queries(client: Client, url: str) -> list[str]:
    """What breaks the page: all parameters nasty at once, then each of those that the page reads by itself.

    The views of a module read different parameters: a page that has looked at none of them is asked no more.
    """
    tried, named = nasty(), parameters(url)
    _Watched.names.clear()
    found = [broken(client, "get", url, {})]
    for value in tried if named | _Watched.names else ():
        found.append(broken(client, "get", url, dict.fromkeys(sorted(named | _Watched.names), value)))
        if not _Watched.names:
            return found
    # A NUL is refused before any page, whichever parameter holds it.
    reaching = itertools.cycle(value for value in tried if "\x00" not in value)
    for name in sorted(_Watched.names):
        for value in itertools.islice(reaching, 3 if tried is NASTY else 1):
            found.append(broken(client, "get", url, {name: value}))
    return found


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_no_query_breaks_a_page(world: World, watched: None, namespace: str) -> None:
    by_role = clients(world)
    found = []
    for line in LINES:
        if line.method == "GET" and line.name.startswith(f"{namespace}:"):
            found += broken_queries(by_role[allowed(line)], url_of(line, world))
    assert [words for words in found if words] == []


class _Names(HTMLParser):
    """Names of the controls in a page's forms."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag in {"input", "select", "textarea", "button"} and (name := at.get("name")):
            self.values.setdefault(name, at.get("value") or "")


def fields(client: Client, line: Line, url: str, world: World) -> dict[str, str]:
    """The fields of the form at the URL, and those that the table knows."""
    reader = _Names()
    shown = client.get(url)
    if shown.status_code == 200:
        reader.feed(shown.content.decode())
    reader.values.pop("csrfmiddlewaretoken", None)
    return {**reader.values, **OTHERS.get(line.name, {}), **(line.data(world.own) if line.data else {})}


OTHERS: dict[str, dict[str, str]] = {
    "desk:search": {"q": ""},
    "grid:staff_dial": {"ticket": ""},
    "notices:inbox_read_all": {"up_to": ""},
    "households:door_find": {"q": "", "building": ""},
    "households:id_check": {"prefix": "", "id_number": "", "id_kind": "", "uid": "", "birth_date": ""},
    "households:survey_member_row": {"remove_member": "", "keep_member": "", "members": ""},
    "households:person_dial": {"next": ""},
    "quarantine:visit_record": {"temperature": "", "method": "FOREHEAD", "symptoms": "", "is_rechecked": "", "who": ""},
    "quarantine:visit_mark": {"state": "", "who": ""},
    "quarantine:visit_explain": {"explanation": "", "from": "", "on": "", "slot": ""},
    "quarantine:backfill_record": {
        "temperature": "36.6", "method": "FOREHEAD", "symptoms": "", "measured_at": "", "by": "", "on": "", "slot": "",
    },
    "quarantine:paper_entry_record": {
        "method": "FOREHEAD", "symptom_words": "", "confirmed": "", "measured_at": "", "by": "", "is_rechecked": "",
    },
    "quarantine:alert_update": {"action": "close", "outcome": "OTHER", "result": ""},
    "ledgers:download": {
        "on": "2020-01-29", "file_format": "csv", "unmasked": "", "purpose": "x", "observation": "",
    },
}  # fmt: skip


def attempts(values: dict[str, str]) -> Iterator[dict[str, str]]:
    """Everything nasty at once, then one field at a time beside the others as the page shows them."""
    tried = nasty()
    for value in tried:
        yield dict.fromkeys(values, value)
    for number, name in enumerate(_unlike(values) if tried is NASTY else ()):
        yield {**values, name: NASTY[number % len(NASTY)]}


def _unlike(names: Iterable[str]) -> list[str]:
    """One of each kind of field: the rows of a list have the same fields under other numbers."""
    return list({re.sub(r"[0-9]+", "#", name): name for name in names}.values())


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_no_form_breaks_a_page(world: World, namespace: str) -> None:
    by_role = clients(world)
    found = []
    for line in LINES:
        if line.method != "POST" or not line.name.startswith(f"{namespace}:") or line.name == "grid:logout":
            continue
        client, url = by_role[allowed(line)], url_of(line, world)
        for data in attempts(fields(client, line, url, world)):
            found.append(broken(client, "post", url, {**data, "submission_id": str(uuid.uuid4())}))
    assert [words for words in found if words] == []
