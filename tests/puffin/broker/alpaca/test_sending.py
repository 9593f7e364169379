"""Sending, changing and cancelling orders at Alpaca: every answer means exactly one thing."""

from __future__ import annotations

import socket
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import (
    BrokerBusyError,
    BrokerRefusedError,
    Change,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    Order,
    OrderRejectedError,
    OrderStatus,
    UnclearError,
    UnknownOrderError,
)
from puffling.puffin.errors import UnknownSymbol
from puffling.puffin.orders import Kind, Lasting, Side
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import Answer, as_json
from tests.puffin.broker.alpaca.conftest import MakeBroker, patience

LIMIT = Order("AAPL", Side.BUY, 2, Kind.LIMIT, limit_price=Decimal("90.50"), client_order_id="pf1-p-one")


def accepted(alpaca: AlpacaTrading) -> list[str]:
    """The client ids of the orders that truly came to be."""
    return [entry["client"] for entry in alpaca.noted("accepted")]


def test_an_order_is_sent_once_as_it_is(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    order_id = broker.submit_order(LIMIT)
    [order] = alpaca.truth()["orders"]
    assert order["id"] == order_id
    shown = {name: order[name] for name in ("symbol", "side", "type", "qty", "limit_price", "time_in_force")}
    assert shown == {
        "symbol": "AAPL",
        "side": "buy",
        "type": "limit",
        "qty": "2",
        "limit_price": "90.5",
        "time_in_force": "day",
    }
    assert order["client_order_id"] == "pf1-p-one"


@pytest.mark.parametrize(
    ("fault", "error", "came_to_be"),
    [
        ("reset_before", UnclearError, False),
        ("reset_after", UnclearError, True),
        ("hang_before", UnclearError, False),
        ("hang_after", UnclearError, True),
        ("late_before", UnclearError, False),
        ("late_after", UnclearError, True),
        ("html_before", UnclearError, False),
        ("html_after", UnclearError, True),
        ("garbled_after", UnclearError, True),
        ("cut_after", UnclearError, True),
        ("duplicate_id", DuplicateOrderError, True),
        ("busy", BrokerBusyError, False),
        ("buying_power", InsufficientFundsError, False),
        ("wash_trade", OrderRejectedError, False),
        ("invalid", InvalidOrderError, False),
        ("unreadable", InvalidOrderError, False),
        ("keys", BrokerRefusedError, False),
        ("keys_401", BrokerRefusedError, False),
    ],
)
def test_an_answer_means_exactly_one_thing_and_nothing_is_sent_twice(
    alpaca: AlpacaTrading, make_broker: MakeBroker, fault: str, error: type[Exception], came_to_be: bool
) -> None:
    alpaca.fault(fault)
    with pytest.raises(error) as caught:
        make_broker(read_seconds=patience(fault)).submit_order(LIMIT)
    assert caught.type is error
    assert caught.value.__context__ is None
    assert len(alpaca.server.asked("/v2/orders")) == 1
    assert accepted(alpaca) == (["pf1-p-one"] if came_to_be else [])
    found = make_broker().find_order("pf1-p-one")
    assert (found is not None) is came_to_be


def test_whoever_is_asked_for_patience_is_told_how_long(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.faults.wait_seconds = 17
    alpaca.fault("busy")
    with pytest.raises(BrokerBusyError) as caught:
        broker.submit_order(LIMIT)
    assert caught.value.wait_seconds == pytest.approx(17.0)
    alpaca.server.trouble(as_json({"code": 42910000, "message": "rate limit exceeded"}, 429))
    with pytest.raises(BrokerBusyError) as caught:
        broker.submit_order(LIMIT)
    assert caught.value.wait_seconds == pytest.approx(1.0)


def test_a_client_id_is_taken_for_ever_even_after_its_order_was_cancelled(broker: AlpacaBroker) -> None:
    assert broker.cancel_order(broker.submit_order(LIMIT))
    with pytest.raises(DuplicateOrderError):
        broker.submit_order(LIMIT)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (as_json({"code": 40010001, "message": "client_order_id must be unique"}, 422), DuplicateOrderError),
        (as_json({"code": 40010001, "message": "client_order_id already exists"}, 422), DuplicateOrderError),
        (as_json({"code": 40010001}, 422), DuplicateOrderError),
        (as_json({"code": 40010001, "message": "qty is required"}, 422), InvalidOrderError),
        (
            as_json({"code": 42210000, "message": "client_order_id: not unique"}, 422),
            InvalidOrderError,
        ),
        (Answer(422, b"<html>"), UnclearError),
        (as_json([], 422), UnclearError),
        (as_json({"code": "40010001"}, 422), UnclearError),
        (as_json({"code": 40010000, "message": "no"}, 400), InvalidOrderError),
        (Answer(400, b""), UnclearError),
        (Answer(403, b"<html>blocked</html>"), BrokerRefusedError),
        (as_json({"code": 40310000, "message": "account is not allowed to short"}, 403), OrderRejectedError),
        (as_json({"code": 40310001, "message": "insufficient nerve"}, 403), OrderRejectedError),
        (as_json({"code": 40410000, "message": "not found"}, 404), UnknownOrderError),
        (as_json({"code": 1, "message": "no such route"}, 404), UnclearError),
        (Answer(404, b"<html>"), UnclearError),
        (as_json({"code": 40910000, "message": "conflict"}, 409), UnclearError),
        (Answer(302, b"", {"Location": "https://api.alpaca.markets/v2/orders"}), UnclearError),
        (Answer(200, b""), UnclearError),
        (Answer(200, b"[]"), UnclearError),
        (Answer(200, b"{}"), UnclearError),
        (Answer(200, b"null"), UnclearError),
        (as_json({"id": "", "symbol": "AAPL"}), UnclearError),
        (Answer(500, b""), UnclearError),
        (as_json({"code": 50010000, "message": "internal server error"}, 500), UnclearError),
        (Answer(418, b""), UnclearError),
    ],
)
def test_what_no_fault_has_a_name_for_means_exactly_one_thing_too(
    alpaca: AlpacaTrading, broker: AlpacaBroker, answer: Answer, error: type[Exception]
) -> None:
    alpaca.server.trouble(answer)
    with pytest.raises(error) as caught:
        broker.submit_order(LIMIT)
    assert caught.type is error
    assert len(alpaca.server.requests) == 1


