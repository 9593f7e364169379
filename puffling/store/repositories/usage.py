"""What of the orders counts against limits, read in one go and without the words of their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col, or_

from puffling.puffin.orders import Kind, Side
from puffling.store.orders import Counted, OrderState
from puffling.store.repositories.base import Repository
from puffling.store.tables.people import SettingRow
from puffling.store.tables.trading import IntentRow
from puffling.store.values import Json

# In the order in which `Counted` has them.
_COLUMNS = (
    col(IntentRow.id),
    col(IntentRow.parent_id),
    col(IntentRow.source),
    col(IntentRow.slot),
    col(IntentRow.leg),
    col(IntentRow.symbol),
    col(IntentRow.side),
    col(IntentRow.order_type),
    col(IntentRow.quantity),
    col(IntentRow.limit_price),
    col(IntentRow.stop_price),
    col(IntentRow.state),
    col(IntentRow.shrinks),
    col(IntentRow.reserved),
    col(IntentRow.trading_day),
    col(IntentRow.created_at),
    col(IntentRow.updated_at),
)


class OrderUsage(Repository):
    """Reads what an account has entered, for whoever judges the next order by it."""

    def counted(
        self, account: str, *, trading_day: str, since: datetime, states: Iterable[OrderState]
    ) -> tuple[Counted, ...]:
        """Give the orders of a day, those from a moment on, and those that stand there, oldest first."""
        wanted = (
            select(*_COLUMNS)
            .where(col(IntentRow.user_id) == self._user, col(IntentRow.account) == account)
            .where(
                or_(
                    col(IntentRow.trading_day) == trading_day,
                    col(IntentRow.created_at) >= since,
                    col(IntentRow.state).in_([state.value for state in states]),
                )
            )
            .order_by(col(IntentRow.created_at), col(IntentRow.id))
        )
        return tuple(_value(row) for row in self._session.execute(wanted))

    def rows_under(self, *starts: str) -> dict[str, Json]:
        """Give the stored rows of settings whose keys begin so."""
        wanted = select(col(SettingRow.key), col(SettingRow.value)).where(
            col(SettingRow.user_id) == self._user,
            or_(*(col(SettingRow.key).startswith(start) for start in starts)),
        )
        return {row[0]: row[1] for row in self._session.execute(wanted)}


def _value(row: Sequence[Any]) -> Counted:
    found = Counted(*row)
    return replace(found, side=Side(found.side), kind=Kind(found.kind), state=OrderState(found.state))
