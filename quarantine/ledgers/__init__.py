"""Ledgers of the follow-up: returnees, key persons, temperatures, duties."""

from quarantine.ledgers import duties, returnees, temperatures

__all__ = ["duties", "returnees", "temperatures"]
