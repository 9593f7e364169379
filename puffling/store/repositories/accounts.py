"""Where money lies: the accounts a person has at brokers. Their keys are never here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from puffling.runtime.errors import Conflict, NotFound
from puffling.runtime.text import tr
from puffling.store.events import AccountsChanged
from puffling.store.orders import Account
from puffling.store.repositories.base import Repository, checked_json, checked_text
from puffling.store.tables.trading import AccountRow


class Accounts(Repository):
    """Keeps one user's accounts; one that was let go stays, for its history."""

    def all(self, *, active: bool = True) -> tuple[Account, ...]:
        """Give the accounts, those in use or really all, the oldest first."""
        wanted = select(AccountRow).where(AccountRow.user_id == self._user)
        if active:
            wanted = wanted.where(col(AccountRow.active))
        wanted = wanted.order_by(col(AccountRow.created_at), col(AccountRow.id))
        return tuple(_value(row) for row in self._session.exec(wanted))

    def find(self, id: str) -> Account | None:
        """Give an account, None when there is none of this id."""
        row = self._find(id)
        return None if row is None else _value(row)

    def get(self, id: str) -> Account:
        """Give an account by its id, or by its name where that is the name of one."""
        return _value(self._row(id))

    def add(
        self,
        id: str,
        *,
        broker: str,
        mode: str,
        label: str,
        number: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Account:
        """Keep a new account."""
        if self._session.get(AccountRow, id) is not None:
            raise Conflict(tr("There is an account {id} already.", id=id))
        row = AccountRow(
            id=checked_text(id, "id"),
            user_id=self._user,
            broker=broker,
            mode=mode,
            label=self._free_label(label, id),
            number=number,
            details=checked_json(dict(details or {}), "details"),
            created_at=self._now,
        )
        return self._changed(row)

    def rename(self, id: str, label: str) -> Account:
        """Call an account by another name."""
        row = self._row(id)
        row.label = self._free_label(label, row.id)
        return self._changed(row)

    def use(self, id: str, active: bool) -> Account:
        """Let an account go, or take it up again."""
        row = self._row(id)
        if row.active == active:
            return _value(row)
        row.active = active
        return self._changed(row)

    def _changed(self, row: AccountRow) -> Account:
        self._session.add(row)
        self._session.flush()
        self._tell(AccountsChanged(self._user))
        return _value(row)

    def _find(self, id: str) -> AccountRow | None:
        wanted = select(AccountRow).where(AccountRow.user_id == self._user, AccountRow.id == id)
        return self._session.exec(wanted).one_or_none()

    def _row(self, id: str) -> AccountRow:
        found = self._find(id)
        if found is not None:
            return found
        rows = self._session.exec(select(AccountRow).where(AccountRow.user_id == self._user))
        known = [row for row in rows if row.active]
        named = [row for row in known if row.label.casefold() == id.strip().casefold()]
        if len(named) == 1:
            return named[0]
        raise NotFound(
            tr("There is no account called {name}.", name=id),
            hint=tr("There are: {names}.", names=", ".join(row.id for row in known) or tr("none")),
        )

    def _free_label(self, label: str, id: str) -> str:
        label = checked_text(label, "label", longest=60)
        others = self.all()
        if any(other.label.casefold() == label.casefold() and other.id != id for other in others):
            raise Conflict(
                tr("There is an account called {name} already.", name=label),
                hint=tr("Choose another name."),
            )
        return label


def _value(row: AccountRow) -> Account:
    return Account(
        row.id,
        row.broker,
        row.mode,
        row.label,
        row.created_at,
        row.number,
        row.active,
        dict(row.details),
    )
