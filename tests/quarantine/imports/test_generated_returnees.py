"""Lists of returnees as other offices make them, and our own ledger out and in again: nothing is lost or doubled."""

from __future__ import annotations

import datetime as dt
import io
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from grassroots.ledgers.exports import export_run
from households.imports.matching import identity_of
from households.models import Person
from households.rules.identity import make_resident_id
from households.rules.names import normalise_name
from households.services import PersonData, person_save, residency_open
from quarantine.imports.returnee_rows import FIELDS
from quarantine.models import Returnee
from quarantine.rules.transport import guess_transport
from quarantine.services.returnees import ReturneeData, returnee_save
from tests.factories import OfficeCast, make_household, make_office
from tests.ledgers.sheets import make_sheet
from tests.quarantine.cases import switch_on
from tests.quarantine.imports.conftest import AT, counts, lines, taken_in, written

USED = (
    "number", "village", "address", "name", "sex", "id_number", "phone", "origin", "left_on", "arrived_on",
    "transport_no", "stops", "companions", "arrival_temperature", "symptoms", "note",
)  # fmt: skip
TODAY = dt.date(2020, 1, 29)
VILLAGES = ("城厢社区", "龚家村")


def record(rng: random.Random, number: int) -> dict[str, object]:
    """A returnee as a form holds him."""
    village = rng.choice(VILLAGES)
    left = dt.date(2020, 1, rng.randint(9, 20))
    birth = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20_000))
    return {
        "number": number, "village": village, "address": f"{village}{rng.randint(1, 9)}组{number + 1}号",
        "name": rng.choice("王李张刘陈杨黄赵") + rng.choice("伟芳娜敏静秀强磊洋艳勇军𬱖暐"),
        "sex": "男", "id_number": make_resident_id("510121", birth, number % 500 * 2 + 1),
        "phone": f"138{rng.randrange(10**8):08d}", "origin": rng.choice(["武汉市江夏区", "湖北省荆州市", "孝感"]),
        "left_on": left, "arrived_on": left + dt.timedelta(days=rng.randint(0, 2)),
        "transport_no": rng.choice(["K351次", "G308", "鄂A7B3C9 自驾", "大巴"]),
        "stops": rng.choice(["否", "重庆北站换乘"]),
        "companions": rng.choice([None, "马秀英"]), "arrival_temperature": Decimal(rng.randint(361, 369)) / 10,
        "symptoms": rng.choice(["无", "咳嗽"]), "note": rng.choice([None, "独居"]),
    }  # fmt: skip


def fields() -> list[Any]:
    return [one for one in FIELDS if one.key in USED]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_a_sheet_of_any_make_is_brought_in_whole_and_once(office: OfficeCast, seed: int):
    rng = random.Random(seed)
    people = [record(rng, number) for number in range(rng.randint(3, 14))]
    data, truth = make_sheet(fields(), people, rng)
    batch = written(taken_in(data, office.street, office.ding, name=truth.name))
    assert (batch.kind, counts(batch)) == ("returnees", (len(people), 0, 0, 0)), [
        one.packed() for one in lines(batch)
    ]
    assert [line.row for line in lines(batch)] == truth.rows
    for wanted in people:
        file = Returnee.objects.get(person__id_digest=identity_of_digest(wanted))
        assert (file.left_on, file.arrived_on) == (wanted["left_on"], wanted["arrived_on"])
        assert (file.origin, file.arrival_temperature) == (wanted["origin"], wanted["arrival_temperature"])
        assert file.arrival_symptoms == ([] if wanted["symptoms"] == "无" else ["咳嗽"])
        assert file.person.phone == wanted["phone"]
        assert file.transport == guess_transport(str(wanted["transport_no"]))
        assert wanted["village"] in file.area.full_name()
    again, other = make_sheet(fields(), people, random.Random(seed + 1000))
    assert counts(taken_in(again, office.street, office.ding, name=other.name)) == (0, 0, len(people), 0)


def identity_of_digest(wanted: dict[str, object]) -> str:
    from grassroots.grid.crypto import digest

    return digest(str(wanted["id_number"]), "id")


# -- out and in again

