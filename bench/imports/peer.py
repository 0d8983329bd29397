"""django-import-export in bulk mode, set up as its documentation recommends for speed, on the same sheet.

One ModelResource a model, since that is what it imports: doors, people, residencies. `use_bulk` with batches of 1000
(its default), `skip_diff`, `force_init_instance` (no lookups of what is registered already), no `full_clean`, foreign
keys as plain numbers. It reads the sheet with its own format (tablib and openpyxl). It writes no surveys, no letters,
no history and matches nothing; numbers are normalised, encrypted and digested by the same rules as ours.

`python -m bench.imports.peer FILE` on an office whose areas are there; prints a line of JSON.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

import openpyxl  # noqa: E402
import tablib  # noqa: E402
from django.db import transaction  # noqa: E402
from import_export import fields, resources, widgets  # noqa: E402
from import_export.formats.base_formats import XLSX  # noqa: E402
from import_export.results import RowResult  # noqa: E402

from bench.imports.sheet import HEADER_ROWS, PLACE, captions_of  # noqa: E402
from bench.usage import peak_mb  # noqa: E402
from grassroots.grid.crypto import digest  # noqa: E402
from grassroots.grid.models import Area, Level  # noqa: E402
from grassroots.grid.names import place_names  # noqa: E402
from households.models import Household, HousingKind, Person, Relation, Residency, ResidencyKind  # noqa: E402
from households.rules.addresses import door_display, door_key, walk_key  # noqa: E402
from households.rules.identity import last_four, parse_id_number  # noqa: E402
from households.rules.names import name_initials, normalise_name  # noqa: E402
from households.rules.phones import parse_phone  # noqa: E402

DOOR = ("楼栋", "单元", "楼层", "房号")
HOUSING = {str(kind.label): kind.value for kind in HousingKind}
RELATIONS = {str(kind.label): kind.value for kind in Relation}
KINDS = {str(kind.label): kind.value for kind in ResidencyKind}
SEXES = {"男": "M", "女": "F"}


class LedgerFormat(XLSX):
    """Its own reader, told where the captions stand."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        book = openpyxl.load_workbook(io.BytesIO(in_stream), read_only=True, data_only=True)
        dataset = tablib.Dataset()
        rows = book.active.rows
        dataset.headers = captions_of([[cell.value for cell in next(rows)] for _ in range(HEADER_ROWS)])
        for row in rows:
            values = [cell.value for cell in row]
            if isinstance(values[0], int):  # not the lines below the table
                dataset.append(values + [None] * (len(dataset.headers) - len(values)))
        return dataset


class PlainRow(RowResult):
    """Without the text of every instance, which for a residency would be two queries."""

    def add_instance_info(self, instance: Any) -> None:
        self.object_id = instance.pk


class Fast(resources.ModelResource):
    """What its chapter on bulk imports recommends."""

    @classmethod
    def get_row_result_class(cls) -> type[RowResult]:
        return PlainRow

    class Meta:
        use_bulk = True
        skip_diff = True
        force_init_instance = True
        report_skipped = False
        use_transactions = True


class Labels(widgets.Widget):
    """A choice by its label."""

    def __init__(self, known: dict[str, str], default: str = "") -> None:
        super().__init__()
        self.known, self.default = known, default

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return self.known.get(value, self.default)


class HouseholdResource(Fast):
    area = fields.Field("area_id", "area_id", widget=widgets.IntegerWidget())
    building = fields.Field("building", "楼栋", widget=widgets.CharWidget())
    unit = fields.Field("unit", "单元", widget=widgets.CharWidget())
    floor = fields.Field("floor", "楼层", widget=widgets.CharWidget())
    door = fields.Field("door", "房号", widget=widgets.CharWidget())
    housing_kind = fields.Field("housing_kind", "房屋性质", widget=Labels(HOUSING, "OTHER"))

    class Meta(Fast.Meta):
        model = Household
        fields = ("area", "building", "unit", "floor", "door", "housing_kind")
        import_id_fields = ()

    def before_save_instance(self, instance: Household, row: Any, **kwargs: Any) -> None:
        place = instance.building, instance.unit, instance.door
        instance.display, instance.door_key = door_display(*place), door_key(*place)
        instance.walk_key = walk_key(instance.building, instance.unit, instance.floor, instance.door)


