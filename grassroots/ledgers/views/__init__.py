"""Views of the ledgers, by page."""
