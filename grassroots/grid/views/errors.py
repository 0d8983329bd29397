"""What is shown when something is refused or breaks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page token has expired: what was typed is still in the browser."""
    return render(request, "403_csrf.html", {}, status=403)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Inside the scope, without the right."""
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such thing, or outside the scope: the answer does not tell which."""
    return render(request, "404.html", {}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke; nothing about it is shown."""
    return render(request, "500.html", {}, status=500)
