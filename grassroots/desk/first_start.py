"""First start: county, street, office, administrator, so that a real office can begin."""

from __future__ import annotations

from django.db import transaction

from grassroots.grid.areas import area_add
from grassroots.grid.models import Level, Office, Role, Staff
from grassroots.grid.staffing import staff_create


class AlreadySetUp(Exception):
    """Somebody has completed the first start already."""


def office_set_up(
    *, county: str, county_code: str, street: str, street_code: str, office: str, username: str, name: str,
    password: str,
) -> Staff:  # fmt: skip
    """Make the top of the grid, the office and its first administrator, who is returned. Raises AlreadySetUp."""
    with transaction.atomic():
        if Office.objects.exists():
            raise AlreadySetUp
        top = area_add(parent=None, level=Level.COUNTY, name=county, code=county_code, kind="县(区)")
        here = area_add(parent=top, level=Level.STREET, name=street, code=street_code, kind="街道(镇)")
        Office.objects.create(pk=1, name=office or f"{street}办事处", area=here)
        return staff_create(
            name=name, username=username, password=password, roles=[Role.ADMINISTRATOR], areas=[here],
            organisation=office or street, post="系统管理员", must_change_password=False,
        )  # fmt: skip
