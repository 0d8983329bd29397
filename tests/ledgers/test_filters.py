"""Filters of each ledger: which rows stay, what the sheet and the log say, what is refused."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from grassroots.grid.models import AccessAction, AccessLog, AreaDuty
from grassroots.ledgers.engine import FilterError, LedgerContext, ledger_registry
from grassroots.ledgers.engine.filters import Filter, read_filters
from grassroots.ledgers.exports import ExportRefused, export_run
from households.ledgers import ledger_households
from households.models import CommitmentLetter, Survey, SurveyMember
from quarantine.models import Returnee
from quarantine.services.observations import observation_transfer
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.conftest import body, export, grid
from tests.quarantine.cases import make_observation, make_returnee

pytestmark = pytest.mark.django_db
DAY = dt.date(2020, 1, 26)
KEYS = ["base", "returnees", "key-persons", "statistics", "temperatures", "duties"]
EARLY = aware("2020-01-20 08:00")


def home(office: OfficeCast, door: str, *names: str, **fields: Any) -> Any:
    """A household known since 20 January, with people of these names."""
    household = make_household(office.compound, door, opened_on=EARLY.date(), recorded_at=EARLY, **fields)
    for name in names:
        make_person(name, household)
    household.residencies.update(started_on=EARLY.date(), recorded_at=EARLY)
    return household


def knock(office: OfficeCast, household: Any, outcome: str) -> Survey:
    at = aware("2020-01-25 10:00")
    return Survey.objects.create(
        household=household, area=household.area, staff=office.jia, recorded_by=office.jia, outcome=outcome,
        visited_at=at, recorded_at=at,
    )  # fmt: skip


def names(office: OfficeCast, key: str, **filters: Any) -> list[Any]:
    book = export(key, office.street, office.ding, on=DAY, filters=filters)
    if key == "temperatures":
        return sorted(book.sheetnames)
    return [row.get("姓名") or row.get("房号") for row in body(book)]


def test_base_lists_doors_by_what_the_knock_found(office: OfficeCast) -> None:
    signed, absent = home(office, "101", "甲一"), home(office, "102", "乙一")
    home(office, "103", "丙一")
    knock(office, absent, "ABSENT")
    survey = knock(office, signed, "SIGNED")
    at = aware("2020-01-25 10:00")
    CommitmentLetter.objects.create(
        survey=survey, household=signed, area=signed.area, number="1", signed_at=at, recorded_at=at
    )
    assert names(office, "base", state="ABSENT") == ["乙一"]
    assert names(office, "base", state=["SIGNED", "UNVISITED"]) == ["甲一", "丙一"]
    earlier = export(
        "base", office.street, office.ding, on=dt.date(2020, 1, 24), filters={"state": "UNVISITED"}
    )
    assert len(body(earlier)) == 3, "on the 24th nobody had knocked"


def test_base_lists_doors_by_kind_of_housing(office: OfficeCast) -> None:
    home(office, "101", "甲一", housing_kind="RENTED")
    home(office, "102", "乙一", housing_kind="OWNED")
    assert names(office, "base", housing="RENTED") == ["甲一"]


def test_base_lists_residents_who_are_away_and_doors_with_nobody(office: OfficeCast) -> None:
    family = home(office, "101", "甲一", "甲二")
    home(office, "102")
    family.residencies.filter(person__name="甲二").update(is_away=True, away_where="广东")
    assert names(office, "base", residency="AWAY") == ["甲二"]
    assert names(office, "base", residency="NOBODY") == ["102"]


def test_base_lists_who_answered_that_he_had_contact(office: OfficeCast) -> None:
    family = home(office, "101", "甲一", "甲二", "甲三")
    survey = knock(office, family, "SIGNED")
    for name, answer in (("甲一", True), ("甲二", False)):
        person = family.residencies.get(person__name=name).person
        SurveyMember.objects.create(survey=survey, person=person, hubei_contact=answer)
    assert [names(office, "base", contact=one) for one in ("YES", "NO", "UNKNOWN")] == [
        ["甲一"],
        ["甲二"],
        ["甲三"],
    ]


def cast_of_returnees(office: OfficeCast) -> None:
    """One under observation, one over his term, one transferred, one with a fever but not observed."""
    for name, day in (("在管", 25), ("期满", 5), ("转送", 25)):
        returnee = make_returnee(office, name, found_at=aware(f"2020-01-{day:02} 09:00"),
                                 recorded_at=aware(f"2020-01-{day:02} 09:00"),
                                 arrived_on=dt.date(2020, 1, min(day, 21)), left_on=None)  # fmt: skip
        observation = make_observation(office, returnee=returnee, at=f"2020-01-{day:02} 09:00")
        if name == "转送":
            observation_transfer(
                observation=observation, version=1, destination="县医院", by=office.health, reason="发热",
                at=aware("2020-01-25 20:00"), known_at=aware("2020-01-25 20:00"),
            )  # fmt: skip
    make_returnee(office, "发热", origin_kind="IN_PROVINCE", origin="重庆", reasons=["FEVER", "OTHER"],
                  recorded_at=aware("2020-01-25 09:00"))  # fmt: skip


@pytest.mark.parametrize("key", ["returnees", "key-persons"])
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"state": "OPEN"}, {"在管"}),
        ({"state": "DUE"}, {"期满"}),
        ({"state": "TRANSFERRED"}, {"转送"}),
        ({"state": ["NONE"]}, {"发热"}),
        ({"reason": "OTHER"}, {"发热"}),
        ({"reason": ["WUHAN"], "state": ["OPEN", "DUE"]}, {"在管", "期满"}),
        ({"origin": "IN_PROVINCE"}, {"发热"}),
    ],
)
def test_returnees_are_listed_by_state_reason_and_origin(
    office: OfficeCast, key: str, filters: dict[str, Any], expected: set[str]
) -> None:
    cast_of_returnees(office)
    assert set(names(office, key, **filters)) == expected


def test_who_has_no_reason_is_a_choice_of_its_own(office: OfficeCast) -> None:
    cast_of_returnees(office)
    Returnee.objects.filter(person__name="在管").update(reasons=[])
    assert names(office, "returnees", reason="NONE") == ["在管"]


def test_temperatures_lists_who_is_still_to_be_measured_and_who_had_a_fever(office: OfficeCast) -> None:
    first, second = make_observation(office, "王某"), make_observation(office, "赵某")
    for slot, at in (("AM", "2020-01-26 08:00"), ("PM", "2020-01-26 16:00")):
        visit = first.visits.get(date=DAY, slot=slot)
        reading_record(visit=visit, temperature=Decimal("37.9"), by=office.health, at=aware(at))
    assert second.visits.filter(date=DAY).exists()
    assert names(office, "temperatures", today="OPEN") == ["赵某"]
    assert names(office, "temperatures", today="DONE") == ["王某"]
    assert names(office, "temperatures", abnormal="YES") == ["王某"]


@pytest.mark.parametrize(("choice", "village"), [("YES", "城厢社区"), ("NO", "龚家村")])
def test_statistics_leaves_out_villages_and_its_totals_still_add_up(
    office: OfficeCast, choice: str, village: str
) -> None:
    make_observation(office, "王某")
    book = export("statistics", office.street, office.ding, on=DAY, filters={"followup": choice})
    assert [row["村(社区)"] for row in body(book)] == [village]
    total, row = (next(row for row in grid(book) if row[0] == first) for first in ("合计", 1))
    assert [shown or 0 for shown in total[2:]] == [shown or 0 for shown in row[2:]]


def test_duties_lists_gaps_by_kind_and_groups_with_key_people(office: OfficeCast) -> None:
    make_observation(office, "王某")
    groups = [
        [
            row["组(网格)"]
            for row in body(export("duties", office.street, office.ding, on=DAY, filters=filters))
        ]
        for filters in ({}, {"gap": "health"}, {"key_people": "YES"})
    ]
    assert groups == [["1组", "2组"], ["2组"], ["1组"]]
    AreaDuty.objects.all().delete()
    every = [value for value, _label in ledger_registry.get("duties").filters[0].options()]
    both = body(export("duties", office.street, office.ding, on=DAY, filters={"gap": every}))
    assert len(both) == 2, "all kinds ticked still asks for gaps, and is not taken for no filter"


@pytest.mark.parametrize("key", KEYS)
def test_all_choices_together_leave_nothing_out(office: OfficeCast, key: str) -> None:
    cast_of_returnees(office)
    home(office, "901")
    definition = ledger_registry.get(key)
    plain = export_bytes(office, key)
    for item in definition.filters:
        if item.is_offered and item.covers:
            everything = [value for value, _label in item.options()]
            assert definition.read_filters({item.key: everything}) == {}
            parts = sum(export_bytes(office, key, **{item.key: value}) for value in everything)
            assert parts >= plain, f"{item.label}: some row answers to no choice"


def export_bytes(office: OfficeCast, key: str, **filters: str) -> int:
    """How many rows (for temperatures: rows of the sheets) the ledger has."""
    result = export_run(
        key=key, area=office.street, staff=office.ding, on=DAY, target=io.BytesIO(), filters=filters
    )
    return result.rows


@pytest.mark.parametrize("key", KEYS)
def test_the_sheet_and_the_log_say_what_was_chosen(office: OfficeCast, key: str) -> None:
    item = next(item for item in ledger_registry.get(key).filters if item.is_offered)
    value, label = item.options()[0]
    book = export(key, office.street, office.ding, on=DAY, filters={item.key: value})
    words = f"{item.label}:{label}"
    cells = [str(cell) for row in grid(book) for cell in row if cell]
    assert f"(只列 {words})" in cells
    assert any(cell.startswith("导出人") and f"筛选:{words};" in cell for cell in cells)
    assert AccessLog.objects.get(action=AccessAction.EXPORT).detail["filters"] == words


def test_one_persons_sheet_is_no_selection(office: OfficeCast) -> None:
    observation = make_observation(office, "王某")
    book = export(
        "temperatures", office.street, office.ding, on=DAY, filters={"observation": observation.uid}
    )
    assert not any("只列" in str(cell) or "筛选" in str(cell) for row in grid(book) for cell in row)
    assert AccessLog.objects.get(action=AccessAction.EXPORT).detail["filters"] == ["observation"]


def test_a_csv_says_it_in_its_last_line(office: OfficeCast) -> None:
    file = io.BytesIO()
    export_run(key="base", area=office.street, staff=office.ding, on=DAY, target=file, file_format="csv",
               filters={"排查状态": ["无人"]})  # fmt: skip
    assert "筛选:排查状态:无人;" in file.getvalue().decode("utf-8-sig").splitlines()[-1]


def test_filters_are_read_by_key_or_label_in_their_own_order() -> None:
    item = Filter("state", "状态", (("A", "甲"), ("B", "乙"), ("C", "丙")))
    assert read_filters([item], {"状态": ["丙", "A", "A"]}) == {"state": ("A", "C")}
    assert read_filters([item], {"state": []}) == read_filters([item], {"state": ["A", "B", "C"]}) == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"colour": "red"}, "没有筛选“colour”，可用的筛选：state"),
        ({"state": "SOLD"}, "没有“SOLD”，可选的有：UNVISITED"),
        ({"housing": ["OWNED", "=1+1"]}, "没有“=1"),
    ],
)
def test_what_the_ledger_does_not_have_is_refused_in_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(FilterError, match=words):
        ledger_registry.get("base").read_filters(given)


def test_a_record_is_named_by_its_uid() -> None:
    definition, uid = ledger_registry.get("temperatures"), uuid.uuid4()
    assert definition.read_filters({"observation": uid}) == {"observation": (str(uid),)}
    with pytest.raises(FilterError, match="不是编号"):
        definition.read_filters({"observation": "1 OR 1"})


@pytest.mark.parametrize(("key", "value"), [("state", "REFUSED"), ("residency", "AWAY"), ("contact", "YES")])
def test_doors_that_no_filter_wants_are_not_read(office: OfficeCast, key: str, value: str) -> None:
    """The database leaves them out: a filter that nobody answers to finds nothing to look through."""
    home(office, "101", "甲一")
    definition = ledger_registry.get("base")
    context = LedgerContext(
        office.street, office.ding, timezone.localdate(), timezone.now(), filters={key: (value,)}
    )
    assert ledger_households(context).count() == 0 and list(definition.rows(context)) == []  # type: ignore[misc]


def test_an_answer_given_later_does_not_hide_who_was_not_asked_then(office: OfficeCast) -> None:
    family = home(office, "101", "甲一")
    survey = knock(office, family, "SIGNED")
    SurveyMember.objects.create(survey=survey, person=family.residencies.get().person, hubei_contact=True)
    before, after = (
        body(
            export(
                "base", office.street, office.ding, on=dt.date(2020, 1, day), filters={"contact": "UNKNOWN"}
            )
        )
        for day in (24, 26)
    )
    assert ([row["姓名"] for row in before], after) == (["甲一"], [])


def test_a_refused_export_is_not_in_the_log(office: OfficeCast) -> None:
    with pytest.raises(ExportRefused, match="可选的有"):
        export("base", office.street, office.ding, on=DAY, filters={"state": "SOLD"})
    assert not AccessLog.objects.filter(action=AccessAction.EXPORT).exists()


def run(path: Path, *filters: str) -> None:
    call_command(
        "export_ledger", "returnees", user="ding", area="510121006000", on="2020-01-26", out=str(path),
        filters=list(filters), stdout=io.StringIO(), format="csv",
    )  # fmt: skip


def test_the_command_takes_filters(office: OfficeCast, tmp_path: Path) -> None:
    cast_of_returnees(office)
    run(tmp_path / "r.csv", "状态=观察中、期满待解除", "origin=WUHAN")
    text = (tmp_path / "r.csv").read_text("utf-8-sig")
    assert "在管" in text and "期满" in text and "发热" not in text and "转送" not in text


@pytest.mark.parametrize(("text", "words"), [("state", "看不懂"), ("=A", "看不懂"), ("state=X", "可选的有")])
def test_the_command_says_what_is_wrong_with_a_filter(
    office: OfficeCast, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(tmp_path / "r.csv", text)
    assert list(tmp_path.iterdir()) == []
