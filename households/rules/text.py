"""Tidying what was typed or pasted; it lies with the ground that every app stands on."""

from grassroots.grid.text import fold, has_control, narrow

__all__ = ["fold", "has_control", "narrow"]
