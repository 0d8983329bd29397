"""From a file to the register and back, with the toy kind."""

from __future__ import annotations

import pytest

from grassroots.grid.models import Area
from grassroots.ledgers.intake.outcome import outcome_of
from grassroots.ledgers.intake.preview import all_lines, lines_of
from grassroots.ledgers.intake.protocol import Effect
from grassroots.ledgers.intake.services import (
    ImportRefused,
    PlanChanged,
    UndoRefused,
    batch_confirm,
    batch_discard,
    batch_plan,
    batch_start,
    batch_undo,
    batch_write,
)
from grassroots.ledgers.models import BatchState, ImportBatch, ImportEffect, ImportNote
from tests.factories import OfficeCast
from tests.ledgers.intake.conftest import AT, sheet, taken_in, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toy")]


def test_the_preview_writes_nothing(office: OfficeCast):
    before = Area.objects.count()
    batch = taken_in(office.street, office.admin, sheet())
    assert (batch.kind, batch.state, batch.rows, batch.created) == ("toy", BatchState.PLANNED, 2, 2)
    assert Area.objects.count() == before


def test_confirmed_it_is_written_and_a_second_time_changes_nothing(office: OfficeCast):
    written(taken_in(office.street, office.admin, sheet()))
    assert Area.objects.get(name="莲花村").expected_households == 20
    again = taken_in(office.street, office.admin, sheet())
    assert (again.created, again.updated, again.unchanged, again.rejected) == (0, 0, 2, 0)


def test_a_changed_value_is_shown_old_and_new(office: OfficeCast):
    written(taken_in(office.street, office.admin, sheet()))
    batch = taken_in(office.street, office.admin, sheet("红旗社区,11"))
    [line] = lines_of(batch, Effect.UPDATED, 0)
    assert [(one.label, one.old, one.new) for one in line.changes] == [("应排查户数", "10", "11")]


def test_every_row_is_counted_once(office: OfficeCast):
    batch = taken_in(office.street, office.admin, sheet("红旗社区,10", ",5", "城厢社区,x", "莲花村,1"))
    assert batch.rows == 4 == batch.created + batch.updated + batch.unchanged + batch.rejected
    assert (batch.rejected, batch.warnings) == (1, 1)
    assert sorted(line.index for line in all_lines(batch)) == [0, 1, 2, 3]


def test_rows_are_named_as_the_sheet_numbers_them(office: OfficeCast):
    data = "\n".join(["某街道统计表", "", "地名,应排查户数", "红旗社区,10", "", ",7", "合计,17"]).encode()
    outcome = outcome_of(taken_in(office.street, office.admin, data))
    assert [one["row"] for one in outcome["rejected"]] == [6]
    assert outcome["rejected"][0] == {"row": 6, "column": "地名", "value": "", "message": "没有名称。"}
    assert outcome["rows"] == 2


def test_another_plan_than_the_one_shown_is_shown_instead_of_written(office: OfficeCast):
    batch = taken_in(office.street, office.admin, sheet())
    written(taken_in(office.street, office.admin, sheet("红旗社区,99")))
    batch_confirm(batch=batch, by=office.admin, digest=batch.plan_digest)
    with pytest.raises(PlanChanged):
        batch_write(batch, staff=office.admin, at=AT)
    batch.refresh_from_db()
    assert (batch.state, batch.updated, batch.created) == (BatchState.PLANNED, 1, 1)
    assert batch.problem
    assert not Area.objects.filter(name="莲花村").exists()


def test_an_old_preview_cannot_be_confirmed(office: OfficeCast):
    batch = taken_in(office.street, office.admin, sheet())
    with pytest.raises(PlanChanged):
        batch_confirm(batch=batch, by=office.admin, digest="0" * 64)


def test_undo_takes_away_what_was_made_and_restores_what_was_changed(office: OfficeCast):
    written(taken_in(office.street, office.admin, sheet("红旗社区,10")))
    batch = written(taken_in(office.street, office.admin, sheet("红旗社区,11", "莲花村,x")))
    assert ImportNote.objects.get().text == "x"
    batch_undo(batch=batch, by=office.admin, at=AT)
    assert batch.state == BatchState.UNDONE
    assert Area.objects.get(name="红旗社区").expected_households == 10
    assert not Area.objects.filter(name="莲花村").exists()
    assert Area.history.filter(name="莲花村", history_type="-").get().history_user == office.admin
    assert not ImportNote.objects.exists()


def test_undo_is_refused_when_somebody_has_changed_a_row_and_says_who(office: OfficeCast):
    batch = written(taken_in(office.street, office.admin, sheet("红旗社区,10")))
    area = Area.objects.get(name="红旗社区")
    area._history_user = office.ding
    area.expected_households = 12
    area.save()
    with pytest.raises(UndoRefused) as refused:
        batch_undo(batch=batch, by=office.admin, at=AT)
    assert "红旗社区" in refused.value.reasons[0]
    assert office.ding.name in refused.value.reasons[0]
    assert Area.objects.get(name="红旗社区").expected_households == 12


def test_undo_is_refused_when_somebody_has_built_on_a_row(office: OfficeCast):
    from tests.factories import make_household

    batch = written(taken_in(office.street, office.admin, sheet("红旗社区,10")))
    make_household(Area.objects.get(name="红旗社区"))
    with pytest.raises(UndoRefused) as refused:
        batch_undo(batch=batch, by=office.admin, at=AT)
    assert "户" in refused.value.reasons[0]


def test_only_the_latest_import_of_a_kind_can_be_undone(office: OfficeCast):
    first = written(taken_in(office.street, office.admin, sheet("红旗社区,10")))
    second = taken_in(office.street, office.admin, sheet("莲花村,10"))
    batch_confirm(batch=second, by=office.admin, digest=second.plan_digest)
    batch_write(second, staff=office.admin, at=AT.replace(hour=11))
    with pytest.raises(UndoRefused):
        batch_undo(batch=first, by=office.admin, at=AT)
    batch_undo(batch=second, by=office.admin, at=AT)
    batch_undo(batch=first, by=office.admin, at=AT)
    assert not Area.objects.filter(name="红旗社区").exists()


def test_nobody_imports_outside_his_area_or_without_the_right(office: OfficeCast):
    with pytest.raises(ImportRefused):
        batch_start(area=office.county, staff=office.admin, name="a.csv", chunks=[b""])
    with pytest.raises(ImportRefused):
        batch_start(area=office.group, staff=office.inspector, name="a.csv", chunks=[b""])
    with pytest.raises(ImportRefused):  # not this kind
        batch_start(area=office.street, staff=office.ding, name="a.csv", chunks=[b""], kind="toy")
    assert not ImportBatch.objects.exists()


def test_given_up_it_leaves_no_file_and_no_lines(office: OfficeCast, import_root):
    batch = taken_in(office.street, office.admin, sheet())
    assert [path for path in import_root.rglob("*") if path.is_file()]
    batch_discard(batch=batch, by=office.admin)
    assert not [path for path in import_root.rglob("*") if path.is_file()]
    assert not batch.pages.exists()
    with pytest.raises(ImportRefused):
        batch_plan(batch=batch, by=office.admin)


def test_effects_of_rows_with_keys_one_after_the_other_are_one_range(office: OfficeCast):
    batch = written(taken_in(office.street, office.admin, sheet("红旗社区,1", "莲花村,2")))
    [effect] = ImportEffect.objects.filter(batch=batch)
    assert effect.last_pk - effect.first_pk == 1
