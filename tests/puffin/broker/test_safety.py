"""The gate before any broker, for those who use Puffin by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from puffling.puffin.broker.base import Broker, Order
from puffling.puffin.broker.safety import (
    PositionSizingValidator,
    SafetyController,
    SymbolWhitelistValidator,
    TradingHoursValidator,
)
from puffling.puffin.broker.session import TradingSession
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Side
from tests.puffin.broker.own import OwnBroker

BUY = Order("AAPL", Side.BUY, 10, Kind.LIMIT, limit_price=100)
MARKET = Order("AAPL", Side.BUY, 10)
SELL = replace(BUY, side=Side.SELL)


@pytest.mark.parametrize(
    ("limits", "held", "order", "said"),
    [
        ({}, {}, BUY, ""),
        ({"max_order_size": 10}, {}, BUY, ""),
        ({"max_order_size": 9}, {}, BUY, "in one order"),
        ({"max_position_size": 15}, {"AAPL": 5}, BUY, ""),
        ({"max_position_size": 14}, {"AAPL": 5}, BUY, "15 would be more"),
        ({"max_position_size": 14}, {"AAPL": -15}, BUY, ""),
        ({"max_position_size": 14}, {"AAPL": 50}, SELL, ""),
        ({"max_position_size": 4}, {"AAPL": 5}, SELL, ""),
        ({"max_position_size": 4}, {"AAPL": 5}, replace(SELL, qty=11), "-6 would be more"),
        ({"max_total_position_value": 3000}, {"MSFT": -20}, BUY, ""),
        ({"max_total_position_value": 2999}, {"MSFT": -20}, BUY, "worth 3000"),
        ({"max_total_position_value": 10_000}, {}, MARKET, "No price"),
        ({"max_total_position_value": 2000}, {"AAPL": 10}, MARKET, ""),
        ({"max_total_position_value": 1999}, {"AAPL": 10}, MARKET, "worth 2000"),
        ({"max_order_size": 9}, {}, replace(BUY, qty=0, notional=901), "in one order"),
        ({"max_order_size": 9}, {}, replace(BUY, qty=0, notional=900), ""),
        ({}, {}, replace(MARKET, qty=0, notional=900), "No price"),
        ({}, {}, replace(BUY, qty=0), "0 shares"),
        ({}, {}, replace(BUY, qty=-3), "-3 shares"),
        ({}, {}, replace(BUY, qty=float("nan")), "nan"),
        ({}, {}, replace(BUY, limit_price=float("inf")), "inf"),
        ({}, {}, replace(BUY, limit_price=0), "price of AAPL is 0"),
    ],
)
def test_an_order_passes_or_is_told_why_not(
    limits: dict[str, Any], held: dict[str, int], order: Order, said: str
) -> None:
    broker = OwnBroker()
    broker.held = {symbol: Decimal(qty) for symbol, qty in held.items()}
    fine, reason = SafetyController(broker, **limits).validate_order(order)
    assert fine is not bool(said)
    assert said in reason


def test_prices_may_come_from_somebody_who_knows_them() -> None:
    safety = SafetyController(OwnBroker(), max_total_position_value=1000, price={"AAPL": 101}.get)
    assert safety.validate_order(replace(MARKET, qty=9)) == (True, "")
    assert not safety.validate_order(MARKET)[0]
    assert not safety.validate_order(replace(MARKET, symbol="MSFT"))[0]


def test_what_cannot_be_read_is_refused() -> None:
    broker = OwnBroker()
    safety = SafetyController(broker)
    broker.fails = True
    fine, reason = safety.validate_order(BUY)
    assert not fine
    assert "no answer today" in reason
    broker.fails = False
    broker.equity = Decimal("NaN")
    safety.daily_loss_limit(10)
    assert not safety.validate_order(BUY)[0]


def test_real_money_waits_for_the_typed_word() -> None:
    safety = SafetyController(OwnBroker(paper=False))
    assert "confirm" in safety.validate_order(BUY)[1]
    assert not safety.confirm_live_trading()
    assert not safety.confirm_live_trading("live")
    assert safety.confirm_live_trading("LIVE")
    assert safety.confirm_live_trading()
    assert safety.validate_order(BUY)[0]
    safety.reset_confirmation()
    assert not safety.validate_order(BUY)[0]
    assert SafetyController(OwnBroker(paper=False), require_confirmation=False).validate_order(BUY)[0]


def test_a_loss_breaks_the_circuit_until_somebody_resets_it() -> None:
    broker = OwnBroker()
    safety = SafetyController(broker)
    safety.daily_loss_limit(500)
    broker.equity -= 499
    assert safety.check_daily_pnl() == -499
    assert safety.validate_order(BUY)[0]
    broker.equity -= 1
    assert not safety.validate_order(BUY)[0]
    assert safety.is_circuit_breaker_active()
    broker.equity += 400
    assert safety.check_daily_pnl() == -100
    assert "circuit breaker" in safety.validate_order(BUY)[1]
    safety.reset_circuit_breaker()
    assert safety.check_daily_pnl() == 0
    assert safety.validate_order(BUY)[0]
    broker.last_equity = Decimal(99_000)
    assert safety.check_daily_pnl() == 900


def test_a_broker_that_does_not_know_yesterday_is_counted_from_the_first_look() -> None:
    broker = OwnBroker()
    broker.last_equity = None
    safety = SafetyController(broker, max_daily_loss=500)
    assert safety.check_daily_pnl() == 0
    broker.equity -= 600
    assert not safety.validate_order(BUY)[0]


def test_others_may_object_and_a_failing_one_says_no_yes() -> None:
    safety = SafetyController(OwnBroker())
    safety.add_validator(SymbolWhitelistValidator(["aapl "]))
    assert safety.validate_order(BUY)[0]
    assert "not in the list" in safety.validate_order(replace(BUY, symbol="MSFT"))[1]
    safety.add_validator(lambda broker, order: (order.qty != 11, ""))
    assert safety.validate_order(replace(BUY, qty=11)) == (False, "A validator said no")

    def fail(broker: Broker, order: Order) -> tuple[bool, str]:
        raise RuntimeError("no taste")

    safety.add_validator(fail)
    assert safety.validate_order(BUY) == (False, "A validator failed: no taste")
    stats = safety.get_stats()
    assert (stats["orders_validated"], stats["orders_approved"], stats["orders_rejected"]) == (4, 1, 3)
    assert stats["validators"] == 3


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(InvalidValue):
        SafetyController(OwnBroker(), max_order_size=limit)


@pytest.mark.parametrize(
    ("held", "order", "fine"),
    [
        (0, replace(BUY, qty=250), True),
        (0, replace(BUY, qty=251), False),
        (200, replace(BUY, qty=51), False),
        (-200, replace(SELL, qty=51), False),
        (900, replace(SELL, qty=500), True),
        (0, MARKET, False),
        (10, replace(MARKET, qty=240), True),
    ],
)
def test_a_position_becomes_at_most_its_share_of_the_account(held: int, order: Order, fine: bool) -> None:
    broker = OwnBroker()
    if held:
        broker.held = {"AAPL": Decimal(held)}
    assert PositionSizingValidator()(broker, order)[0] is fine


def test_an_empty_account_holds_nothing() -> None:
    assert not PositionSizingValidator()(OwnBroker(equity=0), BUY)[0]
    broker = OwnBroker()
    broker.held = {"AAPL": Decimal(0)}
    assert not PositionSizingValidator()(broker, MARKET)[0]
    assert PositionSizingValidator(price={"AAPL": 100}.get)(broker, MARKET)[0]


def test_orders_wait_for_the_market_to_open() -> None:
    broker, crypto = OwnBroker(), replace(BUY, symbol="BTC/USD")
    early = datetime(2026, 3, 4, 13, tzinfo=UTC)
    usual = TradingHoursValidator(now=lambda: early)
    fine, reason = usual(broker, BUY)
    assert not fine
    assert "2026-03-04 09:30 EST" in reason
    assert usual(broker, crypto)[0]
    assert TradingHoursValidator(allow_extended_hours=True, now=lambda: early)(broker, BUY)[0]
    assert TradingHoursValidator(session=TradingSession(now=lambda: early.replace(hour=15)))(broker, BUY)[0]
