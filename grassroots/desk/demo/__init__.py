"""Demo data: invented people in the published figures of five townships (DOMAIN.md §1). Rows, not constants."""
