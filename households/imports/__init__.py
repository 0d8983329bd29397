"""Kinds of imports that concern households and people, and what all kinds need: places, and whom a row means."""
