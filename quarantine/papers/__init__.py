"""Printed papers: which words hold where, what is printed, which sheet somebody types from (reads only)."""
