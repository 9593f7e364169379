"""Orders as the brokers know them, ours and those found there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.orders import BrokerOrder, OrderState
from puffling.store.repositories.base import USER, Repository, checked_json
from puffling.store.tables.base import table_of
from puffling.store.tables.trading import OrderRow

_ORDERS = table_of(OrderRow)
_IN_STATES = (
    _ORDERS.select()
    .where(_ORDERS.c.user_id == USER, _ORDERS.c.state.in_(bindparam("states", expanding=True)))
    .order_by(_ORDERS.c.submitted_at, _ORDERS.c.id)
)


class Orders(Repository):
    """Keeps orders; nothing is ever taken out."""

    def put(self, order: BrokerOrder) -> BrokerOrder:
        """Keep what is known of an order now, under the broker's id of it."""
        row = self._session.exec(self._at_broker(order.account, order.broker_order_id)).one_or_none()
        if row is None:
            row = OrderRow(
                id=order.id,
                user_id=self._user,
                broker_order_id=order.broker_order_id,
                account=order.account,
                mode=order.mode,
                symbol=order.symbol,
                side=order.side.value,
                order_type=order.kind.value,
                time_in_force=order.lasting.value,
                quantity=order.quantity,
                filled_quantity=order.filled,
                state=order.state.value,
                raw={},
                updated_at=self._now,
            )
        row.intent_id, row.client_id, row.replaces = order.intent_id, order.client_id, order.replaces
        row.parent_order_id, row.submitted_at = order.parent_order_id, order.submitted_at
        row.quantity, row.filled_quantity, row.average_price = (
            order.quantity,
            order.filled,
            order.average_price,
        )
        row.limit_price, row.stop_price, row.state = order.limit, order.stop, order.state.value
        row.raw = checked_json(order.raw, "raw")
        row.updated_at = self._now
        self._session.add(row)
        self._session.flush()
        return _value(row)

    def get(self, id: str) -> BrokerOrder:
        """Give one order by our id of it."""
        order = self.find(id)
        if order is None:
            raise NotFound(tr("There is no order {id}.", id=id))
        return order

    def find(self, id: str) -> BrokerOrder | None:
        """Give one order by our id of it, or None."""
        return self._one(self._mine().where(OrderRow.id == id))

    def by_broker_id(self, account: str, broker_order_id: str) -> BrokerOrder | None:
        """Give one order by the broker's id of it, or None."""
        return self._one(self._at_broker(account, broker_order_id))

    def of_intent(self, intent_id: str) -> tuple[BrokerOrder, ...]:
        """Give the orders that came of an intent, oldest first: more than one with legs."""
        return self._all(self._mine().where(OrderRow.intent_id == intent_id))

    def of_intents(self, intent_ids: Iterable[str]) -> tuple[BrokerOrder, ...]:
        """Give the orders that came of any of these intents, legs included, oldest first."""
        return self._all(self._mine().where(col(OrderRow.intent_id).in_(tuple(intent_ids))))

    def in_states(
        self, states: Iterable[OrderState], account: str | None = None, symbol: str | None = None
    ) -> tuple[BrokerOrder, ...]:
        """Give the orders that stand there, oldest first."""
        # Narrowed here and not by the database: that would walk through all that was ever ordered there.
        found = (_value(row) for row in self._run(_IN_STATES, states=[state.value for state in states]))
        return tuple(
            order for order in found if account in {None, order.account} and symbol in {None, order.symbol}
        )

    def newest(
        self,
        limit: int = 200,
        *,
        account: str | None = None,
        symbol: str | None = None,
        elsewhere: bool = False,
    ) -> tuple[BrokerOrder, ...]:
        """Give the orders that changed last first; those placed elsewhere alone, where that is asked."""
        wanted = _narrowed(self._mine(), account, symbol)
        if elsewhere:
            wanted = wanted.where(col(OrderRow.intent_id).is_(None))
        ordered = wanted.order_by(col(OrderRow.updated_at).desc(), col(OrderRow.id).desc()).limit(limit)
        return tuple(_value(row) for row in self._session.exec(ordered))

    def _one(self, wanted: Any) -> BrokerOrder | None:
        row = self._session.exec(wanted).one_or_none()
        return None if row is None else _value(row)

    def _all(self, wanted: Any) -> tuple[BrokerOrder, ...]:
        ordered = wanted.order_by(col(OrderRow.submitted_at), col(OrderRow.id))
        return tuple(_value(row) for row in self._session.exec(ordered))

    def _at_broker(self, account: str, broker_order_id: str) -> Any:
        return self._mine().where(OrderRow.account == account, OrderRow.broker_order_id == broker_order_id)

    def _mine(self) -> Any:
        return select(OrderRow).where(OrderRow.user_id == self._user)


def _narrowed(wanted: Any, account: str | None, symbol: str | None) -> Any:
    if account is not None:
        wanted = wanted.where(OrderRow.account == account)
    return wanted if symbol is None else wanted.where(OrderRow.symbol == symbol)


def _value(row: Any) -> BrokerOrder:
    return BrokerOrder(
        id=row.id,
        broker_order_id=row.broker_order_id,
        account=row.account,
        mode=row.mode,
        symbol=row.symbol,
        side=Side(row.side),
        kind=Kind(row.order_type),
        lasting=Lasting(row.time_in_force),
        quantity=row.quantity,
        filled=row.filled_quantity,
        state=OrderState(row.state),
        updated_at=row.updated_at,
        intent_id=row.intent_id,
        client_id=row.client_id,
        average_price=row.average_price,
        limit=row.limit_price,
        stop=row.stop_price,
        parent_order_id=row.parent_order_id,
        replaces=row.replaces,
        submitted_at=row.submitted_at,
        raw=row.raw,
    )
