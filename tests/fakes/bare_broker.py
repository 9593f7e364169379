"""A broker with nothing but what Puffin's contract has always had."""

from __future__ import annotations

from puffling.puffin.broker.base import AccountInfo, Broker, Order, OrderStatusInfo, Position
from tests.fakes.own_broker import OwnBroker


class BareBroker(Broker):
    """Passes on to one that can do more, and cannot do more itself."""

    def __init__(self, inner: OwnBroker) -> None:
        self.inner = inner

    def submit_order(self, order: Order) -> str:
        return self.inner.submit_order(order)

    def cancel_order(self, order_id: str) -> bool:
        return self.inner.cancel_order(order_id)

    def get_positions(self) -> dict[str, Position]:
        return self.inner.get_positions()

    def get_account(self) -> AccountInfo:
        return self.inner.get_account()

    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        return self.inner.get_order_status(order_id)
