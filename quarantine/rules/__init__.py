"""The rules of observation: pure functions of dates, numbers and words, no database (DOMAIN.md §3)."""
