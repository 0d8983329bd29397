"""Forms of quarantine."""
