"""Importing: a sheet becomes a plan, the plan is shown, confirmed, written, and can be undone (docs/imports.md)."""
