"""Out and in again: a base ledger that was exported in clear gives the same records, and the same ledger."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from grassroots.desk.demo.build import VILLAGE_PEOPLE, TownshipBuilder
from grassroots.desk.demo.grid import plan_one_village, write_areas
from grassroots.desk.demo.invent import Inventor
from grassroots.desk.demo.knocks import lively
from grassroots.grid.models import Area, Office, Staff
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.intake.services import batch_undo
from households.models import (
    CommitmentLetter,
    Household,
    HousingKind,
    Person,
    Relation,
    Residency,
    ResidencyKind,
    SupportStatus,
    Survey,
    SurveyMember,
    SurveyOutcome,
)
from households.rules.answers import SYMPTOMS
from households.rules.identity import make_resident_id
from households.services import household_open, person_save, residency_open, survey_record
from households.services.data import MemberData, PersonData, SurveyData
from tests.factories import OfficeCast, aware
from tests.households.imports.sheets import counts, said, taken_in, written

AT = aware("2020-01-29 20:00")


def exported(area: Area, staff: Staff) -> bytes:
    """The base ledger in clear."""
    file = io.BytesIO()
    export_run(
        key="base",
        area=area,
        staff=staff,
        on=timezone.localdate(AT),
        target=file,
        unmasked=True,
        purpose="核对",
    )
    return file.getvalue()


def cells(data: bytes) -> list[list[Any]]:
    """Its rows, without the lines that say when it was made."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    return [row for row in rows if isinstance(row[0], float)]


def emptied() -> None:
    """The register without a row; areas and staff stay."""
    for model in (CommitmentLetter, SurveyMember, Survey, Residency, SupportStatus, Person, Household):
        found: Any = model._default_manager.all()
        found._raw_delete(found.db)


@pytest.fixture
def village(db: None) -> tuple[Area, Staff]:
    """The households of the demo village, in the middle of their round."""
    plan, invent = plan_one_village(), Inventor(20200129, AT.date())
    write_areas([plan])
    builder = TownshipBuilder(plan, invent.rng, invent, AT)
    builder.write_staff(total=None, gap=True, office_id=plan.area_id)
    street = Area.objects.get(pk=plan.area_id)
    Office.objects.create(pk=1, name="淮口街道办事处", area=street)
    builder.write_homes(VILLAGE_PEOPLE, lively, lambda done: None)
    return street, Staff.objects.get(username="supervisor")


@time_machine.travel(AT)
def test_the_demo_village_goes_out_and_comes_in_again(village: tuple[Area, Staff]):
    area, staff = village
    data = exported(area, staff)
    again = taken_in(data, area, staff)
    assert (counts(again)[0], again.updated, again.rejected) == (0, 0, 0)  # it says what the register says
    emptied()
    batch = written(taken_in(data, area, staff, at=AT), at=AT)
    assert (batch.created, batch.rejected, said(batch)) == (batch.rows, 0, [])
    assert cells(exported(area, staff)) == cells(data)
    batch_undo(batch=batch, by=staff, at=AT)
    assert cells(exported(area, staff)) == []


# -- anything that a register may hold

names = st.one_of(
    st.text(st.sampled_from("王李张刘陈杨𬱖頔暐奡明华小·"), min_size=2, max_size=6),
    st.from_regex(r"[A-Z][a-z]{1,6} [A-Z][a-z]{1,6}", fullmatch=True),
).filter(lambda name: name.strip("·") == name and "··" not in name)
texts = st.one_of(
    st.just(""),
    st.text(st.sampled_from("武汉成都市一号楼 =+-@'\"&<>、,;☆①Ⅷ𬱖ABCdef0123"), min_size=1, max_size=12),
).map(lambda text: " ".join(text.split()))
# Signs that stand for no answer, and those that stand for the cell above (同上).
SIGNS = {"-", "--", "---", "、", '"', "''"}
says_something = texts.filter(lambda text: text not in SIGNS)
days = st.dates(dt.date(2020, 1, 2), dt.date(2020, 1, 28))


# 代填: nobody, a daughter with a phone, a neighbour without one.
PROXIES = (("", "", ""), ("张丽", "子女", "13812345678"), ("王·小", "邻居", "无"))
WHO = ("respondent", "respondent_relation", "respondent_phone")


