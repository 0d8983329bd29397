"""The grep test: no ID number and no phone of the demo in clear in the database, sessions, logs or job files."""

import datetime as dt
import io
import logging
import re
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from grassroots.desk.demo.build import load
from grassroots.grid.crypto import digest
from grassroots.grid.models import Area, Staff
from grassroots.grid.sealed_files import SealedReader
from grassroots.ledgers.export_jobs import export_ask
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_write
from grassroots.ledgers.intake.source import source_drop, source_open
from grassroots.ledgers.jobs import files
from grassroots.ledgers.jobs.run import job_work
from grassroots.ledgers.wanted import Wanted
from grassroots.notices.tick import tick
from households.models import Household, Person
from quarantine.models import Observation, PushedAnswer, PushedFile
from quarantine.pushed_answers import file_unpack
from tests.quarantine.pushed_cases import UNKNOWN_ID, line, sheet, taken_in

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


def work_on_a_pushed_list(secrets: set[str]) -> None:
    """A list is taken in, looked at, answered, called from and sent back; an unknown number is among its rows."""
    supervisor = Staff.objects.get(username="supervisor")
    people = list(Person.objects.exclude(phone="")[:20])
    rows = [line(person) for person in people] + [line(), line(id_number="5.1E+17", name="某人")]
    header = "姓名,身份证号,手机号,数据来源,疑似来源地,落脚地"
    one = taken_in(Area.objects.get(code="510121006000"), supervisor, sheet(*rows, header=header))
    secrets |= {UNKNOWN_ID, "17774239346"}
    client = Client(raise_request_exception=False)
    client.force_login(supervisor, backend="grassroots.grid.backends.RoleBackend")
    row = one.people.get(id_digest=digest(UNKNOWN_ID, "id"))
    urls = [f"/quarantine/pushed/{one.uid}/", f"/quarantine/pushed/rows/{row.uid}/", "/quarantine/pushed/"]
    for url in urls:
        assert found_in(client.get(url).content.decode(), secrets) == set()
    tapped = {"code": "TRANSIT", "version": row.version, "submission_id": str(uuid.uuid4())}
    client.post(f"/quarantine/pushed/rows/{row.uid}/answer/", tapped)
    client.post(f"/quarantine/pushed/rows/{row.uid}/dial/", {"submission_id": str(uuid.uuid4())})
    client.post(f"/quarantine/pushed/{one.uid}/file/", {"purpose": "反馈", "interim": "on"})
    tick()


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


@pytest.fixture
def imported(demo, settings):
    """An unmasked ledger of the returnees, with flawed cells, brought in again under var as in an office."""
    staff = Staff.objects.get(username="supervisor")
    area = staff.postings.get().area
    file = io.BytesIO()
    export_run(
        key="returnees",
        area=area,
        staff=staff,
        on=ON,
        target=file,
        file_format="csv",
        unmasked=True,
        purpose="核对",
    )
    text = file.getvalue().decode("utf-8-sig")
    phones = {person.phone for person in Person.objects.filter(returns__isnull=False)}
    spoilt = text.replace(next(iter(sorted(phones))), "x13812345678x") + "\n"
    settings.IMPORT_ROOT = settings.VAR_DIR / "imports"
    batch = batch_start(area=area, staff=staff, name="13812345678的名单.csv", chunks=[spoilt.encode()])
    batch_plan(batch=batch, by=staff)
    assert batch.rows > 10
    batch_confirm(batch=batch, by=staff, digest=batch.plan_digest)
    batch_write(batch, staff=staff, at=timezone.now())
    yield batch
    source_drop(batch)


def test_nothing_of_an_imported_file_stands_in_clear(demo, imported):
    secrets = demo | {"13812345678"}
    with source_open(imported) as file:
        inside = found_in(file.read().decode(), secrets)
    assert len(inside) > 20
    assert found_in(dump(), secrets) == set()
    hits = set()
    for path in Path(settings.VAR_DIR).rglob("*"):
        if path.is_file() and path.stat().st_size < 200 * 2**20:
            hits |= found_in(path.read_bytes().decode("latin-1"), secrets)
    assert hits == set()


def test_a_pushed_list_leaves_nothing_in_clear(demo, caplog, settings, tmp_path):
    settings.IMPORT_ROOT = tmp_path / "imports"
    with caplog.at_level(logging.DEBUG):
        work_on_a_pushed_list(demo)
    assert PushedAnswer.objects.filter(code="TRANSIT").exists()
    assert found_in(dump(), demo) == set()
    records = [record for record in caplog.records if not record.name.startswith("django.db")]
    assert found_in("\n".join(map(logging.Formatter().format, records)), demo) == set()
    assert found_in(file_unpack(PushedFile.objects.get().content).decode("gb18030"), demo) >= {UNKNOWN_ID}


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
