"""Kinds of imports that concern returnees and observations, and lists pushed down from above."""
