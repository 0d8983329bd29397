"""What this app enters into the registries of the apps below (grassroots/grid/registry.py)."""
