"""How a paper account fills: quotes, hours, volume, brackets, trailing stops, costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel
from puffling.puffin.broker.base import (
    OrderStatus,
)
from puffling.puffin.orders import Kind, Lasting, Side
from tests.puffin.broker.papers import TEN, Paper, revived

BUY, SELL = Side.BUY, Side.SELL


def test_an_order_fills_at_the_next_price_and_money_moves_exactly() -> None:
    paper = Paper(commission=CommissionModel(flat=1.0))
    order = paper.send(qty=3)
    assert paper.order(order).status is OrderStatus.ACCEPTED
    paper.trade(33.33)
    info = paper.order(order)
    assert (info.status, info.filled_qty, info.avg_fill_price) == (OrderStatus.FILLED, 3, Decimal("33.33"))
    account = paper.broker.get_account()
    assert account.cash == Decimal("9899.01")
    assert account.equity == Decimal("9999.00")
    assert paper.events == ["new", "fill"]
    [made] = paper.executions
    assert made.fee == 1
    assert made.cumulative == 3
    assert made.filled_at == TEN


def test_with_quotes_one_buys_where_somebody_asks_and_sells_where_somebody_bids() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    paper.broker.on_quote("X", 99.5, 100.5, paper.now)
    paper.send()
    paper.trade(100.0)
    paper.send(SELL, 20, Kind.LIMIT, limit_price=Decimal("99.60"))
    paper.broker.on_quote("X", 99.7, 100.7, paper.now)
    assert paper.fills == [(10.0, 100.0), (10.0, 100.5), (-20.0, 99.7)]


def test_where_nobody_stands_on_a_side_the_last_trade_counts() -> None:
    paper = Paper()
    paper.broker.on_quote("X", 99.5, 0.0, paper.now)
    paper.send()
    paper.trade(100.0)
    assert paper.fills == [(10.0, 100.0)]


def test_an_old_quote_is_nobodys_word() -> None:
    paper = Paper()
    paper.broker.on_quote("X", 99.5, 100.5, paper.now)
    paper.later(minutes=2)
    paper.send()
    paper.trade(103.0)
    assert paper.fills == [(10.0, 103.0)]


def test_a_quote_moves_no_stop() -> None:
    paper = Paper()
    paper.send(type=Kind.STOP, stop_price=101)
    paper.send(type=Kind.LIMIT, limit_price=90)
    paper.trade(100.0)
    paper.broker.on_quote("X", 104.0, 105.0, paper.now)
    assert paper.fills == []
    paper.trade(101.0)
    assert paper.fills == [(10.0, 101.0)]


def test_what_is_sent_while_the_market_is_closed_waits_for_the_open() -> None:
    paper = Paper()
    paper.later(hours=8)
    order = paper.send()
    paper.trade(100.0)
    assert paper.order(order).status is OrderStatus.ACCEPTED
    paper.later(hours=15.5)
    paper.trade(101.0)
    assert paper.fills == [(10.0, 101.0)]


def test_a_limit_left_behind_by_prices_of_the_night_still_fills_at_the_open() -> None:
    paper = Paper()
    paper.later(hours=8)
    paper.send(type=Kind.LIMIT, limit_price=100)
    paper.trade(95.0)
    paper.later(hours=15.5)
    paper.trade(96.0)
    assert paper.fills == [(10.0, 96.0)]


def test_orders_for_extended_hours_fill_before_and_after_the_session() -> None:
    paper = Paper()
    paper.later(hours=6.5)
    order = paper.send(type=Kind.LIMIT, limit_price=100, extended_hours=True)
    other = paper.send(type=Kind.LIMIT, limit_price=100)
    paper.trade(99.0)
    assert [paper.order(each).status for each in (order, other)] == [OrderStatus.FILLED, OrderStatus.ACCEPTED]
    left = paper.send(type=Kind.LIMIT, limit_price=50, extended_hours=True)
    paper.later(hours=0.5)
    paper.broker.on_time(paper.now)
    assert paper.order(left).status is OrderStatus.EXPIRED


def test_an_order_for_the_day_ends_with_its_session_and_one_sent_at_night_with_the_next() -> None:
    paper = Paper()
    today = paper.send(type=Kind.LIMIT, limit_price=50)
    paper.later(hours=6.5)
    tomorrow = paper.send(type=Kind.LIMIT, limit_price=50)
    forever = paper.send(type=Kind.LIMIT, limit_price=50, time_in_force=Lasting.GTC)
    assert paper.order(today).status is OrderStatus.EXPIRED
    paper.later(hours=23)
    assert paper.broker.wakes_at == paper.now + timedelta(hours=0.5)
    paper.later(hours=0.5)
    paper.trade(60.0)
    assert paper.order(tomorrow).status is OrderStatus.EXPIRED
    assert paper.order(forever).status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("lasting", [Lasting.IOC, Lasting.FOK])
def test_an_order_that_may_not_wait_ends_with_the_first_price_it_meets(lasting: Lasting) -> None:
    paper = Paper()
    order = paper.send(type=Kind.LIMIT, limit_price=50, time_in_force=lasting)
    paper.trade(60.0)
    assert paper.order(order).status is OrderStatus.CANCELED
    assert "at once" in (paper.order(order).reject_reason or "")


def test_the_volume_bounds_what_is_filled_and_the_rest_waits_or_ends() -> None:
    paper = Paper(volume_cap=0.1)
    order = paper.send(qty=15)
    whole = paper.send(qty=15, time_in_force=Lasting.FOK)
    now = paper.send(qty=15, time_in_force=Lasting.IOC)
    paper.trade(100.0, size=109.0)
    assert paper.order(order).status is OrderStatus.PARTIALLY_FILLED
    assert paper.order(order).filled_qty == 10
    assert paper.order(whole).status is OrderStatus.CANCELED
    assert paper.order(now).filled_qty == 0
    paper.trade(101.0, size=1_000.0)
    assert paper.order(order).avg_fill_price == Decimal(1505) / 15
    assert paper.events[-2:] == ["canceled", "fill"]


def test_who_asks_for_part_at_once_gets_part_and_no_more() -> None:
    paper = Paper(volume_cap=0.1)
    order = paper.send(qty=15, time_in_force=Lasting.IOC)
    paper.trade(100.0, size=100.0)
    info = paper.order(order)
    assert (info.status, info.filled_qty) == (OrderStatus.CANCELED, 10)


def test_a_bracket_protects_what_was_entered_and_one_way_out_cancels_the_other() -> None:
    paper = Paper()
    order = paper.send(take_profit=110, stop_loss=90)
    info = paper.order(order)
    assert [leg.type for leg in info.legs] == [Kind.STOP, Kind.LIMIT]
    paper.trade(100.0)
    paper.trade(111.0)
    legs = paper.order(order).legs
    assert [leg.status for leg in legs] == [OrderStatus.CANCELED, OrderStatus.FILLED]
    assert {leg.parent_id for leg in legs} == {order}
    assert paper.fills == [(10.0, 100.0), (-10.0, 111.0)]
    assert paper.broker.get_positions() == {}


def test_cancelling_an_entry_takes_its_ways_out_along() -> None:
    paper = Paper()
    order = paper.send(type=Kind.LIMIT, limit_price=50, take_profit=110, stop_loss=40)
    assert paper.broker.cancel_order(order)
    assert not paper.broker.cancel_order(order)
    statuses = {each.status for each in paper.broker.get_all_orders()}
    assert statuses == {OrderStatus.CANCELED}


def test_who_is_out_again_does_not_go_on_entering() -> None:
    paper = Paper(volume_cap=0.1)
    order = paper.send(qty=20, type=Kind.LIMIT, limit_price=100, take_profit=110, stop_loss=90)
    paper.trade(100.0, size=100.0)
    paper.trade(111.0, size=1_000.0)
    assert paper.order(order).status is OrderStatus.CANCELED
    assert paper.fills == [(10.0, 100.0), (-10.0, 111.0)]


def test_a_way_out_of_a_position_that_is_gone_ends_without_turning_it_round() -> None:
    paper = Paper(strict=False)
    order = paper.send(take_profit=110, stop_loss=90)
    paper.trade(100.0)
    paper.send(SELL)
    paper.trade(100.0)
    paper.trade(80.0)
    assert paper.broker.held("X") == 0
    assert paper.order(order).legs[0].reject_reason == "Nothing is left to close"


def test_of_two_ways_out_the_first_cancels_the_other() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    order = paper.send(SELL, 10, Kind.LIMIT, limit_price=110, stop_loss=90, one_cancels_other=True)
    [stop] = paper.order(order).legs
    paper.trade(89.0)
    assert paper.order(order).status is OrderStatus.CANCELED
    assert paper.order(stop.order_id).status is OrderStatus.FILLED
    assert paper.broker.held("X") == 0


@pytest.mark.parametrize("which", [0, 1])
def test_calling_one_of_two_ways_out_off_calls_off_both(which: int) -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    order = paper.send(SELL, 10, Kind.LIMIT, limit_price=110, stop_loss=90, one_cancels_other=True)
    both = [order, paper.order(order).legs[0].order_id]
    paper.broker.cancel_order(both[which])
    assert {paper.order(each).status for each in both} == {OrderStatus.CANCELED}


def test_of_two_ways_out_the_limit_leaves_the_stop_less() -> None:
    paper = Paper(volume_cap=0.1)
    paper.send(qty=20)
    paper.trade(100.0, size=1_000.0)
    order = paper.send(SELL, 20, Kind.LIMIT, limit_price=110, stop_loss=90, one_cancels_other=True)
    paper.trade(111.0, size=100.0)
    paper.trade(80.0, size=1_000.0)
    assert paper.fills[1:] == [(-10.0, 111.0), (-10.0, 80.0)]
    assert paper.order(order).status is OrderStatus.CANCELED
    assert paper.broker.held("X") == 0


def test_a_trailing_stop_follows_and_remembers_how_far_it_came() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    paper.send(SELL, 10, Kind.TRAILING_STOP, trail_percent=5)
    paper.trade(100.0)
    assert paper.broker.trails
    paper.trade(110.0)
    assert paper.broker.unkept(whole=True) is not None
    paper.broker = revived(paper)
    paper.trade(105.0)
    assert paper.broker.held("X") == 10
    paper.trade(104.4)
    assert paper.fills[-1] == (-10.0, 104.4)
    assert not paper.broker.trails


def test_prices_between_which_nothing_would_fill_are_passed_over_and_nothing_is_missed() -> None:
    paper = Paper()
    paper.send(type=Kind.LIMIT, limit_price=95, time_in_force=Lasting.GTC)
    paper.send(SELL, 10, Kind.STOP, stop_price=Decimal("90.00"), time_in_force=Lasting.GTC)
    for price in (100.0, 99.0, 97.0, 120.0, 96.0):
        assert not paper.trade(price)
    assert paper.fills == []
    paper.trade(95.0)
    paper.trade(90.0)
    assert paper.fills == [(10.0, 95.0), (-10.0, 90.0)]


def test_slippage_and_commission_are_the_backtests_and_rounded_where_one_asks() -> None:
    terms: dict[str, Any] = {
        "slippage": SlippageModel(pct=0.001),
        "commission": CommissionModel(pct=0.001),
    }
    exact, rounded = Paper(**terms), Paper(decimals=2, **terms)
    for paper in (exact, rounded):
        paper.send(qty=1)
        paper.trade(33.33)
    assert exact.fills == [(1.0, 33.33 + 0.001 * 33.33)]
    assert rounded.fills == [(1.0, 33.36)]
    assert rounded.executions[0].fee == Decimal("0.03")
