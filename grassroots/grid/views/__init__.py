"""Pages of the ground."""

from grassroots.grid.views.errors import csrf_failure, not_found, permission_denied, server_error

__all__ = ["csrf_failure", "not_found", "permission_denied", "server_error"]
