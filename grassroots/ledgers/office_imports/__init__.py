"""What sets an office up from sheets: areas, staff with postings, duties (docs/office-imports.md)."""
