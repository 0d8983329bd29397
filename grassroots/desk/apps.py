"""App configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """工作台."""

    name = "grassroots.desk"
    verbose_name = "工作台"

    def ready(self) -> None:
        """Enter this app's registrations (see grassroots/grid/registry.py)."""
        from grassroots.desk import registrations  # noqa: F401
