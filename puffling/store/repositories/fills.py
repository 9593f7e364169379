"""Executions, each under the name its broker gave it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from puffling.puffin.orders import Side
from puffling.runtime.errors import Conflict
from puffling.runtime.text import tr
from puffling.store.orders import Fill, FillKind
from puffling.store.repositories.base import Repository
from puffling.store.tables.trading import FillRow


class Fills(Repository):
    """Keeps fills; each counts once, however often it is told, and none is ever taken out."""

    def has(self, fill: Fill) -> bool:
        """Tell whether a fill is known already."""
        row = self._row(fill)
        return row is not None and (row.user_id, row.account) == (self._user, fill.account)

    def add(self, fill: Fill) -> bool:
        """Write a fill down; False when it is known already."""
        row = self._row(fill)
        if row is not None:
            if (row.user_id, row.account) != (self._user, fill.account):
                # Passed over in silence, it would be a fill that is lost.
                raise Conflict(tr("Two accounts have an execution {id}.", id=fill.execution_id))
            return False
        self._session.add(
            FillRow(
                broker_order_id=fill.broker_order_id,
                execution_id=fill.execution_id,
                user_id=self._user,
                order_id=fill.order_id,
                account=fill.account,
                mode=fill.mode,
                symbol=fill.symbol,
                side=fill.side.value,
                quantity=fill.quantity,
                price=fill.price,
                fees=fill.fees,
                kind=fill.kind.value,
                corrects=fill.corrects,
                filled_at=fill.filled_at,
                received_at=fill.received_at,
            )
        )
        self._session.flush()
        return True

    def of_order(self, account: str, broker_order_id: str) -> tuple[Fill, ...]:
        """Give the fills of an order, oldest first."""
        wanted = self._mine().where(FillRow.account == account, FillRow.broker_order_id == broker_order_id)
        return self._all(wanted)

    def of(self, account: str, symbol: str | None = None, since: datetime | None = None) -> tuple[Fill, ...]:
        """Give the fills of an account, oldest first."""
        wanted = self._mine().where(FillRow.account == account)
        if symbol is not None:
            wanted = wanted.where(FillRow.symbol == symbol)
        return self._all(wanted if since is None else wanted.where(FillRow.filled_at >= since))

    def newest(
        self, limit: int = 200, *, account: str | None = None, symbol: str | None = None
    ) -> tuple[Fill, ...]:
        """Give the newest fills first."""
        wanted = self._mine() if account is None else self._mine().where(FillRow.account == account)
        if symbol is not None:
            wanted = wanted.where(FillRow.symbol == symbol)
        ordered = wanted.order_by(col(FillRow.filled_at).desc(), col(FillRow.execution_id).desc())
        return tuple(_value(row) for row in self._session.exec(ordered.limit(limit)))

    def _row(self, fill: Fill) -> FillRow | None:
        return self._session.get(FillRow, (fill.broker_order_id, fill.execution_id))

    def _all(self, wanted: Any) -> tuple[Fill, ...]:
        ordered = wanted.order_by(col(FillRow.filled_at), col(FillRow.received_at), col(FillRow.execution_id))
        return tuple(_value(row) for row in self._session.exec(ordered))

    def _mine(self) -> Any:
        return select(FillRow).where(FillRow.user_id == self._user)


def _value(row: FillRow) -> Fill:
    return Fill(
        broker_order_id=row.broker_order_id,
        execution_id=row.execution_id,
        account=row.account,
        mode=row.mode,
        symbol=row.symbol,
        side=Side(row.side),
        quantity=row.quantity,
        price=row.price,
        fees=row.fees,
        filled_at=row.filled_at,
        received_at=row.received_at,
        kind=FillKind(row.kind),
        order_id=row.order_id,
        corrects=row.corrects,
    )
