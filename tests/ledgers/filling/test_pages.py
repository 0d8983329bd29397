"""填上级表 as a clerk uses it: upload, look, correct, download; and the command."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog, Staff
from grassroots.ledgers.captions import remembered_for
from grassroots.ledgers.filling import services
from grassroots.ledgers.filling.keeping import form_expire
from grassroots.ledgers.models import CaptionMemory, EmptyForm
from tests.factories import OfficeCast
from tests.ledgers.filling.blank_forms import CAPTIONS, county_form
from tests.ledgers.reading.crafted import xls
from tests.quarantine.cases import make_observation

pytestmark = pytest.mark.django_db
LIST = "/ledgers/forms/"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.FORM_ROOT = tmp_path / "forms"


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def upload(client: Client, office: OfficeCast, data: bytes, name: str = "空表.xlsx", **fields: Any) -> Any:
    values = {
        "area": office.village.pk, "on": timezone.localdate().isoformat(), "submission_id": str(uuid.uuid4()),
        "file": SimpleUploadedFile(name, data), **fields,
    }  # fmt: skip
    return client.post(LIST, values)


def page_of(client: Client, office: OfficeCast, data: bytes | None = None) -> tuple[EmptyForm, Any]:
    response = upload(client, office, data or county_form())
    assert response.status_code == 302, response.content.decode()[:2000]
    kept = EmptyForm.objects.latest("pk")
    return kept, client.get(response["Location"])


def sent(page: Any, **changed: Any) -> dict[str, Any]:
    """The form of the page as a browser would send it."""
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {key: value for key, value in {**values, **changed}.items() if value not in (None, False)}


def body(response: Any) -> list[list[Any]]:
    content = b"".join(response.streaming_content)
    return [
        list(row)
        for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    ]


def test_a_form_comes_back_filled_and_it_is_written_down(office: OfficeCast) -> None:
    make_observation(office, "王某")
    client = signed_in(office.ding)
    kept, page = page_of(client, office)
    assert page.status_code == 200
    assert "王某" in page.content.decode()
    response = client.post(f"{LIST}{kept.uid}/fill/", sent(page))
    assert response.status_code == 200 and "attachment" in response["Content-Disposition"]
    rows = body(response)
    assert [row[3] for row in rows[4:5]] == ["王某"]
    assert "淮口街道" in rows[4] and "****" in rows[4][6]
    log = AccessLog.objects.get(action=AccessAction.EXPORT)
    assert (log.staff, log.area_id, log.detail["step"], log.detail["rows"]) == (
        office.ding,
        office.village.pk,
        "填上级表",
        1,
    )
    kept.refresh_from_db()
    assert kept.filled == 1


def test_a_correction_is_used_at_once_and_remembered(office: OfficeCast) -> None:
    make_observation(office, "王某")
    client = signed_in(office.ding)
    kept, page = page_of(client, office)
    place = [match.caption.text for match in page.context["sheet"].matches].index("基本信息/姓名")
    response = client.post(f"{LIST}{kept.uid}/fill/", sent(page, **{f"column-{place}": "village"}))
    assert body(response)[4][place] == office.village.name
    assert remembered_for(office.village, "form:returnees") == {"基本信息/姓名": "village"}
    _kept, again = page_of(client, office)
    match = again.context["sheet"].matches[place]
    assert (match.field, match.how) == ("village", "remembered")


def test_what_was_not_corrected_is_not_remembered(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    kept, page = page_of(client, office)
    client.post(f"{LIST}{kept.uid}/fill/", sent(page))
    assert not CaptionMemory.objects.exists()


def test_unmasked_needs_the_right_and_a_purpose(office: OfficeCast) -> None:
    person = make_observation(office, "王某").person
    person.id_number, person.id_kind = "51012120160816642X", "RESIDENT_ID"
    person.save()
    client = signed_in(office.ding)
    kept, page = page_of(client, office)
    refused = client.post(f"{LIST}{kept.uid}/fill/", sent(page, unmasked="on"))
    assert refused.status_code == 422 and "须写明用途" in refused.content.decode()
    response = client.post(f"{LIST}{kept.uid}/fill/", sent(page, unmasked="on", purpose="报县指挥部"))
    assert "51012120160816642X" in body(response)[4]
    assert AccessLog.objects.get(action=AccessAction.EXPORT).detail["unmasked"] is True


def test_who_may_not_unmask_is_forbidden_and_not_asked(office: OfficeCast) -> None:
    client = signed_in(office.jia)
    response = upload(client, office, county_form(), area=office.group.pk)
    kept = EmptyForm.objects.get()
    page = client.get(response["Location"])
    assert "不脱敏（" not in page.content.decode()
    assert (
        client.post(f"{LIST}{kept.uid}/fill/", sent(page, unmasked="on", purpose="看看")).status_code == 403
    )


def test_another_ledger_is_matched_anew(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    kept, page = page_of(client, office)
    assert page.context["sheet"].source.key == "returnees"
    response = client.post(f"{LIST}{kept.uid}/fill/", sent(page, ledger="base"))
    assert response.status_code == 200 and "attachment" not in response.get("Content-Disposition", "")
    assert response.context["sheet"].source.key == "base"
    kept.refresh_from_db()
    assert kept.ledger == "base"


def test_an_uploaded_form_is_not_on_disk_in_clear(office: OfficeCast, tmp_path: Path) -> None:
    data = county_form()
    page_of(signed_in(office.ding), office, data)
    files = [path for path in (tmp_path / "forms").rglob("*") if path.is_file()]
    assert len(files) == 1
    assert files[0].read_bytes()[:7] == b"sealed:"
    assert b"PK\x03\x04" not in files[0].read_bytes()[:100]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (xls({(0, 0): "姓名", (0, 1): "电话"}), "空表.xls", "另存为"), ("姓名,电话\n".encode(), "空表.csv", "xlsx"),
        (b"MZ\x90\0\x03" + bytes(600), "空表.xlsx", "程序"), (b"", "空表.xlsx", "空的"),
        (b"PK\x03\x04 broken", "空表.xlsx", "损坏"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_is_refused_in_words_and_not_kept(
    office: OfficeCast, data: bytes, name: str, words: str
) -> None:
    response = upload(signed_in(office.ding), office, data, name)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not EmptyForm.objects.exists()


def test_a_form_of_things_that_no_ledger_knows_is_refused(office: OfficeCast) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["药品名称", "浓度", "用量"])
    file = io.BytesIO()
    book.save(file)
    response = upload(signed_in(office.ding), office, file.getvalue())
    assert response.status_code == 422 and "没有找到表头" in response.content.decode()


def test_sending_it_twice_keeps_one(office: OfficeCast) -> None:
    client, uid, data = signed_in(office.ding), str(uuid.uuid4()), county_form()
    first = upload(client, office, data, submission_id=uid)
    second = upload(client, office, data, submission_id=uid)
    assert first["Location"] == second["Location"]
    assert EmptyForm.objects.count() == 1


def test_a_form_goes_when_its_time_is_over_and_when_it_is_deleted(office: OfficeCast, tmp_path: Path) -> None:
    client = signed_in(office.ding)
    page_of(client, office)
    other, _page = page_of(client, office)
    assert client.post(f"{LIST}{other.uid}/delete/", {"submission_id": str(uuid.uuid4())}).status_code == 302
    assert form_expire(timezone.now() + dt.timedelta(days=13)) == {"expired": 0}
    assert form_expire(timezone.now() + dt.timedelta(days=15)) == {"expired": 1}
    assert not EmptyForm.objects.exists()
    assert not [path for path in (tmp_path / "forms").rglob("*") if path.is_file()]


def test_a_form_whose_file_is_gone_says_so(office: OfficeCast, tmp_path: Path) -> None:
    client = signed_in(office.ding)
    kept, _page = page_of(client, office)
    (tmp_path / "forms" / kept.path).unlink()
    response = client.get(f"{LIST}{kept.uid}/", follow=True)
    assert "重新上传" in response.content.decode()


def test_a_ledger_with_too_many_rows_is_refused_in_words(
    office: OfficeCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_observation(office, "王某")
    make_observation(office, "李某")
    monkeypatch.setattr(services, "MOST_ROWS", 1)
    client = signed_in(office.ding)
    kept, page = page_of(client, office)
    response = client.post(f"{LIST}{kept.uid}/fill/", sent(page))
    assert response.status_code == 422 and "填不进一张表" in response.content.decode()


@pytest.mark.parametrize("name", ["", "fill/", "delete/"])
def test_a_form_is_its_uploaders_alone(office: OfficeCast, name: str) -> None:
    kept, _page = page_of(signed_in(office.ding), office)
    url = f"{LIST}{kept.uid}/{name}"
    for role, staff in office.everyone().items():
        client = signed_in(staff)
        answer = client.post(url, {"submission_id": "x"}) if name else client.get(url)
        assert (answer.status_code == 404) == (role != "ding"), role


def test_an_area_outside_is_not_found(office: OfficeCast) -> None:
    assert upload(signed_in(office.bing), office, county_form()).status_code == 404
    assert not EmptyForm.objects.exists()


def test_a_form_is_not_filled_for_a_foreign_area(office: OfficeCast) -> None:
    client = signed_in(office.jia)
    page = client.get(upload(client, office, county_form(), area=office.group.pk)["Location"])
    url = f"{LIST}{EmptyForm.objects.get().uid}/"
    answers = [
        client.post(f"{url}fill/", sent(page, area=area.pk)).status_code
        for area in (office.other_village, office.group)
    ]
    assert answers == [404, 200]
    assert client.get(url, {"area": office.other_village.pk}).status_code == 404


def test_the_pages_take_few_queries_however_many_people(
    office: OfficeCast, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        make_observation(office, f"王{'一二三'[number]}")
    client = signed_in(office.ding)
    kept, _page = page_of(client, office)
    with django_assert_num_queries(27):
        client.get(f"{LIST}{kept.uid}/")
    for number in range(6):
        make_observation(office, f"李{'一二三四五六'[number]}")
    with django_assert_num_queries(27):
        client.get(f"{LIST}{kept.uid}/")


# -- the command


def run(office: OfficeCast, tmp_path: Path, *more: str, user: str = "") -> tuple[str, list[list[Any]]]:
    source, target, said = tmp_path / "空表.xlsx", tmp_path / "填好.xlsx", io.StringIO()
    source.write_bytes(county_form())
    call_command(
        "fill_form", str(source), "--area", office.village.code, "--as", user or office.ding.username,
        "--out", str(target), *more, stdout=said,
    )  # fmt: skip
    sheet = openpyxl.load_workbook(target).worksheets[0]
    return said.getvalue(), [list(row) for row in sheet.iter_rows(values_only=True)]


def test_the_command_fills_and_says_how_each_column_was_understood(
    office: OfficeCast, tmp_path: Path
) -> None:
    make_observation(office, "王某")
    said, rows = run(office, tmp_path)
    assert "基本信息/公民身份号码 → 身份证号  [近义列名]" in said
    assert "空着的列：领导批示" in said
    assert "已填 1 行" in said
    assert rows[4][3] == "王某"


def test_the_command_takes_another_ledger_and_filters(office: OfficeCast, tmp_path: Path) -> None:
    make_observation(office, "王某")
    said, _rows = run(office, tmp_path, "--ledger", "key-persons", "--filter", "来源=境外")
    assert "key-persons" in said and "已填 0 行" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--ledger", "nothing"), "没有台账"), (("--filter", "来源=火星"), "没有“火星”"),
        (("--unmasked",), "须写明用途"), (("--on", "昨天"), "看不懂"),
    ],
)  # fmt: skip
def test_the_command_refuses_in_words(
    office: OfficeCast, tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(office, tmp_path, *more)


def test_the_command_stays_in_the_scope(office: OfficeCast, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="辖区"):
        run(office, tmp_path, user=office.bing.username)


def test_every_column_of_the_county_form_but_one_is_known(office: OfficeCast, tmp_path: Path) -> None:
    said, _rows = run(office, tmp_path)
    assert said.count(" → ") == len(CAPTIONS)
    assert said.count("[不认识]") == 1
