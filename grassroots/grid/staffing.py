"""Services on staff and duties: create, reset, assign, hand over."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid import registry
from grassroots.grid.crypto import digest
from grassroots.grid.models import AbstractDuty, Area, AreaDuty, DutyKind, Posting, Staff

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
) -> Staff:
    """Create a member of staff with his roles and postings.

    Without a username he only answers for something: a name that nobody signs in with is made up, and there is no
    usable password.
    """
    with transaction.atomic():
        staff = Staff.objects.create_user(
            username=username or f"officer-{secrets.token_hex(6)}",
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
    return staff


def password_reset(*, staff: Staff) -> str:
    """Give a new first password, to be changed at the next sign-in; returns it. Ends the person's sessions."""
    password = new_password()
    staff.set_password(password)
    staff.must_change_password = True
    staff.save(update_fields=["password", "must_change_password"])
    return password


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
    """Assign a duty on an area. Raises ValidationError if he already holds it, or is his own deputy."""
    duty = AreaDuty(
        staff=staff,
        kind=kind,
        area=area,
        section=section,
        deputy=deputy,
        standin_from=standin_from,
        standin_to=standin_to,
        valid_from=valid_from or timezone.localdate(),
        valid_to=valid_to,
    )
    if valid_to is None and AreaDuty.objects.filter(staff=staff, kind=kind, area=area, valid_to=None).exists():
        raise ValidationError(f"{staff.name}已经是“{area.name}”的{kind.officer_title},不必重复指定。")
    duty.full_clean()
    duty.save()
    return duty


def _open_duties(staff: Staff, on: dt.date) -> list[AbstractDuty]:
    models: list[type[AbstractDuty]] = [AreaDuty, *(source.model for source in registry.duty_models.values())]
    found: list[AbstractDuty] = []
    for model in models:
        found += model.objects.open(on).filter(staff=staff)  # type: ignore[attr-defined]
    return found


def duties_hand_over(*, leaver: Staff, successor: Staff, on: dt.date | None = None) -> int:
    """Hand all open duties of `leaver` over to `successor` from the date `on` (default today); returns how many.

    The leaver's duties end the day before (on the same day where they began that day); his postings are untouched.
    Raises ValidationError when both are the same person.
    """
    if leaver.pk == successor.pk:
        raise ValidationError("交接双方不能是同一个人。")
    on = on or timezone.localdate()
    with transaction.atomic():
        duties = _open_duties(leaver, on)
        for duty in duties:
            duty_pass_on(duty=duty, successor=successor, on=on)
    return len(duties)


def duty_pass_on(*, duty: AbstractDuty, successor: Staff, on: dt.date) -> None:
    """End one duty and give the same one to `successor` from `on`; nothing doubles if he already shares it."""
    duty_end(duty=duty, on=on)
    model = type(duty)
    target_fields = {
        field.attname: getattr(duty, field.attname)
        for field in model._meta.concrete_fields
        if field.name in {"area", "household", "person", "section"}
    }
    held = {key: value for key, value in target_fields.items() if key != "section"}
    if model._default_manager.filter(staff=successor, kind=duty.kind, valid_to=None, **held).exists():
        return
    deputy = None if duty.deputy_id == successor.pk else duty.deputy
    model._default_manager.create(
        staff=successor, kind=duty.kind, deputy=deputy, valid_from=on, **target_fields
    )


def duty_end(*, duty: AbstractDuty, on: dt.date) -> None:
    """End a duty so that it no longer holds on `on`.

    A duty that began on `on` or later ends the day before too and never held: its dates collapse to the day before.
    """
    day_before = on - dt.timedelta(days=1)
    duty.valid_from = min(duty.valid_from, day_before)
    duty.valid_to = day_before
    duty.save(update_fields=["valid_from", "valid_to"])
