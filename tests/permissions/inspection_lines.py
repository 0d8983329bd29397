"""The lines of inspections and rectifications in the permission table."""

from __future__ import annotations

from tests.permissions.lines import ADMIN, CHECK, FIELD, STAFF, Line, both, uid

INSPECTIONS: list[Line] = [
    Line("measures:inspection_list", STAFF),
    Line("measures:inspection_detail", STAFF, uid("inspection")),
    Line("measures:inspection_print", STAFF, uid("inspection")),
    Line("measures:finding_photo", STAFF, uid("finding_photo")),
    *both(Line("measures:inspection_annul", frozenset({"ding", "inspector"}), uid("inspection"))),
    Line("measures:checklist_list", ADMIN),
    Line("measures:rectification_list", FIELD),
    Line("measures:rectification_detail", FIELD, uid("rectification")),
    *both(Line("measures:rectification_act", CHECK, lambda things: [things.rectification.uid, "done"])),
]
