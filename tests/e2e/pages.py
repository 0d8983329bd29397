"""Every page of the app: the GET lines of the permission table, on a demo village with one of everything in it.

A new URL needs a line in that table, and so stands in the walk by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.urls import reverse

from grassroots.grid.models import Area, Level, Staff
from grassroots.ledgers.models import Job
from households.models import Household, Survey
from measures.models import Incident, Order
from quarantine.models import Alert, Observation, Policy, PolicyState, PushedList
from tests.factories import make_area
from tests.permissions.lines import Line
from tests.permissions.table import LINES
from tests.permissions.world import Things, make_things
from tests.reference import restore_reference_rows

# The part of the permission table that somebody plays, and his demo account.
ACCOUNTS = {
    "jia": "cadre", "health": "health", "ding": "supervisor", "police": "police", "inspector": "inspector",
    "auditor": "auditor", "admin": "admin",
}  # fmt: skip
# Who opens a page of an app, the first of them who may.
ORDER = {
    "households": ("jia", "ding", "admin"),
    "quarantine": ("health", "jia", "ding", "inspector", "admin"),
    "grid": ("ding", "admin", "auditor"),
    "": ("ding", "jia", "admin", "auditor", "health", "police", "inspector"),
}
NOBODY = ""


@dataclass(frozen=True)
class Visited:
    """A page: what it is called, who looks at it ("": nobody signed in), its address, the answer's status."""

    name: str
    account: str
    path: str
    status: int = 200
    is_full: bool = False  # as much on it as a page of its kind has
    is_sent_empty: bool = False  # its form, so that it comes back with errors

    def __str__(self) -> str:
        return f"{self.name} ({self.account or 'nobody'}) {self.path}"


def make_demo() -> Things:
    """The demo village, and one of everything in one of its groups."""
    restore_reference_rows()
    call_command("load_demo", "village", verbosity=0)
    policy = Policy.objects.filter(state=PolicyState.IN_FORCE).latest("effective_from")
    cadre = Staff.objects.get(username="cadre")
    group = Area.objects.filter(level=Level.GROUP).order_by("path")[0]
    street = Area.objects.get(level=Level.STREET)
    make_area(street, Level.VILLAGE, "石佛村", "510121006999")  # to which somebody is handed over
    office = SimpleNamespace(street=street, ding=Staff.objects.get(username="supervisor"))
    return make_things(office, group, cadre, policy)  # type: ignore[arg-type]


def _who(line: Line) -> str:
    order = [*ORDER.get(line.name.partition(":")[0], ()), *ORDER[""]]
    return next(ACCOUNTS[role] for role in order if role in line.may)


def _address(name: str, given: Any) -> str:
    return reverse(name, kwargs=given) if isinstance(given, dict) else reverse(name, args=given)


def _of_the_table(things: Things) -> Iterator[Visited]:
    for line in LINES:
        if line.method == "GET":
            yield Visited(line.name, _who(line), _address(line.name, line.args(things) if line.args else []))


def _of_everybody() -> Iterator[Visited]:
    for account in ACCOUNTS.values():
        yield Visited("desk:workbench", account, reverse("desk:workbench"), is_full=True)
    for account in ("supervisor", "cadre"):
        yield Visited("desk:leaders", account, reverse("desk:leaders"), is_full=True)
    layered = f"{reverse('households:picture_top')}?layer=observed"
    yield Visited("households:picture_top", "supervisor", layered, is_full=True)
    yield Visited("notices:inbox", "health", reverse("notices:inbox"))


