"""The lines of care in the permission table."""

from __future__ import annotations

from tests.permissions.lines import ADMIN, CHECK, STAFF, Line, both, uid

CARE: list[Line] = [
    Line("measures:care_list", STAFF),
    *both(Line("measures:care_rhythm", ADMIN)),
    Line("measures:care_person", STAFF, uid("person")),
    Line("measures:care_tap", CHECK, uid("person"), method="POST"),
    *both(*(Line(f"measures:care_{one}", CHECK, uid("person")) for one in ("visit_create", "edit"))),
    *both(*(Line(f"measures:care_visit_{one}", CHECK, uid("care_visit")) for one in ("correct", "void"))),
]
