"""Services on staff and where they work: edit, roles, leaving and coming back, postings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.models import AccessAction, Area, Posting, Role, Staff
from grassroots.grid.scope import forget_scope
from grassroots.grid.staffing import duty_end, open_deputies, open_duties
from grassroots.grid.trail import access_log


def staff_edit(*, staff: Staff, by: Staff, name: str, organisation: str, post: str, phone: str) -> Staff:
    """Change what is written about somebody. Raises ValidationError for an empty name."""
    if not name.strip():
        raise ValidationError({"name": "请填写姓名。"})
    staff.name, staff.organisation, staff.post = name.strip(), organisation.strip(), post.strip()
    staff.phone = phone.strip()
    staff.phone_digest = digest(staff.phone, "phone")
    staff.save(update_fields=["name", "organisation", "post", "phone", "phone_digest"])
    return staff


def check_roles(roles: Collection[str]) -> None:
    """Raise ValidationError where one person would both run the system and audit it (GB/T 22239: separated roles)."""
    if Role.ADMINISTRATOR in roles and Role.AUDITOR in roles:
        raise ValidationError({"roles": "系统管理员与审计员不能由同一个人担任。"})
    if unknown := set(roles) - set(Role.values):
        raise ValidationError({"roles": f"没有这样的角色：{'、'.join(sorted(unknown))}。"})


def staff_roles_set(*, staff: Staff, by: Staff, roles: Collection[str]) -> None:
    """Give exactly these of the shipped roles; groups that the office made itself stay. Written to the access log.

    Raises ValidationError for one's own roles, unknown ones, and roles that must not meet in one person.
    """
    if staff.pk == by.pk:
        raise ValidationError({"roles": "不能修改自己的角色，请由另一位系统管理员办理。"})
    check_roles(roles)
    with transaction.atomic():
        held = set(staff.groups.filter(name__in=Role.values).values_list("name", flat=True))
        added, removed = set(roles) - held, held - set(roles)
        if not added and not removed:
            return
        staff.groups.add(*Group.objects.filter(name__in=added))
        staff.groups.remove(*Group.objects.filter(name__in=removed))
        access_log(
            action=AccessAction.GRANT,
            staff=by,
            subject=staff,
            detail={"added": sorted(added), "removed": sorted(removed)},
        )


def staff_roles_add(*, staff: Staff, by: Staff, roles: Collection[str]) -> Sequence[models.Model]:
    """Give these roles besides those that he has; returns the links made. Written to the access log.

    Raises ValidationError as `staff_roles_set` does.
    """
    if staff.pk == by.pk:
        raise ValidationError({"roles": "不能修改自己的角色，请由另一位系统管理员办理。"})
    links = staff.groups.through._default_manager
    with transaction.atomic():
        held = set(staff.groups.filter(name__in=Role.values).values_list("name", flat=True))
        check_roles(held | set(roles))
        added = set(roles) - held
        groups = Group.objects.filter(name__in=added).order_by("pk")
        made = [links.create(staff_id=staff.pk, group_id=group.pk) for group in groups]
        if made:
            detail = {"added": sorted(added), "removed": []}
            access_log(action=AccessAction.GRANT, staff=by, subject=staff, detail=detail)
    return made


def account_open(*, staff: Staff, username: str, by: Staff) -> Staff:
    """Give an account to somebody who only answered for something; its first password comes by a reset.

    Raises ValidationError for a name in use and for somebody who has an account.
    """
    if staff.has_account:
        raise ValidationError({"username": f"{staff.name}已有账号。"})
    if Staff.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": "该账号已被使用，请换一个。"})
    with transaction.atomic():
        staff.username, staff.must_change_password = username, True
        staff.save(update_fields=["username", "must_change_password"])
        access_log(action=AccessAction.GRANT, staff=by, subject=staff, detail={"account": True})
    return staff


def staff_deactivate(*, staff: Staff, by: Staff, on: dt.date | None = None) -> int:
    """Somebody leaves: he can no longer sign in, and his postings and duties end on `on` (default today).

    Duties that nobody took over turn up on the page of gaps; returns how many. Where he was deputy, nobody is.
    Raises ValidationError for oneself, or for somebody who has left already.
    """
    on = on or timezone.localdate()
    if staff.pk == by.pk:
        raise ValidationError("不能停用自己的账号。")
    with transaction.atomic():
        staff = Staff.objects.select_for_update().get(pk=staff.pk)
        if not staff.is_active:
            raise ValidationError(f"{staff.name}已经停用。")
        duties = open_duties(staff, on)
        for duty in duties:
            duty_end(duty=duty, on=on)
        for duty in open_deputies(staff, on):
            duty.deputy = duty.standin_from = duty.standin_to = None
            duty.save(update_fields=["deputy", "standin_from", "standin_to"])
        for posting in Posting.objects.filter(staff=staff).exclude(valid_to__lt=on):
            posting_end(posting=posting, on=on)
        staff.is_active = False
        staff.save(update_fields=["is_active"])
        access_log(action=AccessAction.GRANT, staff=by, subject=staff, detail={"is_active": False})
    return len(duties)


def staff_reactivate(*, staff: Staff, by: Staff) -> None:
    """Somebody comes back: he can sign in again; postings and duties must be given anew."""
    with transaction.atomic():
        staff.is_active = True
        staff.save(update_fields=["is_active"])
        access_log(action=AccessAction.GRANT, staff=by, subject=staff, detail={"is_active": True})


def posting_add(
    *, staff: Staff, area: Area, by: Staff, valid_from: dt.date | None = None, valid_to: dt.date | None = None
) -> Posting:
    """Post somebody to an area from `valid_from` (default today) to `valid_to` inclusive. Logged as a grant.

    Raises ValidationError for a closed area, dates out of order, somebody who has left, or a posting that he holds.
    """
    valid_from = valid_from or timezone.localdate()
    if not area.is_open:
        raise ValidationError({"area": f"“{area.name}”已停用。"})
    if valid_to is not None and valid_to < valid_from:
        raise ValidationError({"valid_to": "结束日期不能早于开始日期。"})
    if not staff.is_active:
        raise ValidationError(f"{staff.name}已停用，请先恢复。")
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=staff.pk)
        running = Posting.objects.filter(staff=staff, area=area).exclude(valid_to__lt=valid_from)
        if running.exists():
            raise ValidationError({"area": f"{staff.name}已经任职于“{area.name}”，不必重复指定。"})
        posting = Posting.objects.create(staff=staff, area=area, valid_from=valid_from, valid_to=valid_to)
        access_log(
            action=AccessAction.GRANT,
            staff=by,
            subject=staff,
            area=area,
            detail={"posting_from": str(valid_from)},
        )
    forget_scope(staff)
    return posting


def posting_end(*, posting: Posting, on: dt.date) -> None:
    """End a posting so that it no longer opens anything on `on`; one that never held is removed (history keeps it)."""
    forget_scope(posting.staff)
    if posting.valid_from is not None and posting.valid_from >= on:
        posting.delete()
        return
    posting.valid_to = on - dt.timedelta(days=1)
    posting.save(update_fields=["valid_to"])
