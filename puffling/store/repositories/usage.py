"""What of the orders counts against limits, read in one go and without the words of their verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select, union

from puffling.puffin.orders import Kind, Side
from puffling.store.orders import Counted, OrderState, Tally
from puffling.store.repositories.base import USER, Repository
from puffling.store.tables.base import table_of
from puffling.store.tables.people import SettingRow
from puffling.store.tables.trading import IntentRow, OrderRow
from puffling.store.values import Json

_INTENTS = table_of(IntentRow).c
_ORDERS = table_of(OrderRow).c
_SETTINGS = table_of(SettingRow).c

_COUNTED = select(
    _INTENTS.id,
    _INTENTS.account,
    _INTENTS.parent_id,
    _INTENTS.source,
    _INTENTS.slot,
    _INTENTS.leg,
    _INTENTS.symbol,
    _INTENTS.side,
    _INTENTS.order_type,
    _INTENTS.quantity,
    _INTENTS.limit_price,
    _INTENTS.stop_price,
    _INTENTS.state,
    _INTENTS.shrinks,
    _INTENTS.reserved,
    _INTENTS.created_at,
    _INTENTS.updated_at,
).where(_INTENTS.user_id == USER)
_OF_ACCOUNT = _INTENTS.account == bindparam("account")
# Each half names what one index has and no more: asked for the account too, SQLite would walk through all
# that was ever entered there, and every order would take longer than the one before.
_OPEN_OR_LATE = union(
    _COUNTED.where(_INTENTS.state.in_(bindparam("states", expanding=True))),
    _COUNTED.where(
        _OF_ACCOUNT,
        _INTENTS.trading_day >= bindparam("day"),
        _INTENTS.created_at >= bindparam("since"),
    ),
).order_by("created_at", "id")
_IS_ENTRY = and_(
    _INTENTS.trading_day == bindparam("today"),
    _INTENTS.shrinks.is_(False),
    _INTENTS.parent_id.is_(None),
)
_IS_EXIT = and_(
    _INTENTS.shrinks.is_(True),
    _INTENTS.created_at > bindparam("since"),
    _INTENTS.leg.not_in(bindparam("besides", expanding=True)),
)
_TALLY = select(
    func.count().filter(_IS_ENTRY).label("entered"),
    func.count().filter(_IS_EXIT).label("exits"),
).where(_INTENTS.user_id == USER, _OF_ACCOUNT, _INTENTS.trading_day >= bindparam("day"))
_FILLED = select(_ORDERS.average_price, _ORDERS.filled_quantity).where(
    _ORDERS.user_id == USER, _ORDERS.intent_id.in_(bindparam("intents", expanding=True))
)


class OrderUsage(Repository):
    """Reads what an account has entered, for whoever judges the next order by it."""

    def counted(
        self, account: str, *, day: str, since: datetime, states: Iterable[OrderState]
    ) -> tuple[Counted, ...]:
        """Give the orders that stand there and those from a moment of that day on, oldest first."""
        wanted = {"account": account, "day": day, "since": since}
        rows = self._run(_OPEN_OR_LATE, **wanted, states=[state.value for state in states])
        return tuple(_value(row) for row in rows if row.account == account)

    def tally(
        self, account: str, *, today: str, day: str, since: datetime, besides: Iterable[str] = ()
    ) -> Tally:
        """Count the orders of today, and the ways out after a moment of that day, but for some legs."""
        wanted = {"account": account, "today": today, "day": day, "since": since}
        row = self._run(_TALLY, **wanted, besides=list(besides)).one()
        return Tally(row.entered, row.exits)

    def paid_for(self, intent_ids: Iterable[str]) -> Decimal:
        """Give the money that went into what was filled of these intents."""
        if not (ids := list(intent_ids)):
            return Decimal(0)
        rows = self._run(_FILLED, intents=ids)
        return sum(((row.average_price or Decimal(0)) * row.filled_quantity for row in rows), Decimal(0))

    def rows_under(self, *starts: str) -> dict[str, Json]:
        """Give the stored rows of settings whose keys begin so."""
        return {row.key: row.value for row in self._run(_settings_under(starts))}


@cache
def _settings_under(starts: tuple[str, ...]) -> Select[Any]:
    begins = or_(*(_SETTINGS.key.startswith(start) for start in starts))
    return select(_SETTINGS.key, _SETTINGS.value).where(_SETTINGS.user_id == USER, begins)


def _value(row: Any) -> Counted:
    return Counted(
        id=row.id,
        account=row.account,
        parent_id=row.parent_id,
        source=row.source,
        slot=row.slot,
        leg=row.leg,
        symbol=row.symbol,
        side=Side(row.side),
        kind=Kind(row.order_type),
        quantity=row.quantity,
        limit=row.limit_price,
        stop=row.stop_price,
        state=OrderState(row.state),
        shrinks=row.shrinks,
        reserved=row.reserved,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
