"""Out of the system: what a channel's address means, and one request with one answer (apprise does the talking)."""
