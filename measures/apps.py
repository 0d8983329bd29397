"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MeasuresConfig(AppConfig):
    """防控措施."""

    name = "measures"
    verbose_name = "防控措施"

    def ready(self) -> None:
        """Enter this app's registrations, and bring in the kinds and checklists that ship after every migrate."""
        from measures import registrations  # noqa: F401
        from measures.catalogue import ship_kinds
        from measures.checklists import ship_checklists

        post_migrate.connect(ship_kinds, sender=self, dispatch_uid="measures.ship_kinds")
        post_migrate.connect(ship_checklists, sender=self, dispatch_uid="measures.ship_checklists")
