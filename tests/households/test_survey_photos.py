"""Photos taken at the door: made small and safe, sealed, looked at with a purpose, erased in time."""

from __future__ import annotations

import base64
import datetime as dt
import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from grassroots.grid.models import AccessLog
from households.forms import photos
from households.imaging import LONGEST_SIDE, MOST_BYTES, photo_of
from households.models import Household, Survey, SurveyPhoto
from households.services.photos import photo_bytes, photos_expire
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.PHOTO_ROOT = tmp_path / "photos"
    return tmp_path / "photos"


@pytest.fixture
def page(cast: OfficeCast, client: Client) -> SurveyPage:
    home = make_household(cast.compound, door="101", floor="1")
    make_person("张三", home)
    client.force_login(cast.jia)
    return SurveyPage(client, home.uid).fill(outcome="SIGNED")


def jpeg(width: int = 64, height: int = 48, *, noise: bool = False, **options: Any) -> bytes:
    image = Image.effect_noise((width, height), 80) if noise else Image.new("L", (width, height), 128)
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", **options)
    return out.getvalue()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def sent(**fields: str) -> dict[str, str]:
    return {"submission_id": str(uuid.uuid4()), **fields}


def with_photos(page: SurveyPage) -> Survey:
    """A knock with a photo of the letter and one of the first person's ID card."""
    page.fill(letter_photo=text(jpeg())).fill_card(0, photo=text(jpeg()))
    assert page.press().status_code == 302
    return Survey.objects.get()


def test_photos_are_kept_sealed_of_the_letter_and_of_the_person(page: SurveyPage, root: Path) -> None:
    survey = with_photos(page)
    kinds = {photo.kind: photo for photo in survey.photos.select_related("person")}
    assert set(kinds) == {"LETTER", "ID_CARD"}
    assert kinds["ID_CARD"].person.name == "张三"
    days = {kind: (photo.expires_at - photo.created_at).days for kind, photo in kinds.items()}
    assert days == {"ID_CARD": 30, "LETTER": 180}
    files = files_below(root)
    assert len(files) == 2 and all(path.read_bytes().startswith(b"sealed:1:") for path in files)
    assert photo_bytes(kinds["LETTER"]).startswith(b"\xff\xd8")


def test_a_large_photo_is_made_small_upright_and_loses_its_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "30.85N 104.42E"
    large = jpeg(4000, 3000, noise=True, quality=80, exif=exif)
    assert len(large) > 5 * 2**20
    small = photo_of(large)
    image = Image.open(io.BytesIO(small))
    assert len(small) <= MOST_BYTES and max(image.size) <= LONGEST_SIDE
    assert image.height > image.width and not image.getexif() and b"104.42E" not in small


def truncated() -> bytes:
    return jpeg(900, 700, noise=True)[:4000]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: text(SVG), "这不是照片"),
        (lambda: text(b"%PDF-1.4 no photo"), "这不是照片"),
        (lambda: "这不是 base64!", "没有传完整"),
        (lambda: text(jpeg())[:-7], "没有传完整"),
        (lambda: text(truncated()), "没有传完整"),
        (lambda: "data:image/svg+xml;base64," + text(SVG), "这不是照片"),
    ],
)
def test_what_is_no_photo_is_told_and_the_rest_is_kept(
    page: SurveyPage, root: Path, make: Callable[[], str], words: str
) -> None:
    page.fill(letter_photo=make(), respondent="张三")
    assert page.press().status_code == 422
    assert words in page.text and page.fields["respondent"] == ["张三"]
    assert page.fields["letter_photo"] == [""]
    assert not Survey.objects.exists() and files_below(root) == []


def test_a_picture_that_unpacks_to_too_much_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(ValueError, match="像素太多"):
        photo_of(out.getvalue())


def test_a_body_beyond_what_is_read_is_told_with_what_to_do(page: SurveyPage) -> None:
    response = page.fill(letter_photo="A" * (9 * 2**20)).press()
    assert response.status_code == 400
    assert "超过 8 MB" in page.text and "照片" in page.text
    assert not Survey.objects.exists()


