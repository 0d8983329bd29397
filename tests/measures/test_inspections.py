"""Inspections: by two at least, along a checklist; what is wrong becomes a rectification; the ledger 督查记录."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.ledgers.exports import export_run
from measures.checklists import SHIPPED, ship_checklists
from measures.models import Checklist, Inspection, Rectification
from measures.services.inspections import (
    Answer,
    InspectionData,
    checklist_change,
    inspection_record,
    inspection_void,
)
from measures.services.rectifications import rectification_close, rectification_done
from tests.factories import OfficeCast, make_office
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def today() -> dt.date:
    return timezone.localdate()


def inspect(office: OfficeCast, *bad: str, **more: Any) -> Inspection:
    """The closed venues' list in 甲's group: so many of its lines with these problems, the rest good."""
    checklist = Checklist.objects.get(code="closed-venue")
    answers = [
        Answer(words, "BAD" if number < len(bad) else "GOOD", bad[number] if number < len(bad) else "")
        for number, words in enumerate(checklist.items)
    ]
    given: dict[str, Any] = {
        "checklist": checklist, "area": office.group, "unit": "桥头茶馆", "at": timezone.now(),
        "inspectors": [office.inspector, office.ding], "answers": answers,
        "demand": "当天改正" if bad else "", "due_on": today() if bad else None, **more,
    }  # fmt: skip
    return inspection_record(data=InspectionData(**given), by=office.inspector)


def refused(office: OfficeCast, *bad: str, **more: Any) -> set[str]:
    with pytest.raises(ValidationError) as error:
        inspect(office, *bad, **more)
    return set(error.value.message_dict)


def test_what_is_wrong_goes_to_the_village_as_a_rectification(office: OfficeCast) -> None:
    row = inspect(office, "后门开着，两桌人打牌")
    (demand,) = Rectification.objects.all()
    assert (demand.area, demand.demand, demand.due_on) == (office.group, "当天改正", today())
    assert demand.problem == "督查桥头茶馆：门上有关停通知。后门开着，两桌人打牌"
    assert [item.result for item in row.items.all()] == ["BAD", "GOOD", "GOOD", "GOOD"]
    inspect(office)
    assert Rectification.objects.count() == 1


def test_it_takes_two_and_what_is_wrong_takes_words_a_demand_and_a_deadline(office: OfficeCast) -> None:
    assert refused(office, inspectors=[office.inspector, office.inspector]) == {"second"}
    assert refused(office, " ", demand="", due_on=None) == {"problem_0", "demand", "due_on"}
    assert refused(office, "脏", due_on=today() - dt.timedelta(days=1)) == {"due_on"}
    assert refused(office, at=timezone.now() + dt.timedelta(hours=1)) == {"at"}
    assert refused(office, at=timezone.now() - dt.timedelta(days=40)) == {"at"}
    assert not Inspection.objects.exists()
    assert not Rectification.objects.exists()


def test_one_entered_by_mistake_is_void_once_its_rectifications_are_closed(office: OfficeCast) -> None:
    row = inspect(office, "没有通知")
    with pytest.raises(ValidationError, match="还有整改没有销号"):
        inspection_void(inspection=row, reason="重复登记", by=office.inspector)
    demand = Rectification.objects.get()
    rectification_done(rectification=demand, words="已贴", by=office.jia)
    rectification_close(rectification=demand, words="已看", by=office.inspector)
    inspection_void(inspection=row, reason="重复登记", by=office.inspector)
    assert not Inspection.objects.standing().exists()


def test_the_office_changes_its_checklists_and_what_ships_does_not_come_back(office: OfficeCast) -> None:
    row = Checklist.objects.get(code="fire")
    checklist_change(checklist=row, items=[" 灭火器 有效 ", "", "通道畅通"], is_open=True, by=office.admin)
    assert ship_checklists() == 0
    row.refresh_from_db()
    assert row.items == ["灭火器 有效", "通道畅通"]
    for lines, words in ((["", " "], "至少写一条"), (["一"] * 2, "有重复的"), (["字" * 101], "太长")):
        with pytest.raises(ValidationError, match=words):
            checklist_change(checklist=row, items=lines, is_open=True, by=office.admin)
    Checklist.objects.all().delete()
    assert ship_checklists() == len(SHIPPED)


def rows_of(office: OfficeCast, **options: Any) -> list[list[Any]]:
    file = io.BytesIO()
    export_run(key="inspections", staff=office.ding, target=file, on=today(), area=office.street, **options)
    sheet = load_workbook(file).active
    return [list(row) for row in sheet.iter_rows(values_only=True) if str(row[0]).isdecimal()]


def test_the_ledger_has_a_row_a_line_with_what_became_of_it(office: OfficeCast) -> None:
    inspect(office, "没有通知")
    demand = Rectification.objects.get()
    rectification_done(rectification=demand, words="已贴通知", by=office.jia)
    rectification_close(rectification=demand, words="已看", by=office.inspector)
    first, *rest = rows_of(office)
    assert first[1] == "桥头茶馆"
    assert first[3:9] == ["丁某、督某", "关停场所", "门上有关停通知", "有问题", "没有通知", "当天改正"]
    assert first[10:] == ["已贴通知", f"督某 {today():%Y-%m-%d}"]
    assert len(rest) == 3
    assert len(rows_of(office, filters={"result": ["BAD"]})) == 1

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            rows_of(office)
        return len(asked)

    few = queries()
    inspect(office, "再查", "又有人")
    assert queries() == few


def test_the_pages(office: OfficeCast) -> None:
    inspector, url = client_of(office.inspector), reverse("measures:inspection_create", args=["gathering"])
    assert "没有办酒席" in text_of(inspector.get(url))
    sent = {
        "unit": "坝坝宴", "area": office.group.pk, "on": today(), "clock": "00:00", "is_announced": "0",
        "second": str(office.ding.uid), "result_0": "BAD", "problem_0": "", "due_on": today(),
        **{f"result_{number}": "GOOD" for number in range(1, 4)},
    }  # fmt: skip
    answer = post(inspector, url, sent)
    assert answer.status_code == 422
    assert "请写明存在的问题" in text_of(answer)
    sent |= {"problem_0": "办了六桌", "demand": "当场劝散"}
    detail = post(inspector, url, sent)["Location"]
    page = text_of(client_of(office.jia).get(detail))
    assert "办了六桌" in page and "暗访" in page and "整改：待整改" in page
    assert "整改中" in text_of(inspector.get(reverse("measures:inspection_list")))
    assert client_of(office.jia).get(url).status_code == 403
    assert client_of(office.bing).get(detail).status_code == 404
    lists = reverse("measures:checklist_edit", args=["gathering"])
    assert client_of(office.ding).get(lists).status_code == 403
    admin = client_of(office.admin)
    assert post(admin, lists, {"items": "没有办酒席\n没有打牌", "is_open": "on"}).status_code == 302
    assert "没有打牌" in text_of(admin.get(reverse("measures:checklist_list")))
