"""Long ledgers through the pages: asked for, made in the background, watched, fetched."""

from __future__ import annotations

import datetime as dt
import errno
import io
import re
import uuid
from typing import Any

import pytest
from celery import Celery
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from grassroots.grid.middleware import POLLED_URL_NAMES
from grassroots.grid.models import AccessAction, AccessLog, AreaDuty, Posting, Staff
from grassroots.grid.sealed_files import SealedWriter
from grassroots.ledgers import tasks
from grassroots.ledgers.jobs import files, job_cancel
from grassroots.ledgers.jobs.run import job_work
from grassroots.ledgers.jobs.services import job_claim, job_expire, job_fail, job_take_up_dead
from grassroots.ledgers.models import Job
from tests.factories import OfficeCast, make_household, make_person
from tests.ledgers.job_cases import SECOND, stored_files
from tests.ledgers.test_pages import DOWNLOAD, asked, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("job_ground")]
LIST = "/ledgers/jobs/"


@pytest.fixture(autouse=True)
def everything_is_long(settings: Any) -> None:
    """Any ledger with a row is made in the background."""
    settings.EXPORT_AT_ONCE_ROWS = 0


@pytest.fixture
def homes(office: OfficeCast) -> OfficeCast:
    """The office with two homes in 甲's group, three people."""
    first, second = make_household(office.group), make_household(office.group)
    for home, name in ((first, "张大山"), (first, "李小河"), (second, "王某")):
        make_person(name, home)
    return office


def page_of(job: Job) -> str:
    return f"{LIST}{job.uid}/"


def send(staff: Staff, office: OfficeCast, **fields: Any) -> Job:
    """Ask for the base ledger of the group, or of the village; the job that the answer leads to."""
    area = office.group if staff in (office.jia, office.yi) else office.village
    form = asked(area, key="base", submission_id=str(uuid.uuid4()), **fields)
    response = signed_in(staff).post(DOWNLOAD, form)
    assert response.status_code == 302, response.content.decode()
    job = Job.objects.get(uid=response.url.split("/")[-2])  # type: ignore[attr-defined]
    assert response.url == page_of(job)  # type: ignore[attr-defined]
    return job


