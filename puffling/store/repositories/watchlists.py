"""The person's lists of symbols, in the person's order."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.events import WatchlistsChanged
from puffling.store.repositories.base import Repository, checked_text, new_id
from puffling.store.tables.people import WatchlistRow
from puffling.store.values import Watchlist

LONGEST = 1000
MOST_LISTS = 200


class Watchlists(Repository):
    """Makes, changes and orders the lists; every edit is whole or not at all."""

    def all(self) -> tuple[Watchlist, ...]:
        """Give all lists in their order."""
        return tuple(_value(row) for row in self._rows())

    def get(self, id: str) -> Watchlist:
        """Give one list."""
        return _value(self._row(id))

    def create(self, name: str, symbols: Iterable[str] = ()) -> Watchlist:
        """Make a list behind the others."""
        rows = self._rows()
        if len(rows) >= MOST_LISTS:
            raise InvalidInput(tr("There can be {most} watchlists at most.", most=MOST_LISTS), field="name")
        row = WatchlistRow(
            id=new_id(),
            user_id=self._user,
            name=self._free_name(name, rows),
            symbols=_checked(symbols),
            position=len(rows),
            created_at=self._now,
            updated_at=self._now,
        )
        self._session.add(row)
        return self._changed(row)

    def rename(self, id: str, name: str) -> Watchlist:
        """Give a list another name."""
        row = self._row(id)
        name = self._free_name(name, [other for other in self._rows() if other.id != row.id])
        if name == row.name:
            return _value(row)
        row.name = name
        return self._changed(row)

    def delete(self, id: str) -> Watchlist:
        """Remove a list and give it back, so that it can be restored."""
        row = self._row(id)
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._number(self._rows())
        self._tell(WatchlistsChanged(self._user))
        return removed

    def restore(self, watchlist: Watchlist) -> Watchlist:
        """Bring back a deleted list as it was, at its place."""
        rows = self._rows()
        if any(row.id == watchlist.id for row in rows):
            raise Conflict(tr("The watchlist {name} is there already.", name=watchlist.name))
        row = WatchlistRow(
            id=checked_text(watchlist.id, "id"),
            user_id=self._user,
            name=self._free_name(watchlist.name, rows),
            symbols=_checked(watchlist.symbols),
            position=0,
            created_at=self._now,
            updated_at=self._now,
        )
        rows.insert(_within(watchlist.position, len(rows)), row)
        self._number(rows)
        self._session.add(row)
        return self._changed(row)

    def place(self, id: str, position: int) -> Watchlist:
        """Put a list at another place among the lists."""
        row = self._row(id)
        rows = [other for other in self._rows() if other.id != row.id]
        rows.insert(_within(position, len(rows)), row)
        self._number(rows)
        return self._changed(row)

    def add(self, id: str, symbol: str, position: int | None = None) -> Watchlist:
        """Put a symbol into a list, at the end or at a place; one that is there already stays where it is."""
        row = self._row(id)
        [symbol] = _checked([symbol])
        if symbol in row.symbols:
            return _value(row)
        at = len(row.symbols) if position is None else _within(position, len(row.symbols))
        return self._put(row, [*row.symbols[:at], symbol, *row.symbols[at:]])

    def remove(self, id: str, symbol: str) -> Watchlist:
        """Take a symbol out of a list."""
        row = self._row(id)
        self._find(row, symbol)
        return self._put(row, [other for other in row.symbols if other != symbol])

    def move(self, id: str, symbol: str, position: int) -> Watchlist:
        """Move a symbol to another place in its list."""
        row = self._row(id)
        self._find(row, symbol)
        rest = [other for other in row.symbols if other != symbol]
        at = _within(position, len(rest))
        return self._put(row, [*rest[:at], symbol, *rest[at:]])

    def put(self, id: str, symbols: Iterable[str]) -> Watchlist:
        """Give a list other symbols, all at once."""
        return self._put(self._row(id), _checked(symbols))

    def _put(self, row: WatchlistRow, symbols: list[str]) -> Watchlist:
        if symbols == row.symbols:
            return _value(row)
        # A new list object: a change inside the old one would not be seen and not be written.
        row.symbols = _checked(symbols)
        return self._changed(row)

    def _changed(self, row: WatchlistRow) -> Watchlist:
        row.updated_at = self._now
        self._session.flush()
        self._tell(WatchlistsChanged(self._user))
        return _value(row)

    def _rows(self) -> list[WatchlistRow]:
        wanted = (
            select(WatchlistRow)
            .where(WatchlistRow.user_id == self._user)
            .order_by(col(WatchlistRow.position), col(WatchlistRow.created_at))
        )
        return list(self._session.exec(wanted))

    def _row(self, id: str) -> WatchlistRow:
        """Give the row with this id; a person at a terminal may say its name instead."""
        rows = self._rows()
        wanted = id.strip().casefold()
        found = [row for row in rows if row.id == id] or [
            row for row in rows if row.name.casefold() == wanted
        ]
        if not found:
            names = ", ".join(row.name for row in rows)
            hint = tr("There are: {names}.", names=names) if names else tr("Make one first.")
            raise NotFound(tr("There is no watchlist called {name}.", name=id), hint=hint)
        return found[0]

    def _number(self, rows: list[WatchlistRow]) -> None:
        for position, row in enumerate(rows):
            row.position = position

    def _free_name(self, name: str, others: list[WatchlistRow]) -> str:
        name = checked_text(name, "name")
        if any(other.name.casefold() == name.casefold() for other in others):
            raise Conflict(
                tr("There is a watchlist called {name} already.", name=name), hint=tr("Choose another name.")
            )
        return name

    def _find(self, row: WatchlistRow, symbol: str) -> None:
        if symbol not in row.symbols:
            raise NotFound(
                tr("{symbol} is not in the watchlist {name}.", symbol=symbol, name=row.name),
                hint=tr("Look at the list for the symbols it holds."),
            )


def _checked(symbols: Iterable[str]) -> list[str]:
    """Give the symbols once each, in their order."""
    kept = list(dict.fromkeys(checked_text(symbol, "symbol", longest=32) for symbol in symbols))
    if len(kept) > LONGEST:
        raise InvalidInput(tr("A watchlist holds {most} symbols at most.", most=LONGEST), field="symbols")
    if any(letter.isspace() for symbol in kept for letter in symbol):
        raise InvalidInput(tr("A symbol has no blanks in it."), field="symbol")
    return kept


def _within(position: int, length: int) -> int:
    return max(0, min(position, length))


def _value(row: WatchlistRow) -> Watchlist:
    return Watchlist(row.id, row.name, tuple(row.symbols), row.position)
