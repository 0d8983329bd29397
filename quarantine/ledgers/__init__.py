"""Ledgers of the follow-up: returnees, key persons, temperatures, statistics, duties."""

from quarantine.ledgers import duties, returnees, statistics, temperatures

__all__ = ["duties", "returnees", "statistics", "temperatures"]
