"""Lays an office for the staff of the bench, in the database that DATABASE_URL names, and lets them in.

python -m bench.staff.laying STAFF < /dev/null: prints a line of JSON for each of them: his session, his first door.

Each has a villagers' group of his own with 25 doors, three registered people behind each; one of them is under
observation behind 20 of the doors. The slot of the day is open all day, so that the bench runs at any hour. Nobody
types a password: PBKDF2 alone would keep both cores for ten minutes.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.rows import copy_rows, lay_areas, lay_officers, lay_staff  # noqa: E402
from grassroots.grid.crypto import digest  # noqa: E402
from grassroots.grid.models import Area, Office, Role, Staff  # noqa: E402
from households.models import Household, Person, Relation, Residency  # noqa: E402
from households.rules.identity import IdKind, make_resident_id  # noqa: E402
from households.rules.names import name_initials  # noqa: E402
from quarantine.models import (  # noqa: E402
    Observation,
    ObservationEvent,
    ObservationStay,
    Policy,
    PolicyState,
    Visit,
)
from quarantine.services.observations import StartDates, observation_open  # noqa: E402

DOORS, OBSERVED = 25, 20  # behind how many of the doors somebody is under observation
# Names with digits are refused at the door.
NAME = "'居' || translate(n::text, '0123456789', '甲乙丙丁戊己庚辛壬癸')"
INITIALS = "'j' || translate(n::text, '0123456789', 'jybdwjgxrg')"  # as a save makes them: it corrects others
FAMILY = ((Relation.HEAD, "M", 1968), (Relation.SPOUSE, "F", 1970), (Relation.CHILD, "F", 1995))


def lay(staff: int) -> list[Staff]:
    """The office with its groups and doors; the officer of each group."""
    groups, _villages, root = lay_areas(staff)
    officers = lay_officers(groups, Role.OFFICER, "health", "网格员")
    admin = lay_staff(1, "管理员", Role.ADMINISTRATOR)[0]
    Office.objects.create(pk=1, name="全县", area=root, is_demo=True)
    _switch_on(admin)
    home, people, observation = _first_door(groups[0], admin)
    _copy_doors(home, people, len(groups) * DOORS - 1, groups[0].pk)
    _copy_observations(observation, len(groups) * DOORS - 1, groups[0].pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return officers


def _switch_on(admin: Staff) -> None:
    """A policy of 14 days whose one slot lasts all day."""
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code="home-14")
    slots = [{"code": "AM", "label": "上午", "opens": "00:00", "closes": "23:59"}]
    Policy.objects.create(
        code="home-14", version=2, state=PolicyState.IN_FORCE, name=template.name, source=template.source,
        terms={**template.terms, "slots": slots}, effective_from=dt.date(2020, 1, 1), switched_on_by=admin,
    )  # fmt: skip


def _first_door(area: Area, by: Staff) -> tuple[Household, list[Person], Observation]:
    """A door with a family of three, the first of them under observation since two days."""
    home = Household.objects.create(
        area=area, building="1", unit="1", door="000", display="000", door_key="000", walk_key="000"
    )
    people = []
    for number, (relation, sex, year) in enumerate(FAMILY):
        born = dt.date(year, 3, 4)
        numbers = {"id_number": make_resident_id("510121", born, number), "phone": f"1380000000{number}"}
        person = Person.objects.create(
            name="居民", name_initials=name_initials("居民"), sex=sex, birth_date=born, id_kind=IdKind.RESIDENT_ID,
            id_digest=digest(numbers["id_number"], "id"), phone_digest=digest(numbers["phone"], "phone"), **numbers,
        )  # fmt: skip
        Residency.objects.create(person=person, household=home, area=area, relation=relation, order=number)
        people.append(person)
    began = timezone.localdate() - dt.timedelta(days=2)
    opened = timezone.make_aware(dt.datetime.combine(began, dt.time(20)))
    row = observation_open(
        person=people[0], area=area, household=home, by=by, at=opened, known_at=opened,
        dates=StartDates(arrived_on=began),
    )  # fmt: skip
    row.visits.exclude(date=timezone.localdate()).delete()
    home.refresh_from_db()
    return home, people, row


def _copy_doors(home: Household, people: list[Person], last: int, group: int) -> None:
    """As many doors again, each with a family of its own."""
    each = f"generate_series(1, {last}) AS n"
    door, area = f"lpad((n %% {DOORS})::text, 3, '0')", f"{group} + n / {DOORS}"
    own: dict[str, Any] = {"area_id": area, "id": f"{home.pk} + n"}
    copy_rows(
        Household, home.pk, each, {**own, "door": door, "display": door, "door_key": door, "walk_key": door}
    )
    after = people[-1].pk
    for number, person in enumerate(people):
        pk = f"{after} + {number * last} + n"
        sealed = (
            f"md5('{number} ' || n)"  # what tells numbers apart; the sealed numbers are the first family's
        )
        copy_rows(
            Person, person.pk, each,
            {"id": pk, "name": NAME, "name_initials": INITIALS, "id_digest": sealed, "phone_digest": sealed},
        )  # fmt: skip
        copy_rows(
            Residency, person.residencies.get().pk, each,
            {"area_id": area, "household_id": f"{home.pk} + n", "person_id": pk},
        )  # fmt: skip


def _copy_observations(first: Observation, last: int, group: int) -> None:
    """The first of the family, behind OBSERVED of every DOORS doors."""
    numbers = f"generate_series(1, {last}) AS n WHERE n %% {DOORS} < {OBSERVED}"
    each = f"(SELECT n FROM {numbers}) AS n"  # noqa: S608
    area, mine = f"{group} + n / {DOORS}", {"observation_id": f"{first.pk} + n"}
    after = Person.objects.filter(residencies__household=first.household_id).latest("pk").pk
    copy_rows(
        Observation, first.pk, each,
        {"area_id": area, "id": f"{first.pk} + n", "person_id": f"{after} + n",
         "household_id": f"{first.household_id} + n", "walk_key": f"lpad((n %% {DOORS})::text, 3, '0')"},
    )  # fmt: skip
    copy_rows(ObservationStay, first.stays.get().pk, each, {"area_id": area, **mine})
    copy_rows(ObservationEvent, first.events.get().pk, each, {"to_area_id": area, **mine})
    for visit in first.visits.all():
        copy_rows(Visit, visit.pk, each, {"area_id": area, **mine})


def session_of(one: Staff) -> str:
    """A session, as signing in makes one."""
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(one.pk), settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY] = one.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def main() -> None:
    staff = lay(int(sys.argv[1]))
    first = Household.objects.filter(door="000").order_by("area_id").values_list("area_id", "uid")
    doors = dict(first)
    areas = dict(Area.objects.filter(postings__staff__in=staff).values_list("postings__staff", "pk"))
    for one in staff:
        print(json.dumps({"session": session_of(one), "door": str(doors[areas[one.pk]])}))


if __name__ == "__main__":
    main()
