"""Signed by finger, answered by somebody else: what is kept, what is refused, who sees it, how it is corrected."""

from __future__ import annotations

import io
import uuid
from base64 import b64decode

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from grassroots.grid.models import AccessLog
from grassroots.ledgers.engine import LedgerContext
from grassroots.ledgers.engine.text import mask_phone
from households.ledgers.base import COLUMNS, base_rows
from households.models import CommitmentLetter, Household, Survey, SurveyCorrection, SurveySignature
from households.rules.proxies import proxy_parse
from households.rules.signature import strokes_read, strokes_text
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage

pytestmark = pytest.mark.django_db
SIGNATURE = "30,40 300,60 310,220;400,50 420,200"
PHONE = "13800009876"


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


@pytest.fixture
def jia(cast: OfficeCast, client: Client) -> Client:
    client.force_login(cast.jia)
    return client


@pytest.fixture
def home(cast: OfficeCast) -> Household:
    home = make_household(cast.compound, door="101", floor="1")
    make_person("张大爷", home)
    return home


@pytest.fixture
def page(jia: Client, home: Household) -> SurveyPage:
    return SurveyPage(jia, home.uid).fill(outcome="SIGNED")


def sent(**fields: str) -> dict[str, str]:
    return {"submission_id": str(uuid.uuid4()), **fields}


