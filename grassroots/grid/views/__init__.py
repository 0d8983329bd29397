"""Pages of the ground."""

from grassroots.grid.views.errors import bad_request, csrf_failure, not_found, permission_denied, server_error

__all__ = ["bad_request", "csrf_failure", "not_found", "permission_denied", "server_error"]
