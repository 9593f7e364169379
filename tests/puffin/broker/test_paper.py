"""A paper account as a broker: what it takes, what it refuses, what it tells, and that nothing is lost."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Carry, CommissionModel, SlippageModel
from puffling.puffin.broker.base import (
    Asset,
    BrokerError,
    Change,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    OrderRejectedError,
    OrderStatus,
    UnknownOrderError,
    UpdateKind,
)
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_book import ENDED_KEPT, EXECUTIONS_KEPT
from puffling.puffin.broker.paper_terms import PaperTerms, around_the_clock, hours_of
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side
from tests.puffin.broker.papers import TEN, Paper, office_hours

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


def test_two_ways_out_survive_being_kept() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    order = paper.send(SELL, 10, Kind.LIMIT, limit_price=110, stop_loss=90, one_cancels_other=True)
    paper.broker = revived(paper)
    paper.trade(85.0)
    assert paper.order(order).status is OrderStatus.CANCELED
    assert paper.broker.held("X") == 0


def revived(paper: Paper) -> PaperBroker:
    """The same account after its book went through JSON."""
    book = json.loads(json.dumps(paper.broker.export()))
    broker = paper.opened()
    broker.restore(book)
    return broker


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


def test_a_stop_limit_that_was_jumped_over_waits_as_a_limit_also_after_a_restart() -> None:
    paper = Paper()
    paper.send(type=Kind.STOP_LIMIT, stop_price=101, limit_price=102)
    paper.trade(105.0)
    paper.broker = revived(paper)
    paper.trade(101.5)
    assert paper.fills == [(10.0, 101.5)]


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


def test_a_client_id_is_used_once_for_ever() -> None:
    paper = Paper(cash=10_000_000)
    paper.send(qty=1, client_order_id="pf1-p-first")
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="pf1-p-first")
    paper.trade(100.0)
    for _ in range(ENDED_KEPT + 1):
        paper.broker.cancel_order(paper.send(type=Kind.LIMIT, limit_price=1, qty=1))
    paper.broker = revived(paper)
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="pf1-p-first")
    with pytest.raises(BrokerError, match="no longer known"):
        paper.broker.find_order("pf1-p-first")
    assert paper.broker.find_order("pf1-p-never") is None
    assert len(paper.broker.get_all_orders(limit=9_999)) <= ENDED_KEPT + 1


def test_a_book_does_not_grow_with_its_age() -> None:
    paper = Paper(cash=10_000_000)
    for place in range(EXECUTIONS_KEPT // 2 + 5):
        paper.send(qty=1)
        paper.send(SELL, 1)
        paper.trade(100.0 + place % 7)
    assert len(paper.executions) == EXECUTIONS_KEPT
    assert paper.broker.held("X") == 0


def test_an_order_is_found_by_its_client_id() -> None:
    paper = Paper()
    order = paper.send(client_order_id="pf1-p-one")
    found = paper.broker.find_order("pf1-p-one")
    assert found is not None
    assert found.order_id == order
    with pytest.raises(UnknownOrderError):
        paper.order("paper-99")


def test_orders_are_listed_the_newest_first() -> None:
    paper = Paper()
    first, second = paper.send(type=Kind.LIMIT, limit_price=10), paper.send(qty=1)
    paper.trade(100.0)
    listed = [[each.order_id for each in paper.broker.get_all_orders(status)] for status in (None, "open")]
    assert listed == [[second, first], [first]]
    assert [each.order_id for each in paper.broker.get_all_orders("closed")] == [second]
    assert len(paper.broker.get_all_orders(limit=1)) == 1


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"qty": 0}, InvalidOrderError, "quantity"),
    ({"qty": float("nan")}, InvalidOrderError, "not_finite"),
    ({"qty": Decimal("0.5")}, InvalidOrderError, "quantity_step"),
    ({"type": Kind.LIMIT}, InvalidOrderError, "limit"),
    ({"type": Kind.LIMIT, "limit_price": -1}, InvalidOrderError, "limit_price"),
    ({"type": Kind.LIMIT, "limit_price": Decimal("10.001")}, InvalidOrderError, "sub_penny"),
    ({"type": Kind.LIMIT, "limit_price": Decimal("0.12345")}, InvalidOrderError, "sub_penny"),
    ({"type": Kind.TRAILING_STOP}, InvalidOrderError, "trail"),
    ({"take_profit": 90, "stop_loss": 110}, InvalidOrderError, "bracket"),
    ({"one_cancels_other": True}, InvalidOrderError, "either"),
    ({"extended_hours": True}, InvalidOrderError, "extended"),
    ({"notional": 100}, InvalidOrderError, "notional"),
    ({"qty": 201}, InsufficientFundsError, "buying_power"),
]


@pytest.mark.parametrize(("terms", "error", "code"), REFUSED)
def test_what_no_broker_would_take_is_refused_with_the_reason(
    terms: dict[str, Any], error: type[OrderRejectedError], code: str
) -> None:
    paper = Paper()
    if code == "buying_power":
        paper.trade(100.0)
    with pytest.raises(error) as refused:
        paper.send(**terms)
    assert refused.value.code == code
    assert paper.broker.get_all_orders() == []


def test_what_cannot_be_traded_or_sold_short_is_refused() -> None:
    paper = Paper()
    paper.assets["X"] = Asset("X", tradable=False)
    with pytest.raises(InvalidOrderError, match="cannot be traded"):
        paper.send()
    paper.assets["X"] = Asset("X", shortable=False)
    with pytest.raises(InsufficientFundsError, match="short"):
        paper.send(SELL)
    paper.terms = paper.broker.terms = PaperTerms(short=False)
    paper.assets["X"] = Asset("X", shortable=True)
    with pytest.raises(InsufficientFundsError, match="does not sell short"):
        paper.send(SELL)
    assert not paper.broker.abilities.short


def test_money_buys_as_many_steps_as_it_can() -> None:
    paper = Paper()
    paper.known["X"] = Decimal(30)
    paper.send(qty=0, notional=100)
    paper.assets["X"] = Asset("X", quantity_step=Decimal(0))
    paper.send(qty=0, notional=100)
    paper.trade(30.0)
    assert [float(each.qty) for each in paper.executions] == [3.0, 3.333333333]
    paper.assets["X"] = Asset("X", quantity_step=Decimal(1))
    with pytest.raises(InvalidOrderError, match="does not buy"):
        paper.send(qty=0, notional=10)


def test_what_waits_has_its_money_set_aside() -> None:
    paper = Paper(leverage=1.0)
    paper.trade(100.0)
    waiting = paper.send(qty=60, type=Kind.LIMIT, limit_price=90)
    with pytest.raises(InsufficientFundsError):
        paper.send(qty=60)
    paper.broker.cancel_order(waiting)
    paper.send(qty=60)


def test_what_waits_to_be_sold_cannot_be_sold_again_and_ways_out_of_one_position_count_once() -> None:
    paper = Paper(short=False)
    paper.send(take_profit=120, stop_loss=80)
    paper.trade(100.0)
    with pytest.raises(InsufficientFundsError, match="0 of X can be sold"):
        paper.send(SELL, 1)


def test_an_order_that_is_too_dear_when_it_fills_is_refused_then() -> None:
    paper = Paper(leverage=1.0)
    order = paper.send(qty=90)
    paper.trade(200.0)
    info = paper.order(order)
    assert (info.status, info.reject_reason) == (OrderStatus.REJECTED, "Not enough buying power")
    assert "rejected" in paper.events


def test_what_would_turn_short_when_it_fills_is_refused_then() -> None:
    paper = Paper(strict=False, short=False)
    order = paper.send(SELL)
    paper.trade(100.0)
    assert paper.order(order).status is OrderStatus.REJECTED


def test_part_of_an_order_that_gets_too_dear_stays_filled() -> None:
    paper = Paper(leverage=1.0, volume_cap=0.1)
    order = paper.send(qty=90)
    paper.trade(100.0, size=500.0)
    paper.trade(200.0, size=500.0)
    info = paper.order(order)
    assert (info.status, info.filled_qty) == (OrderStatus.CANCELED, 50)


def test_both_sides_at_once_are_refused_where_one_asks_for_it() -> None:
    paper = Paper(refuses_wash_trades=True)
    paper.send(type=Kind.LIMIT, limit_price=50)
    with pytest.raises(OrderRejectedError, match="wash trade"):
        paper.send(SELL, 10, Kind.LIMIT, limit_price=150)
    paper.send(type=Kind.LIMIT, limit_price=51)


def test_borrowed_money_and_short_positions_have_their_margin() -> None:
    paper = Paper(leverage=2.0)
    paper.send(qty=150)
    paper.trade(100.0)
    account = paper.broker.get_account()
    assert (account.equity, account.cash) == (10_000, -5_000)
    assert (account.buying_power, account.margin_used) == (5_000, 7_500)
    assert account.maintenance_margin == 3_750
    paper.trade(40.0)
    assert paper.broker.get_account().buying_power == 0
    short = Paper()
    short.send(SELL, 50)
    short.trade(100.0)
    position = short.broker.get_positions()["X"]
    assert (position.side(), position.cost_basis, position.unrealized_pnl) == ("short", -5_000, 0)
    assert short.broker.get_account().maintenance_margin == 1_500
    assert short.broker.get_account().settled_cash == 10_000


def test_what_was_sold_is_settled_with_the_next_session() -> None:
    paper = Paper()
    paper.send()
    paper.trade(100.0)
    paper.send(SELL)
    paper.trade(110.0)
    assert paper.broker.get_account().settled_cash == 9_000
    paper.later(days=1, hours=6)
    paper.broker.on_time(paper.now)
    assert paper.broker.get_account().settled_cash == 10_100


def test_the_day_before_is_known_once_a_day_has_ended() -> None:
    paper = Paper()
    assert paper.broker.get_account().last_equity == 10_000
    paper.send()
    paper.trade(100.0)
    paper.trade(110.0)
    paper.later(hours=6)
    paper.broker.on_time(paper.now)
    assert paper.broker.get_account().last_equity == 10_100


def test_time_costs_and_earns_once_a_day() -> None:
    paper = Paper(carry=Carry(cash_rate=0.0365, margin_rate=0.073, borrow_rate=0.0365))
    paper.broker.on_time(paper.now)
    paper.later(days=1)
    assert not paper.broker.on_time(paper.now)
    assert paper.broker.get_account().cash == Decimal("10001.0")
    paper.trade(100.0)
    assert paper.broker.get_account().cash == Decimal("10001.0")
    paper.send(SELL, 50)
    paper.trade(100.0)
    paper.later(days=1)
    paper.trade(100.0)
    assert float(paper.broker.get_account().cash) == pytest.approx(15_001 + 1.5001 - 0.5)


def test_splits_and_dividends_happen_once_to_what_is_held_and_what_waits() -> None:
    paper = Paper()
    today = TEN.date()
    paper.broker.on_actions("X", (), today)
    paper.send(qty=10, take_profit=140, stop_loss=80)
    paper.trade(100.0)
    tomorrow = today + timedelta(days=1)
    happened = [
        CorporateAction(tomorrow, 2.0, 0.5),
        CorporateAction(today, 3.0),
        CorporateAction(date(2030, 1, 1), 5.0),
    ]
    paper.later(days=1)
    for _ in range(2):
        paper.broker.on_actions("X", happened, tomorrow)
    assert paper.broker.held("X") == 20
    assert paper.broker.get_account().equity == 10_005
    assert [leg.stop_price or leg.limit_price for leg in paper.broker.get_all_orders("open")] == [70, 40]
    paper.trade(50.0)
    assert len(paper.fills) == 1
    paper.trade(39.0)
    assert paper.fills[-1] == (-20.0, 39.0)


def test_what_happened_before_one_bought_does_not_happen_again() -> None:
    paper = Paper()
    today = TEN.date()
    paper.broker.on_actions("", (), today)
    paper.send()
    paper.trade(100.0)
    paper.broker.on_actions("X", [CorporateAction(today, 2.0)], today)
    assert paper.broker.held("X") == 10
    paper.send(SELL)
    paper.trade(100.0)
    paper.broker = revived(paper)
    paper.send()
    paper.trade(50.0)
    paper.broker.on_actions("X", [CorporateAction(today - timedelta(days=3), 2.0)], today)
    assert paper.broker.held("X") == 10


def test_a_split_of_shares_that_wait_to_be_bought_changes_the_order() -> None:
    paper = Paper()
    paper.broker.on_actions("", (), TEN.date())
    order = paper.send(type=Kind.LIMIT, limit_price=90, time_in_force=Lasting.GTC)
    paper.broker.on_quote("X", 1.0, 2.0, paper.now)
    paper.later(days=1)
    paper.broker.on_actions("X", [CorporateAction(paper.now.date(), 0.5)], paper.now.date())
    info = paper.order(order)
    assert (info.qty, info.limit_price) == (5, 180)
    assert paper.events[-1] == "restated"


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
    with pytest.raises(InvalidOrderError, match="in place"):
        paper.broker.replace_order(paper.order(legs).legs[0].order_id, Change(stop_price=Decimal(85)))
    assert paper.broker.modify_order(paper.order(legs).legs[1].order_id, limit_price=110)
    paper.trade(110.0)
    assert paper.fills[-1] == (-10.0, 110.0)


def test_a_position_turned_round_begins_at_the_new_price() -> None:
    paper = Paper()
    for side, qty, price in ((BUY, 10, 100.0), (BUY, 10, 110.0), (SELL, 5, 90.0), (SELL, 20, 120.0)):
        paper.send(side, qty)
        paper.trade(price)
    held = paper.broker.get_position("X")
    assert held is not None
    assert (held.qty, held.avg_price) == (-5, 120)
    assert paper.broker.get_account().cash == 10_000 - 1_000 - 1_100 + 450 + 2_400


def test_nothing_is_told_before_it_is_kept() -> None:
    paper = Paper(keeps=True)
    paper.send(client_order_id="one")
    assert [each["version"] for each in paper.kept] == [1]
    assert paper.trade(100.0)
    assert paper.events == ["new"]
    book = paper.broker.unkept()
    assert book is not None
    paper.broker.kept(book["version"])
    assert paper.events == ["new", "fill"]
    assert paper.broker.unkept() is None
    assert not paper.trade(101.0)


def test_an_answer_that_holds_something_new_keeps_it_first() -> None:
    paper = Paper(keeps=True)
    paper.send()
    paper.trade(100.0)
    before = len(paper.kept)
    assert len(paper.executions) == 1
    assert len(paper.kept) == before + 1
    assert paper.kept[-1]["executions"] != []


def test_what_cannot_be_kept_is_not_told_and_is_not_lost() -> None:
    paper = Paper(keeps=True)
    paper.send(client_order_id="one")
    paper.fails = True
    with pytest.raises(OSError, match="full"):
        paper.send(client_order_id="two")
    assert paper.events == ["new"]
    with pytest.raises(OSError, match="full"):
        paper.broker.find_order("two")
    paper.fails = False
    assert paper.broker.find_order("two") is not None
    assert paper.events == ["new", "new"]


def test_who_is_killed_before_the_book_was_kept_waits_still_and_after_it_has_the_fill() -> None:
    paper = Paper(keeps=True)
    paper.send(client_order_id="one")
    paper.trade(100.0)
    killed = paper.opened()
    killed.restore(paper.kept[-1])
    assert [each.status for each in killed.get_all_orders()] == [OrderStatus.ACCEPTED]
    assert killed.get_executions(TEN) == []
    later = paper.broker.unkept()
    assert later is not None
    killed.restore(json.loads(json.dumps(later)))
    assert [each.execution_id for each in killed.get_executions(TEN)] == ["paper-1-1"]
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="one")


def test_money_that_moved_is_noted_until_it_is_kept() -> None:
    paper = Paper(keeps=True)
    assert paper.broker.on_cash(500)
    paper.broker.on_cash(-200)
    with pytest.raises(InsufficientFundsError):
        paper.broker.on_cash(-20_000)
    book = paper.broker.unkept()
    assert book is not None
    assert [flow[1:3] for flow in book["flows"]] == [["deposit", "500"], ["withdrawal", "-200"]]
    paper.broker.kept(book["version"])
    assert paper.broker.export()["flows"] == []
    paper.broker.on_cash(1)
    paper.broker.on_cash(1)
    first = paper.broker.unkept()
    assert first is not None
    paper.broker.on_cash(1)
    paper.broker.kept(first["version"])
    assert len(paper.broker.export()["flows"]) == 3


def test_a_reset_begins_anew_and_forgets_no_name() -> None:
    paper = Paper()
    paper.send(client_order_id="one")
    paper.trade(100.0)
    waiting = paper.send(take_profit=200, stop_loss=50, type=Kind.LIMIT, limit_price=60)
    paper.broker.reset(5_000)
    assert paper.order(waiting).status is OrderStatus.CANCELED
    assert paper.broker.get_positions() == {}
    assert paper.broker.get_account().equity == 5_000
    with pytest.raises(DuplicateOrderError):
        paper.send(client_order_id="one")
    assert paper.send() != waiting


def test_listening_begins_with_the_line_and_ends_when_one_says() -> None:
    paper = Paper()
    heard: list[UpdateKind] = []
    end = paper.broker.listen(lambda update: heard.append(update.kind))
    paper.send()
    end()
    end()
    paper.send()
    assert heard == [UpdateKind.CONNECTED, UpdateKind.ORDER]


def test_the_clock_tells_when_the_market_opens_and_closes() -> None:
    paper = Paper()
    told = paper.broker.get_clock()
    assert told.is_open
    assert (told.next_open, told.next_close) == (TEN + timedelta(hours=23.5), TEN + timedelta(hours=6))
    paper.later(hours=-0.75)
    early = paper.broker.get_clock()
    assert not early.is_open
    assert early.next_open == TEN - timedelta(hours=0.5)
    paper.later(hours=7)
    closed = paper.broker.get_clock()
    assert closed.next_close == TEN + timedelta(days=1, hours=6)


def test_a_broker_alone_needs_nothing_but_a_clock() -> None:
    broker = PaperBroker(1_000, now=lambda: TEN)
    assert broker.get_asset("ANY").quantity_step == 0
    assert broker.get_clock().is_open
    assert broker.symbols == frozenset()
    assert broker.mark("X") is None
    assert broker.wakes_at is None
    assert around_the_clock("X", TEN).takes(TEN, extended=True)


def test_sessions_become_hours() -> None:
    day = day_to_us(TEN.date())
    hour = 3_600_000_000
    columns = [[day + hour * at + 24 * hour * each for each in (0, 1)] for at in (0, 9, 16)]
    sessions = Sessions(*(np.array(column, dtype=np.int64) for column in columns))
    assert hours_of(sessions, TEN, 30, 60).late == TEN.replace(hour=17)
    assert hours_of(sessions, TEN.replace(hour=18), 30, 60).opens == TEN.replace(hour=9) + timedelta(days=1)
    with pytest.raises(InvalidValue, match="No session"):
        hours_of(sessions, TEN + timedelta(days=9))
    assert office_hours("X", TEN.replace(hour=18)).opens > TEN


@pytest.mark.parametrize(
    "terms",
    [{"leverage": 0.0}, {"maintenance": 2.0}, {"volume_cap": -1.0}, {"decimals": 99}],
)
def test_terms_that_mean_nothing_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        PaperTerms(**terms)


def test_a_book_of_another_format_is_not_read() -> None:
    paper = Paper()
    with pytest.raises(InvalidValue, match="format"):
        paper.broker.restore({"format": 99})