def stored(table: str, column: str) -> str:
    """A column as it stands in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return str(cursor.fetchone()[0])


# --- the signature --------------------------------------------------------------------------------------------
def test_a_signature_is_kept_as_strokes_and_picture_and_encrypted(page: SurveyPage, home: Household) -> None:
    assert page.fill(signature=SIGNATURE).press().status_code == 302
    signature = SurveySignature.objects.get()
    assert signature.strokes == SIGNATURE
    picture = Image.open(io.BytesIO(b64decode(signature.picture)))
    assert picture.format == "PNG" and picture.getextrema()[0] != picture.getextrema()[1]
    assert len(signature.picture) < 8_000
    for column in ("strokes", "picture"):
        assert stored("households_surveysignature", column).startswith("g1:")
    shown = page.client.get(f"/households/{home.uid}/").content.decode()
    assert f"data:image/png;base64,{signature.picture}" in shown


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("10,10 11,11", "太短"),
        ("10,10 900,10", "没有传完整"),
        ("<svg>", "没有传完整"),
        (" ".join(f"{n % 600},{n % 300}" for n in range(5000)), "太多"),
        ("1,1 " * 1_000_000, "太多"),
    ],
)
def test_a_signature_that_is_none_is_told_in_words(page: SurveyPage, typed: str, words: str) -> None:
    page.fill(signature=typed, respondent="张大爷")
    assert page.press().status_code == 422
    assert words in page.text and page.fields["respondent"] == ["张大爷"]
    assert not Survey.objects.exists()


def test_strokes_come_back_as_they_were_read() -> None:
    assert strokes_text(strokes_read(SIGNATURE)) == SIGNATURE
    assert strokes_read("  ") == []


def test_whoever_did_not_sign_leaves_no_signature(page: SurveyPage) -> None:
    page.fill(signature=SIGNATURE, outcome="REFUSED").press()
    assert Survey.objects.exists() and not SurveySignature.objects.exists()


def test_the_letter_is_printed_with_its_signature_and_each_print_is_logged(
    page: SurveyPage, cast: OfficeCast, home: Household
) -> None:
    page.fill(signature=SIGNATURE, letter_number="翠-7").press()
    letter = CommitmentLetter.objects.get()
    data = sent()
    paper = page.client.post(f"/households/letters/{letter.pk}/print/", data).content.decode()
    assert "翠-7" in paper and "data:image/png;base64," in paper and "疫情防控承诺书" in paper
    page.client.post(f"/households/letters/{letter.pk}/print/", data)
    row = AccessLog.objects.get(action="PRINT")
    assert row.subject_uid == str(letter.survey.uid) and "张" not in str(row.detail)


# --- 代填 ------------------------------------------------------------------------------------------------------
def proxied(page: SurveyPage, **more: str) -> SurveyPage:
    return page.fill(
        **{"respondent": "张丽", "respondent_relation": "子女", "respondent_phone": PHONE, **more}
    )


def test_a_relative_answers_with_relation_and_phone(page: SurveyPage, home: Household) -> None:
    assert proxied(page).press().status_code == 302
    survey = Survey.objects.get()
    assert (survey.respondent, survey.respondent_relation, survey.respondent_phone) == ("张丽", "子女", PHONE)
    assert stored("households_survey", "respondent_phone").startswith("g1:")
    for url in (f"/households/survey/{survey.uid}/", f"/households/{home.uid}/"):
        shown = page.client.get(url).content.decode()
        assert "张丽" in shown and "子女" in shown and "138****9876" in shown and PHONE not in shown


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"respondent": ""}, "respondent"),
        ({"respondent_relation": ""}, "respondent_relation"),
        ({"respondent_phone": ""}, "respondent_phone"),
        ({"respondent_phone": "12345"}, "respondent_phone"),
        ({"respondent_relation": "很" * 21}, "respondent_relation"),
    ],
)
def test_what_is_missing_of_a_proxy_is_told_beside_its_field(
    page: SurveyPage, more: dict[str, str], field: str
) -> None:
    assert proxied(page, **more).press().status_code == 422
    assert f'href="#id_{field}"' in page.text
    assert not Survey.objects.exists()


def test_an_officer_who_answers_himself_types_no_phone(page: SurveyPage, cast: OfficeCast) -> None:
    cast.jia.phone = "13911112222"
    cast.jia.save()
    proxied(page, respondent=cast.jia.name, respondent_relation="包保人员", respondent_phone="").press()
    assert Survey.objects.get().respondent_phone == "13911112222"


def test_a_neighbour_without_a_phone_is_taken(page: SurveyPage) -> None:
    assert proxied(page, respondent_phone="无").press().status_code == 302
    assert Survey.objects.get().respondent_phone == ""


def test_a_call_to_the_proxy_is_logged(page: SurveyPage) -> None:
    proxied(page).press()
    survey = Survey.objects.get()
    shown = page.client.post(f"/households/survey/{survey.uid}/dial/", sent()).content.decode()
    assert f"tel:{PHONE}" in shown
    assert AccessLog.objects.get(action="DIAL").subject_uid == str(survey.uid)


def test_who_answered_is_corrected_and_what_stood_there_is_kept(page: SurveyPage) -> None:
    proxied(page).press()
    survey = Survey.objects.get()
    url = f"/households/survey/{survey.uid}/correct/"
    values = {"respondent": "张丽", "respondent_relation": "邻居", "respondent_phone": ""}
    assert page.client.post(url, sent(**values)).status_code == 422  # without a reason
    assert page.client.post(url, sent(**values, reason="听错了")).status_code == 302
    survey.refresh_from_db()
    assert (survey.respondent_relation, survey.respondent_phone) == ("邻居", PHONE)
    correction = SurveyCorrection.objects.get()
    assert correction.values_before()["respondent_relation"] == "子女"
    assert stored("households_surveycorrection", "before").startswith("g1:")
    shown = page.client.get(f"/households/survey/{survey.uid}/").content.decode()
    assert "听错了" in shown and "代填，邻居" in shown and PHONE not in shown


def test_the_base_ledger_names_the_proxy_and_masks_his_phone(page: SurveyPage, cast: OfficeCast) -> None:
    proxied(page).press()
    said = []
    for is_unmasked in (False, True):
        context = LedgerContext(
            area=cast.village,
            staff=cast.ding,
            on=timezone.localdate(),
            as_of=timezone.now(),
            unmasked=is_unmasked,
        )
        said += [row[-1] for row in base_rows(context)]
    assert set(said) == {f"张丽(子女)\n{PHONE}"}
    assert COLUMNS[-1].mask == "phone" and mask_phone(said[0]) == "张丽(子女)\n138****9876"
    assert proxy_parse(said[0]) == ("张丽", "子女", PHONE)
    assert proxy_parse("张丽（子女）138****9876") == ("张丽", "子女", "") and proxy_parse("无") is None


def test_it_stays_beyond_the_scope(page: SurveyPage, cast: OfficeCast) -> None:
    proxied(page, signature=SIGNATURE).press()
    survey, letter = Survey.objects.get(), CommitmentLetter.objects.get()
    outside = Client()
    outside.force_login(cast.bing)
    assert outside.get(f"/households/survey/{survey.uid}/correct/").status_code == 404
    assert outside.post(f"/households/survey/{survey.uid}/dial/", sent()).status_code == 404
    assert outside.post(f"/households/letters/{letter.pk}/print/", sent()).status_code == 404