# What means "as above" wherever it stands alone is no text of its own.
DITTO = frozenset({"同上", "〃", "″", '"', "''", "”", "“", "＂", "同前"})
TEXT = st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs")), max_size=20).filter(
    lambda text: text.strip() not in DITTO
)
NAMES = st.text("王李张赵钱孙周吴郑陈伟芳娜秀英敏静丽强磊洋艳勇军杰𬱖暐奡·", min_size=1, max_size=6)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "name": NAMES, "number": st.integers(0, 999), "birth": st.dates(dt.date(1930, 1, 1), dt.date(2019, 1, 1)),
            "phone": st.integers(0, 10**8 - 1), "origin": TEXT, "left": st.integers(0, 15), "days": st.integers(0, 3),
            "stops": TEXT, "companions": TEXT, "note": TEXT, "source": TEXT,
            "temperature": st.none() | st.integers(300, 430), "history": st.sampled_from([None, True, False]),
            "transport": st.sampled_from(["", "TRAIN", "CAR"]), "symptoms": st.sampled_from([(), ("咳嗽", "乏力")]),
        }
    ),
    min_size=1, max_size=6, unique_by=lambda one: (one["birth"], one["number"]),
)  # fmt: skip


class OutAndIn(TestCase):
    """The unmasked ledger of returnees, imported, changes nothing."""

    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    @given(people=PEOPLE, file_format=st.sampled_from(["xlsx", "csv"]))
    def test_our_own_ledger_comes_back_unchanged(
        self, people: list[dict[str, Any]], file_format: str
    ) -> None:
        office = make_office()
        switch_on(office.admin)
        home = make_household(office.compound, "501", building="3", unit="2")
        for index, one in enumerate(people):
            _file(office, home if index == 0 else None, one)
        before = list(Person.objects.order_by("pk").values()), list(Returnee.objects.order_by("pk").values())
        data = io.BytesIO()
        export_run(
            key="returnees", area=office.street, staff=office.ding, on=AT.date(), target=data, unmasked=True,
            purpose="核对", file_format=file_format,
        )  # fmt: skip
        with override_settings(IMPORT_ROOT=Path("/dev/shm") / "grassroots-out-and-in"):
            batch = taken_in(data.getvalue(), office.street, office.ding, name=f"台账.{file_format}")
            said = [(one.title, one.changes, one.problems) for one in lines(batch)]
            assert [one for one in said if one[1] or one[2]] == []
            assert batch.rows == len(people) == sum(counts(batch))
            assert batch.rejected == batch.created == 0
        assert before == (
            list(Person.objects.order_by("pk").values()),
            list(Returnee.objects.order_by("pk").values()),
        )


def _file(office: OfficeCast, home: Any, one: dict[str, Any]) -> None:
    name = normalise_name(one["name"]).strip("·") or "王"
    number = make_resident_id("510121", one["birth"], one["number"])
    data = PersonData(name=name, id_number=number, phone=f"138{one['phone']:08d}")
    person = person_save(person=None, data=data, by=office.ding, at=AT).person
    area = home.area if home else office.other_group
    residency_open(
        person=person, by=office.ding, household=home, area=None if home else area,
        address_text="" if home else "9号", at=AT,
    )  # fmt: skip
    left = dt.date(2020, 1, 8) + dt.timedelta(days=one["left"])
    temperature = None if one["temperature"] is None else Decimal(one["temperature"]) / 10
    returnee_save(
        returnee=None, person=person, area=area, household=home, by=office.ding, at=AT,
        data=ReturneeData(
            origin=" ".join(one["origin"].split()) or "武汉", left_on=left,
            arrived_on=left + dt.timedelta(days=one["days"]),
            stops=one["stops"], companions=one["companions"], note=one["note"], information_source=one["source"],
            arrival_temperature=temperature, hubei_history=one["history"], transport=one["transport"],
            arrival_symptoms=one["symptoms"],
        ),
    )  # fmt: skip


def test_a_name_is_read_as_it_is_stored():
    from grassroots.ledgers.intake.protocol import Record

    assert identity_of(Record(1, {"name": " 王 𬱖 "}, {})).name == "王𬱖"
