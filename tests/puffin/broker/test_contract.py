"""What a broker need not offer says so by itself; whoever relies on it is never told nothing instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from puffling.puffin.broker.base import Broker, Change, InvalidOrderError, Order, OrderStatus
from puffling.puffin.broker.order_manager import OrderManager
from puffling.puffin.errors import NotOffered
from puffling.puffin.orders import Kind, Side
from tests.fakes.bare_broker import BareBroker
from tests.fakes.own_broker import OwnBroker
from tests.puffin.broker.test_practice import begun, days


@pytest.mark.parametrize(
    "ask",
    [
        lambda broker: broker.modify_order("o1", 5),
        lambda broker: broker.replace_order("o1", Change(qty=Decimal(5))),
        lambda broker: broker.find_order("one"),
        lambda broker: broker.get_all_orders(),
        lambda broker: broker.get_executions(datetime(2026, 3, 4, tzinfo=UTC)),
        lambda broker: broker.get_asset("SPY"),
        lambda broker: broker.get_clock(),
        lambda broker: broker.listen(print),
    ],
)
def test_what_a_broker_does_not_offer_is_not_an_empty_answer(ask: Callable[[Broker], object]) -> None:
    with pytest.raises(NotOffered, match="This broker does not"):
        ask(BareBroker(OwnBroker()))


def test_an_order_of_somebody_else_is_followed_and_explains_no_position_of_ours() -> None:
    broker = OwnBroker()
    manager = OrderManager(broker)
    mine = manager.submit(Order("SPY", Side.BUY, 5))
    theirs = broker.place_elsewhere("SPY", 3)
    manager.track_order(theirs)
    broker.fill(mine)
    broker.replace_order(theirs, Change(qty=Decimal(4), client_order_id="changed"))
    manager.track_order(theirs)
    manager.track_order(mine)
    changed = manager.get_order("o3")
    assert changed is not None
    assert changed.status is OrderStatus.ACCEPTED
    assert manager.reconcile_positions() == []
    broker.fill("o3")
    manager.track_order("o3")
    assert [(each.symbol, each.difference) for each in manager.reconcile_positions()] == [("SPY", Decimal(4))]


def test_an_order_at_the_market_has_no_price_to_be_moved() -> None:
    practice = begun(days())
    practice.order(Side.BUY, Decimal(10))
    [order] = practice.orders
    assert order.type is Kind.MARKET
    with pytest.raises(InvalidOrderError, match="no price"):
        practice.move(order.order_id, 95.0)
