"""What accounts were worth, moment by moment; the further back, the fewer moments are kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Float, bindparam, cast
from sqlmodel import col, delete, func, select

from puffling.runtime.clock import microseconds
from puffling.store.events import WorthMarked
from puffling.store.orders import Worth
from puffling.store.repositories.base import USER, Repository
from puffling.store.tables.base import table_of
from puffling.store.tables.trading import WorthRow

# How old a mark has to be for only the last of each stretch to stay.
THINNED = (
    (timedelta(days=60), timedelta(days=1)),
    (timedelta(days=2), timedelta(hours=1)),
)
_ROWS_AT_ONCE = 500

_WORTH = table_of(WorthRow)
# Exact numbers are text, which has another order; what is best is found to a cent all the same.
_BEST = select(func.max(cast(_WORTH.c.equity, Float))).where(
    _WORTH.c.user_id == USER,
    _WORTH.c.account == bindparam("account"),
    _WORTH.c.at >= bindparam("since"),
    _WORTH.c.at <= bindparam("until"),
)
_LAST = (
    _WORTH.select()
    .where(_WORTH.c.user_id == USER, _WORTH.c.account == bindparam("account"))
    .order_by(_WORTH.c.at.desc())
    .limit(1)
)
_LAST_BEFORE = _LAST.where(_WORTH.c.at <= bindparam("before"))


class AccountWorth(Repository):
    """Keeps one user's curves of equity."""

    def mark(self, account: str, at: datetime, equity: Decimal, cash: Decimal) -> Worth:
        """Keep what an account is worth at a moment; the last word about a moment counts."""
        row = self._session.get(WorthRow, (self._user, account, at))
        if row is None:
            row = WorthRow(user_id=self._user, account=account, at=at, equity=equity, cash=cash)
        row.equity, row.cash = equity, cash
        self._session.add(row)
        self._session.flush()
        self._tell(WorthMarked(self._user, account))
        return _value(row)

    def curve(self, account: str) -> tuple[Worth, ...]:
        """Give the marks of an account, the oldest first."""
        wanted = select(col(WorthRow.at), col(WorthRow.equity), col(WorthRow.cash)).where(
            WorthRow.user_id == self._user, WorthRow.account == account
        )
        rows = self._session.exec(wanted.order_by(col(WorthRow.at)))
        return tuple(Worth(account, at, equity, cash) for at, equity, cash in rows)

    def last(self, account: str, *, before: datetime | None = None) -> Worth | None:
        """Give the newest mark of an account, or the newest at a moment or before it."""
        wanted = _LAST if before is None else _LAST_BEFORE
        row = self._run(wanted, account=account, before=before).one_or_none()
        return None if row is None else _value(row)

    def best(self, account: str, since: datetime, until: datetime) -> Decimal | None:
        """Give the most an account was worth at a mark from one moment to another, None without a mark."""
        found = self._run(_BEST, account=account, since=since, until=until).scalar_one()
        return None if found is None else Decimal(str(found))

    def thin(self, account: str, *, sparing: frozenset[datetime] = frozenset()) -> int:
        """Drop old marks that stand close together; the first, the spared, and of each stretch the last and
        the highest stay.
        """
        stretches: dict[tuple[timedelta, int], list[Worth]] = {}
        for mark in self.curve(account)[1:]:
            step = self._step(mark.at)
            if step is not None:
                stretches.setdefault((step, _stretch(mark.at, step)), []).append(mark)
        needless = []
        for marks in stretches.values():
            kept = sparing | {marks[-1].at, max(marks, key=lambda mark: mark.equity).at}
            needless += [mark.at for mark in marks if mark.at not in kept]
        for begin in range(0, len(needless), _ROWS_AT_ONCE):
            gone = delete(WorthRow).where(
                col(WorthRow.user_id) == self._user,
                col(WorthRow.account) == account,
                col(WorthRow.at).in_(needless[begin : begin + _ROWS_AT_ONCE]),
            )
            self._session.exec(gone)
        return len(needless)

    def _step(self, at: datetime) -> timedelta | None:
        return next((step for age, step in THINNED if self._now - at >= age), None)


def _stretch(at: datetime, step: timedelta) -> int:
    return microseconds(at) // (step // timedelta(microseconds=1))


def _value(row: Any) -> Worth:
    return Worth(row.account, row.at, row.equity, row.cash)
