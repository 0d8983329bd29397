"""The grep test: no ID number and no phone of the demo in clear in the database, sessions, logs or job files."""

import datetime as dt
import logging
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from grassroots.desk.demo.build import load
from grassroots.grid.models import Staff
from grassroots.grid.sealed_files import SealedReader
from grassroots.ledgers.export_jobs import export_ask
from grassroots.ledgers.jobs import files
from grassroots.ledgers.jobs.run import job_work
from grassroots.ledgers.wanted import Wanted
from households.models import Household, Person
from quarantine.models import Observation

ON = dt.date(2020, 1, 29)


def dump() -> str:
    """Every value of every column of every table, as text."""
    lines = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            lines += ["\t".join(map(str, row)) for row in cursor.fetchall()]
    return "\n".join(lines)


@pytest.fixture
def demo(db):
    load("village", ON)
    people = list(Person.objects.all())
    secrets = {person.id_number for person in people} | {person.phone for person in people if person.phone}
    secrets |= {staff.phone for staff in Staff.objects.all()}
    assert len(secrets) > 1000
    return secrets


def visit_pages(staff: Staff) -> None:
    """Use the system as staff do: look, search, unmask, dial, download, fail."""
    client = Client(raise_request_exception=False)
    client.force_login(staff, backend="grassroots.grid.backends.RoleBackend")
    person = Observation.objects.first().person
    home = Household.objects.filter(residencies__person=person).first()
    client.get("/")
    client.get(f"/households/{home.uid}/")
    client.get(f"/households/people/{person.uid}/")
    for term in (person.id_number, person.phone, person.id_number[-4:], person.name):
        client.post("/search/", {"q": term})
    client.post(f"/households/people/{person.uid}/unmask/", {"purpose": "核对证件", "submission_id": ""})
    client.post(f"/households/people/{person.uid}/dial/")
    client.get(f"/search/?q={person.name}")


def found_in(text: str, secrets: set[str]) -> set[str]:
    """Which of the secrets stand in the text: digits are cut out first, so that one pass is enough."""
    numbers = set(re.findall(r"(?<!\d)(?:\d{17}[\dX]|1[3-9]\d{9})(?!\d)", text))
    return numbers & secrets


def test_nothing_personal_stands_in_clear_in_database_history_sessions_or_logs(demo, caplog):
    with caplog.at_level(logging.DEBUG):
        visit_pages(Staff.objects.get(username="supervisor"))
    assert found_in(dump(), demo) == set()
    records = [
        logging.Formatter().format(record)
        for record in caplog.records
        if not record.name.startswith("django.db")
    ]
    assert found_in("\n".join(records), demo) == set()


def test_the_grep_would_find_a_number_in_clear(demo):
    number = next(iter(demo))
    Household.objects.filter(pk=Household.objects.first().pk).update(note=f"电话{number}")
    assert found_in(dump(), demo) == {number}


@pytest.fixture
def unmasked_export(demo):
    """A finished job of the supervisor's: the whole base ledger, unmasked, its file under var as in an office."""
    staff = Staff.objects.get(username="supervisor")
    area = staff.postings.get().area
    job = export_ask(
        Wanted("base", area, ON, file_format="csv", unmasked=True, purpose="核对13900001111"), staff
    )
    assert job_work(job.uid)
    job.refresh_from_db()
    yield job
    files.unlink(job.file_name)


def test_the_file_of_an_unmasked_export_is_full_of_numbers_and_none_stands_in_clear(demo, unmasked_export):
    path = files.path_of(unmasked_export)
    assert Path(settings.VAR_DIR) in path.parents
    with SealedReader(path) as file:
        inside = found_in(file.read().decode("utf-8-sig"), demo)
    assert len(inside) > 1000
    assert found_in(path.read_bytes().decode("latin-1"), demo) == set()
    assert "13900001111" not in str(unmasked_export.params)


def test_no_file_under_var_holds_a_number_in_clear(demo, unmasked_export):
    hits = set()
    for path in Path(settings.VAR_DIR).rglob("*"):
        if path.is_file() and path.stat().st_size < 200 * 2**20:
            hits |= found_in(path.read_bytes().decode("latin-1"), demo)
    assert hits == set()
