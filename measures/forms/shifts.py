"""Forms on shifts at checkpoints."""

from __future__ import annotations

from typing import Any

from grassroots.grid.forms.parts import text_field
from grassroots.grid.forms.picks import AreaPickField, PickForm, StaffPickField
from grassroots.grid.models import Area, Staff
from quarantine.forms.rows import moment_field


class ShiftForm(PickForm):
    """Where and when, and the first who stands there."""

    area = AreaPickField(Area.objects.none(), label="区域")
    place = text_field("劝导点", 60, required=True, help_text="如：村口、高速出口")
    starts_at = moment_field("开始时间", required=True)
    ends_at = moment_field("结束时间", required=True)
    first = StaffPickField(Staff.objects.none(), label="值守人", required=False, help_text="其他人在下一页加")
    note = text_field("备注", 200)

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.open().visible_to(by)  # type: ignore[attr-defined]
        self.fields["first"].queryset = Staff.objects.active().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()

    def entered(self) -> dict[str, Any]:
        """What was typed, as the services take it."""
        given = dict(self.cleaned_data)
        first = given.pop("first")
        return {**given, "people": (first,) if first else ()}


class ShiftPostForm(PickForm):
    """Who else stands there."""

    staff = StaffPickField(Staff.objects.none(), label="值守人")

    def __init__(self, *args: Any, by: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].queryset = Staff.objects.active().visible_to(by)  # type: ignore[attr-defined]
        self.fill_picks()
