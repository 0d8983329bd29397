"""Pages and endpoints of offline work."""
