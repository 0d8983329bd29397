"""App configuration."""

from django.apps import AppConfig


class HouseholdsConfig(AppConfig):
    """住户与排查."""

    name = "households"
    verbose_name = "住户与排查"

    def ready(self) -> None:
        """Enter this app's registrations (see grassroots/grid/registry.py)."""
        from households import registrations  # noqa: F401
