"""Layouts as rows: versions, defaults, who may, who sees which."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from grassroots.grid.areas import area_close, area_move
from grassroots.grid.models import Level, Role
from grassroots.ledgers.engine import Column, LayoutError
from grassroots.ledgers.layout_choice import (
    LayoutRefused,
    default_among,
    layout_version,
    offered_layouts,
)
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion
from grassroots.ledgers.services.layouts import (
    StaleLayout,
    layout_change,
    layout_close,
    layout_create,
    layout_revert,
)
from tests.factories import OfficeCast, make_area, make_staff
from tests.ledgers.layout_cases import draft, make, standard
from tests.quarantine.cases import make_observation

pytestmark = pytest.mark.django_db


def test_the_first_version_is_kept_with_who_and_when(office: OfficeCast) -> None:
    row = make(office, note="按区里要求", filters={"state": ("OPEN",)})
    version = row.versions.get()
    assert (version.number, version.by, version.note, version.filters) == (
        1, office.ding, "按区里要求", {"state": ["OPEN"]},
    )  # fmt: skip
    assert version.drawn() == standard(office) and version.at <= timezone.now()


def test_a_change_is_a_new_version_and_the_old_one_stays_as_it_was(office: OfficeCast) -> None:
    row = make(office)
    before = row.versions.get().definition
    titled = replace(standard(office), title="返乡人员花名册")
    row = layout_change(layout=row, version=1, draft=draft(titled, note="改标题"), by=office.admin)
    assert row.version == 2 and [v.number for v in row.versions.order_by("number")] == [1, 2]
    assert row.versions.get(number=1).definition == before
    assert row.versions.get(number=2).drawn().title == "返乡人员花名册"


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_to_change_a_version(office: OfficeCast, verb: str) -> None:
    rows = LedgerLayoutVersion.objects.filter(layout=make(office))
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        rows.update(note="x") if verb == "update" else rows._raw_delete("default")  # type: ignore[attr-defined]
    assert rows.get().note == ""


def test_saving_what_is_there_makes_no_version(office: OfficeCast) -> None:
    row = make(office, filters={"state": ("OPEN",)})
    same = draft(standard(office), name="改个名", filters={"state": ("OPEN",)})
    row = layout_change(layout=row, version=1, draft=same, by=office.ding)
    assert (row.version, row.name, row.versions.count()) == (1, "改个名", 1)


def test_filters_alone_make_a_version(office: OfficeCast) -> None:
    row = make(office)
    row = layout_change(
        layout=row, version=1, draft=draft(standard(office), filters={"state": ("DUE",)}), by=office.ding
    )
    assert row.version == 2 and row.versions.get(number=2).filters == {"state": ["DUE"]}


def test_who_saves_second_sees_both_values_and_nothing_is_lost(office: OfficeCast) -> None:
    row = make(office)
    layout_change(
        layout=row, version=1, draft=draft(replace(standard(office), title="甲的")), by=office.admin
    )
    mine = draft(replace(standard(office), title="乙的"), name="乙名", is_default=True)
    with pytest.raises(StaleLayout) as stale:
        layout_change(layout=row, version=1, draft=mine, by=office.ding)
    assert [(one.label, one.mine, one.theirs) for one in stale.value.differences] == [
        ("版式名称", "乙名", "报区里"), ("本区域默认", "是", "否"), ("标题", "乙的", "甲的"),
    ]  # fmt: skip
    assert stale.value.current.version == 2 and row.versions.count() == 2
    row = layout_change(layout=row, version=2, draft=mine, by=office.ding)
    assert (row.version, row.name) == (3, "乙名")


def test_an_old_version_comes_back_as_a_new_one(office: OfficeCast) -> None:
    row = make(office, filters={"state": ("OPEN",)})
    layout_change(layout=row, version=1, draft=draft(replace(standard(office), title="错了")), by=office.ding)
    row = layout_revert(layout=row, version=2, number=1, by=office.admin)
    newest = row.versions.get(number=3)
    assert (row.version, newest.note, newest.by) == (3, "恢复第 1 版", office.admin)
    assert (newest.definition, newest.filters) == (row.versions.get(number=1).definition, {"state": ["OPEN"]})
    assert layout_revert(layout=row, version=3, number=1, by=office.admin).version == 3, "it is that already"


def test_reverting_what_has_moved_on_or_never_was_is_refused(office: OfficeCast) -> None:
    row = make(office)
    layout_change(layout=row, version=1, draft=draft(replace(standard(office), title="二")), by=office.ding)
    with pytest.raises(StaleLayout):
        layout_revert(layout=row, version=1, number=1, by=office.ding)
    with pytest.raises(ValidationError, match="没有第 9 版"):
        layout_revert(layout=row, version=2, number=9, by=office.ding)


def test_a_name_is_taken_once_per_ledger_and_area_while_in_use(office: OfficeCast) -> None:
    row = make(office)
    with pytest.raises(ValidationError) as error:
        make(office)
    assert "同名" in error.value.message_dict["name"][0]
    make(office, "base")
    make(office, area=office.village)
    layout_close(layout=row, by=office.ding)
    assert make(office).version == 1


@pytest.mark.parametrize("name", ["", "   "])
def test_a_layout_needs_a_name(office: OfficeCast, name: str) -> None:
    with pytest.raises(ValidationError, match="请填写版式名称"):
        make(office, name=name)


def test_one_default_gives_way_to_another_and_its_history_says_so(office: OfficeCast) -> None:
    first = make(office, is_default=True)
    second = make(office, name="另一个", is_default=True)
    first.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)
    line = first.history.latest()
    assert line.is_default is False and line.history_user == office.ding


def test_the_nearest_default_above_is_the_areas_own(office: OfficeCast) -> None:
    street = make(office, is_default=True)
    village = make(office, area=office.village, is_default=True)
    found = [default_among(offered_layouts(office.ding)["returnees"], area) for area in
             (office.street, office.village, office.group, office.other_village)]  # fmt: skip
    assert found == [street, village, village, street]
    assert default_among([], office.street) is None


def test_layouts_are_for_the_scope_and_what_lies_above_it(office: OfficeCast) -> None:
    street, village = make(office), make(office, area=office.village)
    other = make(office, area=office.other_village)
    usable = {staff.name: {row.pk for rows in offered_layouts(staff).values() for row in rows}
              for staff in (office.jia, office.bing, office.ding)}  # fmt: skip
    assert usable == {
        "甲某": {street.pk, village.pk}, "丙某": {street.pk, other.pk}, "丁某": {street.pk, village.pk, other.pk},
    }  # fmt: skip
    with pytest.raises(LayoutRefused, match="没有这个版式"):
        layout_version(str(village.uid), ledger="returnees", staff=office.bing)
    with pytest.raises(LayoutRefused):
        layout_version(str(street.uid), ledger="base", staff=office.bing)


def test_only_administrators_and_supervisors_edit_and_only_their_own_areas(office: OfficeCast) -> None:
    row = make(office)
    lead = make_staff("村主管", Role.SUPERVISOR, office.village)
    for staff in (
        office.jia,
        office.health,
        office.police,
        office.inspector,
        office.auditor,
        office.bing,
        lead,
    ):
        with pytest.raises(PermissionDenied):
            layout_change(layout=row, version=1, draft=draft(standard(office)), by=staff)
        with pytest.raises(PermissionDenied):
            layout_close(layout=row, by=staff)
        with pytest.raises(PermissionDenied):
            layout_revert(layout=row, version=1, number=1, by=staff)
    own = layout_create(ledger="returnees", area=office.village, draft=draft(standard(office)), by=lead)
    assert own.area == office.village
    with pytest.raises(PermissionDenied):
        layout_create(ledger="returnees", area=office.other_village, draft=draft(standard(office)), by=lead)


def test_a_closed_layout_is_neither_changed_nor_offered(office: OfficeCast) -> None:
    row = layout_close(layout=make(office, is_default=True), by=office.ding)
    assert offered_layouts(office.ding) == {} and row.is_default is False
    for change in (
        lambda: layout_close(layout=row, by=office.ding),
        lambda: layout_change(layout=row, version=1, draft=draft(standard(office)), by=office.ding),
        lambda: layout_revert(layout=row, version=1, number=1, by=office.ding),
    ):
        with pytest.raises(ValidationError, match="已停用"):
            change()


def test_layouts_move_with_their_area_and_close_with_it(office: OfficeCast) -> None:
    make_observation(office)
    town = make_area(office.county, Level.STREET, "官仓街道", "510121002000")
    make_staff("县管", Role.ADMINISTRATOR, office.county)
    row = make(office, area=office.village)
    successor = area_move(area=office.village, parent=town, by=office.admin)
    row.refresh_from_db()
    assert row.area_id == successor.pk and LedgerLayout.objects.open().filter(pk=row.pk).exists()
    empty = make_area(office.street, Level.VILLAGE, "空村")
    gone = make(office, area=empty)
    area_close(area=empty, by=office.admin)
    assert not LedgerLayout.objects.open().filter(pk=gone.pk).exists()


def test_what_cannot_be_drawn_is_not_saved(office: OfficeCast) -> None:
    for columns in ((Column("name", ""),), (Column("no-such", "列"),)):
        with pytest.raises(LayoutError):
            make(office, layout=replace(standard(office), columns=columns, freeze_columns=0))
    assert LedgerLayout.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_saves_at_once_make_two_versions_in_a_row_or_tell_the_second(office: OfficeCast) -> None:
    row = make(office)
    seen: list[Any] = []

    def save(title: str) -> None:
        try:
            layout_change(
                layout=row, version=1, draft=draft(replace(standard(office), title=title)), by=office.ding
            )
            seen.append("saved")
        except StaleLayout as stale:
            seen.append([one.label for one in stale.differences])
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(title,)) for title in ("一", "二")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen, key=str) == [["标题"], "saved"]
    assert LedgerLayout.objects.get().version == 2
