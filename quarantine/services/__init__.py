"""Writes that touch several rows: policies, observations, readings, alerts."""
