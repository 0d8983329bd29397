"""App configuration."""

from django.apps import AppConfig


class LedgersConfig(AppConfig):
    """台账."""

    name = "grassroots.ledgers"
    verbose_name = "台账"

    def ready(self) -> None:
        """Enter this app's registrations (see grassroots/grid/registry.py)."""
        from grassroots.ledgers import registrations  # noqa: F401
