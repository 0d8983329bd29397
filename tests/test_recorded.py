"""The office put back from memory is the office that was built."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction

from grassroots.grid.models import Staff
from tests.factories import make_office
from tests.recorded import Recorded

pytestmark = pytest.mark.django_db


def rows_of_all_tables() -> dict[str, list[dict[str, Any]]]:
    """Every row that stands now, without keys and times, which differ."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        fields = [
            field.name
            for field in model._meta.concrete_fields
            if not field.primary_key
            and not field.is_relation
            and not isinstance(field, models.DateTimeField)
            and field.name not in {"phone", "password", "uid"}  # encrypted, salted, random
        ]
        rows = list(models.QuerySet(model).order_by("pk").values(*fields)) if fields else []
        found[model._meta.label] = [
            {name: value for name, value in row.items() if not name.endswith("digest")} for row in rows
        ]
    return found


def test_what_is_put_back_is_what_was_built() -> None:
    make = Recorded(make_office.build)
    offices = []
    for _ in range(2):
        with transaction.atomic():
            cast = make()
            offices.append((rows_of_all_tables(), cast))
            transaction.set_rollback(True)
    (built, first), (again, second) = offices
    assert built == again
    assert built["grid.Staff"], built.keys()
    assert first.jia is not second.jia and first.jia.pk == second.jia.pk


def test_where_a_key_is_taken_the_office_is_built() -> None:
    make = Recorded(make_office.build)
    with transaction.atomic():
        taken = make().jia.pk
        transaction.set_rollback(True)
    Staff.objects.create(pk=taken, username="taken", name="占号")
    assert make().jia.pk != taken
