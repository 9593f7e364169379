"""Orders of one broker from sending to their end, with somebody called when something happens to them."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.broker.base import (
    Broker,
    BrokerError,
    Number,
    Order,
    OrderRejectedError,
    OrderStatus,
    OrderStatusInfo,
)

Callback = Callable[[OrderStatusInfo], None]

OVER = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.REPLACED,
    }
)

_log = logging.getLogger(__name__)


@frozen
class Mismatch:
    """A symbol of which the broker holds something else than our orders add up to."""

    symbol: str
    expected: Decimal
    actual: Decimal

    @property
    def difference(self) -> Decimal:
        """Give what the broker has more than we know of."""
        return self.actual - self.expected


class OrderManager:
    """Sends orders and follows them; `track_all_pending` asks the broker, nothing is asked by itself."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._orders: dict[str, OrderStatusInfo] = {}
        self._refused: list[OrderStatusInfo] = []
        # Those we sent, and what took their place: they account for what is held.
        self._ours: set[str] = set()
        self._held_before: dict[str, Decimal] | None = None
        # What orders filled that are no longer kept.
        self._forgotten: dict[str, Decimal] = {}
        self._when_filled: list[Callback] = []
        self._when_cancelled: list[Callback] = []
        self._when_rejected: list[Callback] = []

    def submit(self, order: Order) -> str:
        """Send an order and give the broker's id of it."""
        if self._held_before is None:
            self._held_before = self._held()
        try:
            order_id = self._broker.submit_order(order)
        except OrderRejectedError as error:
            refused = replace(_sent("", order), status=OrderStatus.REJECTED, reject_reason=str(error))
            self._refused.append(refused)
            _call(self._when_rejected, refused)
            raise
        self._orders[order_id] = _sent(order_id, order)
        self._ours.add(order_id)
        return order_id

    def cancel(self, order_id: str) -> bool:
        """Ask for an order to be cancelled; False when it is over already."""
        done = self._broker.cancel_order(order_id)
        self.track_order(order_id)
        return done

    def modify(self, order_id: str, qty: Number | None = None, limit_price: Number | None = None) -> bool:
        """Change a working order; where the broker puts another in its place, that is followed."""
        done = self._broker.modify_order(order_id, qty=qty, limit_price=limit_price)
        self.track_order(order_id)
        return done

    def track_order(self, order_id: str) -> OrderStatusInfo:
        """Ask the broker how an order stands, and call those who wait for what happened."""
        now = self._broker.get_order_status(order_id)
        before = self._orders.get(order_id)
        if before is not None and _is_older(now, before):
            return before
        self._orders[order_id] = now
        self._tell(before, now)
        if now.replaced_by is not None and now.replaced_by not in self._orders:
            if order_id in self._ours:
                self._ours.add(now.replaced_by)
            self.track_order(now.replaced_by)
        return now

    def track_all_pending(self) -> list[OrderStatusInfo]:
        """Ask the broker about all orders that are not over; what cannot be asked now is asked next time."""
        tracked = []
        for order in self.pending_orders():
            try:
                tracked.append(self.track_order(order.order_id))
            except BrokerError as error:
                _log.warning("How order %s stands is not known: %s", order.order_id, error)
        return tracked

    def pending_orders(self) -> list[OrderStatusInfo]:
        """Give the orders that are not over, as far as we know."""
        return [order for order in self._orders.values() if order.status not in OVER]

    def filled_orders(self) -> list[OrderStatusInfo]:
        """Give the orders that were filled whole."""
        return [order for order in self._orders.values() if order.status is OrderStatus.FILLED]

    def get_order(self, order_id: str) -> OrderStatusInfo | None:
        """Give an order as we know it."""
        return self._orders.get(order_id)

    def get_order_history(self, symbol: str | None = None) -> list[OrderStatusInfo]:
        """Give all orders, refused ones too, of one symbol or all."""
        orders = [*self._orders.values(), *self._refused]
        return [order for order in orders if symbol is None or order.symbol == symbol]

    def reconcile_positions(self) -> list[Mismatch]:
        """Compare what the broker holds with what it held before our first order and what those filled."""
        actual = self._held()
        expected = defaultdict(Decimal, self._held_before if self._held_before is not None else actual)
        for symbol, qty in self._forgotten.items():
            expected[symbol] += qty
        for order in self._orders.values():
            if order.order_id in self._ours:
                expected[order.symbol] += _signed(order)
        found = (
            Mismatch(symbol, expected[symbol], actual.get(symbol, Decimal(0)))
            for symbol in sorted(expected.keys() | actual)
        )
        return [each for each in found if each.difference]

    def on_fill(self, callback: Callback) -> None:
        """Call back when more of an order was filled, with the order."""
        self._when_filled.append(callback)

    def on_cancel(self, callback: Callback) -> None:
        """Call back when an order was cancelled or its time was over."""
        self._when_cancelled.append(callback)

    def on_reject(self, callback: Callback) -> None:
        """Call back when an order was refused."""
        self._when_rejected.append(callback)

    def cancel_all_pending(self) -> dict[str, bool]:
        """Ask for all orders that are not over to be cancelled, and give which are, by id."""
        done = {}
        for order in self.pending_orders():
            try:
                done[order.order_id] = self.cancel(order.order_id)
            except BrokerError as error:
                _log.warning("Order %s was not cancelled: %s", order.order_id, error)
                done[order.order_id] = False
        return done

    def get_stats(self) -> dict[str, Any]:
        """Give how many orders there are of each kind, and what share was filled."""
        count = Counter(order.status for order in self.get_order_history())
        total = sum(count.values())
        return {
            "total_orders": total,
            "pending_orders": len(self.pending_orders()),
            "filled_orders": count[OrderStatus.FILLED],
            "canceled_orders": count[OrderStatus.CANCELED] + count[OrderStatus.EXPIRED],
            "rejected_orders": count[OrderStatus.REJECTED],
            "fill_rate": count[OrderStatus.FILLED] / total if total else 0.0,
        }

    def clear_history(self, keep_pending: bool = True) -> None:
        """Forget orders: those that are over, or all of them."""
        kept = {order.order_id: order for order in self.pending_orders()} if keep_pending else {}
        for order_id, order in self._orders.items():
            if order_id not in kept and order_id in self._ours:
                before = self._forgotten.get(order.symbol, Decimal(0))
                self._forgotten[order.symbol] = before + _signed(order)
        self._orders, self._refused = kept, []

    def _held(self) -> dict[str, Decimal]:
        return {symbol: Decimal(str(each.qty)) for symbol, each in self._broker.get_positions().items()}

    def _tell(self, before: OrderStatusInfo | None, now: OrderStatusInfo) -> None:
        if now.filled_qty > (before.filled_qty if before is not None else 0):
            _call(self._when_filled, now)
        if before is not None and before.status is now.status:
            return
        if now.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED}:
            _call(self._when_cancelled, now)
        elif now.status is OrderStatus.REJECTED:
            _call(self._when_rejected, now)


def _sent(order_id: str, order: Order) -> OrderStatusInfo:
    return OrderStatusInfo(
        order_id=order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        qty=order.qty,
        filled_qty=Decimal(0),
        type=order.type,
        status=OrderStatus.PENDING,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        time_in_force=order.time_in_force,
        notional=order.notional,
    )


def _is_older(now: OrderStatusInfo, before: OrderStatusInfo) -> bool:
    """Tell whether an answer is older than what we know: what is over does not begin again."""
    return before.status in OVER and now.status not in OVER and now.filled_qty <= before.filled_qty


def _signed(order: OrderStatusInfo) -> Decimal:
    return Decimal(str(order.filled_qty)) * Decimal(order.side.sign)


def _call(callbacks: list[Callback], order: OrderStatusInfo) -> None:
    for callback in callbacks:
        try:
            callback(order)
        except Exception:  # noqa: BLE001  the edge: one callback must not keep the others from hearing
            _log.exception("A callback of order %s failed", order.order_id)