class PersonResource(Fast):
    name = fields.Field("name", "姓名", widget=widgets.CharWidget())
    sex = fields.Field("sex", "性别", widget=Labels(SEXES))
    id_number = fields.Field("id_number", "证件号码", widget=widgets.CharWidget())
    phone = fields.Field("phone", "联系电话", widget=widgets.CharWidget())

    class Meta(Fast.Meta):
        model = Person
        fields = ("name", "sex", "id_number", "phone")
        import_id_fields = ()

    def before_save_instance(self, instance: Person, row: Any, **kwargs: Any) -> None:
        instance.name = normalise_name(instance.name)
        instance.name_initials = name_initials(instance.name)
        read = parse_id_number(instance.id_number)
        instance.id_kind, instance.id_number, instance.birth_date = read.kind, read.number, read.birth_date
        instance.id_digest = digest(read.number, "id")
        instance.id_last4_digest = digest(last_four(read.number), "id-last4")
        instance.phone = parse_phone(instance.phone or "").number
        instance.phone_digest = digest(instance.phone, "phone")
        instance.phone_last4_digest = digest(last_four(instance.phone), "phone-last4")


class ResidencyResource(Fast):
    person = fields.Field("person_id", "person_id", widget=widgets.IntegerWidget())
    household = fields.Field("household_id", "household_id", widget=widgets.IntegerWidget())
    area = fields.Field("area_id", "area_id", widget=widgets.IntegerWidget())
    relation = fields.Field("relation", "与户主关系", widget=Labels(RELATIONS, "OTHER"))
    kind = fields.Field("kind", "居住情况", widget=Labels(KINDS, "REGISTERED"))

    class Meta(Fast.Meta):
        model = Residency
        fields = ("person", "household", "area", "relation", "kind")
        import_id_fields = ()


def _areas() -> dict[tuple[str, str, str], int]:
    """Areas by the names of village, group and compound, as the sheet prints them."""
    root = Area.objects.filter(level=Level.STREET).first()
    return {(name.village, name.group, name.compound): pk for pk, name in place_names(root).items()}


def _columns(dataset: tablib.Dataset, captions: tuple[str, ...]) -> list[tuple[Any, ...]]:
    at = [dataset.headers.index(caption) for caption in captions]
    return [tuple(row[index] or "" for index in at) for row in dataset]


def _import(resource: resources.ModelResource, dataset: tablib.Dataset) -> None:
    result = resource.import_data(dataset)
    if result.has_errors() or result.has_validation_errors():
        raise RuntimeError(f"{resource._meta.model.__name__}: {result.row_errors()[:1]}")


def _import_doors(dataset: tablib.Dataset, areas: list[int]) -> list[int]:
    """Import every door once; returns each row's household."""
    keys = [
        (area, *map(str, door))
        for area, door in zip(areas, _columns(dataset, DOOR), strict=True)
    ]  # fmt: skip
    housing = _columns(dataset, ("房屋性质",))
    doors = tablib.Dataset(headers=("area_id", *DOOR, "房屋性质"))
    for key, kind in {key: kind for key, (kind,) in zip(keys, housing, strict=True)}.items():
        doors.append((*key, kind))
    _import(HouseholdResource(), doors)
    known = {
        tuple(row[1:]): row[0]
        for row in Household.objects.values_list("pk", "area_id", "building", "unit", "floor", "door")
    }
    return [known[key] for key in keys]


def run(path: Path) -> dict[str, Any]:
    """Import the file; returns rows, seconds (reading apart) and peak memory in MB."""
    began = time.perf_counter()
    dataset = LedgerFormat().create_dataset(path.read_bytes())
    read = time.perf_counter()
    by_place, name_at = _areas(), dataset.headers.index("姓名")
    with transaction.atomic():
        areas = [by_place[place] for place in _columns(dataset, PLACE)]
        homes = _import_doors(dataset, areas)
        last = Person.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        residents = tablib.Dataset(*(row for row in dataset if row[name_at]), headers=dataset.headers)
        _import(PersonResource(), residents)
        people = Person.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        residencies = tablib.Dataset(
            headers=("person_id", "household_id", "area_id", "与户主关系", "居住情况")
        )
        said = _columns(residents, ("与户主关系", "居住情况"))
        where = [
            pair for pair, row in zip(zip(homes, areas, strict=True), dataset, strict=True) if row[name_at]
        ]
        for person, (home, area), words in zip(people, where, said, strict=True):
            residencies.append((person, home, area, *words))
        _import(ResidencyResource(), residencies)
    ended = time.perf_counter()
    return {"rows": len(dataset), "seconds": ended - began, "reading": read - began, "peak_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
