"""Ledgers of the follow-up: returnees, key persons, temperatures, duties."""

from quarantine.ledgers import daily, duties, forms, returnees, temperatures

__all__ = ["daily", "duties", "forms", "returnees", "temperatures"]
