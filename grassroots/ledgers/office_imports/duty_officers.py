"""Whom the cells of a 责任表 mean: who answers there today, a colleague, or somebody new."""

from __future__ import annotations

from collections.abc import Sequence

from grassroots.grid.duties import Link
from grassroots.grid.models import DutyKind, Staff
from grassroots.ledgers.intake.protocol import Change, ImportContext
from grassroots.ledgers.office_imports.duty_columns import DUTY, Officer
from grassroots.ledgers.office_imports.duty_rows import Row
from grassroots.ledgers.office_imports.duty_writing import NewOfficer
from grassroots.ledgers.office_imports.people import Colleagues


class Officers:
    """Looks officers up: a name that answers there today first, then phone and name, then the name inside the area."""

    def __init__(self, context: ImportContext, rows: Sequence[Row]) -> None:
        everybody = {one for row in rows for named in row.named.values() for one in named}
        self.known = Colleagues(
            context, phones=[one.phone for one in everybody], names=[one.name for one in everybody]
        )
        self.may_add = context.staff.has_perm("grid.add_staff")
        self.may_change = context.staff.has_perm("grid.change_staff")
        self._new: dict[Officer, NewOfficer] = {}
        self._by_name: dict[str, list[NewOfficer]] = {}
        self._unsure: set[tuple[int, str]] = set()
        self._phones: set[int] = set()

    def all_of(self, row: Row, kind: DutyKind, link: Link) -> list[Staff | NewOfficer] | None:
        """The officers of a cell; None where one of them cannot be told (the row is warned)."""
        today = [*link.officers, *(duty.staff for duty in link.duties)]
        found = [self._one(row, kind, officer, today) for officer in row.named[kind.code]]
        sure = [one for one in found if one is not None]
        if len(sure) < len(found):
            self._unsure.add((id(row), kind.code))
            return None
        return sure

    def is_sure(self, row: Row, code: str) -> bool:
        """Whether everybody whom the row names for that kind is known, or will be."""
        return (id(row), code) not in self._unsure

    def _one(
        self, row: Row, kind: DutyKind, officer: Officer, today: Sequence[Staff]
    ) -> Staff | NewOfficer | None:
        key = f"{DUTY}{kind.code}"
        same_name = [staff for staff in today if staff.name == officer.name]
        if same_name:
            exact = next((staff for staff in same_name if staff.phone == officer.phone), same_name[0])
            self._compare_phone(row, key, exact, officer)
            return exact
        match = self.known.find(name=officer.name, phone=officer.phone)
        if match.problem:
            row.planned.problems.append(row.record.problem(key, match.problem))
            return None
        if match.staff is not None:
            self._compare_phone(row, key, match.staff, officer)
            return match.staff
        if not self.may_add:
            words = f"登记里没有“{officer.name}”，请系统管理员先在“人员”里登记。"
            row.planned.problems.append(row.record.problem(key, words))
            return None
        if match.warning:
            row.planned.problems.append(row.record.problem(key, match.warning))
        return self._newcomer(row, officer)

    def _newcomer(self, row: Row, officer: Officer) -> NewOfficer:
        """One object for all cells that name him, also those without his phone."""
        known = self._by_name.get(officer.name, [])
        if not officer.phone and len(known) == 1:
            return known[0]
        if officer not in self._new:
            new = NewOfficer(officer.name, officer.phone)
            self._new[officer] = new
            self._by_name.setdefault(officer.name, []).append(new)
            row.planned.proposals.append(f"新增人员“{officer.name}”(不登录系统)")
        return self._new[officer]

    def _compare_phone(self, row: Row, key: str, staff: Staff, officer: Officer) -> None:
        """A number that is not the registered one is a changed number, where the importer may change it."""
        if not officer.phone or officer.phone == staff.phone or staff.pk in self._phones:
            return
        if self.may_change and self.known.is_manageable(staff):
            self._phones.add(staff.pk)
            row.planned.changes.append(Change(f"{staff.name}的电话", staff.phone, officer.phone))
            row.planned.work.phones.append((staff, officer.phone))
        else:
            words = f"{staff.name}的电话与登记的不同，没有修改；确有变化请系统管理员更正。"
            row.planned.problems.append(row.record.problem(key, words))
