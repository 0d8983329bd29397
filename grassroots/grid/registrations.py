"""What grid registers with itself: permissions of the roles, and sign-in events for the access log."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils import timezone

from grassroots.grid.models import AccessAction, Role
from grassroots.grid.registry import grant
from grassroots.grid.trail import access_log

MANAGE = (
    "grid.view_area", "grid.add_area", "grid.change_area",
    "grid.view_staff", "grid.add_staff", "grid.change_staff",
    "grid.view_areaduty", "grid.add_areaduty", "grid.change_areaduty",
    "grid.view_posting", "grid.add_posting", "grid.change_posting",
    "grid.view_dutykind", "grid.add_dutykind", "grid.change_dutykind",
    "grid.change_office",
)  # fmt: skip
LOOK = ("grid.view_area", "grid.view_staff", "grid.view_areaduty")

grant(Role.ADMINISTRATOR, *MANAGE)
grant(Role.SUPERVISOR, *LOOK, "grid.add_areaduty", "grid.change_areaduty")
for _role in (Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE, Role.INSPECTOR):
    grant(_role, *LOOK)
grant(Role.AUDITOR, "grid.view_accesslog", "grid.view_area", "grid.view_staff")


def _signed_in(sender: Any, request: Any, user: Any, **_kwargs: Any) -> None:
    # Django saves the whole row for this, which would put a line into its history at every sign-in.
    type(user)._default_manager.filter(pk=user.pk).update(last_login=timezone.now())
    access_log(action=AccessAction.SIGN_IN, staff=user, request=request)


def _signed_out(sender: Any, request: Any, user: Any, **_kwargs: Any) -> None:
    if user is not None:
        access_log(action=AccessAction.SIGN_OUT, staff=user, request=request)


def _sign_in_failed(sender: Any, credentials: dict[str, Any], request: Any = None, **_kwargs: Any) -> None:
    from grassroots.grid.models import Staff

    staff = Staff.objects.filter(username=credentials.get("username", "")).first()
    if staff is not None:  # an unknown account name may be a mistyped password: it is not written down
        access_log(action=AccessAction.SIGN_IN_FAILED, staff=staff, request=request)


def connect() -> None:
    """Listen to sign-ins; plain facts for the log, no business rule."""
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    user_logged_in.connect(_signed_in, dispatch_uid="grid.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="grid.signed_out")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="grid.sign_in_failed")
