"""Which area a list is narrowed to: a village of the scope, or any area that a page leads to (`?area=`, `&own=1`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from grassroots.grid.models import Area, Staff
from grassroots.grid.views.pages import whole_number
from quarantine.alert_board import villages_of


@dataclass(frozen=True)
class Where:
    """The areas to choose from, the one asked for, and whether only what hangs on it itself is asked for (本级)."""

    villages: list[Area]
    area: Area | None = None
    is_own: bool = False

    @property
    def query(self) -> dict[str, Any]:
        """The same for a link."""
        return {"area": self.area.pk if self.area else "", "own": "1" if self.is_own else ""}

    def q(self, name: str = "area") -> Q:
        """A condition on rows whose field `name` is an area."""
        if self.area is None:
            return Q()
        if self.is_own:
            return Q(**{name: self.area})
        return Q(**{f"{name}__in": Area.objects.within(self.area).order_by().values("pk")})


def where_of(request: HttpRequest, staff: Staff) -> Where:
    """What the query asks for, as far as it lies in the scope (one query; one more for what is no village)."""
    villages = villages_of(staff)
    number = whole_number(request.GET.get("area", ""))
    if number is None:
        return Where(villages)
    area = next((one for one in villages if one.pk == number), None)
    if area is None:
        area = Area.objects.open().visible_to(staff).filter(pk=number).first()
        villages = [*villages, area] if area is not None else villages
    return Where(villages, area, area is not None and request.GET.get("own") == "1")
