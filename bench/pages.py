"""Server time and number of queries of the pages that staff use all day, for one size of demo."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sys
import time
from collections.abc import Callable
from statistics import quantiles
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

from bench.html_forms import form_with  # noqa: E402
from grassroots.grid.models import Area, Level, Staff  # noqa: E402
from households.models import Household, Person  # noqa: E402

Visit = Callable[[], HttpResponseBase]
WARM_UP = 5


class Counter:
    """Counts the queries of one request."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.number += 1
        return execute(sql, params, many, context)


def client_of(username: str) -> Client:
    """Somebody signed in."""
    client = Client()
    client.force_login(Staff.objects.get(username=username), backend="grassroots.grid.backends.RoleBackend")
    return client


def measured(visit: Visit, rounds: int) -> dict[str, float]:
    """p50 and p95 in ms of `rounds` requests, and the highest number of queries of any."""
    times, queries = [], 0
    for number in range(rounds + WARM_UP):
        counter = Counter()
        with connection.execute_wrapper(counter):
            began = time.perf_counter()
            response = visit()
            spent = time.perf_counter() - began
        if response.status_code >= 400:
            raise RuntimeError(f"status {response.status_code}")
        if number >= WARM_UP:
            times.append(spent * 1000)
            queries = max(queries, counter.number)
    cuts = quantiles(times, n=20)
    return {"p50": cuts[9], "p95": cuts[18], "queries": queries}


def survey_pages(cadre: Client, doors: list[Household], rounds: int) -> dict[str, dict[str, float]]:
    """The household form, and its save with all members as registered, signed."""
    turn = itertools.cycle(doors)

    def page(home: Household) -> str:
        return reverse("households:survey_create", args=[home.uid])

    shown = measured(lambda: cadre.get(page(next(turn))), rounds)
    forms = []
    for home in doors[: rounds + WARM_UP]:
        fields = form_with(cadre.get(page(home)).content.decode(), "submission_id")
        fields |= {"outcome": ["SIGNED"], "step_sign": ["on"]}
        forms.append((page(home), fields))
    waiting = iter(forms)

    def save() -> HttpResponseBase:
        url, fields = next(waiting)
        response = cadre.post(url, fields)
        if response.status_code != 302:
            raise RuntimeError(f"the save answered {response.status_code}")
        return response

    return {"household form": shown, "household form: save": measured(save, rounds)}


def pages(rounds: int) -> dict[str, dict[str, float]]:
    """All pages of the issue, each on many different doors and people."""
    cadre, health, supervisor = client_of("cadre"), client_of("health"), client_of("supervisor")
    village = Area.objects.get(code="510121006001")
    doors = list(
        Household.objects.within(village).filter(survey_state="SIGNED").order_by("pk")[: rounds + WARM_UP]
    )
    compounds = itertools.cycle(Area.objects.within(village).filter(level=Level.COMPOUND))
    people = list(Person.objects.filter(residencies__household__in=doors)[:rounds])
    terms = itertools.cycle(
        [person.name for person in people[:20]] + [person.id_number[-4:] for person in people[20:40]]
        + [person.name_initials for person in people[40:60]] + ["3-2-501", "1-1-101"]
    )  # fmt: skip
    listed = reverse("households:household_list")
    return {
        "工作台 (supervisor)": measured(lambda: supervisor.get(reverse("desk:workbench")), rounds),
        "工作台 (health worker)": measured(lambda: health.get(reverse("desk:workbench")), rounds),
        "household list: street": measured(lambda: supervisor.get(listed), rounds),
        "household list: compound": measured(
            lambda: cadre.get(f"{listed}?area={next(compounds).pk}"), rounds
        ),
        **survey_pages(cadre, doors, rounds),
        "the round": measured(lambda: health.get(reverse("quarantine:round")), rounds),
        "search": measured(lambda: supervisor.post(reverse("desk:search"), {"q": next(terms)}), rounds),
        "statistics page": measured(lambda: supervisor.get(reverse("ledgers:statistics")), rounds),
    }


def main() -> None:
    size, rounds = sys.argv[1], int(sys.argv[2])
    today = timezone.localdate()
    ten = timezone.make_aware(dt.datetime.combine(today, dt.time(10, 0)))
    call_command("migrate", verbosity=0, interactive=False)
    with time_machine.travel(ten):  # in the morning's slot, whenever this runs
        began = time.perf_counter()
        call_command("load_demo", size, stdout=sys.stderr)
        loaded = time.perf_counter() - began
        floor = measured(lambda: Client().get(reverse("desk:health")), rounds)
        result = {"load_seconds": loaded, "floor_ms": floor["p50"], "pages": pages(rounds)}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
