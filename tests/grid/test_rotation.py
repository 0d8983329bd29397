"""rotate_keys: everything under a new key, history included, however often it is cut off."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.db import connection

from grassroots.grid import rotation
from grassroots.grid.keys import add_key, ensure_keyring, load_keyring
from grassroots.grid.models import Role, Staff
from grassroots.grid.rotation import keys_rotate, sealed_columns
from tests.factories import OfficeCast, make_household, make_person, make_staff

PHONE = "1391234{:04d}"


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> Path:
    """A keyring of this test's own, in force before any row is written."""
    settings.KEYRING_PATH = tmp_path / "keys.json"
    settings.SEALED_ROOTS = [tmp_path / "files"]  # files of other tests name keys of theirs
    ensure_keyring(settings.KEYRING_PATH)
    return settings.KEYRING_PATH


def stored_keys() -> set[str]:
    """Key ids that stand in any encrypted column of any table."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        for column in sealed_columns():
            name = connection.ops.quote_name(column.field.column)  # one is called "column"
            cursor.execute(f"SELECT {name} FROM {column.model._meta.db_table}")
            found |= {value.split(":")[1] for (value,) in cursor.fetchall() if value}
    return found


@pytest.fixture
def people(keys: Path, office: OfficeCast) -> list[Staff]:
    """Twenty more staff with phones, and a person with ID number and phone; each with a line of history."""
    make_person("张三", household=make_household(office.compound))
    staff = [make_staff(f"员{number}", Role.OFFICER, None) for number in range(20)]
    for number, one in enumerate(staff):
        one.phone = PHONE.format(number)
        one.save(update_fields=["phone"])
    return staff


def test_every_encrypted_column_is_found_history_included() -> None:
    names = {column.name for column in sealed_columns()}
    assert {
        "grid.staff.phone", "grid.historicalstaff.phone", "households.person.id_number", "households.person.phone",
        "households.historicalperson.id_number", "households.historicalperson.phone",
    } <= names  # fmt: skip


def test_every_value_is_rewritten_under_the_new_key_and_still_reads(people: list[Staff], keys: Path) -> None:
    done = keys_rotate()
    assert (done.key_id, done.is_resumed, load_keyring(keys).active) == ("k2", False, "k2")
    assert stored_keys() == {"k2"}
    assert Staff.objects.get(pk=people[7].pk).phone == PHONE.format(7)
    assert people[7].history.first().phone == PHONE.format(7)


def test_a_run_that_was_cut_off_goes_on_under_the_same_key(
    people: list[Staff], keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = rotation._replace, []

    def replace_then_die(*args: Any) -> int:
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(1)
        return replace(*args)

    monkeypatch.setattr(rotation, "_replace", replace_then_die)
    with pytest.raises(KeyboardInterrupt):
        keys_rotate(batch=5)
    assert stored_keys() == {"k1", "k2"}
    assert Staff.objects.get(pk=people[0].pk).phone == PHONE.format(0)
    assert Staff.objects.get(pk=people[19].pk).phone == PHONE.format(19)

    monkeypatch.setattr(rotation, "_replace", replace)
    done = keys_rotate(batch=5, drop_old=True)
    assert (done.key_id, done.is_resumed, done.dropped) == ("k2", True, ("k1",))
    assert stored_keys() == {"k2"}
    assert list(load_keyring(keys).keys) == ["k2"]
    assert Staff.objects.get(pk=people[19].pk).phone == PHONE.format(19)


def test_a_run_that_was_cut_off_right_after_the_key_was_added_adds_no_second(
    people: list[Staff], keys: Path
) -> None:
    add_key(keys)
    assert keys_rotate().key_id == "k2"


def test_a_key_that_a_row_names_is_not_dropped(
    people: list[Staff], keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_rewrite", lambda *args: iter(()))
    done = keys_rotate(drop_old=True)
    assert (done.dropped, done.kept) == ((), ("k1",))
    assert set(load_keyring(keys).keys) == {"k1", "k2"}


def test_a_value_saved_in_the_meantime_is_not_overwritten(
    people: list[Staff], keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = rotation._replace
    new = "13800001111"

    def somebody_saves_first(column: Any, changes: Any) -> int:
        if column.name == "grid.staff.phone":
            Staff.objects.filter(pk=people[3].pk).update(phone=new)
        return replace(column, changes)

    monkeypatch.setattr(rotation, "_replace", somebody_saves_first)
    keys_rotate()
    assert Staff.objects.get(pk=people[3].pk).phone == new
    assert stored_keys() == {"k2"}


def test_an_unreadable_value_stops_nothing_is_counted_and_keeps_its_key(
    people: list[Staff], keys: Path
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE grid_staff SET phone = 'g1:k1:AAAA' WHERE id = %s", [people[3].pk])
    with pytest.raises(CommandError, match="1 values cannot be read"):
        call_command("rotate_keys", "--drop-old", stdout=io.StringIO())
    assert "k1" in load_keyring(keys).keys
    assert Staff.objects.get(pk=people[4].pk).phone == PHONE.format(4)


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_everything_readable_and_the_next_run_finishes(
    keys: Path, tmp_path: Path
) -> None:
    Staff.objects.bulk_create(
        Staff(username=f"many{number}", name=f"员{number}", phone=PHONE.format(number))
        for number in range(1500)
    )
    url = f"sqlite:///{connection.settings_dict['NAME']}"
    if connection.vendor == "postgresql":
        at = connection.settings_dict
        url = f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    environment = {**os.environ, "GRASSROOTS_VAR": str(tmp_path), "DATABASE_URL": url}
    environment["DJANGO_SETTINGS_MODULE"] = "grassroots.settings"
    command = [sys.executable, str(project_settings.BASE_DIR / "manage.py"), "rotate_keys", "--batch", "10"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "grid.staff.phone" in process.stdout.readline()
    process.kill()
    process.communicate()
    assert stored_keys() == {"k1", "k2"}
    assert Staff.objects.get(username="many1499").phone == PHONE.format(1499)

    done = keys_rotate(drop_old=True)
    assert (done.is_resumed, done.dropped) == (True, ("k1",))
    assert stored_keys() == {"k2"}
    assert Staff.objects.get(username="many1499").phone == PHONE.format(1499)
