"""The form for somebody stopped at a checkpoint."""

from __future__ import annotations

from typing import Any

from django import forms

from grassroots.grid.forms.parts import text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm
from grassroots.grid.models import Area, Level, Staff
from grassroots.grid.scope import scope_of
from measures.services.texts import number_errors
from quarantine.services.sightings import Sighting


class SightingForm(PickForm):
    """Who it is, where he comes from, where he goes: as he and his card say."""

    name = text_field("姓名", 50, required=True)
    id_number = forms.CharField(
        label="身份证号",
        required=False,
        max_length=60,
        help_text="身份证号和电话至少填一项",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label="电话",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    origin = text_field("从哪里来", 80, help_text="如：武汉市江夏区")
    going_to = AreaPickField(
        Area.objects.none(), label="到哪个村（社区）", required=False, help_text="说不清就不选，转给街道"
    )
    address = text_field("住址", 60, help_text="如：3组、翠柏苑2栋")
    note = text_field("说明", 60, help_text="如：坐客车回来，有发热")
    area = AreaPickField(Area.objects.none(), label="劝导点所在区域")
    place = text_field("劝导点", 40, required=True, help_text="如：村口、高速出口")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(by)  # type: ignore[attr-defined]
        self.fields["going_to"].queryset = _villages_around(by)  # type: ignore[attr-defined]
        self.fill_picks()

    def clean(self) -> dict[str, Any]:
        """Numbers go into their own, encrypted fields."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        texts = {key: given.get(key) for key in ("origin", "address", "note", "place")}
        for key, words in number_errors(texts).items():
            self.add_error(key, words)
        return given

    def entered(self) -> Sighting:
        """What was typed, as the service takes it."""
        return Sighting(**self.cleaned_data)


def _villages_around(by: Staff) -> Any:
    """Villages of the townships that he works in: their names are no secret, nobody in them is seen."""
    paths = {path for root in scope_of(by).roots() for path in root.ancestor_paths()}
    street = Area.objects.filter(path__in=paths, level=Level.STREET).first()
    villages = Area.objects.open().filter(level=Level.VILLAGE)
    return villages.within(street) if street else villages.visible_to(by)
