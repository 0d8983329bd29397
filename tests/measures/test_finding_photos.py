"""Photos of what an inspection found and of what was done: small, sealed, shown to whoever sees the finding, erased."""

from __future__ import annotations

import base64
import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from grassroots.grid.models import AccessLog
from households.services.photos import photo_bytes, photos_expire
from measures.models import Checklist, FindingPhoto, Inspection, Rectification
from tests.factories import OfficeCast, make_office
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.PHOTO_ROOT = tmp_path / "photos"
    return tmp_path / "photos"


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def jpeg(width: int = 2400) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "谁在哪里拍的"
    Image.new("RGB", (width, 300), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def typed(office: OfficeCast, **more: Any) -> dict[str, Any]:
    """The first line bad, with a photo."""
    lines = Checklist.objects.get(code="closed-venue").items
    given = {f"result_{number}": "GOOD" for number in range(len(lines))}
    local = timezone.localtime() - dt.timedelta(minutes=5)
    return {
        **given, "result_0": "BAD", "problem_0": "后门开着", "photo_0": text(jpeg()), "unit": "桥头茶馆",
        "area": office.group.pk, "on": local.date().isoformat(), "clock": f"{local:%H:%M}", "is_announced": "0",
        "second": str(office.ding.uid), "demand": "关好", "due_on": timezone.localdate().isoformat(), **more,
    }  # fmt: skip


def inspected(office: OfficeCast, **more: Any) -> FindingPhoto:
    url = reverse("measures:inspection_create", args=["closed-venue"])
    assert post(client_of(office.inspector), url, typed(office, **more)).status_code == 302
    return FindingPhoto.objects.get()


def test_a_photo_of_a_finding_is_encoded_anew_sealed_and_shown_with_it(
    office: OfficeCast, root: Path
) -> None:
    photo = inspected(office)
    kept = photo_bytes(photo)
    assert kept is not None and max(Image.open(io.BytesIO(kept)).size) == 1600
    assert not Image.open(io.BytesIO(kept)).getexif()
    (file,) = [one for one in root.rglob("*") if one.is_file()]
    assert kept[:200] not in file.read_bytes()
    inspection, demand = Inspection.objects.get(), Rectification.objects.get()
    url = reverse("measures:finding_photo", args=[photo.uid])
    for name, row in (("inspection_detail", inspection), ("inspection_print", inspection),
                      ("rectification_detail", demand)):  # fmt: skip
        page = source_of(client_of(office.jia).get(reverse(f"measures:{name}", args=[row.uid])))
        assert url in page and "后门开着" in page
    answer = client_of(office.jia).get(url)
    assert answer.content == kept and answer["Cache-Control"] == "private, no-store"
    assert AccessLog.objects.filter(staff=office.jia, subject_uid=str(photo.uid)).exists()
    assert client_of(office.bing).get(url).status_code == 404


def test_the_village_reports_with_photos_also_without_script(office: OfficeCast) -> None:
    inspected(office)
    demand = Rectification.objects.get()
    url = reverse("measures:rectification_act", args=[demand.uid, "done"])
    file = SimpleUploadedFile("x.jpg", jpeg(200), "image/jpeg")
    answer = post(
        client_of(office.jia), url, {"words": "已关好", "photo_1_file": file, "photo_3": text(jpeg(100))}
    )
    assert answer.status_code == 302
    assert FindingPhoto.objects.filter(step__rectification=demand, step__action="DONE").count() == 2


def test_what_is_no_photo_is_said_and_nothing_typed_is_lost(office: OfficeCast, root: Path) -> None:
    url = reverse("measures:inspection_create", args=["closed-venue"])
    client = client_of(office.inspector)
    answer = post(client, url, typed(office, photo_0=text(b"<svg/>"), photo_1=text(jpeg(64))))
    page = text_of(answer)
    assert answer.status_code == 422 and "这不是照片" in page and "后门开着" in page
    assert page.count("已附，") == 1
    dropped = post(client, url, {**typed(office), "drop_photo": "photo_0"})
    assert "后门开着" in text_of(dropped) and "已附，" not in text_of(dropped)
    assert not Inspection.objects.exists() and not root.exists()


def test_it_is_erased_when_its_time_is_over(office: OfficeCast, settings: Any) -> None:
    settings.FINDING_PHOTO_DAYS = 10
    photo = inspected(office)
    at = timezone.localtime(photo.created_at) + dt.timedelta(days=11)
    assert photos_expire(at.replace(minute=8))["photos_erased"] == 0
    assert photos_expire(at.replace(minute=7))["photos_erased"] == 1
    url = reverse("measures:finding_photo", args=[photo.uid])
    assert client_of(office.jia).get(url).status_code == 404
    page = reverse("measures:inspection_detail", args=[Inspection.objects.get().uid])
    assert "清除" in text_of(client_of(office.jia).get(page))
