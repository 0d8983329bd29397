"""Forms of the ground."""
