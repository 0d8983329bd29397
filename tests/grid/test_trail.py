"""The access log can be added to and nothing else; logs hold nothing personal."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from grassroots.grid.logs import NoPersonalData, scrub
from grassroots.grid.models import AccessAction, AccessLog
from grassroots.grid.trail import access_log
from tests.factories import OfficeCast


@pytest.mark.parametrize(
    "statement",
    ["UPDATE grid_accesslog SET purpose = 'x'", "DELETE FROM grid_accesslog"],
    ids=["update", "delete"],
)
def test_the_database_refuses_to_change_or_delete_a_line_of_the_access_log(
    office: OfficeCast, statement: str
) -> None:
    access_log(action=AccessAction.UNMASK, staff=office.jia, subject=office.yi, purpose="核对电话")
    with (
        pytest.raises(DatabaseError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AccessLog.objects.get(action=AccessAction.UNMASK).purpose == "核对电话"


def test_neither_does_the_orm_get_past_the_triggers(office: OfficeCast) -> None:
    row = access_log(action=AccessAction.DIAL, staff=office.jia)
    row.purpose = "改写"
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessLog.objects.all()._raw_delete(using="default")
    assert AccessLog.objects.filter(pk=row.pk, purpose="").exists()


def test_a_line_keeps_the_subjects_number_and_no_name(office: OfficeCast) -> None:
    row = access_log(action=AccessAction.OPEN, staff=office.jia, subject=office.yi)
    assert (row.subject_type, row.subject_uid) == ("grid.staff", str(office.yi.uid))
    assert "乙某" not in str(row.__dict__.values())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("id 510121199001011234 seen", "id *** seen"),
        ("id 51012119900101123X", "id ***"),
        ("old 510121900101123.", "old ***."),
        ("call 13912345678,", "call ***,"),
        ("电话13912345678号", "电话***号"),
        ("GET /grid/areas/12/ 200 1234", "GET /grid/areas/12/ 200 1234"),
        ("took 1588888.25 ms", "took 1588888.25 ms"),
    ],
)
def test_scrub_hides_numbers_of_people_and_nothing_else(text: str, clean: str) -> None:
    assert scrub(text) == clean


def test_arguments_and_tracebacks_are_scrubbed_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(NoPersonalData())
    logger = logging.Logger("probe")
    logger.addHandler(handler)
    try:
        raise ValueError("13912345678 is taken")
    except ValueError:
        logger.exception("cannot save %s", "510121199001011234")
    assert "13912345678" not in stream.getvalue()
    assert "510121199001011234" not in stream.getvalue()
    assert "cannot save ***" in stream.getvalue()
    assert "ValueError: *** is taken" in stream.getvalue()


def test_every_handler_of_the_settings_scrubs(settings: Any) -> None:
    for handler in settings.LOGGING["handlers"].values():
        assert "no_personal_data" in handler["filters"]
