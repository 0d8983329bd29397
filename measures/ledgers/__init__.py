"""Ledgers of measures: venues, vulnerable, inspections, spot-checks, orders, incidents, and those of records."""

from measures.ledgers import checks, families, inspections, orders, venues, vulnerable

__all__ = ["checks", "families", "inspections", "orders", "venues", "vulnerable"]