def test_a_form_refused_for_something_else_still_has_its_photo(page: SurveyPage, root: Path) -> None:
    page.fill(letter_photo=text(jpeg(noise=True))).fill_card(0, temperature="63.5")
    assert page.press().status_code == 422
    assert page.fields["letter_photo"] != [""] and files_below(root) == []
    assert page.fill_card(0, temperature="36.5").press().status_code == 302
    assert SurveyPhoto.objects.get().kind == "LETTER"


def test_without_script_the_file_itself_comes_and_can_be_taken_off_again(page: SurveyPage) -> None:
    file = SimpleUploadedFile("IMG_1.jpg", jpeg(3000, 2000, quality=95), "image/jpeg")
    page.fields.pop("letter_photo_file")
    page.fill(letter_photo_file=[file]).press("add_member")
    assert "已附" in page.text and page.fields["letter_photo"] != [""]
    page.press("drop_photo", "letter_photo")
    assert page.fields["letter_photo"] == [""]
    page.fields.pop("letter_photo_file")
    again = SimpleUploadedFile("IMG_1.jpg", jpeg(), "image/jpeg")
    page.fill_card(1, name="").fill(letter_photo_file=[again])
    assert page.press().status_code == 302
    assert SurveyPhoto.objects.count() == 1


def test_only_so_many_photos_are_taken_at_once(page: SurveyPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_PHOTOS", 1)
    page.fill(letter_photo=text(jpeg())).fill_card(0, photo=text(jpeg()))
    assert page.press().status_code == 422
    assert "这一张没有收下" in page.text
    assert page.fields["letter_photo"] != [""] and page.card(0, "photo") == ""


def test_a_photo_is_shown_once_for_a_purpose_and_logged(page: SurveyPage, cast: OfficeCast) -> None:
    photo = with_photos(page).photos.get(kind="ID_CARD")
    url = f"/households/photos/{photo.uid}/"
    assert "data:image" not in page.client.get(url).content.decode()
    assert page.client.post(url, sent(purpose="")).status_code == 422
    assert not AccessLog.objects.filter(action="UNMASK").exists()
    data = sent(purpose="核对证件")
    first = page.client.post(url, data)
    assert "data:image/jpeg;base64," in first.content.decode()
    assert page.client.post(url, data).status_code == 302
    row = AccessLog.objects.get(action="UNMASK")
    assert (row.subject_uid, row.purpose) == (str(photo.uid), "核对证件")
    outside = Client()
    outside.force_login(cast.bing)
    assert outside.post(url, sent(purpose="核对证件")).status_code == 404


def test_a_photo_is_erased_by_hand_or_when_its_time_is_over(
    page: SurveyPage, root: Path, cast: OfficeCast
) -> None:
    survey = with_photos(page)
    by_hand = survey.photos.get(kind="LETTER")
    assert page.client.post(f"/households/photos/{by_hand.uid}/erase/", sent()).status_code == 302
    by_hand.refresh_from_db()
    assert by_hand.erased_by == cast.jia and len(files_below(root)) == 1
    at = timezone.now()
    assert photos_expire(at + dt.timedelta(days=29))["photos_erased"] == 0
    assert photos_expire(at + dt.timedelta(days=31))["photos_erased"] == 1
    assert files_below(root) == [] and not SurveyPhoto.objects.kept().exists()
    assert "已清除" in page.client.get(f"/households/survey/{survey.uid}/").content.decode()


def test_a_file_that_no_row_names_is_swept_and_the_others_stay(page: SurveyPage, root: Path) -> None:
    with_photos(page)
    day = timezone.localdate()
    stray = root / str(day) / str(uuid.uuid4())
    stray.write_bytes(b"left behind by a server that was killed")
    at = timezone.localtime().replace(minute=7) + dt.timedelta(hours=2)
    assert photos_expire(at)["photos_stray"] == 1  # yesterday's folder is looked through as well
    assert not stray.exists() and len(files_below(root)) == 2


def test_a_survey_that_is_not_saved_leaves_no_file(
    page: SurveyPage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from households import hooks

    def fail(*_args: Any) -> None:
        assert len(files_below(root)) == 1
        raise RuntimeError("a listener failed")

    monkeypatch.setattr(hooks, "survey_listeners", [fail])
    page.fill(letter_photo=text(jpeg()))
    with pytest.raises(RuntimeError):
        page.press()
    assert files_below(root) == [] and not Household.objects.filter(survey_state="SIGNED").exists()
