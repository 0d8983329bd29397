"""Imports of measures: venues, and the register of people who need help."""

from measures.imports import venues, vulnerable

__all__ = ["venues", "vulnerable"]
