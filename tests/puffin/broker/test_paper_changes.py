"""Changing what waits on a paper account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from puffling.puffin.broker.base import (
    Change,
    DuplicateOrderError,
    InvalidOrderError,
    OrderStatus,
)
from puffling.puffin.orders import Kind, Side
from tests.puffin.broker.papers import Paper, revived

BUY, SELL = Side.BUY, Side.SELL


def test_an_order_is_replaced_by_one_for_what_is_left() -> None:
    paper = Paper(volume_cap=0.1)
    old = paper.send(qty=20, type=Kind.LIMIT, limit_price=100, client_order_id="one")
    paper.trade(99.0, size=50.0)
    change = Change(Decimal(30), Decimal(101), client_order_id="two")
    new = paper.broker.replace_order(old, change)
    assert (new.qty, new.limit_price, new.replaces) == (25, 101, old)
    assert (paper.order(old).status, paper.order(old).replaced_by) == (OrderStatus.REPLACED, new.order_id)
    with pytest.raises(DuplicateOrderError):
        paper.broker.replace_order(new.order_id, Change(client_order_id="one"))
    with pytest.raises(InvalidOrderError, match="over already"):
        paper.broker.replace_order(old, Change(limit_price=Decimal(5)))
    with pytest.raises(InvalidOrderError, match="above 0"):
        paper.broker.replace_order(new.order_id, Change(qty=Decimal(-1)))


def test_the_distance_of_a_trailing_stop_can_be_changed_and_it_keeps_how_far_it_came() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    money = paper.send(SELL, 10, Kind.TRAILING_STOP, trail_price=5)
    paper.trade(120.0)
    closer = paper.broker.replace_order(money, Change(trail=Decimal(2)))
    paper.trade(117.9)
    assert paper.order(closer.order_id).status is OrderStatus.FILLED
    share = paper.send(SELL, 10, Kind.TRAILING_STOP, trail_percent=5)
    paper.trade(100.0)
    wider = paper.broker.replace_order(share, Change(trail=Decimal(10)))
    paper.trade(91.0)
    assert paper.order(wider.order_id).status is OrderStatus.ACCEPTED


def test_an_order_is_changed_in_place() -> None:
    paper = Paper()
    order = paper.send(type=Kind.LIMIT, limit_price=90)
    paper.trade(100.0)
    assert paper.broker.modify_order(order, 5, 101.0)
    paper.trade(100.5)
    assert paper.fills == [(5.0, 100.5)]
    assert not paper.broker.modify_order(order, 7)
    legs = paper.send(take_profit=120, stop_loss=80)
    paper.trade(100.0)
    either = paper.send(SELL, 5, Kind.LIMIT, limit_price=130, stop_loss=70, one_cancels_other=True)
    with pytest.raises(InvalidOrderError, match="ways out stand"):
        paper.broker.replace_order(either, Change(limit_price=Decimal(131)))
    paper.broker.cancel_order(either)
    assert paper.broker.modify_order(paper.order(legs).legs[1].order_id, limit_price=110)
    paper.trade(110.0)
    assert paper.fills[-1] == (-10.0, 110.0)


def test_a_way_out_is_replaced_and_still_protects_and_cancels_the_other() -> None:
    paper = Paper()
    entry = paper.send(take_profit=120, stop_loss=80)
    paper.trade(100.0)
    stop = paper.order(entry).legs[0]
    new = paper.broker.replace_order(stop.order_id, Change(stop_price=Decimal(95), client_order_id="moved"))
    assert (new.parent_id, new.stop_price, new.qty) == (entry, 95, 10)
    paper.broker = revived(paper)
    paper.trade(94.0)
    assert paper.fills[-1] == (-10.0, 94.0)
    assert paper.broker.get_all_orders("open") == []


def test_an_entry_is_replaced_with_its_ways_out_as_long_as_they_have_not_come() -> None:
    paper = Paper()
    old = paper.send(type=Kind.LIMIT, limit_price=90, take_profit=120, stop_loss=80)
    new = paper.broker.replace_order(old, Change(limit_price=Decimal(99)))
    assert [leg.stop_price or leg.limit_price for leg in new.legs] == [80, 120]
    assert {leg.status for leg in paper.order(old).legs} == {OrderStatus.CANCELED}
    paper.trade(98.0)
    paper.trade(79.0)
    assert paper.fills == [(10.0, 98.0), (-10.0, 79.0)]
    with pytest.raises(InvalidOrderError, match="over already"):
        paper.broker.replace_order(new.order_id, Change())


def test_a_way_out_is_changed_under_no_name_of_ours_too() -> None:
    paper = Paper()
    entry = paper.send(type=Kind.LIMIT, limit_price=100, stop_loss=90)
    paper.trade(100.0)
    [leg] = paper.order(entry).legs
    new = paper.broker.replace_order(leg.order_id, Change(stop_price=Decimal(95)))
    paper.trade(94.0)
    assert paper.order(new.order_id).status is OrderStatus.FILLED
    assert paper.broker.get_positions() == {}
