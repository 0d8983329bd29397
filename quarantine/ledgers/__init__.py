"""Ledgers of the follow-up: returnees, key persons, temperatures, duties."""

from quarantine.ledgers import duties, forms, returnees, temperatures

__all__ = ["duties", "forms", "returnees", "temperatures"]