@st.composite
def members(draw: Callable[..., Any], number: int) -> dict[str, Any]:
    birth = draw(st.dates(dt.date(1921, 1, 1), dt.date(2019, 12, 31)))
    left, back = sorted([draw(days), draw(days)])
    return {
        "name": draw(names), "birth": birth, "sequence": number,
        "phone": draw(st.sampled_from(["", "13812345678", "02884931234", "13912345678"])),
        "kind": draw(st.sampled_from(ResidencyKind.values)), "is_away": draw(st.booleans()),
        "relation": draw(st.sampled_from([one for one in Relation.values if one != Relation.HEAD])),
        "left_county": draw(st.sampled_from([None, True, False])), "returned_from": draw(says_something),
        "left_on": draw(st.sampled_from([None, left])), "returned_on": draw(st.sampled_from([None, back])),
        "transport": draw(says_something), "companions": draw(says_something),
        "temperature": draw(st.sampled_from([None, Decimal("36.5"), Decimal("38.2"), Decimal("35.6")])),
        "symptoms": draw(st.lists(st.sampled_from(SYMPTOMS), unique=True, max_size=3)),
        "note": draw(says_something),
    }  # fmt: skip


@st.composite
def homes(draw: Callable[..., Any]) -> list[dict[str, Any]]:
    count = draw(st.integers(1, 3))
    return [
        {
            "building": draw(st.sampled_from(["", "3", "A", "12"])), "door": str(101 + place),
            "housing": draw(st.sampled_from([HousingKind.OWNED, HousingKind.RENTED, HousingKind.OTHER])),
            "outcome": draw(st.sampled_from([None, *SurveyOutcome.values])), "day": draw(days),
            "proxy": draw(st.sampled_from(PROXIES)),
            "members": [draw(members(number=place * 10 + one)) for one in range(draw(st.integers(0, 3)))],
        }
        for place in range(count)
    ]  # fmt: skip


def lay_down(office: OfficeCast, home: dict[str, Any]) -> None:
    """A household as services write it."""
    is_empty = home["outcome"] in (SurveyOutcome.VACANT, SurveyOutcome.ABSENT, None)
    house = household_open(
        area=office.compound, building=home["building"], unit="2" if home["building"] else "", door=home["door"],
        housing_kind=home["housing"], by=office.ding, at=AT - dt.timedelta(days=28),
    )  # fmt: skip
    rows = []
    for place, one in enumerate(home["members"]):
        person = person_save(
            person=None, by=office.ding, at=AT,
            data=PersonData(
                one["name"], id_number=make_resident_id("510121", one["birth"], one["sequence"]), phone=one["phone"]
            ),
        ).person  # fmt: skip
        is_away = one["is_away"] or home["outcome"] == SurveyOutcome.VACANT
        relation = Relation.HEAD if place == 0 else one["relation"]
        residency_open(
            person=person, household=house, kind=one["kind"], relation=relation, is_away=is_away,
            away_where="成都" if is_away else "", started_on=dt.date(2020, 1, 1), by=office.ding, at=AT,
        )  # fmt: skip
        said_at_door = {} if is_empty else {
            name: one[name]
            for name in ("left_county", "returned_from", "left_on", "returned_on", "transport", "companions",
                         "temperature", "symptoms", "note")
        }  # fmt: skip
        rows.append(MemberData(
            str(place),
            PersonData(one["name"], sex=person.sex, birth_date=person.birth_date, id_number=None, phone=None),
            person_uid=str(person.uid), relation=relation, kind=one["kind"], is_away=is_away,
            away_where="成都" if is_away else "", **said_at_door,
        ))  # fmt: skip
    if home["outcome"] is not None:
        house.refresh_from_db()
        who = dict(zip(WHO, home["proxy"], strict=True))
        survey_record(
            household=house, version=house.version, by=office.ding, at=AT,
            data=SurveyData(home["outcome"], aware(f"{home['day']} 09:30"), members=rows, **who),
        )  # fmt: skip


def proxies() -> list[tuple[str, ...]]:
    """Who answered for others, of households whose residents the ledger shows."""
    return sorted(Survey.objects.exclude(respondent_relation="").values_list(*WHO))


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would write a register for each step
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(doors=homes())
def test_whatever_the_register_holds_goes_out_and_comes_in_again(
    office: OfficeCast, doors: list[dict[str, Any]]
):
    emptied()
    with time_machine.travel(AT):
        for home in doors:
            lay_down(office, home)
        data = exported(office.street, office.ding)
        again = taken_in(data, office.street, office.ding, at=AT)
        assert (again.created, again.updated, again.rejected) == (0, 0, 0)
        people = sorted(Person.objects.values_list("name", "id_digest", "phone_digest", "sex", "birth_date"))
        answered = proxies()
        emptied()
        batch = written(taken_in(data, office.street, office.ding, at=AT), at=AT)
        assert batch.rejected == 0
        assert proxies() == answered
        assert cells(exported(office.street, office.ding)) == cells(data)
        assert (
            sorted(Person.objects.values_list("name", "id_digest", "phone_digest", "sex", "birth_date"))
            == people
        )
