"""The survey form with signature and photo, entered without a connection: plain fields, the same form once."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from households.models import Survey, SurveyPhoto, SurveySignature
from tests.factories import make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage
from tests.offline.cases import Device, pairs_of

pytestmark = pytest.mark.django_db


def test_signature_photo_and_proxy_come_up_with_the_form(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.PHOTO_ROOT = tmp_path / "photos"
    cast = make_office()
    home = make_household(cast.compound, door="101")
    make_person("张大爷", home)
    client.force_login(cast.jia)
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG")
    page = SurveyPage(client, home.uid).fill(
        outcome="SIGNED", signature="10,10 200,90", letter_photo=base64.b64encode(out.getvalue()).decode(),
        respondent="张丽", respondent_relation="子女", respondent_phone="13800009876",
    )  # fmt: skip
    device = Device(cast.jia)
    envelope = device.seal(page.url, pairs_of({**page.fields, "save_next": "1"}))
    assert [device.outcome(envelope), device.outcome(envelope)] == ["accepted", "repeated"]
    survey = Survey.objects.get()
    assert (survey.respondent_relation, survey.respondent_phone) == ("子女", "13800009876")
    assert SurveySignature.objects.get().survey == survey == SurveyPhoto.objects.get().survey
