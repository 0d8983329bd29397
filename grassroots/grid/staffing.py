"""Services on staff and duties: create, reset, assign, edit, end, hand over."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.crypto import digest
from grassroots.grid.models import AbstractDuty, AccessAction, Area, AreaDuty, DutyKind, Posting, Staff
from grassroots.grid.models.staff import NO_ACCOUNT
from grassroots.grid.scope import forget_scope
from grassroots.grid.trail import access_log

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no i l o 0 1: passwords are read out over the phone


def new_password() -> str:
    """A first password of 10 characters that can be read out over the phone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def staff_create(
    *,
    name: str,
    username: str = "",
    roles: Sequence[str] = (),
    areas: Sequence[Area] = (),
    organisation: str = "",
    post: str = "",
    phone: str = "",
    password: str | None = None,
    must_change_password: bool = True,
    by: Staff | None = None,
) -> Staff:
    """Create a member of staff with his roles and postings; `by` is logged as the one who granted them.

    Without a username he only answers for something: a name that nobody signs in with is made up, and there is no
    usable password. Raises ValidationError by field for an empty name or a username in use.
    """
    if not name.strip():
        raise ValidationError({"name": "请填写姓名。"})
    if username and Staff.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": "该账号已被使用，请换一个。"})
    with transaction.atomic():
        staff = Staff.objects.create_user(
            username=username or f"{NO_ACCOUNT}{secrets.token_hex(6)}",
            password=password if username else None,
            name=name.strip(),
            organisation=organisation,
            post=post,
            phone=phone,
            phone_digest=digest(phone, "phone"),
            must_change_password=bool(username) and must_change_password,
        )
        staff.groups.set(Group.objects.filter(name__in=roles))
        for area in areas:
            Posting.objects.create(staff=staff, area=area, valid_from=timezone.localdate())
        if by is not None:
            granted = {"added": sorted(roles), "postings": [area.pk for area in areas]}
            access_log(action=AccessAction.GRANT, staff=by, subject=staff, detail=granted)
    return staff


def password_reset(*, staff: Staff, by: Staff | None = None) -> str:
    """Give a new first password, to be changed at the next sign-in; returns it. Ends the person's sessions.

    Raises ValidationError for somebody who has left.
    """
    if not staff.is_active:
        raise ValidationError(f"{staff.name}已停用，不能重置密码。")
    password = new_password()
    staff.set_password(password)
    staff.must_change_password = True
    staff._change_reason = "重置密码"  # type: ignore[attr-defined]
    with transaction.atomic():
        staff.save(update_fields=["password", "must_change_password"])
        if by is not None:
            access_log(action=AccessAction.PASSWORD, staff=by, subject=staff, detail={"reset": True})
    return password


def check_duty(duty: AbstractDuty) -> None:
    """What the database would refuse, said in words beside the field."""
    errors: dict[str, str] = {}
    if duty.valid_to is not None and duty.valid_to < duty.valid_from:
        errors["valid_to"] = "结束日期不能早于开始日期。"
    if duty.deputy_id is not None and duty.deputy_id == duty.staff_id:
        errors["deputy"] = "B角不能是责任人自己。"
    elif duty.deputy is not None and not duty.deputy.is_active:
        errors["deputy"] = f"{duty.deputy.name}已停用，不能担任B角。"
    if (duty.standin_from or duty.standin_to) and duty.deputy_id is None:
        errors["deputy"] = "填了代岗日期，就要指定B角。"
    if duty.standin_to and not duty.standin_from:
        errors["standin_from"] = "请填写代岗开始日期。"
    elif duty.standin_from and duty.standin_to and duty.standin_to < duty.standin_from:
        errors["standin_to"] = "代岗结束日期不能早于开始日期。"
    if errors:
        raise ValidationError(errors)


def area_duty_assign(
    *,
    staff: Staff,
    kind: DutyKind,
    area: Area,
    section: str = "",
    deputy: Staff | None = None,
    standin_from: dt.date | None = None,
    standin_to: dt.date | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
) -> AreaDuty:
    """Assign a duty on an area. Raises ValidationError if he already holds it, or for what makes no sense."""
    duty = AreaDuty(
        staff=staff,
        kind=kind,
        area=area,
        section=section.strip(),
        deputy=deputy,
        standin_from=standin_from,
        standin_to=standin_to,
        valid_from=valid_from or timezone.localdate(),
        valid_to=valid_to,
    )
    if not area.is_open:
        raise ValidationError(f"“{area.name}”已停用。")
    if not staff.is_active:
        raise ValidationError({"staff": f"{staff.name}已停用。"})
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=staff.pk)
        same = AreaDuty.objects.filter(staff=staff, kind=kind, area=area).exclude(
            valid_to__lt=duty.valid_from
        )
        if (same if valid_to is None else same.filter(valid_from__lte=valid_to)).exists():
            message = f"{staff.name}已经是“{area.name}”的{kind.officer_title}，不必重复指定。"
            raise ValidationError({"staff": message})
        check_duty(duty)
        duty.save()
    forget_scope(staff)
    return duty


