"""What tests of imports that set an office up build from."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake.outcome import outcome_of
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_write
from grassroots.ledgers.models import ImportBatch
from tests.factories import aware

AT = aware("2020-01-29 10:00")


def lines(*rows: str) -> bytes:
    """A csv file."""
    return "\n".join(rows).encode()


def planned(kind: str, area: Area, staff: Staff, data: bytes, name: str = "表.csv") -> ImportBatch:
    """The preview."""
    batch = batch_start(area=area, staff=staff, name=name, chunks=[data], kind=kind, at=AT)
    return batch_plan(batch=batch, by=staff, at=AT)


def write(batch: ImportBatch) -> ImportBatch:
    """The preview, confirmed."""
    batch_confirm(batch=batch, by=batch.staff, digest=batch.plan_digest)
    batch_write(batch, staff=batch.staff, at=AT)
    return batch


def imported(kind: str, area: Area, staff: Staff, data: bytes, name: str = "表.csv") -> dict[str, Any]:
    """What an import that was confirmed says."""
    return outcome_of(write(planned(kind, area, staff, data, name)))


def counts(told: dict[str, Any]) -> tuple[int, int, int, int]:
    """created, updated, unchanged, rejected; nothing is lost."""
    assert told["rows"] == told["created"] + told["updated"] + told["unchanged"] + rejected_rows(told)
    return told["created"], told["updated"], told["unchanged"], rejected_rows(told)


def rejected_rows(told: dict[str, Any]) -> int:
    return len({one["row"] for one in told["rejected"]})


def words(told: dict[str, Any], part: str = "rejected") -> str:
    """What is wrong, row by row."""
    return " ".join(f"{one['row']}:{one['message']}" for one in told[part])


def give(staff: Staff, *codes: str) -> None:
    """Rights by a group that the office made itself."""
    group = Group.objects.create(name=f"自设 {staff.pk}")
    group.permissions.set(Permission.objects.filter(codename__in=codes, content_type__app_label="grid"))
    staff.groups.add(group)
