"""A kind is added without code, and stands in forms, ledger, 统计表 from then on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.asof import AsOf, indicator
from grassroots.ledgers.sheet import statistics_layout
from grassroots.ledgers.statistics import count_all, late_entries
from measures.models import OWN, Counting, Kind, Record
from measures.own_columns import forget_columns
from measures.rules.fields import FieldRule
from measures.services.kinds import kind_add, kind_change, kind_switch
from measures.services.records import measure_void
from tests.factories import OfficeCast, make_office
from tests.measures.cases import days_ago, happen, kind_of, make_venue, record
from tests.measures.test_plans import rows_of
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.texts import text_of

pytestmark = pytest.mark.django_db
FORM = {"family": "PUBLICITY", "name": "宣传扇", "unit": "把", "counting": "FLOW", "column": OWN, "order": "5",
        "asks_place": "on", "rows": "2", "r0-label": "发给谁", "r0-type": "choice", "r0-choices": "老人、学生",
        "r1-label": "", "r1-type": "text"}  # fmt: skip


@pytest.fixture
def office(db: None) -> Iterator[OfficeCast]:
    """The columns that a test adds are forgotten with its rows."""
    forget_columns()
    yield make_office()
    forget_columns()


def add(office: OfficeCast, name: str = "宣传扇", **more: Any) -> Kind:
    given = {"family": "PUBLICITY", "unit": "把", "counting": Counting.FLOW, "column": OWN, **more}
    return kind_add(name=name, by=office.admin, rules=given.pop("rules", ()), **given)


def figures(office: OfficeCast, *keys: str) -> list[int]:
    totals = count_all(office.street, AsOf.day(timezone.localdate()), keys).total(office.street.path)
    return [totals[key] for key in keys]


def test_a_kind_added_by_the_page_is_recorded_listed_exported_and_counted(office: OfficeCast) -> None:
    admin, officer = client_of(office.admin), client_of(office.jia)
    assert post(admin, reverse("measures:kind_create"), FORM).status_code == 302
    kind = Kind.objects.get(name="宣传扇")
    assert [rule.choices for rule in kind.rules] == [("老人", "学生")] and not kind.is_shipped
    way = reverse("measures:record_create", args=[kind.code])
    assert way in text_of(officer.get(reverse("measures:publicity")))
    sent = {"area": office.group.pk, "on": days_ago(0), "quantity": "30", "x_f1": "老人"}
    assert post(officer, way, sent).status_code == 302
    record(office, kind.code, 12, on=days_ago(1))
    assert figures(office, f"own_{kind.pk}_today", f"own_{kind.pk}_total", "publicity_times") == [30, 42, 1]
    captions = [(column.group, column.caption) for column in statistics_layout().columns]
    assert captions[-3:-1] == [("宣传扇", "今日"), ("宣传扇", "累计")]
    (_first, row) = rows_of(office, "publicity")
    assert (row["项目"], row["数量"], row["发给谁"]) == ("宣传扇", 30, "老人")


def test_late_entries_of_an_own_column_are_told(office: OfficeCast) -> None:
    kind = add(office)
    measure_void(record=record(office, kind.code, 5), reason="误", by=office.jia)
    since = timezone.now()
    record(office, kind.code, 7)
    late = late_entries(office.street, AsOf.day(timezone.localdate()), since, keys={f"own_{kind.pk}_total"})
    assert [row.change for row in late[f"own_{kind.pk}_total"]] == [7]


def test_closed_venues_of_an_own_kind_and_a_stock_have_one_column(office: OfficeCast) -> None:
    gym = add(office, "健身房", family="VENUE", unit="家")
    drones = add(office, "喊话无人机", unit="架", counting=Counting.STOCK)
    happen(make_venue(office, "力量健身", gym.code), "CLOSED", office.jia)
    record(office, drones.code, 2, on=days_ago(1))
    record(office, drones.code, 3)
    assert figures(office, f"own_{gym.pk}", f"own_{drones.pk}", "venues_closed") == [1, 3, 1]
    assert indicator(f"own_{gym.pk}").caption == "关停健身房"


def test_a_kind_out_of_use_leaves_forms_and_table_and_still_counts(office: OfficeCast) -> None:
    kind = add(office)
    record(office, kind.code, 4)
    page = reverse("measures:kind_switch", args=[kind.code])
    assert post(client_of(office.ding), page, {"open": "0"}).status_code == 403
    assert post(client_of(office.admin), page, {"open": "0"}).status_code == 302
    assert client_of(office.jia).get(reverse("measures:record_create", args=[kind.code])).status_code == 404
    assert figures(office, f"own_{kind.pk}_total") == [4]
    assert "宣传扇" not in {column.group for column in statistics_layout().columns}
    kind_switch(kind=kind, is_open=True, by=office.admin)
    assert "宣传扇" in {column.group for column in statistics_layout().columns}


def test_what_was_counted_is_not_changed_under_its_rows(office: OfficeCast) -> None:
    kind = add(office, rules=(FieldRule("", "发给谁"), FieldRule("", "天气")))
    record(office, kind.code, 4, values={"f1": "老人"})
    rules = kind.rules
    for change, field in (
        ({"unit": "个"}, "unit"), ({"family": "WASTE"}, "family"), ({"counting": Counting.STOCK}, "counting"),
        ({"rules": (FieldRule("f1", "发给谁", "integer"),)}, "fields"),
    ):  # fmt: skip
        with pytest.raises(ValidationError) as refused:
            kind_change(kind=kind, version=1, by=office.admin, **{"rules": rules, **change})
        assert list(refused.value.message_dict) == [field]
    changed = kind_change(kind=kind, version=1, by=office.admin, name="扇子", rules=rules[1:])
    again = kind_change(
        kind=kind, version=2, by=office.admin, rules=(*changed.rules, FieldRule("", "发给谁", "integer"))
    )
    assert [rule.key for rule in again.rules] == ["f2", "f3"]
    assert Record.objects.get().values == {"f1": "老人"}
    with pytest.raises(StaleVersion):
        kind_change(kind=kind, version=1, by=office.admin, rules=rules)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "宣传单"}, "name"),
        ({"unit": "", "counting": Counting.STOCK}, "unit"),
        ({"due_every": 40}, "due_every"),
        ({"column": "ktvs_closed"}, "column"),
        ({"family": "VENUE", "column": "leaflets"}, "column"),
        ({"rules": (FieldRule("", "方式", "choice", choices=("一",)),)}, "fields"),
    ],
)
def test_a_kind_that_cannot_be_is_refused_by_field(
    office: OfficeCast, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        add(office, **{"name": "新项目", **change})
    assert list(refused.value.message_dict) == [field]
    assert not Kind.objects.filter(is_shipped=False).exists()


def test_more_rows_keep_what_was_typed_and_errors_lose_nothing(office: OfficeCast) -> None:
    client, url = client_of(office.admin), reverse("measures:kind_create")
    more = client.post(url, {**FORM, "find": "rows"})
    assert (
        more.status_code == 200
        and 'name="rows" value="5"' in text_of(more)
        and 'value="发给谁"' in text_of(more)
    )
    wrong = post(client, url, {**FORM, "r0-choices": "老人"})
    assert wrong.status_code == 422 and "“发给谁”要有 2 至 20 个不同的选项" in text_of(wrong)
    assert 'value="宣传扇"' in text_of(wrong) and 'value="老人"' in text_of(wrong)


def test_a_stale_change_of_a_kind_shows_both(office: OfficeCast) -> None:
    kind = add(office, column="", asks_place=True, rules=(FieldRule("", "发给谁"),))
    client, url = client_of(office.admin), reverse("measures:kind_edit", args=[kind.code])
    data = {**FORM, "column": "", "version": 1, "r0-type": "text", "r0-choices": "", "r0-key": "f1"}
    assert post(client, url, {**data, "name": "纸扇"}).status_code == 302
    stale = post(client, url, {**data, "name": "布扇"})
    assert stale.status_code == 409 and "纸扇" in text_of(stale) and 'value="布扇"' in text_of(stale)
    kind.refresh_from_db()
    assert (kind.name, kind.order, kind.version) == ("纸扇", 5, 2)
    assert "纸扇" in text_of(client.get(reverse("measures:kind_list")))


def test_the_kinds_that_ship_can_be_changed_by_the_page(office: OfficeCast) -> None:
    """Every field of a shipped kind comes back from its form as it went out."""
    client = client_of(office.admin)
    for code in ("disinfect-public", "ktv", "question"):
        before = kind_of(code)
        form = client.get(reverse("measures:kind_edit", args=[code])).context["form"]
        data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
        data["rows"] = len(form.rows)
        for row in form.rows:
            data |= {row.add_prefix(name): row[name].value() for name in row.fields if row[name].value()}
        answer = post(client, reverse("measures:kind_edit", args=[code]), data)
        after = kind_of(code)
        assert answer.status_code == 302
        same = ("family", "name", "unit", "counting", "column", "fields", "due_every", "due_duty", "order")
        assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
