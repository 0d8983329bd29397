"""Services on areas: add, edit, close, move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.accounts import posting_end
from grassroots.grid.models import Area, AreaDuty, Level, Office, Posting, Staff
from grassroots.grid.models.areas import path_range
from grassroots.grid.staffing import duty_end
from grassroots.grid.versions import StaleVersion

EDITABLE = ("name", "code", "kind", "expected_households")


@dataclass(frozen=True)
class Difference:
    """One field that somebody else has saved differently; both values as they are shown."""

    field: str
    label: str
    mine: str
    theirs: str


class StaleArea(StaleVersion):
    """Nothing was saved: somebody else has saved the area since the page was opened. Carries both values."""

    def __init__(self, current: Area, differences: Sequence[Difference]) -> None:
        super().__init__(current)
        self.differences = list(differences)


def lock_tree() -> None:
    """Let changes to the tree's shape queue up: they rewrite paths of many rows (PostgreSQL; SQLite queues anyway).

    NO KEY, so that inserting rows which point to the root does not wait.
    """
    list(Area.objects.filter(depth=1).select_for_update(no_key=True).values_list("pk"))


def _lock(areas: Iterable[Area]) -> None:
    """Let nobody put rows into these areas until we are done: foreign keys take a shared lock on what they name."""
    list(Area.objects.filter(pk__in=[area.pk for area in areas]).select_for_update().values_list("pk"))


def check_level(parent: Area | None, level: int) -> None:
    if parent is not None and level <= parent.level:
        raise ValidationError(f"{Level(level).label}不能放在{Level(parent.level).label}“{parent.name}”下面。")


def _check_names(parent_path: str, name: str, code: str, but: Area | None = None) -> None:
    """Two open areas side by side never share a name, two open areas anywhere never a code."""
    others = Area.objects.open().exclude(pk=but.pk if but else None)
    errors: dict[str, str] = {}
    if not name:
        errors["name"] = "请填写名称。"
    low, high = path_range(parent_path) if parent_path else ("", "")
    depth = len(parent_path) // Area.steplen + 1
    beside = others.filter(depth=depth, name=name)
    if (beside.filter(path__gte=low, path__lt=high) if parent_path else beside).exists():
        errors["name"] = f"同一上级下面已经有“{name}”，请换一个名称。"
    if code and (other := others.filter(code=code).first()):
        errors["code"] = f"代码 {code} 已被“{other.name}”使用。"
    if errors:
        raise ValidationError(errors)


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
    """Add an area below `parent` (None: at the top), open from `on` (default today).

    Raises ValidationError for a level out of order, a closed parent, a name taken beside it or a code taken anywhere.
    """
    check_level(parent, level)
    fields = {
        "level": level,
        "name": name.strip(),
        "code": code.strip(),
        "kind": kind.strip(),
        "expected_households": expected_households,
        "valid_from": on or timezone.localdate(),
    }
    with transaction.atomic():
        lock_tree()
        if parent is not None:
            parent = Area.objects.get(pk=parent.pk)
            if not parent.is_open:
                raise ValidationError(f"“{parent.name}”已停用，不能在下面增加区域。")
        _check_names(parent.path if parent else "", name.strip(), code.strip())
        if parent is None:
            return cast(Area, Area.objects.add_root(create_kwargs=fields))
        return cast(Area, Area.objects.add_child(parent, create_kwargs=fields))


def _shown(value: Any) -> str:
    return "(空)" if value in (None, "") else str(value)


def _differences(current: Area, values: dict[str, Any]) -> list[Difference]:
    return [
        Difference(
            name,
            str(Area._meta.get_field(name).verbose_name),
            _shown(values[name]),
            _shown(getattr(current, name)),  # type: ignore[union-attr]
        )
        for name in EDITABLE
        if getattr(current, name) != values[name]
    ]


def area_edit(
    *, area: Area, by: Staff, version: int, name: str, code: str, kind: str, expected_households: int | None
) -> Area:
    """Change what an area is called and how many households are expected there.

    Raises StaleArea (with both values) when somebody else has saved since `version`, ValidationError by field for a
    closed area, an empty or taken name, or a taken code.
    """
    values: dict[str, Any] = {
        "name": name.strip(),
        "code": code.strip(),
        "kind": kind.strip(),
        "expected_households": expected_households,
    }
    with transaction.atomic():
        current = cast(Area, Area.objects.select_for_update().get(pk=area.pk))
        if current.version != version:
            raise StaleArea(current, _differences(current, values))
        if not current.is_open:
            raise ValidationError("停用的区域不能修改。")
        _check_names(current.path[: -Area.steplen], values["name"], values["code"], but=current)
        for field, value in values.items():
            setattr(current, field, value)
        current.version += 1
        current.save(update_fields=[*EDITABLE, "version"])
    return current


def area_holds_data(areas: Sequence[Area]) -> bool:
    """Whether any row of any app lies in one of these areas, also a closed one."""
    ids = [area.pk for area in areas]
    return any(hooks.holds_data(ids) for hooks in registry.area_hooks)


def area_holds_open(areas: Sequence[Area]) -> bool:
    """Whether rows that still count lie in one of these areas."""
    ids = [area.pk for area in areas]
    return any((hooks.holds_open or hooks.holds_data)(ids) for hooks in registry.area_hooks)


def _check_not_the_office(areas: Sequence[Area], verb: str) -> None:
    if Office.objects.filter(area__in=areas).exists():
        raise ValidationError(f"本单位的辖区不能{verb}。")


def area_close(*, area: Area, by: Staff, on: dt.date | None = None) -> None:
    """Close an area, what lies below it, and their duties and postings from `on` (default today).

    Raises ValidationError for an area that is closed already, the office's own, or while households or people still
    lie in it: they must be moved first.
    """
    on = on or timezone.localdate()
    with transaction.atomic():
        lock_tree()
        area = Area.objects.get(pk=area.pk)
        if not area.is_open:
            raise ValidationError(f"“{area.name}”已经停用。")
        subtree = list(Area.objects.within(area).open())
        _check_not_the_office(subtree, "停用")
        _lock(subtree)
        if area_holds_open(subtree):
            raise ValidationError(
                f"“{area.name}”里还有登记的住户或人员，请先把它们转到别的区域，或用“移动”。"
            )
        _close(subtree, on)


def _close(areas: Sequence[Area], on: dt.date) -> None:
    for area in areas:
        area.valid_to = max(on, area.valid_from) if area.valid_from else on
        area.version += 1
        area.save(update_fields=["valid_to", "version"])
    for duty in _running(AreaDuty, areas, on):
        duty_end(duty=duty, on=on)
    for posting in _running(Posting, areas, on):
        posting_end(posting=posting, on=on)


def _running(model: Any, areas: Sequence[Area], on: dt.date) -> list[Any]:
    """Duties or postings on these areas that hold on `on` or will hold later."""
    rows = model.objects.filter(area__in=[area.pk for area in areas])
    return list(rows.filter(valid_to=None)) + list(rows.filter(valid_to__gte=on))


def area_move(*, area: Area, parent: Area, by: Staff, at: dt.datetime | None = None) -> Area:
    """Move an area with all below it under another parent, and return the area that stands there now.

    An area that holds nothing is simply moved. One that holds data is closed and a successor opened in its place,
    so that figures of earlier days stay where they were counted; open households, people, observations, duties and
    postings go over to the successor. Raises ValidationError for a target inside itself, where it already is, closed
    or out of order, for a name taken there, and for the office's own area.
    """
    at = at or timezone.now()
    with transaction.atomic():
        lock_tree()
        area, parent = Area.objects.get(pk=area.pk), Area.objects.get(pk=parent.pk)
        _check_move(area, parent)
        everything = list(Area.objects.within(area))
        subtree = [one for one in everything if one.is_open]
        _check_not_the_office(subtree, "移动")
        _lock(subtree)
        if area_holds_data(everything):
            return _succeed(subtree, parent, by, at)
        Area.objects.move(area, parent, "last-child")
        moved = cast(Area, Area.objects.get(pk=area.pk))
        moved.version += 1
        moved._change_reason = f"移到“{parent.name}”下面"
        moved.save(update_fields=["version"])
        return moved


def _check_move(area: Area, parent: Area) -> None:
    if area.holds(parent):
        raise ValidationError(f"不能把“{area.name}”移到它自己下面。")
    if parent.path == area.path[: -Area.steplen]:
        raise ValidationError(f"“{area.name}”已经在“{parent.name}”下面。")
    if not parent.is_open or not area.is_open:
        raise ValidationError("停用的区域不能移动，也不能作为目标。")
    check_level(parent, area.level)
    try:
        _check_names(parent.path, area.name, "")
    except ValidationError:
        raise ValidationError(f"“{parent.name}”下面已经有“{area.name}”，请先改名。") from None


def _succeed(subtree: list[Area], parent: Area, by: Staff, at: dt.datetime) -> Area:
    on = timezone.localdate(at)
    duties, postings = _running(AreaDuty, subtree, on), _running(Posting, subtree, on)
    copies = [_copier(row, on) for row in (*duties, *postings)]
    _close(subtree, on)
    new_by_path: dict[str, Area] = {}
    mapping: dict[int, int] = {}
    for old in subtree:  # in tree order: parents come first
        above = new_by_path.get(old.path[: -Area.steplen], parent)
        new = area_add(
            parent=above,
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
    for copy in copies:
        copy(mapping)
    for hooks in registry.area_hooks:
        hooks.succeeded(mapping, at, by)
    return new_by_path[subtree[0].path]


def _copier(row: Any, on: dt.date) -> Callable[[dict[int, int]], None]:
    """Keep what a duty or posting says now, to be entered again on the successor once the old one has ended."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    values["valid_from"] = max(on, values["valid_from"] or on)

    def copy(mapping: dict[int, int]) -> None:
        type(row)(**{**values, "area_id": mapping[values["area_id"]]}).save()

    return copy
