"""No entry is lost or doubled."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from grassroots.grid.models import Area, Level, Staff, Submission
from grassroots.grid.submissions import SubmissionConflict, payload_digest, submission_run
from tests.factories import OfficeCast
from tests.grid.conftest import form


def test_the_same_form_twice_writes_once_and_gets_the_same_answer(office: OfficeCast) -> None:
    uid, runs = uuid.uuid4(), []

    def write() -> dict[str, Any]:
        runs.append(1)
        return {"row": len(runs)}

    first = submission_run(uid=uid, staff=office.jia, payload={"a": 1}, write=write)
    again = submission_run(uid=uid, staff=office.jia, payload={"a": 1}, write=write)
    assert (first, again, len(runs)) == (({"row": 1}, False), ({"row": 1}, True), 1)


def test_another_payload_or_person_under_the_same_id_is_a_conflict(office: OfficeCast) -> None:
    uid = uuid.uuid4()
    submission_run(uid=uid, staff=office.jia, payload={"a": 1}, write=dict)
    for staff, payload in ((office.jia, {"a": 2}), (office.yi, {"a": 1})):
        with pytest.raises(SubmissionConflict):
            submission_run(uid=uid, staff=staff, payload=payload, write=dict)


def test_a_write_that_fails_gives_its_id_back(office: OfficeCast) -> None:
    uid = uuid.uuid4()

    def broken() -> dict[str, Any]:
        Area.objects.filter(pk=office.group.pk).update(name="写了一半")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        submission_run(uid=uid, staff=office.jia, payload={}, write=broken)
    assert Area.objects.get(pk=office.group.pk).name == "1组"
    assert submission_run(uid=uid, staff=office.jia, payload={}, write=dict) == ({}, False)


def test_the_digest_of_a_form_is_keyed_so_that_it_cannot_be_tried_out(settings: Any, tmp_path: Any) -> None:
    before = payload_digest({"id_number": "510121199001011234"})
    settings.KEYRING_PATH = tmp_path / "keys.json"
    assert payload_digest({"id_number": "510121199001011234"}) != before


def test_a_double_post_adds_one_area_and_leads_to_the_same_page(
    office: OfficeCast, sign_in: Callable[[Staff], Client]
) -> None:
    client, url = sign_in(office.admin), f"/grid/areas/{office.village.pk}/new/"
    sent = form(level=int(Level.GROUP), name="7组")
    first, again = client.post(url, sent), client.post(url, sent)
    assert Area.objects.filter(name="7组").count() == 1
    assert first["Location"] == again["Location"]


def test_another_form_under_a_used_id_gets_409_and_changes_nothing(
    office: OfficeCast, sign_in: Callable[[Staff], Client]
) -> None:
    client, url = sign_in(office.admin), f"/grid/areas/{office.village.pk}/new/"
    sent = form(level=int(Level.GROUP), name="7组")
    client.post(url, sent)
    assert client.post(url, {**sent, "name": "8组"}).status_code == 409
    assert not Area.objects.filter(name="8组").exists()


@pytest.mark.parametrize("uid", ["", "not-a-uuid"])
def test_a_form_without_its_id_gets_400(
    office: OfficeCast, sign_in: Callable[[Staff], Client], uid: str
) -> None:
    answer = sign_in(office.admin).post(
        f"/grid/areas/{office.village.pk}/new/",
        {"submission_id": uid, "level": int(Level.GROUP), "name": "7组"},
    )
    assert answer.status_code == 400
    assert not Area.objects.filter(name="7组").exists()


def test_a_form_with_errors_may_be_sent_again_under_its_id(
    office: OfficeCast, sign_in: Callable[[Staff], Client]
) -> None:
    client, url = sign_in(office.admin), f"/grid/areas/{office.village.pk}/new/"
    sent = form(level=int(Level.GROUP), name="")
    refused = client.post(url, sent)
    assert refused.status_code == 422
    assert sent["submission_id"] in refused.content.decode()
    assert client.post(url, {**sent, "name": "7组"}).status_code == 302


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_form_at_the_same_moment_from_eight_threads_writes_once() -> None:
    staff, uid = Staff.objects.create_user("sender", name="甲某"), uuid.uuid4()
    start, answers, runs = threading.Barrier(8), [], []

    def write() -> dict[str, Any]:
        runs.append(1)
        return {"row": 1}

    def send() -> None:
        try:
            start.wait()
            answers.append(submission_run(uid=uid, staff=staff, payload={"a": 1}, write=write))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert sorted(repeated for _result, repeated in answers) == [False] + [True] * 7
    assert {result["row"] for result, _repeated in answers} == {1}
    assert Submission.objects.count() == 1
