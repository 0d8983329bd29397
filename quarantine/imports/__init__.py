"""Kinds of imports that concern returnees and observations."""
