"""Access tokens: names, scopes and digests; the secret itself is shown once and never kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.events import AccessTokensChanged
from puffling.store.repositories.base import Repository, checked_text, new_id
from puffling.store.tables.access import AccessTokenRow
from puffling.store.values import AccessToken

_USE_RECORDED_EVERY = timedelta(minutes=1)


class AccessTokens(Repository):
    """Grants, finds and withdraws tokens by the digest of their secret."""

    def all(self) -> tuple[AccessToken, ...]:
        """Give all tokens, oldest first."""
        wanted = (
            select(AccessTokenRow)
            .where(AccessTokenRow.user_id == self._user)
            .order_by(col(AccessTokenRow.created_at), col(AccessTokenRow.id))
        )
        return tuple(_value(row) for row in self._session.exec(wanted))

    def grant(self, name: str, digest: str, scopes: Iterable[str]) -> AccessToken:
        """Keep a new token's digest."""
        row = AccessTokenRow(
            id=new_id(),
            user_id=self._user,
            name=checked_text(name, "name"),
            digest=digest,
            scopes=sorted(set(scopes)),
            created_at=self._now,
        )
        self._session.add(row)
        self._session.flush()
        self._tell(AccessTokensChanged(self._user))
        return _value(row)

    def find(self, digest: str) -> AccessToken | None:
        """Give the token with this digest, or None."""
        row = self._session.exec(
            select(AccessTokenRow).where(
                AccessTokenRow.user_id == self._user, AccessTokenRow.digest == digest
            )
        ).one_or_none()
        return None if row is None else _value(row)

    def used(self, id: str) -> None:
        """Remember that a token was used, to the minute, which spares a write on every request."""
        row = self._row(id)
        if row.last_used_at is None or self._now - row.last_used_at >= _USE_RECORDED_EVERY:
            row.last_used_at = self._now
            self._session.flush()

    def withdraw(self, id: str) -> AccessToken:
        """Remove a token; it opens nothing from now on."""
        row = self._row(id)
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(AccessTokensChanged(self._user))
        return removed

    def _row(self, id: str) -> AccessTokenRow:
        row = self._session.exec(
            select(AccessTokenRow).where(AccessTokenRow.user_id == self._user, AccessTokenRow.id == id)
        ).one_or_none()
        if row is None:
            raise NotFound(
                tr("There is no access token {id}.", id=id), hint=tr("List the tokens to see what there is.")
            )
        return row


def _value(row: AccessTokenRow) -> AccessToken:
    return AccessToken(row.id, row.name, tuple(row.scopes), row.created_at, row.last_used_at)
