"""Writes of the ledgers, by noun."""
