"""What a paper account refuses, as a broker would."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from puffling.puffin.backtest.costs import CommissionModel
from puffling.puffin.broker.base import (
    Asset,
    InsufficientFundsError,
    InvalidOrderError,
    OrderRejectedError,
    OrderStatus,
)
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Side
from tests.puffin.broker.papers import Paper

BUY, SELL = Side.BUY, Side.SELL


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


def test_the_ways_out_that_came_with_an_order_keep_nobody_from_buying_more() -> None:
    paper = Paper(refuses_wash_trades=True)
    paper.send(take_profit=120, stop_loss=80)
    paper.trade(100.0)
    more = paper.send(type=Kind.LIMIT, limit_price=90)
    assert paper.order(more).status is OrderStatus.ACCEPTED


def test_the_least_that_an_order_costs_must_be_there_too() -> None:
    paper = Paper(leverage=1.0, commission=CommissionModel(flat=5.0))
    paper.trade(100.0)
    with pytest.raises(InsufficientFundsError, match="needs 10,005"):
        paper.send(qty=100)
    paper.send(qty=99)


def test_what_is_sold_beyond_what_waits_to_be_sold_wants_money() -> None:
    paper = Paper()
    paper.send(qty=100)
    paper.trade(100.0)
    paper.send(SELL, 100, Kind.LIMIT, limit_price=150)
    with pytest.raises(InsufficientFundsError) as refused:
        paper.send(SELL, 200, Kind.LIMIT, limit_price=150)
    assert refused.value.code == "buying_power"


@pytest.mark.parametrize(
    "terms",
    [{"leverage": 0.0}, {"maintenance": 2.0}, {"volume_cap": -1.0}, {"decimals": 99}],
)
def test_terms_that_mean_nothing_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        PaperTerms(**terms)