def post(client: Client, url: str) -> Any:
    return client.post(url, {"submission_id": str(uuid.uuid4())}, follow=True)


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_long_ledger_leads_to_its_job_and_the_file_reads_back(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    page = signed_in(homes.jia).get(page_of(job)).content.decode()
    assert "等待后台处理" in page and "hx-get" in page and 'http-equiv="refresh"' in page
    assert job_work(job.uid)
    page = signed_in(homes.jia).get(page_of(job)).content.decode()
    assert "已完成" in page and "hx-get" not in page and 'http-equiv="refresh"' not in page
    response = signed_in(homes.jia).get(page_of(job) + "file/")
    content = content_of(response)
    assert response["Content-Length"] == str(len(content))
    assert "attachment" in response["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(content)).active
    names = {cell for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {"张大山", "李小河", "王某"} <= names
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert "王某" in {cell for row in rows for cell in row}


def test_a_short_ledger_comes_at_once(homes: OfficeCast, settings: Any) -> None:
    settings.EXPORT_AT_ONCE_ROWS = 5000
    response = signed_in(homes.jia).post(DOWNLOAD, asked(homes.group, key="base"))
    assert response.status_code == 200 and content_of(response)[:2] == b"PK"
    assert not Job.objects.exists()


def test_the_job_makes_what_was_asked_for(homes: OfficeCast) -> None:
    """CSV, an earlier day, unmasked with a purpose."""
    job = send(homes.ding, homes, file_format="csv-gb18030", unmasked="on", purpose="报疾控")
    assert "报疾控" not in str(job.params)
    job_work(job.uid)
    content = content_of(signed_in(homes.ding).get(page_of(job) + "file/")).decode("gb18030")
    assert "张大山" in content and "用途:报疾控" in content and re.search(r"\b1380000\d{4}\b", content)
    page = signed_in(homes.ding).get(page_of(job)).content.decode()
    assert "CSV(GB18030)" in page and "不脱敏" in page


def test_making_and_fetching_are_both_in_the_access_log(homes: OfficeCast) -> None:
    job = send(homes.ding, homes, unmasked="on", purpose="报疾控")
    job_work(job.uid)
    client = signed_in(homes.ding)
    for _ in range(2):
        content_of(client.get(page_of(job) + "file/"))
    rows = list(AccessLog.objects.filter(action=AccessAction.EXPORT).order_by("pk"))
    assert [row.detail["step"] for row in rows] == ["后台生成", "下载文件", "下载文件"]
    assert {(row.staff_id, row.area_id, row.subject_uid) for row in rows} == {
        (homes.ding.pk, homes.village.pk, str(job.uid))
    }
    assert (rows[0].purpose, rows[0].detail["rows"], rows[1].detail["rows"]) == ("报疾控", 3, 3)
    assert all(row.detail["unmasked"] for row in rows)
    job.refresh_from_db()
    assert job.downloads == 2


def test_sending_the_form_twice_asks_once(homes: OfficeCast) -> None:
    form = asked(homes.group, key="base", submission_id=str(uuid.uuid4()))
    client = signed_in(homes.jia)
    first, second = (client.post(DOWNLOAD, form) for _ in range(2))
    assert first.url == second.url  # type: ignore[attr-defined]
    assert Job.objects.count() == 1


def test_asking_again_while_it_is_on_its_way_leads_to_the_same_job(homes: OfficeCast) -> None:
    first = send(homes.jia, homes)
    assert send(homes.jia, homes) == first
    assert send(homes.jia, homes, file_format="csv") != first
    assert send(homes.yi, homes) != first
    job_work(first.uid)
    assert send(homes.jia, homes) != first


def test_a_requester_who_moved_away_in_the_meantime_gets_words(homes: OfficeCast) -> None:
    job = send(homes.health, homes)
    Posting.objects.filter(staff=homes.health).delete()
    AreaDuty.objects.filter(staff=homes.health).delete()
    job_work(job.uid)
    job.refresh_from_db()
    assert job.state == "FAILED" and "不在申请人的辖区" in job.error
    assert stored_files() == []


def test_a_failed_job_says_why_and_can_be_retried(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    attempt = job_claim(job.uid)
    assert attempt is not None
    job_fail(attempt, "超过Excel一张表的上限。")
    client = signed_in(homes.jia)
    page = client.get(page_of(job)).content.decode()
    assert "超过Excel一张表的上限。" in page and "重新生成" in page
    assert "等待后台处理" in post(client, page_of(job) + "retry/").content.decode()
    assert job_work(job.uid)


def test_too_many_rows_for_a_sheet_fail_in_words(homes: OfficeCast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grassroots.ledgers.engine.cells.MAX_ROWS", 3, raising=False)
    monkeypatch.setattr("grassroots.ledgers.engine.stream.MAX_ROWS", 3)
    job = send(homes.jia, homes)
    job_work(job.uid)
    job.refresh_from_db()
    assert job.state == "FAILED" and "分开导出" in job.error
    assert stored_files() == []


def test_a_full_disk_is_said_in_words_and_leaves_no_file(
    homes: OfficeCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SealedWriter, "_seal", full)
    job = send(homes.jia, homes)
    job_work(job.uid)
    job.refresh_from_db()
    assert job.state == "FAILED" and "磁盘满了" in job.error
    assert stored_files() == []


def test_cancelling_from_the_page(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    page = post(signed_in(homes.jia), page_of(job) + "cancel/").content.decode()
    assert "已取消" in page and "没有留下文件" in page
    assert not job_work(job.uid)


def test_the_moving_part_is_a_fragment_that_stops_asking_when_the_job_has_ended(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    Job.objects.filter(pk=job.pk).update(total_rows=200)
    attempt = job_claim(job.uid)
    Job.objects.filter(pk=job.pk).update(done_rows=50)
    client = signed_in(homes.jia)
    url = page_of(job) + "progress/"
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert (
        "<html" not in fragment and 'aria-valuenow="25"' in fragment and 'hx-trigger="every 2s"' in fragment
    )
    assert client.get(url).status_code == 302
    job_cancel(job)
    assert "正在取消" in client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert attempt is not None
    job_fail(attempt, "x")
    assert "hx-get" not in client.get(url, headers={"HX-Request": "true"}).content.decode()


def test_asking_for_progress_does_not_keep_somebody_signed_in(homes: OfficeCast, settings: Any) -> None:
    job = send(homes.jia, homes)
    client = signed_in(homes.jia)
    client.get(page_of(job))
    session = client.session
    session["seen"] = session["seen"] - settings.SESSION_TOUCH_SECONDS - 1
    session.save()
    seen = session["seen"]
    client.get(page_of(job) + "progress/", headers={"HX-Request": "true"})
    assert client.session["seen"] == seen
    client.get(page_of(job))
    assert client.session["seen"] > seen
    assert "ledgers:job_progress" in POLLED_URL_NAMES


BROKERS = {
    "redis": {
        "broker_url": "redis://127.0.0.1:1/0",
        "broker_transport_options": {"max_retries": 1, "interval_start": 0},
    },
    "files": {
        "broker_url": "filesystem://",
        "broker_transport_options": {"data_folder_in": "/dev/null/in", "data_folder_out": "/dev/null/out"},
    },
}


@pytest.mark.parametrize("broker", BROKERS)
def test_with_the_broker_away_the_job_is_there_waits_and_a_later_tick_sends_the_message(
    homes: OfficeCast, monkeypatch: pytest.MonkeyPatch, broker: str, django_capture_on_commit_callbacks: Any
) -> None:
    broken = Celery("broken", set_as_current=False)
    broken.conf.update(BROKERS[broker])
    task = broken.task(name=tasks.job_run.name)(tasks.job_run.run)
    working: list[Any] = []
    with monkeypatch.context() as away, django_capture_on_commit_callbacks(execute=True):
        away.setattr(tasks, "job_run", task)
        job = send(homes.jia, homes)
    assert "等待后台处理" in signed_in(homes.jia).get(page_of(job)).content.decode()
    late = timezone.now() + dt.timedelta(seconds=10)
    with monkeypatch.context() as away:
        away.setattr(tasks, "job_run", task)
        assert job_take_up_dead(late)["nudged"] == 0
    monkeypatch.setattr(tasks.job_run, "apply_async", lambda args, **options: working.append(args))
    assert job_take_up_dead(late)["nudged"] == 1
    assert working == [(str(job.uid),)]


def test_a_job_that_nobody_takes_up_says_that_the_background_may_be_off(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    assert "后台好像没有运行" not in signed_in(homes.jia).get(page_of(job)).content.decode()
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - dt.timedelta(minutes=3))
    assert "后台好像没有运行" in signed_in(homes.jia).get(page_of(job)).content.decode()


def test_an_expired_file_is_gone_and_can_be_made_anew(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    job_work(job.uid)
    job.refresh_from_db()
    assert job.expires_at is not None
    job_expire(job.expires_at + SECOND)
    client = signed_in(homes.jia)
    response = client.get(page_of(job) + "file/")
    assert response.status_code == 410 and "重新生成" in response.content.decode()
    post(client, page_of(job) + "retry/")
    assert job_work(job.uid)
    assert content_of(client.get(page_of(job) + "file/"))[:2] == b"PK"


@pytest.mark.parametrize("harm", ["lost", "cut", "changed"])
def test_a_file_that_was_lost_cut_or_changed_is_not_sent(homes: OfficeCast, harm: str) -> None:
    job = send(homes.jia, homes)
    job_work(job.uid)
    job.refresh_from_db()
    path = files.path_of(job)
    raw = path.read_bytes()
    path.unlink()
    if harm != "lost":
        path.write_bytes(raw[:-20] if harm == "cut" else raw[:-1] + bytes([raw[-1] ^ 1]))
    response = signed_in(homes.jia).get(page_of(job) + "file/")
    assert response.status_code == 410
    assert not AccessLog.objects.filter(detail__step="下载文件").exists()


# --- 我的下载


def test_my_downloads_are_empty_at_first(office: OfficeCast) -> None:
    page = signed_in(office.jia).get(LIST).content.decode()
    assert "还没有后台生成的台账" in page


def test_my_downloads_show_what_when_filters_rows_size_and_state_of_ones_own_only(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    send(homes.yi, homes, file_format="csv")
    job_work(job.uid)
    page = signed_in(homes.jia).get(LIST).content.decode()
    assert "基础台账表 · 1组" in page and "脱敏" in page and "已完成" in page and "CSV" not in page
    assert page_of(job) + "file/" in page
    assert "基础台账表 · 1组" not in signed_in(homes.ding).get(LIST).content.decode()


def test_the_list_costs_the_same_however_long_it_is(
    homes: OfficeCast, django_assert_num_queries: Any
) -> None:
    first = send(homes.jia, homes)
    client = signed_in(homes.jia)
    client.get(LIST)
    counted = count_queries(client)
    Job.objects.bulk_create(
        Job(kind="export", requester=homes.jia, area=homes.group, title="x", params=first.params)
        for _ in range(70)
    )
    assert count_queries(client) == counted
    page = client.get(LIST)
    assert len(page.context["jobs"]) == 50
    assert len(client.get(page.context["next_url"]).context["jobs"]) == 21


def test_jobs_of_a_ledger_that_is_no_more_are_still_shown(homes: OfficeCast) -> None:
    job = send(homes.jia, homes)
    Job.objects.filter(pk=job.pk).update(params={**job.params, "key": "gone"})
    client = signed_in(homes.jia)
    assert job.title in client.get(LIST).content.decode()
    assert job_work(job.uid)
    assert "没有完成" in client.get(page_of(job)).content.decode()


def count_queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(LIST)
    return len(captured)
