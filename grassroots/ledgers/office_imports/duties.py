"""Importing the 网格化包保责任表: who answers for which area, held against the chains as they are today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, Link, duties_for_many
from grassroots.grid.models import Area, AreaDuty, DutyKind, Staff
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    Record,
    register_import,
)
from grassroots.ledgers.office_imports.duty_columns import DUTY, Officer, duty_fields
from grassroots.ledgers.office_imports.duty_officers import Officers
from grassroots.ledgers.office_imports.duty_rows import Row, Rows
from grassroots.ledgers.office_imports.duty_writing import NewOfficer, Op, SectionOp, apply
from grassroots.ledgers.office_imports.words import is_rejected

Key = tuple[int, int]  # area, kind
Who = Staff | NewOfficer


class Planner:
    """Reads all rows first: whether an officer answers for a village or for one group of it shows only together."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context = context
        self.today = timezone.localdate(context.at)
        self.kinds = {kind.code: kind for kind in DutyKind.objects.all()}
        self.reading = Rows(context, self.kinds)
        self.rows = [self.reading.read(record) for record in records]
        targets = [DutyTarget(row.area.pk) for row in self.rows if row.area is not None]
        paths = {row.area.pk: row.area.path for row in self.rows if row.area is not None}
        self.chains = duties_for_many(targets, self.today, paths=paths) if targets else {}
        self.officers = Officers(context, self.rows)
        self.sections = self._sections(paths.values())
        self.agreed = self._agreed()
        self.first: dict[Key, tuple[int, tuple[Officer, ...]]] = {}
        self.first_section: dict[Key, tuple[int, str]] = {}

    # -- for which area a row names somebody

    def _target(self, row: Row, kind: DutyKind) -> Area:
        """The area of the kind's level that the row lies in, no higher than the import's own; else its own."""
        line = self.reading.line(row)
        return next((area for area in line if area.level >= kind.level), line[-1])

    def _agreed(self) -> dict[Key, bool]:
        """Whether all rows below an area name the same officers for a kind."""
        named: dict[Key, set[tuple[Officer, ...]]] = defaultdict(set)
        for row in self.rows:
            for code, officers in row.named.items():
                kind = self.kinds[code]
                named[self._target(row, kind).pk, kind.pk].add(officers)
        return {key: len(sets) == 1 for key, sets in named.items()}

    def _place(self, row: Row, kind: DutyKind, link: Link) -> Area:
        """Where the row's officers are entered: where others stand today if that is below the target; at the target
        when all rows below it agree; else at the row's own area (the nearest wins)."""
        line = self.reading.line(row)
        target = self._target(row, kind)
        held = next((duty.area for duty in link.duties if isinstance(duty, AreaDuty)), None)
        if held is not None and held.pk != target.pk and held.path.startswith(target.path):
            return next(area for area in line if area.pk == held.pk)
        return target if self.agreed[target.pk, kind.pk] else line[-1]

    # -- planning

    def plan(self, row: Row) -> Planned:
        """What the row changes; all rows that bring about one change show it, the first one does it."""
        if is_rejected(row.planned) or row.area is None:
            return row.planned
        chain = self.chains[DutyTarget(row.area.pk)]
        effects = [Effect.UNCHANGED]
        for link in chain:
            if link.kind.code in row.named:
                effects.append(self._compare(row, self.kinds[link.kind.code], link))
        effects.append(self._compare_section(row, chain))
        if row.planned.work.phones:
            effects.append(Effect.UPDATED)
        row.planned.effect = max(effects, key=lambda effect: effect.strength)
        return row.planned

    def _compare(self, row: Row, kind: DutyKind, link: Link) -> Effect:
        named = row.named[kind.code]
        found = self.officers.all_of(row, kind, link)
        if found is None or self._is_so(found, link.officers):
            return Effect.UNCHANGED
        place = self._place(row, kind, link)
        first = self.first.setdefault((place.pk, kind.pk), (row.record.row, named))
        if first[1] != named:
            words = f"与第{first[0]}行写的{kind.officer_title}不一致，以第{first[0]}行为准。"
            row.planned.problems.append(row.record.problem(f"{DUTY}{kind.code}", words))
            return Effect.UNCHANGED
        is_own = row.area is not None and place.pk == row.area.pk
        label = kind.officer_title if is_own else f"{kind.officer_title}({place.name})"
        old = "、".join(staff.name for staff in link.officers)
        row.planned.changes.append(Change(label, old, "、".join(one.name for one in found)))
        if first[0] == row.record.row:
            self._enter(row, kind, place, link, found)
        is_new = not link.duties or any(isinstance(one, NewOfficer) for one in found)
        return Effect.CREATED if is_new else Effect.UPDATED

    @staticmethod
    def _is_so(found: Sequence[Who], today: Sequence[Staff]) -> bool:
        """Whether these are the officers of today, in whatever order."""
        keys = {one.pk if isinstance(one, Staff) else id(one) for one in found}
        return keys == {staff.pk for staff in today}

    def _enter(self, row: Row, kind: DutyKind, place: Area, link: Link, found: Sequence[Who]) -> None:
        """Who ends and who begins there: one for one where it can be, so that section and deputy stay."""
        here = [duty for duty in link.duties if isinstance(duty, AreaDuty) and duty.area_id == place.pk]
        stay = {one.pk for one in found if isinstance(one, Staff)}
        held = {duty.staff_id for duty in here}
        ending = [duty for duty in here if duty.staff_id not in stay]
        beginning = [one for one in found if not isinstance(one, Staff) or one.pk not in held]
        for at in range(max(len(ending), len(beginning))):
            end = ending[at] if at < len(ending) else None
            begin = beginning[at] if at < len(beginning) else None
            if end is not None and begin is None and end.valid_from >= row.on:
                words = f"{end.staff.name}是{end.valid_from:%m月%d日}才指定的，要撤下请在“网格”页面里结束。"
                row.planned.problems.append(row.record.problem(f"{DUTY}{kind.code}", words))
            else:
                row.planned.work.ops.append(Op(kind, place, row.on, end=end, begin=begin))

    # -- 片, 段

    def _sections(self, paths: Iterable[str]) -> dict[str, tuple[str, DutyKind, Area]]:
        """What is noted at each area that a row lies in: as the ledger prints it (one query)."""
        above = {path[:end] for path in paths for end in range(Area.steplen, len(path) + 1, Area.steplen)}
        rows = AreaDuty.objects.open(self.today).exclude(section="").filter(area__path__in=above)
        found: dict[str, tuple[str, DutyKind, Area]] = {}
        for duty in rows.select_related("area", "kind").order_by("kind__order", "pk"):
            if isinstance(duty, AreaDuty):
                found.setdefault(duty.area.path, (duty.section, duty.kind, duty.area))
        return found

    def _compare_section(self, row: Row, chain: Chain) -> Effect:
        assert row.area is not None
        upward = row.area.ancestor_paths()[::-1]
        section, kind, area = next(
            (self.sections[path] for path in upward if path in self.sections), ("", None, None)
        )
        if not row.section or row.section == section:
            return Effect.UNCHANGED
        if kind is None or area is None or not area.path.startswith(self.context.area.path):
            kind, area = self._section_place(row, chain)
        if kind is None or area is None:
            words = "没有包保责任人，片区没有收下。"
            row.planned.problems.append(row.record.problem("section", words))
            return Effect.UNCHANGED
        first = self.first_section.setdefault((area.pk, kind.pk), (row.record.row, row.section))
        if first[1] != row.section:
            words = f"与第{first[0]}行写的片区不一致，以第{first[0]}行为准。"
            row.planned.problems.append(row.record.problem("section", words))
            return Effect.UNCHANGED
        row.planned.changes.append(Change("片区", section, row.section))
        if first[0] == row.record.row:
            row.planned.work.sections.append(SectionOp(kind, area, row.section, row.on))
        return Effect.UPDATED

    def _section_place(self, row: Row, chain: Chain) -> tuple[DutyKind | None, Area | None]:
        """The duty of the highest kind that answers for the row, today or after this import."""
        for link in chain:
            if link.kind.code in row.named and self.officers.is_sure(row, link.kind.code):
                return link.kind, self._place(row, link.kind, link)
            held = next((duty.area for duty in link.duties if isinstance(duty, AreaDuty)), None)
            if held is not None and held.path.startswith(self.context.area.path):
                return link.kind, held
        return None, None


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Each row: who answers there from now on, beside who does today. A fixed number of queries a file."""
    planner = Planner(context, records)
    for row in planner.rows:
        yield planner.plan(row)


DUTIES = register_import(
    ImportKind(
        key="duties",
        name="网格化包保责任表",
        fields=(),
        fields_now=duty_fields,
        plan=plan,
        apply=apply,
        identity=(("village", DUTY), ("group", DUTY)),
        permissions=("grid.add_areaduty", "grid.change_areaduty"),
        step_rows=200,
        order=80,
    )
)
