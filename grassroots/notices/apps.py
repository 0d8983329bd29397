"""App configuration."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """消息与提醒."""

    name = "grassroots.notices"
    verbose_name = "消息与提醒"

    def ready(self) -> None:
        """Enter this app's registrations (see grassroots/grid/registry.py)."""
        from grassroots.notices import registrations  # noqa: F401
