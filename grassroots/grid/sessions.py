"""Sessions in the database, read by a query that is built once in a process."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.prepared import PreparedModels


def _session(key: str) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key)


_SESSION = PreparedModels(_session, {"key": ("a", "b")})


class SessionStore(DatabaseStore):
    """Django's own, which asks for every request."""

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(key=self.session_key) if self.session_key else None
        if found is None or found.expire_date <= timezone.now():
            self._session_key = None
            return None
        return found

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session
