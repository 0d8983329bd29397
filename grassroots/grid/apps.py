"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GridConfig(AppConfig):
    """Areas, staff, duties, scope."""

    name = "grassroots.grid"
    verbose_name = "网格与人员"

    def ready(self) -> None:
        """Enter registrations, and give the roles' groups their permissions after every migrate."""
        from grassroots.grid import registrations
        from grassroots.grid.roles import apply_role_grants

        registrations.connect()
        post_migrate.connect(apply_role_grants, dispatch_uid="grid.apply_role_grants")
