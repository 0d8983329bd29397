"""Writing shifts: laid down, somebody put on them or taken off, arrived; the same again tomorrow; called off."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from measures.models import Shift, ShiftPost
from measures.services.texts import number_errors

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff

LONGEST = dt.timedelta(hours=24)
EARLY = dt.timedelta(hours=1)  # who comes before that has come to another shift
MOST_POSTS = 20


@transaction.atomic
def shift_lay(
    *, area: Area, place: str, starts_at: dt.datetime, ends_at: dt.datetime, by: Staff, note: str = "",
    people: tuple[Staff, ...] = (),
) -> Shift:  # fmt: skip
    """Lay down a shift at a checkpoint and who stands there. Raises ValidationError by field."""
    tidy = " ".join(place.split())
    errors = number_errors({"place": tidy, "note": note})
    if not tidy:
        errors["place"] = "请填写劝导点名称，如：村口、高速出口。"
    if ends_at <= starts_at:
        errors["ends_at"] = "结束时间应晚于开始时间。"
    elif ends_at - starts_at > LONGEST:
        errors["ends_at"] = "一个班次最长 24 小时，请分成几班。"
    if not area.is_open:
        errors["area"] = f"“{area.name}”已停用，请选择现在的区域。"
    same = Shift.objects.standing().filter(area=area, place=tidy, starts_at=starts_at)
    if not errors and same.exists():
        errors["starts_at"] = f"“{tidy}”这个时间已经排了班。"
    if errors:
        raise ValidationError(errors)
    shift = Shift.objects.create(
        area=area,
        place=tidy,
        starts_at=starts_at,
        ends_at=ends_at,
        note=" ".join(note.split()),
        recorded_by=by,
    )
    for staff in people:
        shift_put(shift=shift, staff=staff)
    return shift


def _locked(shift: Shift) -> Shift:
    row = Shift.objects.select_for_update(of=("self",)).get(pk=shift.pk)
    if row.cancelled_at is not None:
        raise ValidationError("这个班次已取消。")
    return row


@transaction.atomic
def shift_put(*, shift: Shift, staff: Staff) -> ShiftPost:
    """Put somebody on a shift. Raises ValidationError where he is busy, or on it already."""
    row = _locked(shift)
    if not staff.is_active:
        raise ValidationError({"staff": f"{staff.name}已停用，不能排班。"})
    if row.posts.filter(staff=staff).exists():
        raise ValidationError({"staff": f"{staff.name}已经在这个班次。"})
    if row.posts.count() >= MOST_POSTS:
        raise ValidationError({"staff": f"一个班次最多 {MOST_POSTS} 人。"})
    clash = ShiftPost.objects.filter(
        staff=staff,
        shift__cancelled_at=None,
        shift__starts_at__lt=row.ends_at,
        shift__ends_at__gt=row.starts_at,
    ).select_related("shift")
    if (other := clash.first()) is not None:
        raise ValidationError({"staff": f"{staff.name}这段时间已排在“{other.shift.place}”。"})
    return ShiftPost.objects.create(shift=row, staff=staff)


@transaction.atomic
def shift_take_off(*, shift: Shift, staff: Staff) -> None:
    """Take somebody off a shift on which he has not come. Raises ValidationError when he has."""
    post = _locked(shift).posts.filter(staff=staff).first()
    if post is None:
        raise ValidationError(f"{staff.name}不在这个班次。")
    if post.arrived_at is not None:
        raise ValidationError(f"{staff.name}已经到岗，不能撤下。")
    post.delete()


@transaction.atomic
def shift_arrive(*, shift: Shift, staff: Staff, by: Staff, at: dt.datetime | None = None) -> ShiftPost:
    """Note that somebody has come. Raises ValidationError before the shift, after it, or when it is noted already."""
    at = at or timezone.now()
    row = _locked(shift)
    post = row.posts.select_for_update().filter(staff=staff).first()
    if post is None:
        raise ValidationError(f"{staff.name}不在这个班次，请先排班。")
    if post.arrived_at is not None:
        raise ValidationError(f"{staff.name}已在 {timezone.localtime(post.arrived_at):%H:%M} 到岗。")
    if at < row.starts_at - EARLY:
        raise ValidationError(
            f"这个班次 {timezone.localtime(row.starts_at):%H:%M} 才开始，提前 1 小时内可以登记到岗。"
        )
    if at > row.ends_at:
        raise ValidationError("这个班次已经结束，不能再登记到岗。")
    post.arrived_at, post.arrival_by = at, by
    post.save(update_fields=["arrived_at", "arrival_by"])
    return post


@transaction.atomic
def shift_repeat(*, shift: Shift, by: Staff) -> Shift:
    """The same shift a day later, with those of its people who are free. Raises ValidationError where it stands."""
    day = dt.timedelta(days=1)
    again = shift_lay(
        area=shift.area, place=shift.place, starts_at=shift.starts_at + day, ends_at=shift.ends_at + day, by=by,
        note=shift.note,
    )  # fmt: skip
    for post in shift.posts.select_related("staff"):
        try:
            with transaction.atomic():
                shift_put(shift=again, staff=post.staff)
        except ValidationError:
            continue  # he stands elsewhere then, or has left: the page shows the gap
    return again


@transaction.atomic
def shift_cancel(*, shift: Shift, at: dt.datetime | None = None) -> Shift:
    """Call a shift off. Raises ValidationError when somebody has come already."""
    row = _locked(shift)
    if row.posts.exclude(arrived_at=None).exists():
        raise ValidationError("已有人到岗，不能取消。")
    row.cancelled_at = at or timezone.now()
    row.save(update_fields=["cancelled_at"])
    return row
