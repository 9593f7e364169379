"""Somebody's own broker, written to no more than Puffin's contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from puffling.puffin.broker.base import (
    AccountInfo,
    Broker,
    BrokerError,
    InsufficientFundsError,
    Number,
    Order,
    OrderStatus,
    OrderStatusInfo,
    Position,
)

NOW = datetime(2026, 3, 4, 16, tzinfo=UTC)


class OwnBroker(Broker):
    """Fills when it is told to; `fails` makes every answer an error."""

    def __init__(self, equity: Number = 100_000, price: Number = 100, *, paper: bool = True) -> None:
        self.paper = paper
        self.equity = Decimal(str(equity))
        self.last_equity: Decimal | None = self.equity
        self.price = Decimal(str(price))
        self.held: dict[str, Decimal] = {}
        self.orders: dict[str, OrderStatusInfo] = {}
        self.fails = False
        self.poor = False

    def submit_order(self, order: Order) -> str:
        """Take it, or say that there is not enough money."""
        self._answer()
        if self.poor:
            raise InsufficientFundsError("not enough money")
        order_id = f"o{len(self.orders) + 1}"
        self.orders[order_id] = OrderStatusInfo(
            order_id, order.client_order_id, order.symbol, order.side, order.qty, Decimal(0), order.type,
            OrderStatus.ACCEPTED, order.limit_price, order.stop_price,
        )  # fmt: skip
        return order_id

    def cancel_order(self, order_id: str) -> bool:
        """Cancel it, unless it is filled."""
        self._answer()
        if self.orders[order_id].status is OrderStatus.FILLED:
            return False
        self.change(order_id, OrderStatus.CANCELED)
        return True

    def get_positions(self) -> dict[str, Position]:
        """What is held."""
        self._answer()
        return {
            symbol: Position(symbol, qty, self.price, qty * self.price, Decimal(0), qty * self.price, NOW)
            for symbol, qty in self.held.items()
        }

    def get_account(self) -> AccountInfo:
        """What it is worth."""
        self._answer()
        worth, nothing = self.equity, Decimal(0)
        return AccountInfo(worth, worth, worth, worth, nothing, nothing, NOW, last_equity=self.last_equity)

    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        """How it stands."""
        self._answer()
        return self.orders[order_id]

    def modify_order(
        self, order_id: str, qty: Number | None = None, limit_price: Number | None = None
    ) -> bool:
        """Put another order in its place."""
        self._answer()
        old = self.orders[order_id]
        new = replace(
            old, order_id=f"{order_id}b", qty=qty or old.qty, limit_price=limit_price, replaces=order_id
        )
        self.orders[new.order_id] = new
        self.orders[order_id] = replace(old, status=OrderStatus.REPLACED, replaced_by=new.order_id)
        return True

    def fill(self, order_id: str, qty: Number) -> None:
        """Fill some of an order."""
        order = self.orders[order_id]
        filled = Decimal(str(order.filled_qty)) + Decimal(str(qty))
        whole = filled == order.qty
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        self.orders[order_id] = replace(order, filled_qty=filled, status=status)
        signed = Decimal(str(qty)) * Decimal(order.side.sign)
        self.held[order.symbol] = self.held.get(order.symbol, Decimal(0)) + signed

    def change(self, order_id: str, status: OrderStatus) -> None:
        """Let an order stand otherwise."""
        self.orders[order_id] = replace(self.orders[order_id], status=status)

    def _answer(self) -> None:
        if self.fails:
            raise BrokerError("no answer today")
