"""Two who issue papers of one village at the same moment get different numbers, and none is left out."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection

from quarantine.models import Observation, Paper
from quarantine.services.papers import papers_issue
from tests.factories import make_office
from tests.quarantine.cases import running, switch_on

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_numbers_are_given_once_and_without_gaps():
    office = make_office()
    switch_on(office.admin)
    groups = [[running(office) for _ in range(3)] for _ in range(3)]
    together, failed = Barrier(len(groups)), []

    def issue(rows: list[Observation]) -> None:
        try:
            together.wait(timeout=20)
            papers_issue(observations=rows, kind="DOOR", by=office.health)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=issue, args=(rows,)) for rows in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failed == []
    assert sorted(Paper.objects.values_list("number", flat=True)) == list(range(1, 10))
