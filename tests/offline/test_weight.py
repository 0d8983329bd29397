"""How many bytes a door is on its way to a phone (docs/offline.md, "What comes to the device")."""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import pytest

from tests.factories import make_household, make_office, make_person
from tests.households.door_pages import signed_in
from tests.quarantine.cases import switch_on

DOORS, PEOPLE = 20, 3
MOST_BYTES = 4_000


@pytest.mark.django_db
def test_a_door_is_a_few_kilobytes(settings: Any) -> None:
    settings.OFFLINE_WORK = True
    office = make_office()
    switch_on(office.admin)
    homes = [make_household(office.compound, str(101 + at)) for at in range(DOORS)]
    for home in homes:
        for _ in range(PEOPLE):
            make_person("", home)
    body = json.dumps({"set": "survey", "ids": [str(home.uid) for home in homes]})
    answer = signed_in(office.jia).post("/offline/pages/", body, content_type="application/json", secure=True)
    packed, plain = len(gzip.compress(answer.content, 6)), len(answer.content)
    whole = sum(
        len(piece) for page in answer.json()["pages"].values() for piece in _pieces(answer.json(), page)
    )
    told = (packed / DOORS, plain / DOORS, whole / DOORS)
    sys.stdout.write("a door: {:.0f} bytes gzip, {:.0f} plain, as a page {:.0f}".format(*told))
    assert packed / DOORS < MOST_BYTES


def _pieces(packed: dict[str, Any], page: list[int]) -> list[bytes]:
    return [packed["pieces"][number].encode() for number in page]
