"""Services on households: open, change, close."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from households.models import Household, HousingKind, Residency
from households.rules.addresses import door_display, door_key, floor_of, normalise_address_text, walk_key
from households.rules.text import narrow
from households.services.data import Difference, StaleVersion
from households.services.history import rows_create, rows_note

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

PLACE = ("building", "unit", "floor", "door", "share_no")
TEXTS = ("code", "landlord", "note")
CHANGEABLE = (*PLACE, *TEXTS, "housing_kind", "next_visit_on")
DERIVED = ("display", "door_key", "walk_key")
_SUFFIX = {
    "building": re.compile(r"(号楼|栋|幢|座)$"),
    "unit": re.compile(r"单元$"),
    "floor": re.compile(r"(层|楼)$"),
    "door": re.compile(r"(号|室|户)$"),
    "share_no": re.compile(r"$^"),
}


def household_open(
    *,
    area: Area,
    door: str,
    building: str = "",
    unit: str = "",
    floor: str = "",
    share_no: str = "",
    housing_kind: str = HousingKind.OWNED,
    code: str = "",
    landlord: str = "",
    note: str = "",
    by: Staff,
    at: dt.datetime | None = None,
) -> Household:
    """Open a household at a door; building, unit and door are normalised.

    Raises ValidationError by field, in Chinese: when the door is taken it says so and points to 同门序号.
    """
    at = at or timezone.now()
    if not area.is_open:
        raise ValidationError({"area": f"“{area.name}”已停用，请选择现在的区域。"})
    household = Household(area=area, opened_on=timezone.localdate(at), recorded_at=at)
    values = {"building": building, "unit": unit, "floor": floor, "door": door, "share_no": share_no}
    values |= {"housing_kind": housing_kind, "code": code, "landlord": landlord, "note": note}
    try:
        with transaction.atomic():
            household_fill(household, values)
            rows_create([household], by=by, at=at)
            mark_dirty({area.pk})
    except IntegrityError:  # somebody else has opened the same door at the same moment
        _check_door_is_free(household)
        raise
    return household


def household_update(
    *,
    household: Household,
    version: int,
    changes: Mapping[str, Any],
    by: Staff,
    at: dt.datetime | None = None,
) -> Household:
    """Change fields of a household as of `version`.

    `changes`: any of CHANGEABLE. Raises StaleVersion with both values, and ValidationError by field.
    """
    at = at or timezone.now()
    with transaction.atomic():
        current = Household.objects.select_related("area").get(pk=household.pk)
        if current.version == version:
            changed = household_fill(current, changes)
            if changed:
                household_claim(
                    household=current,
                    version=version,
                    values={name: getattr(current, name) for name in changed},
                    changes=changes,
                )
                rows_note([current], by=by, at=at)
                mark_dirty({current.area_id})
            return current
    raise StaleVersion(current, household_differences(current, changes))


def household_close(
    *, household: Household, by: Staff, on: dt.date, reason: str, at: dt.datetime | None = None
) -> Household:
    """Close a household (销户) with a reason, kept in its history.

    Raises ValidationError while somebody is registered in it, without a reason, or for a date out of order.
    """
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请填写销户原因。"})
    if on > timezone.localdate(at):
        raise ValidationError({"on": "销户日期不能晚于今天。"})
    if on < household.opened_on:
        raise ValidationError({"on": f"销户日期不能早于建户日期 {household.opened_on:%Y-%m-%d}。"})
    with transaction.atomic():
        current = Household.objects.select_for_update().get(pk=household.pk)
        if current.closed_on is not None:
            raise ValidationError("该户已销户。")
        if count := Residency.objects.open().filter(household=current).count():
            raise ValidationError(f"户内还登记着{count}人，请先办理迁出再销户。")
        values = {"closed_on": on, "close_recorded_at": at}
        household_claim(household=current, version=current.version, values=values)
        rows_note([current], by=by, at=at, reason=reason.strip())
        mark_dirty({current.area_id})
    return current


def household_fill(household: Household, values: Mapping[str, Any]) -> list[str]:
    """Put typed values on a household, normalised, without saving; returns the names of the fields changed.

    Raises ValidationError by field, also for a door that another open household has (one query when it moves).
    """
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise KeyError(f"not a field that may be changed: {sorted(unknown)}")
    names = (*CHANGEABLE, *DERIVED)
    before = {name: getattr(household, name) for name in names}
    errors: dict[str, str] = {}
    if "door" in values and "floor" not in values:
        household.floor = ""  # told by the door's number
    for name, value in values.items():
        tidy = _tidy(name, value)
        limit = getattr(Household._meta.get_field(name), "max_length", None)
        if limit and isinstance(tidy, str) and len(tidy) > limit:
            errors[name] = f"最多 {limit} 个字。"
        else:
            setattr(household, name, tidy)
    if not household.door:
        errors["door"] = "请填写房号或门牌号。"
    if household.housing_kind not in HousingKind.values:
        errors["housing_kind"] = "请选择房屋性质。"
    if errors:
        raise ValidationError(errors)
    if household.pk is None or set(PLACE) & set(values):
        _fill_derived(household)
    changed = [name for name in names if getattr(household, name) != before[name]]
    if household.pk is None or {"building", "unit", "door", "share_no"} & set(changed):
        _check_door_is_free(household)
    return changed


def household_claim(
    *, household: Household, version: int, values: Mapping[str, Any], changes: Mapping[str, Any] | None = None
) -> None:
    """Write `values` and raise the version, if it still is `version`: one conditional UPDATE, which also locks.

    Raises StaleVersion when somebody else was faster, comparing his values with `changes`.
    """
    rows = Household.objects.filter(pk=household.pk, version=version)
    if not rows.update(**values, version=version + 1):
        current = Household.objects.select_related("area").get(pk=household.pk)
        raise StaleVersion(current, household_differences(current, changes or {}))
    for name, value in values.items():
        setattr(household, name, value)
    household.version = version + 1


def household_differences(current: Household, changes: Mapping[str, Any]) -> list[Difference]:
    """The fields in which what was typed differs from what stands in the register now."""
    found = []
    for name, value in changes.items():
        mine, theirs = _tidy(name, value), getattr(current, name)
        if (mine or "") != (theirs or ""):
            label = str(Household._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            found.append(Difference(name, label, _shown(name, mine), _shown(name, theirs)))
    return found


def _shown(name: str, value: Any) -> str:
    if name == "housing_kind" and value in HousingKind.values:
        return str(HousingKind(value).label)
    return str(value or "")


def place_part(name: str, value: Any) -> str:
    """A part of a door (one of PLACE) as it is stored: 3号楼 → 3, 501室 → 501."""
    return _SUFFIX[name].sub("", normalise_address_text(str(value or "")))


def _tidy(name: str, value: Any) -> Any:
    if name in PLACE:
        return place_part(name, value)
    return narrow(str(value or "")) if name in ("code", "landlord") else value


def _fill_derived(household: Household) -> None:
    building, unit, door = household.building, household.unit, household.door
    if not household.floor:
        household.floor = floor_of(door) if building or unit else ""
    household.display = door_display(building, unit, door, household.share_no)
    household.door_key = door_key(building, unit, door, household.share_no)
    household.walk_key = walk_key(building, unit, household.floor, door, household.share_no)


def _check_door_is_free(household: Household) -> None:
    same = {name: getattr(household, name) for name in ("area", "building", "unit", "door", "share_no")}
    taken = Household.objects.open().filter(**same).exclude(pk=household.pk)
    if taken.exists():
        message = (
            f"{household.area.name} {household.display} 已经建户；门内另有一户的，请在“同门序号”填 2、3……"
        )
        raise ValidationError({"door": message})
