"""What follows when somebody is taken out of the register (households/hooks.py): files, observations, contacts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from households.hooks import RemovalHook
from households.models import Person
from households.services.history import rows_update
from quarantine.models import Alert, CloseContact, Observation, Returnee, ServiceRequest
from quarantine.services.contacts import contacts_mark_dirty
from quarantine.services.followup import followup_refresh
from quarantine.services.returnees import same_arrival

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


def refusals(gone: Person, kept: Person | None, by: Staff) -> list[str]:
    """Why they cannot be merged, or why the entry cannot be voided, yet."""
    return _of_merge(gone, kept, by) if kept is not None else _of_void(gone, by)


def _of_merge(gone: Person, kept: Person, by: Staff) -> list[str]:
    both, found = [gone, kept], []
    observations = Observation.objects.filter(person__in=both)
    if observations.count() != observations.visible_to(by).count():
        found.append("其中有观察在您的辖区以外，请由上级（两处都管的人）合并。")
    returns = Returnee.objects.active().filter(person__in=both)
    if returns.count() != returns.visible_to(by).count():
        found.append("其中有返乡档案在您的辖区以外，请由上级（两处都管的人）合并。")
    running = list(observations.open().order_by("opened_at", "pk"))
    if len(running) > 1:
        told = "、".join(f"{timezone.localtime(row.opened_at):%Y-%m-%d %H:%M} 开始的" for row in running)
        found.append(
            f"两份档案都有正在进行的观察（{told}）。同一个人只能有一次：请先把录重的那一次“开始观察”更正掉"
            "（误建作废），或结束其中一次，再合并。"
        )
    theirs = set(returns.filter(person=kept, arrived_on__isnull=False).values_list("arrived_on", flat=True))
    twice = returns.filter(person=gone, arrived_on__in=theirs).values_list("arrived_on", flat=True)
    found += [
        f"两份档案都有 {on:%Y-%m-%d} 返回的返乡档案，请先作废录重的一份，再合并。"
        for on in sorted(on for on in twice if on)
    ]
    if CloseContact.objects.filter(returnee__person__in=both, person__in=both).exists():
        found.append(
            "其中一份把另一份列为密切接触者，不像同一个人；确是同一人的，请先在返乡档案里删去那一行。"
        )
    return found


def _of_void(person: Person, by: Staff) -> list[str]:
    found = []
    observations = Observation.objects.filter(person=person)
    if observations.count() != observations.visible_to(by).count():
        found.append("他有观察在您的辖区以外，请由上级（两处都管的人）作废。")
    if (running := observations.open().first()) is not None:
        began = f"{timezone.localtime(running.opened_at):%Y-%m-%d %H:%M}"
        found.append(
            f"他还在居家观察中（{began} 开始）。请先更正这次“开始观察”（误建作废），或办理结束，再作废档案。"
        )
    if open_alerts := Alert.objects.open().filter(observation__person=person).count():
        found.append(f"还有 {open_alerts} 件异常事件没有办结，请先办结，再作废档案。")
    if services := ServiceRequest.objects.open().filter(person=person).count():
        found.append(f"还有 {services} 项代办服务没有办结，请先办结，再作废档案。")
    return found


def removed(gone: Person, kept: Person | None, by: Staff, at: dt.datetime) -> dict[str, Any]:
    """Figures are counted again; files of somebody who never was are void with him, contacts are names again."""
    if kept is not None:
        _count_again(kept)
        return {}
    returns = list(Returnee.objects.active().filter(person=gone))
    for row in returns:
        row.voided_at, row.void_reason, row.version = at, gone.void_reason, row.version + 1
    rows_update(returns, ["voided_at", "void_reason", "version"], by=by, at=at, reason=gone.void_reason)
    contacts = list(CloseContact.objects.filter(person=gone).values_list("pk", flat=True))
    contacts_mark_dirty(gone.pk)
    CloseContact.objects.filter(pk__in=contacts).update(person=None)
    _refresh(returns)
    return {"returns": [row.pk for row in returns], "contacts": contacts}


def restored(done: dict[str, Any], person: Person, by: Staff, at: dt.datetime) -> None:
    """Undo it. Raises ValidationError where his file of the same arrival has been opened anew."""
    returns = list(Returnee.objects.filter(pk__in=done.get("returns", []), voided_at__isnull=False))
    for row in returns:
        if row.arrived_on and same_arrival(person=person, arrived_on=row.arrived_on):
            raise ValidationError(f"{row.arrived_on:%Y-%m-%d} 返回的返乡档案已另建，请先作废那一份。")
        row.voided_at, row.void_reason, row.version = None, "", row.version + 1
    rows_update(returns, ["voided_at", "void_reason", "version"], by=by, at=at, reason="恢复档案")
    CloseContact.objects.filter(pk__in=done.get("contacts", []), person=None).update(person=person)
    _refresh(returns)
    _count_again(person)


def _refresh(returns: list[Returnee]) -> None:
    followup_refresh([row.household_id for row in returns if row.household_id])
    mark_dirty([row.area_id for row in returns])


def _count_again(person: Person) -> None:
    contacts_mark_dirty(person.pk)
    mark_dirty(Observation.objects.filter(person=person).values_list("area_id", flat=True))
    mark_dirty(Returnee.objects.filter(person=person).values_list("area_id", flat=True))


HOOK = RemovalHook("quarantine", refusals, removed, restored)
