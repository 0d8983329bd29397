"""Demo data: invented people in the published figures of 淮口 (DOMAIN.md §1). Rows, not constants."""
