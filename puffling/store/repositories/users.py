"""The person the records belong to."""

from __future__ import annotations

from puffling.store.repositories.base import Repository
from puffling.store.tables.people import UserRow


class Users(Repository):
    """Knows the user this transaction is for."""

    def ensure(self, name: str) -> None:
        """Make the user unless there is one already."""
        if self._session.get(UserRow, self._user) is None:
            self._session.add(UserRow(id=self._user, name=name, created_at=self._now))
            self._session.flush()
