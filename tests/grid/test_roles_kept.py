"""What roles may do is kept in a process for a minute, and is asked anew when it changes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission

from grassroots.grid import roles
from grassroots.grid.models import Role, Staff
from tests.factories import OfficeCast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Before and after: what is kept outlives the test's rows."""
    roles._forget_grants()
    yield
    roles._forget_grants()


def test_grants_are_asked_for_once_a_minute(
    office: OfficeCast, settings: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, settings.ROLE_GRANTS_SECONDS = [1000.0], 60
    monkeypatch.setattr(roles, "time", SimpleNamespace(monotonic=lambda: now[0]))
    group = Group.objects.get(name=Role.OFFICER)
    assert "households.view_household" in roles.grants_of(group.pk)
    with django_assert_num_queries(0):
        assert roles.grants_of(group.pk)
    Group.permissions.through.objects.filter(group=group).delete()  # by hand, in another process
    now[0] += 60
    assert roles.grants_of(group.pk)
    now[0] += 1
    assert not roles.grants_of(group.pk)
    group.permissions.set(Permission.objects.filter(codename="view_area"))
    assert roles.grants_of(group.pk) == {"grid.view_area"}
    for settings.ROLE_GRANTS_SECONDS in (60, None):
        assert Staff.objects.get(pk=office.jia.pk).get_all_permissions() == {"grid.view_area"}
    roles.apply_role_grants()
    assert "households.view_household" in roles.grants_of(group.pk)
