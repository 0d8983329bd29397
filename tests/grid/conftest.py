"""Fixtures of the grid's tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from grassroots.grid.models import Staff
from tests.factories import OfficeCast, make_office


@pytest.fixture
def office(db: None) -> OfficeCast:
    """The small office with its cast."""
    return make_office()


@pytest.fixture
def sign_in() -> Callable[[Staff], Client]:
    """A client signed in as somebody."""

    def client_of(staff: Staff) -> Client:
        client = Client()
        client.force_login(staff, backend=settings.AUTHENTICATION_BACKENDS[-1])
        return client

    return client_of


def form(**values: Any) -> dict[str, Any]:
    """A form with a submission id of its own."""
    return {"submission_id": str(uuid.uuid4()), **values}
