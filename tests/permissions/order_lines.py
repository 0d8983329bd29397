"""The lines of orders and incidents in the permission table."""

from __future__ import annotations

from tests.permissions.lines import CHECK, STAFF, Line, both, uid

SENDER = frozenset({"ding"})
ORDERS: list[Line] = [
    Line("measures:order_list", STAFF),
    Line("measures:order_detail", STAFF, uid("order")),
    *both(*(Line(f"measures:order_{one}", SENDER, uid("order")) for one in ("amend", "withdraw"))),
    Line("measures:order_urge", SENDER, uid("order"), method="POST"),
    Line("measures:order_receipt_list", STAFF),
    Line("measures:order_receipt", STAFF, uid("receipt")),
    Line("measures:order_receipt", CHECK, uid("receipt"), method="POST"),
    Line("measures:order_sign", CHECK, uid("receipt"), method="POST"),
    Line("measures:order_accept", SENDER, uid("receipt"), method="POST"),
    Line("measures:order_receipt_urge", SENDER, uid("receipt"), method="POST"),
    *both(Line("measures:order_return", SENDER, uid("receipt"))),
    Line("measures:incident_list", STAFF),
    Line("measures:incident_detail", STAFF, uid("incident")),
    Line("measures:incident_read", SENDER, uid("incident"), method="POST"),
    *both(
        Line("measures:incident_act", STAFF, lambda things: [things.incident.uid, "follow"], route="act"),
    ),
]
