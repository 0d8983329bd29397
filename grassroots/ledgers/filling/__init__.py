"""Forms from above, filled with the rows of a ledger (docs/filling.md)."""
