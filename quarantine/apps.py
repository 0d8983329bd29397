"""App configuration."""

from django.apps import AppConfig


class QuarantineConfig(AppConfig):
    """居家观察."""

    name = "quarantine"
    verbose_name = "居家观察"

    def ready(self) -> None:
        """Enter this app's registrations (see grassroots/grid/registry.py)."""
        from quarantine import registrations  # noqa: F401
