"""The register of people who need help, from a sheet: matched, shown, written, taken back; nothing is lost unsaid."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from grassroots.ledgers.exports import export_run
from grassroots.ledgers.intake.outcome import outcome_of
from grassroots.ledgers.intake.services import batch_undo
from households.models import Person, Residency, SupportKind, SupportStatus
from households.services.supports import support_add
from measures.imports.vulnerable import kinds_of
from measures.models import CareFile
from tests.factories import OfficeCast, aware, make_household, make_office, make_person
from tests.ledgers.office.cases import AT, counts, imported, lines, planned, words, write

pytestmark = pytest.mark.django_db
HEADER = "村(社区),组,姓名,身份证号,困难类别,享受日期,退出日期,监护人,监护人电话,健康状况,备注"


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


@pytest.fixture
def elder(office: OfficeCast) -> Person:
    return make_person("周大爷", make_household(office.group))


def take(office: OfficeCast, *rows: str, header: str = HEADER):
    return imported("vulnerable", office.street, office.ding, lines(header, *rows))


def held(person: Person) -> set[tuple[str, dt.date]]:
    return set(SupportStatus.objects.filter(person=person, ended_on=None).values_list("kind", "started_on"))


def test_several_kinds_with_their_dates_and_what_is_known_around_him(office, elder):
    told = take(
        office,
        f"城厢社区,1组,周大爷,{elder.id_number},特困供养、残疾人,2019-05-01,,周小弟,13812341234,高血压,",
        f",,周大爷,{elder.id_number},留守老人,,,,,,",
    )
    assert counts(told) == (0, 2, 0, 0), told
    assert held(elder) == {
        ("DESTITUTE", dt.date(2019, 5, 1)), ("DISABLED", dt.date(2019, 5, 1)), ("LEFT_BEHIND", AT.date()),
    }  # fmt: skip
    known = CareFile.objects.get(person=elder)
    assert (known.guardian, known.guardian_phone, known.health) == ("周小弟", "13812341234", "高血压")
    # Entered later than it began: figures of the days between see it as a late entry.
    assert set(SupportStatus.objects.values_list("recorded_at", flat=True)) == {AT}
    again = take(
        office,
        f"城厢社区,1组,周大爷,{elder.id_number},特困供养、残疾人,2019-05-01,,周小弟,13812341234,高血压,",
    )
    assert counts(again) == (0, 0, 1, 0)


def test_who_is_nobody_or_might_be_two_is_turned_down_by_name(office, elder):
    make_person("刘二", make_household(office.group))
    make_person("刘二", make_household(office.group))
    make_person("外村人", make_household(office.other_group))
    told = take(
        office,
        "城厢社区,,查无此人,,低保,,,,,,",
        "城厢社区,,刘二,,低保,,,,,,",
        "城厢社区,,外村人,,低保,,,,,,",
        "城厢社区,,周大爷,,低保,,,,,,",
        "城厢社区,,周大爷,,,,,,,,",
    )
    assert counts(told) == (0, 1, 0, 4)
    said = words(told)
    assert "2:登记里没有此人" in said and "有 2 个“刘二”" in said and "4:登记里没有此人" in said
    assert "没有写困难类别" in said and "请核对是不是同一个人" in words(told, "warnings")
    assert {kind for kind, _on in held(elder)} == {"LOW_INCOME"}


def test_what_a_cell_says_that_cannot_be_is_told_and_the_rest_taken(office, elder):
    support_add(person=elder, kind="LOW_INCOME", by=office.jia, started_on=dt.date(2019, 1, 1), at=AT)
    row = f"城厢社区,,周大爷,{elder.id_number}"
    told = take(office, f"{row},低保、大病,2018-01-01,,,12,,电话13812341234")
    assert counts(told) == (0, 1, 0, 0)
    said = words(told, "warnings")
    for part in ("没有“大病”这个类别", "已登记自 2019-01-01 起", "不加密保存"):
        assert part in said
    assert SupportStatus.objects.get(kind=SupportKind.OTHER).note == "大病"
    assert not CareFile.objects.exists()
    ended = take(office, f"{row},低保,,2020-01-20,,,,")
    assert counts(ended) == (0, 1, 0, 0)
    assert SupportStatus.objects.get(kind="LOW_INCOME").ended_on == dt.date(2020, 1, 20)


def test_it_is_taken_back_whole(office, elder):
    support_add(person=elder, kind="LOW_INCOME", by=office.jia, started_on=dt.date(2019, 1, 1), at=AT)
    data = lines(
        HEADER,
        f",,周大爷,{elder.id_number},残疾,,,周小弟,,,",
        f",,周大爷,{elder.id_number},低保,,2020-01-20,,,,",
    )
    batch = write(planned("vulnerable", office.street, office.ding, data))
    assert {kind for kind, _on in held(elder)} == {"DISABLED"}
    batch_undo(batch=batch, by=office.ding, at=AT)
    assert held(elder) == {("LOW_INCOME", dt.date(2019, 1, 1))} and not CareFile.objects.exists()


def test_the_ledger_as_handed_out_comes_in_unchanged(office, elder):
    take(
        office,
        f"城厢社区,1组,周大爷,{elder.id_number},特困供养、残疾,2020-01-02,,周小弟,13812341234,高血压,每周送菜",
    )
    Residency.objects.update(started_on=dt.date(2019, 1, 1), recorded_at=aware("2019-01-01 08:00"))
    file = io.BytesIO()
    export_run(
        key="vulnerable", area=office.street, staff=office.ding, on=AT.date(), target=file, file_format="csv"
    )
    batch = planned("", office.street, office.ding, file.getvalue())
    assert batch.kind == "vulnerable"
    told = outcome_of(write(batch))
    assert counts(told) == (0, 0, 1, 0), (words(told), words(told, "warnings"))


def test_words_of_other_offices():
    text = "五保户/低保 重度残疾，孤老；留守儿童、大病"
    assert dict(kinds_of(text)) == {
        "DESTITUTE": "", "LOW_INCOME": "", "DISABLED": "", "ALONE": "", "LEFT_BEHIND": "", "OTHER": "大病",
    }  # fmt: skip
