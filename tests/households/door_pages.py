"""What the tests of the pages of doors and people share."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from grassroots.grid.models import Staff
from tests.factories import OfficeCast, make_office


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def signed_in(staff: Staff) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(staff, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def send(client: Client, url: str, *, submission: uuid.UUID | None = None, **values: Any) -> HttpResponse:
    """Send a form with a submission id of its own."""
    data = {key: value for key, value in values.items() if value is not None}
    return client.post(url, {**data, "submission_id": str(submission or uuid.uuid4())})
