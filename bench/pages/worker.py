"""Measures the pages that staff use all day, for one size of demo, as bench/pages/group.py tells it line by line."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpResponseBase  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.pages.html_forms import form_with  # noqa: E402
from grassroots.grid.models import Area, Level, Staff  # noqa: E402
from households.models import Household, Person  # noqa: E402

Visit = Callable[[], HttpResponseBase]
WARM_UP = 5
DOORS = 40
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class Counter:
    """Counts the queries of one request, without what only frames a transaction."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.number += not sql.startswith(NOT_COUNTED)
        return execute(sql, params, many, context)


@dataclass
class Page:
    """A page to visit; `row` is what each row that it lists contains, `check` what must hold when it is done."""

    visit: Visit
    row: str = ""
    prepare: Callable[[], None] = field(default=lambda: None)
    check: Callable[[], None] = field(default=lambda: None)

    def shown(self) -> int:
        """Visit once and count the rows. Raises RuntimeError where the page ought to list something."""
        response: Any = self.visit()
        rows = response.content.decode().count(self.row) if self.row else 0
        if response.status_code >= 400 or (self.row and not rows):
            raise RuntimeError(f"status {response.status_code}, {rows} rows")
        return rows

    def measure(self, rounds: int) -> dict[str, Any]:
        """Times in ms of `rounds` requests, and the highest number of queries of any."""
        times, queries = [], 0
        for _ in range(rounds):
            self.prepare()
            counter = Counter()
            with connection.execute_wrapper(counter):
                began = time.perf_counter()
                response = self.visit()
                times.append((time.perf_counter() - began) * 1000)
            if response.status_code >= 400:
                raise RuntimeError(f"status {response.status_code}")
            queries = max(queries, counter.number)
        return {"times": times, "queries": queries}


def client_of(username: str) -> Client:
    """Somebody signed in."""
    client = Client()
    client.force_login(Staff.objects.get(username=username), backend="grassroots.grid.backends.RoleBackend")
    return client


class Saves:
    """Saves the household form with everybody as registered, signed: each time another door, if need be in turns."""

    def __init__(self, client: Client, doors: list[Household]) -> None:
        self.client = client
        self.doors = itertools.cycle(doors)
        self.expected: dict[int, int] = {home.pk: home.version for home in doors}
        self.waiting: tuple[Household, str, dict[str, list[str]]] | None = None

    def prepare(self) -> None:
        """Open the form as a browser would, outside the time measured."""
        home = next(self.doors)
        url = reverse("households:survey_create", args=[home.uid])
        fields = form_with(self.client.get(url).content.decode(), "submission_id")
        self.waiting = (home, url, fields | {"outcome": ["SIGNED"], "step_sign": ["on"]})

    def visit(self) -> HttpResponseBase:
        """Send it. Raises RuntimeError where it is not accepted."""
        if self.waiting is None:
            self.prepare()
        assert self.waiting
        (home, url, fields), self.waiting = self.waiting, None
        response = self.client.post(url, fields)
        if response.status_code != 302:
            raise RuntimeError(f"the save answered {response.status_code}")
        self.expected[home.pk] += 1
        return response

    def check(self) -> None:
        """Every save must have raised its household's version."""
        found = dict(Household.objects.filter(pk__in=self.expected).values_list("pk", "version"))
        if found != self.expected:
            raise RuntimeError("a save was answered but not written")


def terms_of(doors: list[Household]) -> Iterator[str]:
    """Whole names, last fours of IDs and phones, initials, doors: what is typed into the search all day."""
    people = list(
        Person.objects.filter(residencies__household__in=doors).exclude(phone="").order_by("pk")[:DOORS]
    )
    quarter = len(people) // 4
    named, numbered, phoned, known = (people[at * quarter : (at + 1) * quarter] for at in range(4))
    kinds = (
        [person.name for person in named],
        [person.id_number[-4:] for person in numbered],
        [person.phone[-4:] for person in phoned],
        [person.name_initials for person in known],
        ["3-2-501", "1-1-101", "翠柏苑1-1-201", named[0].name[0]],
    )
    return itertools.cycle([term for kind in itertools.zip_longest(*kinds) for term in kind if term])


def pages() -> dict[str, Page]:
    """All pages of the issue, each on many different doors and people."""
    cadre, health, supervisor = client_of("cadre"), client_of("health"), client_of("supervisor")
    village = Area.objects.get(code="510121006001")
    signed = Household.objects.within(village).filter(survey_state="SIGNED").select_related("area")
    doors = list(signed.order_by("pk")[:DOORS])
    compounds = itertools.cycle(Area.objects.within(village).filter(level=Level.COMPOUND))
    turn, terms, saves = itertools.cycle(doors), terms_of(doors), Saves(cadre, doors)
    listed = reverse("households:household_list")

    def form() -> HttpResponseBase:
        return cadre.get(reverse("households:survey_create", args=[next(turn).uid]))

    return {
        "floor": Page(lambda: Client().get(reverse("desk:health"))),
        "工作台, supervisor": Page(lambda: supervisor.get(reverse("desk:workbench"))),
        "工作台, health worker": Page(lambda: health.get(reverse("desk:workbench"))),
        "household list, street": Page(lambda: supervisor.get(listed)),
        "household list, village": Page(lambda: supervisor.get(f"{listed}?area={village.pk}")),
        "household list, compound": Page(lambda: cadre.get(f"{listed}?area={next(compounds).pk}")),
        "household form": Page(form, row='class="person-card__head"'),
        "household form, save": Page(saves.visit, prepare=saves.prepare, check=saves.check),
        "the round": Page(lambda: health.get(reverse("quarantine:round")), row='id="row-'),
        "search": Page(lambda: supervisor.post(reverse("desk:search"), {"q": next(terms)})),
        "statistics page": Page(lambda: supervisor.get(reverse("ledgers:statistics")), row="<tr"),
    }


def load(size: str) -> float:
    """Load the demo; returns the seconds that it took."""
    call_command("migrate", verbosity=0, interactive=False)
    began = time.perf_counter()
    call_command("load_demo", size, stdout=sys.stderr)
    return time.perf_counter() - began


def answers(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Answer one question after the other."""
    known: dict[str, Page] = {}
    for line in lines:
        question = json.loads(line)
        page = known.get(question.get("page", ""))
        match question["do"]:
            case "load":
                yield {"seconds": load(question["size"])}
                known = pages()
            case "list":
                yield {"pages": list(known)}
            case "open" if page:
                rows = page.shown()
                yield {"rows": rows, "queries": page.measure(WARM_UP)["queries"]}
            case "measure" if page:
                yield page.measure(question["rounds"])
            case "close" if page:
                page.check()
                yield {}


def main() -> None:
    ten = timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time(10, 0)))
    with time_machine.travel(ten):  # in the morning's slot, whenever this runs
        for answer in answers(iter(sys.stdin.readline, "")):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
