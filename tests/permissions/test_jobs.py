"""Every URL of a job × everybody: its requester's alone, and its file only while he may still have it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import AreaDuty, Posting
from grassroots.ledgers.export_jobs import export_ask
from grassroots.ledgers.jobs.run import job_work
from grassroots.ledgers.models import Job
from grassroots.ledgers.wanted import Wanted
from tests.factories import OfficeCast, make_office
from tests.permissions.test_table import client_of

pytestmark = pytest.mark.django_db
READ = ["ledgers:job_detail", "ledgers:job_progress", "ledgers:job_file"]
WRITE = ["ledgers:job_cancel", "ledgers:job_retry"]


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


@pytest.fixture
def job(office: OfficeCast, settings: Any, tmp_path: Path) -> Job:
    """A finished, unmasked export of the health worker's."""
    settings.EXPORT_ROOT = tmp_path
    wanted = Wanted("base", office.village, timezone.localdate(), unmasked=True, purpose="核对")
    job = export_ask(wanted, office.health)
    job_work(job.uid)
    job.refresh_from_db()
    assert job.state == "DONE"
    return job


def ask(client: Client, name: str, uid: uuid.UUID) -> int:
    url = reverse(name, args=[uid])
    headers = {"HX-Request": "true"}
    if name in READ:
        return client.get(url, headers=headers).status_code
    return client.post(url, {"submission_id": str(uuid.uuid4())}).status_code


@pytest.mark.parametrize("name", READ + WRITE)
def test_a_job_is_its_requesters_alone(office: OfficeCast, job: Job, name: str) -> None:
    answers = {role: ask(client_of(staff), name, job.uid) for role, staff in office.everyone().items()}
    assert {role for role, answer in answers.items() if answer != 404} == {"health"}
    assert answers["health"] in {200, 302}


@pytest.mark.parametrize("name", READ + WRITE)
def test_a_job_that_does_not_exist_and_nobody_signed_in(office: OfficeCast, name: str) -> None:
    assert ask(client_of(office.health), name, uuid.uuid4()) == 404
    url = reverse(name, args=[uuid.uuid4()])
    response = Client().get(url) if name in READ else Client().post(url)
    assert response.status_code == 302 and response.url.startswith(reverse("grid:login"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["ledgers:job_file", "ledgers:job_retry"])
def test_who_has_lost_the_area_finds_no_file_and_who_has_lost_the_right_is_refused(
    office: OfficeCast, job: Job, name: str
) -> None:
    role = office.health.groups.get()
    office.health.groups.clear()
    assert ask(client_of(office.health), name, job.uid) == 403
    office.health.groups.add(role)
    assert ask(client_of(office.health), name, job.uid) in {200, 302}
    Posting.objects.filter(staff=office.health).update(area=office.other_village)
    AreaDuty.objects.filter(staff=office.health).delete()
    assert ask(client_of(office.health), name, job.uid) == 404


def test_who_may_no_longer_unmask_does_not_get_an_unmasked_file_made_before(
    office: OfficeCast, job: Job
) -> None:
    office.health.groups.set(office.jia.groups.all())
    assert office.health.has_perm("ledgers.export_ledger")
    assert ask(client_of(office.health), "ledgers:job_file", job.uid) == 403


def test_who_has_left_gets_nothing(office: OfficeCast, job: Job) -> None:
    client = client_of(office.health)
    type(office.health).objects.filter(pk=office.health.pk).update(is_active=False)
    assert client.get(reverse("ledgers:job_file", args=[job.uid])).status_code == 302
