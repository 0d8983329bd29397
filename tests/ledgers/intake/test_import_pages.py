"""The pages of an import: upload or paste, columns, preview, confirm, result, undo; and who may see whose rows."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from grassroots.grid.models import AccessLog, Area
from grassroots.ledgers.models import BatchState, ImportBatch, Job
from tests.factories import OfficeCast
from tests.ledgers.intake.conftest import sheet, taken_in, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toy")]
CREATE = "/ledgers/imports/new/"


@pytest.fixture
def client(office: OfficeCast) -> Client:
    client = Client()
    client.force_login(office.admin, backend="grassroots.grid.backends.RoleBackend")
    return client


def send(client: Client, url: str, **data: Any) -> Any:
    return client.post(url, {"submission_id": str(uuid.uuid4()), **data})


def upload(client: Client, office: OfficeCast, data: bytes, name: str = "表.csv", **more: Any) -> ImportBatch:
    answer = send(client, CREATE, area=office.street.pk, file=SimpleUploadedFile(name, data), **more)
    assert answer.status_code == 302, answer.content.decode()
    return ImportBatch.objects.latest("pk")


def page(client: Client, batch: ImportBatch, query: str = "") -> str:
    answer = client.get(reverse("ledgers:import_detail", args=[batch.uid]) + query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def step(client: Client, batch: ImportBatch, name: str, **data: Any) -> Any:
    answer = send(client, reverse(f"ledgers:import_{name}", args=[batch.uid]), **data)
    batch.refresh_from_db()
    return answer


def book(*rows: list[Any]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def test_a_file_is_read_shown_confirmed_and_written(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet("红旗社区,10", "莲花村,x"))
    shown = page(client, batch)
    assert "共 2 行" in shown and "确认导入" in shown
    assert not Area.objects.filter(name="红旗社区").exists()
    step(client, batch, "confirm", digest=batch.plan_digest)
    assert (batch.state, batch.applied_by) == (BatchState.APPLIED, office.admin)
    assert Area.objects.get(name="红旗社区").expected_households == 10
    assert "撤销" in page(client, batch)


def test_pasted_cells_are_read_as_a_table(client: Client, office: OfficeCast):
    answer = send(client, CREATE, area=office.street.pk, text="地名\t应排查户数\n红旗社区\t10\n")
    assert answer.status_code == 302
    batch = ImportBatch.objects.get()
    assert (batch.is_text, batch.kind, batch.created) == (True, "toy", 1)


def test_pressing_confirm_twice_writes_once(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet())
    data = {"submission_id": str(uuid.uuid4()), "digest": batch.plan_digest}
    url = reverse("ledgers:import_confirm", args=[batch.uid])
    assert [client.post(url, data).status_code for _ in range(2)] == [302, 302]
    step(client, batch, "confirm", digest=batch.plan_digest)
    assert Area.objects.filter(name="红旗社区").count() == 1


def test_a_preview_that_is_no_longer_true_is_shown_anew(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet())
    written(taken_in(office.street, office.admin, sheet("红旗社区,99")))
    answer = step(client, batch, "confirm", digest=batch.plan_digest)
    assert (answer.status_code, batch.state) == (302, BatchState.PLANNED)
    assert "已重新核对" in page(client, batch)
    assert Area.objects.get(name="红旗社区").expected_households == 99


@pytest.mark.parametrize(
    ("data", "words"),
    [({}, "请选择文件"), ({"text": "x", "file": SimpleUploadedFile("a.csv", b"x")}, "只能用一样"),
     ({"text": "  "}, "请选择文件"), ({"file": SimpleUploadedFile("a.csv", b"")}, "文件是空的")],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_beside_the_field(
    client: Client, office: OfficeCast, data: dict[str, Any], words: str
):
    answer = send(client, CREATE, area=office.street.pk, **data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_pasted_text_is_still_there_after_an_error(client: Client, office: OfficeCast):
    answer = send(client, CREATE, area="", text="1、张三 1-1-101 3人")
    assert answer.status_code == 422
    assert "1、张三 1-1-101 3人" in answer.content.decode()


def test_a_file_that_cannot_be_read_says_why(client: Client, office: OfficeCast):
    batch = upload(client, office, b"MZ\x90\x00\x03\x00\x00" * 200, name="表.xlsx")
    assert (batch.state, batch.source_path) == (BatchState.FAILED, "")
    assert "不是" in batch.problem
    assert batch.problem in page(client, batch)


def test_an_unknown_sheet_asks_for_its_kind_and_columns(client: Client, office: OfficeCast):
    batch = upload(client, office, "社区名,共几户\n红旗社区,10\n".encode())
    assert batch.kind == ""
    url = reverse("ledgers:import_columns", args=[batch.uid])
    assert "请选择" in client.get(url).content.decode()
    step(client, batch, "columns", kind="toy", reference="2020-01-29")
    text = client.get(url).content.decode()
    names = re.findall(r'name="(column-\d+-\d+)"', text)
    if names:
        step(
            client,
            batch,
            "columns",
            kind="toy",
            reference="",
            **dict(zip(names, ["place", "expected"], strict=True)),
        )
        assert (batch.rows, batch.created) == (1, 1)


def test_a_column_can_be_corrected_and_the_preview_follows(client: Client, office: OfficeCast):
    batch = upload(client, office, "地名,应排查户数,户数核实\n红旗社区,10,12\n".encode())
    wanted = {"column-0-0": "place", "column-0-1": "", "column-0-2": "expected"}
    step(client, batch, "columns", kind="toy", reference="", **wanted)
    assert batch.state == BatchState.PLANNED
    step(client, batch, "confirm", digest=batch.plan_digest)
    assert Area.objects.get(name="红旗社区").expected_households == 12


def test_a_correction_is_remembered_for_the_next_sheet(client: Client, office: OfficeCast):
    data = "地名,应排查户数,户数核实\n红旗社区,10,12\n".encode()
    batch = upload(client, office, data)
    step(
        client,
        batch,
        "columns",
        kind="toy",
        reference="",
        **{"column-0-0": "place", "column-0-1": "", "column-0-2": "expected"},
    )
    again = upload(client, office, data)
    assert [(row[3], row[4]) for row in again.mapping[0]["columns"]] == [
        ("place", "same"), ("", "remembered"), ("expected", "remembered"),
    ]  # fmt: skip


def test_one_field_is_not_given_to_two_columns(client: Client, office: OfficeCast):
    batch = upload(client, office, "地名,应排查户数,备注\n红旗社区,10,12\n".encode())
    wanted = {"column-0-0": "place", "column-0-1": "expected", "column-0-2": "expected"}
    answer = step(client, batch, "columns", kind="toy", reference="", **wanted)
    assert answer.status_code == 422
    assert "只能选一次" in answer.content.decode()


def test_the_preview_is_paged_however_long_the_file(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet(*(f"村{n},{n}" for n in range(120))))
    with CaptureQueriesContext(connection) as first:
        assert "村0 " in page(client, batch, "?part=created")
    with CaptureQueriesContext(connection) as last:
        shown = page(client, batch, "?part=created&page=3")
    assert "村119" in shown and "第 3 / 3 页" in shown and "村99 " not in shown
    assert len(last) == len(first) <= 14
    assert "第 3 / 3 页" in page(client, batch, "?part=created&page=99")
    assert page(client, batch, "?part=<x>&page=-1")


def test_the_list_of_imports_asks_the_same_for_many(client: Client, office: OfficeCast):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/ledgers/imports/").status_code == 200
        return len(seen)

    upload(client, office, sheet())
    queries()
    few = queries()
    for _ in range(4):
        upload(client, office, sheet())
    assert queries() == few


def test_undo_through_the_page(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet("红旗社区,10"))
    step(client, batch, "confirm", digest=batch.plan_digest)
    url = reverse("ledgers:import_undo", args=[batch.uid])
    assert "撤销导入" in client.get(url).content.decode()
    step(client, batch, "undo")
    assert batch.state == BatchState.UNDONE
    assert not Area.objects.filter(name="红旗社区").exists()


def test_undo_says_who_has_changed_what(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet("红旗社区,10"))
    step(client, batch, "confirm", digest=batch.plan_digest)
    area = Area.objects.get(name="红旗社区")
    area._history_user = office.ding
    area.save()
    for answer in (client.get(reverse("ledgers:import_undo", args=[batch.uid])), step(client, batch, "undo")):
        assert office.ding.name in answer.content.decode()
    assert batch.state == BatchState.APPLIED


def test_given_up_it_leaves_nothing(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet())
    assert step(client, batch, "discard").status_code == 302
    assert (batch.state, batch.source_path) == (BatchState.DISCARDED, "")


def test_the_report_of_a_workbook_is_the_workbook_with_a_column_more(client: Client, office: OfficeCast):
    data = book(
        ["街道统计表"], ["地名", "应排查户数", "附注"], ["红旗社区", 10, ""], ["", 5, ""], ["莲花村", "x", ""]
    )
    batch = upload(client, office, data, name="统计.xlsx")
    answer = client.get(reverse("ledgers:import_report", args=[batch.uid]))
    read = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [read.cell(row, 4).value for row in (2, 3)] == ["导入结果", "新增"]
    assert read.cell(4, 4).value == "未收\n【地名】没有名称。"
    assert "应排查户数" in read.cell(5, 4).value
    assert read.cell(3, 1).value == "红旗社区"
    assert AccessLog.objects.filter(action="EXPORT", detail__batch=str(batch.uid)).exists()


def test_the_report_of_a_csv_is_a_csv_that_runs_no_formula(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet("=1+1,10"))
    answer = client.get(reverse("ledgers:import_report", args=[batch.uid]))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["地名,应排查户数,导入结果", "'=1+1,10,新增"]


def test_a_colleague_sees_the_rows_with_their_numbers_covered(client: Client, office: OfficeCast):
    batch = upload(client, office, sheet("红旗社区,510121198001011234"))
    assert "510121198001011234" in page(client, batch, "?part=warnings") + page(
        client, batch, "?part=created"
    )
    other = Client()
    other.force_login(office.ding, backend="grassroots.grid.backends.RoleBackend")
    shown = page(other, batch, "?part=warnings") + page(other, batch, "?part=created")
    assert "510121198001011234" not in shown
    assert other.get(reverse("ledgers:import_report", args=[batch.uid])).status_code == 403


def test_a_long_file_is_read_in_the_background(
    client: Client, office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    from grassroots.ledgers.jobs.run import job_work

    monkeypatch.setattr("grassroots.ledgers.intake.jobs.BIG_BYTES", 10)
    batch = upload(client, office, sheet("红旗社区,1", "莲花村,2", "双新村,3", "石佛村,4", "官仓村,5"))
    job = Job.objects.get()
    assert (job.kind, batch.job, batch.state) == ("import-plan", job, BatchState.READ)
    assert "等待后台处理" in page(client, batch)
    assert job_work(job.uid)
    batch.refresh_from_db()
    assert (batch.state, batch.created) == (BatchState.PLANNED, 5)
    step(client, batch, "confirm", digest=batch.plan_digest)
    job = Job.objects.latest("pk")
    assert (job.kind, batch.state) == ("import-apply", BatchState.APPLYING)
    assert job_work(job.uid)
    job.refresh_from_db(), batch.refresh_from_db()
    assert (job.state, batch.state, job.done_rows) == ("DONE", BatchState.APPLIED, 5)
    assert Area.objects.filter(name="官仓村").exists()
    step(client, batch, "undo")
    assert (Job.objects.latest("pk").kind, batch.state) == ("import-undo", BatchState.APPLIED)
    assert job_work(Job.objects.latest("pk").uid)
    batch.refresh_from_db()
    assert (batch.state, Area.objects.filter(name="官仓村").exists()) == (BatchState.UNDONE, False)


def test_a_long_undo_that_is_refused_says_so_on_its_job(
    client: Client, office: OfficeCast, monkeypatch: pytest.MonkeyPatch
):
    from grassroots.ledgers.jobs.run import job_work

    batch = upload(client, office, sheet("红旗社区,1"))
    step(client, batch, "confirm", digest=batch.plan_digest)
    monkeypatch.setattr("grassroots.ledgers.intake.jobs.SHORT_STEPS", 0)
    step(client, batch, "undo")
    area = Area.objects.get(name="红旗社区")
    area._history_user = office.ding
    area.save()
    job_work(Job.objects.latest("pk").uid)
    job = Job.objects.latest("pk")
    assert (job.state, office.ding.name in job.error) == ("FAILED", True)
