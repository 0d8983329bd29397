"""What could not be taken over stands on the person's page: covered, and in full for whoever says what for."""

from __future__ import annotations

import uuid

import pytest

from grassroots.ledgers.models import ImportBatch, ImportNote
from households.models import Person
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.permissions.test_table import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


@pytest.fixture
def person(office: OfficeCast) -> Person:
    person = make_person("张三", make_household(office.group))
    batch = ImportBatch.objects.create(area=office.street, staff=office.ding, source_name="返乡.xlsx")
    ImportNote.objects.create(
        batch=batch, model="households.person", object_pk=person.pk, field="phone", row=30, column="手机",
        text="1381234567", message="手机号应为11位，现在是10位，请核对。",
    )  # fmt: skip
    return person


def test_the_page_shows_what_stood_there_covered(office: OfficeCast, person: Person):
    page = client_of(office.jia).get(f"/households/people/{person.uid}/").content.decode()
    assert "导入时没有认出的内容" in page
    assert "138*****67" in page and "1381234567" not in page
    assert "返乡.xlsx" in page and "第30行" in page


def test_unmasking_shows_it_in_full(office: OfficeCast, person: Person):
    answer = client_of(office.jia).post(
        f"/households/people/{person.uid}/unmask/",
        {"purpose": "核对电话", "submission_id": str(uuid.uuid4())},
    )
    assert "1381234567" in answer.content.decode()


def test_others_have_no_such_box(office: OfficeCast, person: Person):
    other = make_person("李四", make_household(office.group))
    page = client_of(office.jia).get(f"/households/people/{other.uid}/").content.decode()
    assert "导入时没有认出的内容" not in page


def test_the_text_lies_encrypted(person: Person):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledgers_importnote")
        assert "1381234567" not in str(cursor.fetchall())