def _of_the_demo() -> Iterator[Visited]:
    """Pages with as much on them as the demo village has."""
    observation = Observation.objects.filter(household__isnull=False).order_by("pk")[0]
    household = Household.objects.filter(residencies__isnull=False).order_by("pk")[0]
    survey = Survey.objects.filter(members__isnull=False).order_by("pk")[0]
    compound = Area.objects.filter(level=Level.COMPOUND, households__isnull=False).order_by("path")[0]
    for name, account, key in (
        ("households:household_detail", "cadre", household.uid),
        ("households:survey_create", "cadre", household.uid),
        ("households:survey_detail", "cadre", survey.uid),
        ("households:person_detail", "cadre", observation.person.uid),
        ("households:picture", "cadre", compound.pk),
        ("households:picture", "supervisor", Area.objects.filter(level=Level.VILLAGE).order_by("path")[0].pk),
        ("quarantine:person_file", "health", observation.person.uid),
        ("quarantine:observation_detail", "health", observation.uid),
        ("quarantine:observation_sheet", "health", observation.uid),
        ("quarantine:alert_detail", "health", Alert.objects.order_by("pk")[0].uid),
        ("quarantine:pushed_detail", "cadre", PushedList.objects.order_by("pk")[0].uid),
        ("measures:order_create", "supervisor", Area.objects.get(level=Level.STREET).pk),
        ("measures:order_detail", "supervisor", Order.objects.filter(asks_number="车辆数").latest("pk").uid),
        ("measures:incident_create", "cadre", "incident-fever"),
        ("measures:incident_detail", "cadre", Incident.objects.filter(state="CLOSED").latest("pk").uid),
    ):
        yield Visited(name, account, reverse(name, args=[key]), is_full=True)


def _of_errors(things: Things) -> Iterator[Visited]:
    """Forms that were sent as they were, and came back."""
    for name, account, given in (
        ("households:household_create", "cadre", []),
        ("households:survey_create", "cadre", [things.household.uid]),
        ("households:person_void", "supervisor", [things.person.uid]),
        ("quarantine:returnee_create", "cadre", []),
        ("quarantine:policy_create", "admin", []),
        ("grid:staff_create", "admin", []),
        ("grid:duty_create", "supervisor", [things.area.pk]),
        ("grid:password_change", "cadre", []),
        ("grid:login", NOBODY, []),
    ):
        yield Visited(name, account, reverse(name, args=given), is_sent_empty=True)


def _of_the_whole_office() -> Iterator[Visited]:
    """What concerns no area, or one person alone, and the pages of refusal."""
    template = Policy.objects.filter(state=PolicyState.TEMPLATE).order_by("pk")[0]
    for name in ("quarantine:policy_switch", "quarantine:policy_edit"):
        yield Visited(name, "admin", reverse(name, args=[template.pk]))
    for job in Job.objects.order_by("pk")[:1]:
        yield Visited("ledgers:job_detail", job.staff.username, reverse("ledgers:job_detail", args=[job.uid]))
    street = Area.objects.get(level=Level.STREET)
    yield Visited("households:health_manual", NOBODY, reverse("households:health_manual", args=[street.pk]))
    yield Visited("not found", "cadre", "/nowhere/", 404)
    yield Visited("not allowed", "cadre", reverse("grid:access_log"), 403)
    yield Visited("grid:login", NOBODY, reverse("grid:login"))
    yield Visited("grid:login", NOBODY, f"{reverse('grid:login')}?idle=1")


def every_page(things: Things) -> list[Visited]:
    """All of them, each once; one that the demo has fuller is not opened a second time."""
    found = [*_of_the_table(things), *_of_everybody(), *_of_the_demo(), *_of_the_whole_office()]
    found += _of_errors(things)
    full = {page.name for page in found if page.is_full}
    kept = [page for page in found if page.is_full or page.is_sent_empty or page.name not in full]
    return list(dict.fromkeys(kept))


def session_of(account: str) -> dict[str, str]:
    """The cookie of somebody who has signed in."""
    staff = Staff.objects.get(username=account)
    if staff.must_change_password:
        Staff.objects.filter(pk=staff.pk).update(must_change_password=False)
    session = SessionStore()
    session[SESSION_KEY] = str(staff.pk)
    session[BACKEND_SESSION_KEY] = "grassroots.grid.backends.RoleBackend"
    session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
    session.create()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or ""}
