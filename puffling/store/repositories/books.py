"""The books of paper accounts, as their broker exports them."""

from __future__ import annotations

from typing import Any

from puffling.store.repositories.base import Repository
from puffling.store.tables.trading import PaperBookRow


class PaperBooks(Repository):
    """Keeps the book of each paper account; an older version never takes the place of a newer one."""

    def find(self, account: str) -> dict[str, Any] | None:
        """Give the book of an account, None before its first."""
        row = self._session.get(PaperBookRow, (self._user, account))
        return None if row is None else dict(row.book)

    def keep(self, account: str, book: dict[str, Any], version: int) -> bool:
        """Keep a book; False when the same or a newer one is kept already."""
        row = self._session.get(PaperBookRow, (self._user, account))
        if row is None:
            row = PaperBookRow(user_id=self._user, account=account, book={}, version=-1, updated_at=self._now)
        if version <= row.version:
            return False
        row.book, row.version, row.updated_at = book, version, self._now
        self._session.add(row)
        self._session.flush()
        return True