def test_an_address_where_nobody_is_leaves_it_unclear_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    broker = AlpacaBroker(KEY, SECRET, base_url=f"http://127.0.0.1:{port}")
    with pytest.raises(UnclearError):
        broker.submit_order(LIMIT)
    broker.close()


def test_an_answer_that_drips_in_for_ever_is_given_up(alpaca: AlpacaTrading, make_broker: MakeBroker) -> None:
    alpaca.server.trouble(Answer(200, b'{"id": "' + b"x" * 10_000, drip_seconds=0.01))
    with pytest.raises(UnclearError):
        make_broker(read_seconds=0.15).submit_order(LIMIT)


def test_after_closing_nothing_is_sent(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    broker.get_account()
    broker.close()
    with pytest.raises(UnclearError, match="closed"):
        broker.submit_order(LIMIT)
    assert not alpaca.server.asked("/v2/orders")


@pytest.mark.parametrize(
    "changed",
    [
        {"qty": 0},
        {"qty": -1},
        {"qty": Decimal("NaN")},
        {"qty": float("inf")},
        {"qty": Decimal("1.0000000001")},
        {"qty": Decimal("1.5"), "time_in_force": Lasting.GTC},
        {"limit_price": Decimal("90.501")},
        {"limit_price": Decimal("0.12345")},
        {"limit_price": 0},
        {"limit_price": float("nan")},
        {"limit_price": None},
        {"stop_price": 95},
        {"type": Kind.MARKET},
        {"type": Kind.STOP},
        {"trail_price": 1},
        {"type": Kind.TRAILING_STOP, "limit_price": None},
        {"type": Kind.TRAILING_STOP, "limit_price": None, "trail_price": 1, "trail_percent": 1},
        {"notional": 100},
        {"notional": 100, "qty": 0, "time_in_force": Lasting.GTC},
        {"notional": -100, "qty": 0},
        {"extended_hours": True, "time_in_force": Lasting.IOC},
        {"extended_hours": True, "type": Kind.MARKET, "limit_price": None},
        {"client_order_id": ""},
        {"client_order_id": "x" * 129},
        {"client_order_id": "pf1-p-ö"},
        {"take_profit": 110, "time_in_force": Lasting.IOC},
        {"take_profit": 110, "extended_hours": True},
        {"take_profit": Decimal("110.001")},
        {"stop_loss": -80},
        {"one_cancels_other": True},
        {"one_cancels_other": True, "take_profit": 110, "stop_loss": 80},
        {"one_cancels_other": True, "stop_loss": 80, "type": Kind.MARKET, "limit_price": None},
    ],
)
def test_what_makes_no_sense_is_stopped_before_it_leaves(
    alpaca: AlpacaTrading, broker: AlpacaBroker, changed: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOrderError):
        broker.submit_order(replace(LIMIT, **changed))
    assert not alpaca.server.requests


def test_prices_under_a_dollar_have_four_decimals(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.move("PENNY", "0.5")
    broker.submit_order(replace(LIMIT, symbol="penny ", limit_price=0.1234))
    [order] = alpaca.truth()["orders"]
    assert (order["symbol"], order["limit_price"]) == ("PENNY", "0.1234")


@pytest.mark.parametrize(
    ("order", "moves", "filled_at"),
    [
        (Order("AAPL", Side.BUY, 1), [], "100"),
        (Order("AAPL", Side.BUY, 1, Kind.LIMIT, limit_price=99), [101, 98], "98"),
        (Order("AAPL", Side.BUY, 1, Kind.STOP, stop_price=105), [104, 106], "106"),
        (Order("AAPL", Side.BUY, 1, Kind.STOP_LIMIT, limit_price=106, stop_price=105), [107, 105.5], "105.5"),
        (Order("AAPL", Side.SELL, 1, Kind.TRAILING_STOP, trail_price=5), [110, 106, 104], "104"),
        (Order("AAPL", Side.SELL, 1, Kind.TRAILING_STOP, trail_percent=10), [120, 109, 108], "108"),
    ],
)
def test_every_kind_of_order_fills_when_its_price_is_met(
    alpaca: AlpacaTrading, broker: AlpacaBroker, order: Order, moves: list[float], filled_at: str
) -> None:
    order_id = broker.submit_order(order)
    for price in moves:
        assert broker.get_order_status(order_id).status is OrderStatus.ACCEPTED
        alpaca.move("AAPL", price)
    found = broker.get_order_status(order_id)
    assert (found.status, found.type) == (OrderStatus.FILLED, order.type)
    assert found.avg_fill_price == Decimal(filled_at)


def test_parts_of_a_share_and_amounts_of_money_can_be_bought(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    alpaca.set(fills_at_once=False)
    part = broker.submit_order(Order("AAPL", Side.BUY, Decimal("0.123456789")))
    money = broker.submit_order(Order("AAPL", Side.BUY, 0, notional=Decimal("50.25")))
    waiting = broker.get_order_status(money)
    assert (waiting.qty, waiting.notional, waiting.status) == (0, Decimal("50.25"), OrderStatus.ACCEPTED)
    alpaca.move("AAPL", 100)
    assert broker.get_order_status(part).filled_qty == Decimal("0.123456789")
    assert broker.get_order_status(money).qty == Decimal("0.5025")


def test_early_and_late_hours_are_asked_for(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.set(is_open=False)
    early = broker.submit_order(replace(LIMIT, extended_hours=True))
    usual = broker.submit_order(replace(LIMIT, client_order_id=None))
    alpaca.move("AAPL", 90)
    states = [broker.get_order_status(each).status for each in (early, usual)]
    assert states == [OrderStatus.FILLED, OrderStatus.ACCEPTED]


def test_a_bracket_brings_its_ways_out_when_it_fills_and_one_cancels_the_other(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    entry = broker.submit_order(replace(LIMIT, take_profit=110, stop_loss=80, time_in_force=Lasting.GTC))
    profit, loss = broker.get_order_status(entry).legs
    assert (profit.type, profit.limit_price, profit.side) == (Kind.LIMIT, 110, Side.SELL)
    assert (loss.type, loss.stop_price, loss.parent_id) == (Kind.STOP, 80, entry)
    alpaca.move("AAPL", 115)
    assert broker.get_order_status(profit.order_id).filled_qty == 0
    alpaca.move("AAPL", 90)
    alpaca.move("AAPL", 111)
    now = {each.order_id: each for each in broker.get_all_orders()}
    assert now[profit.order_id].status is OrderStatus.FILLED
    assert now[loss.order_id].status is OrderStatus.CANCELED
    assert now[loss.order_id].parent_id == entry
    assert [leg.order_id for leg in now[entry].legs] == [profit.order_id, loss.order_id]


def test_a_single_way_out_and_two_without_an_entry_are_written_as_such(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    broker.submit_order(Order("AAPL", Side.BUY, 3, stop_loss=Decimal(80)))
    out = Order("AAPL", Side.SELL, 3, Kind.LIMIT, limit_price=120, stop_loss=75, one_cancels_other=True)
    broker.submit_order(out)
    first, leg, second, other = alpaca.truth()["orders"]
    assert [first["order_class"], second["order_class"]] == ["oto", "oco"]
    assert (leg["stop_price"], other["stop_price"], second["limit_price"]) == ("80", "75", "120")
    alpaca.move("AAPL", 70)
    assert broker.get_order_status(second["id"]).status is OrderStatus.CANCELED


def test_a_replaced_order_is_another_order_in_the_place_of_the_old(broker: AlpacaBroker) -> None:
    old = broker.submit_order(LIMIT)
    new = broker.replace_order(old, Change(Decimal(3), Decimal("91.25"), client_order_id="pf1-p-two"))
    assert (new.replaces, new.client_order_id) == (old, "pf1-p-two")
    assert (new.qty, new.limit_price) == (3, Decimal("91.25"))
    before = broker.get_order_status(old)
    assert (before.status, before.replaced_by) == (OrderStatus.REPLACED, new.order_id)
    assert broker.modify_order(new.order_id, qty=4.0)
    stop = broker.submit_order(Order("AAPL", Side.BUY, 1, Kind.STOP, stop_price=120))
    assert broker.replace_order(stop, Change(stop_price=Decimal(121))).stop_price == 121
    trail = broker.submit_order(Order("AAPL", Side.BUY, 1, Kind.TRAILING_STOP, trail_price=5))
    assert broker.replace_order(trail, Change(trail=Decimal(6))).type is Kind.TRAILING_STOP


def test_a_change_that_cannot_be_made_says_why(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    old = broker.submit_order(LIMIT)
    with pytest.raises(InvalidOrderError, match="changes nothing"):
        broker.replace_order(old, Change(client_order_id="pf1-p-three"))
    with pytest.raises(InvalidOrderError, match="decimals"):
        broker.replace_order(old, Change(limit_price=Decimal("91.255")))
    alpaca.fault("replace_filled")
    with pytest.raises(InvalidOrderError, match="filled"):
        broker.replace_order(old, Change(qty=Decimal(3)))
    alpaca.fault("replace_late")
    with pytest.raises(UnclearError):
        broker.replace_order(old, Change(qty=Decimal(3), client_order_id="pf1-p-four"))
    found = broker.find_order("pf1-p-four")
    assert found is not None
    assert found.replaces == old
    with pytest.raises(UnknownOrderError):
        broker.replace_order("nobody", Change(qty=Decimal(3)))


def test_a_cancel_is_asked_for_and_what_is_over_stays_over(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    first = broker.submit_order(LIMIT)
    assert broker.cancel_order(first)
    assert not broker.cancel_order(first)
    second = broker.submit_order(replace(LIMIT, client_order_id="pf1-p-two"))
    alpaca.fault("cancel_filled")
    assert not broker.cancel_order(second)
    assert broker.get_order_status(second).status is OrderStatus.FILLED
    with pytest.raises(UnknownOrderError):
        broker.cancel_order("nobody")
    alpaca.fault("cancel_500")
    with pytest.raises(UnclearError):
        broker.cancel_order(first)


def test_when_not_all_can_be_cancelled_those_left_are_named(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    ids = [broker.submit_order(replace(LIMIT, client_order_id=None)) for _ in range(3)]
    alpaca.fault("cancel_all_partly")
    assert broker.cancel_all_orders() == {ids[0]: False, ids[1]: True, ids[2]: True}
    alpaca.server.trouble(as_json([{"status": 200}], 207), as_json({}, 207), as_json(["?"], 207))
    for _ in range(3):
        with pytest.raises(UnclearError):
            broker.cancel_all_orders()


def test_positions_can_be_closed_some_or_all(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.move("MSFT", 50)
    broker.submit_order(Order("AAPL", Side.BUY, 5))
    broker.submit_order(Order("MSFT", Side.SELL, 4))
    waiting = broker.submit_order(replace(LIMIT, symbol="TSLA"))
    broker.close_position("AAPL", 2)
    assert broker.get_positions()["AAPL"].qty == 3
    assert len(broker.close_all_positions()) == 2
    assert broker.get_positions() == {}
    assert broker.get_order_status(waiting).status is OrderStatus.CANCELED
    with pytest.raises(UnknownSymbol):
        broker.close_position("AAPL")
    row = {"symbol": "AAPL", "status": 500, "body": {"code": 50010000}}
    alpaca.server.trouble(as_json([row], 207))
    with pytest.raises(OrderRejectedError, match="AAPL"):
        broker.close_all_positions()


def test_an_order_with_a_word_nobody_knows_is_sent_all_the_same(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    alpaca.fault("strange_status")
    assert broker.submit_order(LIMIT) == alpaca.truth()["orders"][0]["id"]
