"""Following the orders of one broker to their end."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from puffling.puffin.broker.base import (
    Broker,
    BrokerError,
    InsufficientFundsError,
    Order,
    OrderStatus,
    OrderStatusInfo,
)
from puffling.puffin.broker.order_manager import Mismatch, OrderManager
from puffling.puffin.errors import NotOffered
from puffling.puffin.orders import Kind, Side
from tests.puffin.broker.own import OwnBroker

BUY = Order("AAPL", Side.BUY, 10)


@pytest.fixture
def broker() -> OwnBroker:
    return OwnBroker()


@pytest.fixture
def manager(broker: OwnBroker) -> OrderManager:
    return OrderManager(broker)


def test_an_order_is_followed_from_sending_to_its_end(broker: OwnBroker, manager: OrderManager) -> None:
    order_id = manager.submit(BUY)
    assert [order.order_id for order in manager.pending_orders()] == [order_id]
    broker.fill(order_id, 10)
    assert manager.track_order(order_id).status is OrderStatus.FILLED
    assert manager.pending_orders() == []
    assert [order.order_id for order in manager.filled_orders()] == [order_id]
    assert manager.get_order("nobody") is None


def test_a_fill_asked_about_twice_is_told_once(broker: OwnBroker, manager: OrderManager) -> None:
    told: list[object] = []
    manager.on_fill(lambda order: told.append(order.filled_qty))
    order_id = manager.submit(BUY)
    for qty in (4, 6):
        broker.fill(order_id, qty)
        manager.track_all_pending()
        manager.track_order(order_id)
    assert told == [4, 10]


def test_the_end_of_an_order_is_told_in_its_kind(broker: OwnBroker, manager: OrderManager) -> None:
    cancelled: list[str] = []
    rejected: list[str | None] = []
    manager.on_cancel(lambda order: cancelled.append(order.order_id))
    manager.on_reject(lambda order: rejected.append(order.reject_reason or order.order_id))
    first, second, third = (manager.submit(BUY) for _ in range(3))
    assert manager.cancel(first)
    broker.change(second, OrderStatus.EXPIRED)
    broker.change(third, OrderStatus.REJECTED)
    manager.track_all_pending()
    manager.track_order(second)
    broker.poor = True
    with pytest.raises(InsufficientFundsError):
        manager.submit(BUY)
    assert cancelled == [first, second]
    assert rejected == [third, "not enough money"]
    assert manager.get_stats() == {
        "total_orders": 4,
        "pending_orders": 0,
        "filled_orders": 0,
        "canceled_orders": 2,
        "rejected_orders": 2,
        "fill_rate": 0.0,
    }


def test_what_is_over_does_not_begin_again_but_a_late_fill_counts(
    broker: OwnBroker, manager: OrderManager
) -> None:
    order_id = manager.submit(BUY)
    manager.cancel(order_id)
    broker.change(order_id, OrderStatus.ACCEPTED)
    assert manager.track_order(order_id).status is OrderStatus.CANCELED
    broker.fill(order_id, 3)
    assert manager.track_order(order_id).filled_qty == 3


def test_a_replaced_order_is_followed_into_the_new_one(broker: OwnBroker, manager: OrderManager) -> None:
    order_id = manager.submit(Order("AAPL", Side.BUY, 10, Kind.LIMIT, limit_price=90))
    assert manager.modify(order_id, qty=12, limit_price=91)
    [pending] = manager.pending_orders()
    assert (pending.replaces, pending.qty, pending.limit_price) == (order_id, 12, 91)
    broker.fill(pending.order_id, 12)
    manager.track_all_pending()
    assert manager.reconcile_positions() == []


def test_one_order_that_cannot_be_asked_about_does_not_hide_the_others(
    broker: OwnBroker, manager: OrderManager
) -> None:
    ids = [manager.submit(BUY) for _ in range(2)]
    broker.fails = True
    assert manager.track_all_pending() == []
    assert manager.cancel_all_pending() == dict.fromkeys(ids, False)
    with pytest.raises(BrokerError):
        manager.track_order(ids[0])
    broker.fails = False
    assert manager.cancel_all_pending() == dict.fromkeys(ids, True)


def test_what_the_broker_holds_is_compared_with_what_orders_filled(
    broker: OwnBroker, manager: OrderManager
) -> None:
    assert manager.reconcile_positions() == []
    broker.held = {"MSFT": Decimal(5), "AAPL": Decimal(1)}
    bought, sold = manager.submit(BUY), manager.submit(replace(BUY, symbol="MSFT", side=Side.SELL, qty=2))
    broker.fill(bought, 10)
    broker.fill(sold, 2)
    assert [each.symbol for each in manager.reconcile_positions()] == ["AAPL", "MSFT"]
    manager.track_all_pending()
    assert manager.reconcile_positions() == []
    manager.clear_history()
    assert manager.reconcile_positions() == []
    broker.held["TSLA"] = Decimal(7)
    [other] = manager.reconcile_positions()
    assert other == Mismatch("TSLA", Decimal(0), Decimal(7))
    assert other.difference == 7


def test_orders_of_others_can_be_looked_at_and_account_for_nothing(
    broker: OwnBroker, manager: OrderManager
) -> None:
    foreign = broker.submit_order(BUY)
    broker.fill(foreign, 10)
    manager.submit(replace(BUY, symbol="MSFT"))
    manager.track_order(foreign)
    broker.modify_order("o2", qty=3)
    manager.track_all_pending()
    manager.clear_history()
    assert manager.reconcile_positions() == []


def test_history_is_told_by_symbol_and_can_be_forgotten(broker: OwnBroker, manager: OrderManager) -> None:
    done, waiting = manager.submit(BUY), manager.submit(replace(BUY, symbol="MSFT"))
    broker.fill(done, 10)
    manager.track_all_pending()
    assert [order.symbol for order in manager.get_order_history("MSFT")] == ["MSFT"]
    assert manager.get_stats()["fill_rate"] == pytest.approx(0.5)
    manager.clear_history()
    assert [order.order_id for order in manager.get_order_history()] == [waiting]
    manager.clear_history(keep_pending=False)
    assert manager.get_order_history() == []
    assert manager.get_stats()["fill_rate"] == pytest.approx(0.0)


def test_a_callback_that_fails_keeps_nobody_from_hearing(
    broker: OwnBroker, manager: OrderManager, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[OrderStatusInfo] = []

    def fail(order: OrderStatusInfo) -> None:
        raise RuntimeError(f"no taste for {order.symbol}")

    manager.on_fill(fail)
    manager.on_fill(told.append)
    order_id = manager.submit(BUY)
    broker.fill(order_id, 10)
    manager.track_order(order_id)
    assert len(told) == 1
    assert "no taste for AAPL" in caplog.text


def test_a_broker_that_does_not_change_orders_says_so() -> None:
    class Plain(OwnBroker):
        modify_order = Broker.modify_order

    manager = OrderManager(Plain())
    with pytest.raises(NotOffered):
        manager.modify(manager.submit(BUY), qty=3)
