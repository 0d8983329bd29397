"""Services on areas: add, rename, close, move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.models import Area, AreaDuty, Level, Posting, Staff


def _check_level(parent: Area | None, level: int) -> None:
    if parent is not None and level <= parent.level:
        raise ValidationError(f"{Level(level).label}不能放在{Level(parent.level).label}“{parent.name}”下面。")


def area_add(
    *,
    parent: Area | None,
    level: int,
    name: str,
    code: str = "",
    kind: str = "",
    expected_households: int | None = None,
    on: dt.date | None = None,
) -> Area:
    """Add an area below `parent` (None: at the top). Raises ValidationError for a level out of order."""
    _check_level(parent, level)
    if parent is not None and not parent.is_open:
        raise ValidationError(f"“{parent.name}”已停用,不能在下面增加区域。")
    fields = {
        "level": level,
        "name": name.strip(),
        "code": code.strip(),
        "kind": kind.strip(),
        "expected_households": expected_households,
        "valid_from": on or timezone.localdate(),
    }
    with transaction.atomic():
        if parent is None:
            return Area.objects.add_root(create_kwargs=fields)
        return Area.objects.add_child(parent, create_kwargs=fields)


def area_holds_data(areas: Sequence[Area]) -> bool:
    """Whether any row of any app lies in one of these areas."""
    ids = [area.pk for area in areas]
    return any(hooks.holds_data(ids) for hooks in registry.area_hooks)


def area_close(*, area: Area, by: Staff, on: dt.date | None = None) -> None:
    """Close an area, what lies below it, and their duties and postings.

    Raises ValidationError while households or people still lie in it: they must be moved first.
    """
    on = on or timezone.localdate()
    subtree = list(Area.objects.within(area).open())
    if area_holds_data(subtree):
        raise ValidationError(f"“{area.name}”里还有登记的住户或人员,请先把它们转到别的区域,或用“移动”。")
    with transaction.atomic():
        _close(subtree, on)


def _close(areas: Sequence[Area], on: dt.date) -> None:
    ids = [area.pk for area in areas]
    for area in areas:
        area.valid_to = max(on, area.valid_from) if area.valid_from else on
        area.save(update_fields=["valid_to"])
    for duty in AreaDuty.objects.filter(area__in=ids, valid_to=None):
        duty.valid_to = max(on, duty.valid_from)
        duty.save(update_fields=["valid_to"])
    for posting in Posting.objects.filter(area__in=ids, valid_to=None):
        posting.valid_to = max(on, posting.valid_from) if posting.valid_from else on
        posting.save(update_fields=["valid_to"])


def area_move(*, area: Area, parent: Area, by: Staff, at: dt.datetime | None = None) -> Area:
    """Move an area with all below it under another parent, and return the area that stands there now.

    An area that holds nothing is simply moved. One that holds data is closed and a successor opened in its place,
    so that figures of earlier days stay where they were counted; open households, people, observations, duties and
    postings go over to the successor. Raises ValidationError for a target inside itself, closed or out of order.
    """
    at = at or timezone.now()
    if area.holds(parent):
        raise ValidationError(f"不能把“{area.name}”移到它自己下面。")
    if not parent.is_open or not area.is_open:
        raise ValidationError("停用的区域不能移动,也不能作为目标。")
    _check_level(parent, area.level)
    with transaction.atomic():
        subtree = list(Area.objects.within(area).open())
        if not area_holds_data(subtree):
            Area.objects.move(area, Area.objects.get(pk=parent.pk), "last-child")
            moved = Area.objects.get(pk=area.pk)
            moved.save(update_fields=["name"])  # a line in its history
            return moved
        return _succeed(subtree, parent, by, at)


def _succeed(subtree: list[Area], parent: Area, by: Staff, at: dt.datetime) -> Area:
    on = timezone.localdate(at)
    duties = list(AreaDuty.objects.filter(area__in=subtree, valid_to=None))
    postings = list(Posting.objects.filter(area__in=subtree, valid_to=None))
    _close(subtree, on)
    new_by_path: dict[str, Area] = {}
    mapping: dict[int, int] = {}
    for old in subtree:  # in tree order: parents come first
        above = new_by_path.get(old.path[: -Area.steplen], parent)
        new = area_add(
            parent=Area.objects.get(pk=above.pk),
            level=old.level,
            name=old.name,
            code=old.code,
            kind=old.kind,
            expected_households=old.expected_households,
            on=on,
        )
        new_by_path[old.path] = new
        mapping[old.pk] = new.pk
        old.successor = new
        old.save(update_fields=["successor"])
    for duty in duties:
        duty.pk, duty.area_id, duty.valid_from, duty.valid_to = None, mapping[duty.area_id], on, None
        duty._state.adding = True
        duty.save()
    for posting in postings:
        posting.pk, posting.area_id, posting.valid_from, posting.valid_to = None, mapping[posting.area_id], on, None
        posting._state.adding = True
        posting.save()
    for hooks in registry.area_hooks:
        hooks.succeeded(mapping, at, by)
    return new_by_path[subtree[0].path]
