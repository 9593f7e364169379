"""What the fills add up to, symbol by symbol."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from puffling.store.orders import Holding
from puffling.store.repositories.base import USER, Repository
from puffling.store.tables.base import table_of
from puffling.store.tables.trading import HoldingRow

_HOLDINGS = table_of(HoldingRow)
_ONE = _HOLDINGS.select().where(
    _HOLDINGS.c.user_id == USER,
    _HOLDINGS.c.account == bindparam("account"),
    _HOLDINGS.c.symbol == bindparam("symbol"),
)


class Holdings(Repository):
    """Keeps holdings; the desk writes them with the fill that changed them, in one transaction."""

    def find(self, account: str, symbol: str) -> Holding | None:
        """Give what is held of a symbol, or None when it was never traded."""
        row = self._run(_ONE, account=account, symbol=symbol).one_or_none()
        return None if row is None else _value(row)

    def of(self, account: str) -> tuple[Holding, ...]:
        """Give what an account holds, by symbol; what was sold is left out."""
        wanted = select(HoldingRow).where(HoldingRow.user_id == self._user, HoldingRow.account == account)
        rows = self._session.exec(wanted.order_by(col(HoldingRow.symbol)))
        return tuple(_value(row) for row in rows if row.quantity)

    def put(self, account: str, symbol: str, quantity: Decimal, average_price: Decimal) -> Holding:
        """Keep what is held of a symbol now."""
        row = self._session.get(HoldingRow, (self._user, account, symbol))
        if row is None:
            row = HoldingRow(
                user_id=self._user,
                account=account,
                symbol=symbol,
                quantity=quantity,
                average_price=average_price,
                updated_at=self._now,
            )
        row.quantity, row.average_price, row.updated_at = quantity, average_price, self._now
        self._session.add(row)
        self._session.flush()
        return _value(row)


def _value(row: Any) -> Holding:
    return Holding(row.account, row.symbol, row.quantity, row.average_price, row.updated_at)
