"""What the layers promise beyond imports: migrations look down only, and every URL asks who is there."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

ORDER = ["grid", "ledgers", "notices", "households", "quarantine", "measures", "desk"]


@pytest.mark.django_db
def test_no_migration_depends_on_an_app_above_it():
    loader = MigrationLoader(connection)
    wrong = [
        (str(migration), parent)
        for (app, _name), migration in loader.disk_migrations.items()
        if app in ORDER
        for parent, _ in migration.dependencies
        if parent in ORDER and ORDER.index(parent) > ORDER.index(app)
    ]
    assert wrong == []


def test_every_app_of_ours_stands_in_the_order():
    ours = [
        config.label
        for config in apps.get_app_configs()
        if config.name.startswith(("grassroots", "households", "quarantine", "measures"))
    ]
    assert sorted(ours) == sorted(ORDER)
