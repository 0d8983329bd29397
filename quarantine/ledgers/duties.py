"""网格化包保责任表: one row a group, with the officers of every level, and what they answer for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from django.db.models import Q

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many, kinds_in
from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Staff
from grassroots.grid.names import place_names
from grassroots.ledgers.engine import (
    Column,
    Filter,
    FormRows,
    Layout,
    LedgerContext,
    LedgerDefinition,
    ledger_registry,
)
from grassroots.ledgers.statistics import Counted, count_all
from households.ledgers import asof_of
from quarantine.ledgers.officers import officer_columns, officer_values

KEY_PEOPLE = ("returnees_wuhan", "returnees_hubei_other")
FIGURES = ("households", "residents", *KEY_PEOPLE)


def gap_choices() -> tuple[tuple[str, str], ...]:
    """The office's kinds of duty, as what may be missing."""
    return tuple((kind.code, f"缺{kind.officer_title}") for kind in DutyKind.objects.all())


FILTERS = (
    Filter("gap", "空岗", choices_for=gap_choices, covers=False),
    Filter("key_people", "重点人员", (("YES", "有"), ("NO", "无"))),
)


def duty_layout(context: LedgerContext) -> Layout:
    """片区, then officer and phone of every duty kind of the area, the group, households, people, key persons."""
    columns: list[Column] = [Column("number", "序号", format="serial"), Column("section", "片区", width=8)]
    columns += [Column("village", "村(社区)", width=10), Column("group", "组(网格)", width=8)]
    for kind in kinds_in(cast(Area, context.area), context.on):
        columns.append(Column(f"duty_{kind.code}", kind.officer_title, group=kind.name, width=9.5))
        columns.append(Column(f"duty_{kind.code}_phone", "电话", group=kind.name, width=13))
    columns += [
        Column("households", "户数", format="int", width=7, total="sum"),
        Column("residents", "人数", format="int", width=7, total="sum"),
        Column("key_people", "重点人员数", format="int", width=7.5, total="sum"),
        Column("note", "备注", width=10),
    ]
    return Layout(title="网格化包保责任表", columns=tuple(columns), freeze_columns=4, row_height=24)


def _sections(areas: Sequence[Area], context: LedgerContext) -> dict[str, str]:
    """片 or 段 by the path of the area that it is noted at."""
    duties = (
        AreaDuty.objects.open(context.on).exclude(section="").select_related("area").order_by("kind__order")
    )
    found: dict[str, str] = {}
    for duty in duties.filter(area__path__in={path for area in areas for path in area.ancestor_paths()}):
        found.setdefault(duty.area.path, duty.section)
    return found


def duty_values(context: LedgerContext) -> Iterator[dict[str, object]]:
    """What is known of each group of the area, at a constant number of queries; a gap stays visible as 空岗."""
    root, staff = cast(Area, context.area), cast(Staff, context.staff)
    units = Area.objects.open(context.on).within(root).visible_to(staff)
    groups = list(units.filter(Q(level=Level.GROUP) | Q(level__lt=Level.GROUP, numchild=0, depth__gt=1)))
    if not context.filters:
        groups = groups[: context.limit]
    places, counted = place_names(root), count_all(root, asof_of(context), FIGURES)
    chains = duties_for_many([DutyTarget(area.pk) for area in groups], context.on)
    sections = _sections(groups, context)
    for area in groups:
        place, figures, chain = places[area.pk], _figures(counted, area), chains[DutyTarget(area.pk)]
        if not _is_wanted(chain, figures, context):
            continue
        values: dict[str, object] = {
            "section": next((sections[path] for path in area.ancestor_paths()[::-1] if path in sections), ""),
            "village": place.village,
            "group": place.group,
            **figures,
        }
        values |= officer_values(chain)
        for link in chain:
            names = "、".join(officer.name for officer in link.officers)
            values[f"duty_{link.kind.code}"] = names or ("空岗" if link.is_gap else "")
            values[f"duty_{link.kind.code}_phone"] = "、".join(officer.phone for officer in link.officers)
        yield values


def duty_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """Rows of 网格化包保责任表."""
    keys = duty_layout(context).keys
    for values in duty_values(context):
        yield [values.get(key) for key in keys]


def duty_form_columns(context: LedgerContext) -> list[Column]:
    """What a form may ask for: the ledger's columns without those of officers, and these by all their names."""
    own = [column for column in duty_layout(context).columns if not column.key.startswith("duty_")]
    return [*own, *officer_columns()]


def duty_form_rows(context: LedgerContext) -> Iterator[Sequence[object]]:
    """The same rows with the columns of `duty_form_columns`."""
    keys = [column.key for column in duty_form_columns(context)]
    for values in duty_values(context):
        yield [values.get(key) for key in keys]


def _is_wanted(chain: Chain, figures: Mapping[str, object], context: LedgerContext) -> bool:
    gaps = (link.kind.code for link in chain if link.is_gap)
    return context.wants("gap", *gaps) and context.wants(
        "key_people", "YES" if figures["key_people"] else "NO"
    )


def _figures(counted: Counted, area: Area) -> dict[str, object]:
    total = counted.total(area.path)
    return {
        "households": total["households"],
        "residents": total["residents"],
        "key_people": sum(total[key] for key in KEY_PEOPLE),
    }


ledger_registry.register(
    LedgerDefinition(
        "duties",
        "网格化包保责任表",
        Layout(title="网格化包保责任表", columns=(Column("village", "村(社区)"),)),
        rows=duty_rows,
        layout_for=duty_layout,
        filters=FILTERS,
        order=60,
        form=FormRows(duty_form_columns, duty_form_rows),
    )
)