def area_duty_edit(
    *,
    duty: AreaDuty,
    section: str,
    deputy: Staff | None,
    standin_from: dt.date | None,
    standin_to: dt.date | None,
    valid_to: dt.date | None,
) -> AreaDuty:
    """Change a duty's section, deputy and dates; another officer or area is another duty. Raises ValidationError."""
    duty.section, duty.deputy = section.strip(), deputy
    duty.standin_from, duty.standin_to, duty.valid_to = standin_from, standin_to, valid_to
    check_duty(duty)
    duty.save(update_fields=["section", "deputy", "standin_from", "standin_to", "valid_to"])
    return duty


def _duty_models() -> list[Any]:
    return [AreaDuty, *(source.model for source in registry.duty_models.values())]


def open_duties(staff: Staff, on: dt.date) -> list[AbstractDuty]:
    """Duties of every kind that the person holds on `on` or will hold later."""
    return [
        duty
        for model in _duty_models()
        for duty in model.objects.filter(staff=staff)
        .exclude(valid_to__lt=on)
        .select_related("kind", "deputy")
    ]


def open_deputies(staff: Staff, on: dt.date) -> list[AbstractDuty]:
    """Duties of others, in force on `on` or later, in which the person is the deputy."""
    return [
        duty
        for model in _duty_models()
        for duty in model.objects.filter(deputy=staff).exclude(valid_to__lt=on).select_related("kind")
    ]


def duties_hand_over(*, leaver: Staff, successor: Staff, on: dt.date | None = None) -> int:
    """Hand all duties of `leaver` over to `successor` from the date `on` (default today); returns how many.

    The leaver's duties end the day before; his place as a deputy (B角) goes over too and counts; his postings are
    untouched. Raises ValidationError when both are the same person or the successor has left.
    """
    if leaver.pk == successor.pk:
        raise ValidationError("交接双方不能是同一个人。")
    if not successor.is_active:
        raise ValidationError(f"{successor.name}已停用，不能接手。")
    on = on or timezone.localdate()
    with transaction.atomic():
        list(Staff.objects.filter(pk__in=(leaver.pk, successor.pk)).order_by("pk").select_for_update())
        duties = open_duties(leaver, on)
        for duty in duties:
            duty_pass_on(duty=duty, successor=successor, on=on)
        deputies = open_deputies(leaver, on)
        for duty in deputies:
            duty.deputy = None if duty.staff_id == successor.pk else successor
            if duty.deputy is None:
                duty.standin_from = duty.standin_to = None
            duty.save(update_fields=["deputy", "standin_from", "standin_to"])
    forget_scope(leaver)
    forget_scope(successor)
    return len(duties) + len(deputies)


def duty_pass_on(*, duty: AbstractDuty, successor: Staff, on: dt.date) -> None:
    """End one duty and give the same one to `successor` from `on`; nothing doubles if he already shares it."""
    model = type(duty)
    target_fields = {
        field.attname: getattr(duty, field.attname)
        for field in model._meta.concrete_fields
        if field.name in {"area", "household", "person", "section"}
    }
    held = {key: value for key, value in target_fields.items() if key != "section"}
    kind, valid_from, valid_to = duty.kind, max(on, duty.valid_from), duty.valid_to
    deputy = None if duty.deputy_id == successor.pk else duty.deputy
    duty_end(duty=duty, on=on)
    shared = model._default_manager.filter(staff=successor, kind=kind, **held).exclude(
        valid_to__lt=valid_from
    )
    if shared.exists():
        return
    model._default_manager.create(
        staff=successor, kind=kind, deputy=deputy, valid_from=valid_from, valid_to=valid_to, **target_fields
    )


def duty_end(*, duty: AbstractDuty, on: dt.date) -> None:
    """End a duty so that it no longer holds on `on`.

    One that began on `on` or later never held: it is removed, so that no earlier day's chain names him; its history
    stays.
    """
    forget_scope(duty.staff)
    if duty.valid_from >= on:
        duty.delete()
        return
    duty.valid_to = on - dt.timedelta(days=1)
    duty.save(update_fields=["valid_to"])
