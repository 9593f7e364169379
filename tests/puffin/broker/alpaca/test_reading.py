"""What an account at Alpaca holds and did: whole lists, and never nothing where nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import (
    BrokerBusyError,
    BrokerError,
    Change,
    Execution,
    ExecutionKind,
    Order,
    OrderStatus,
    UnclearError,
    UnknownOrderError,
)
from puffling.puffin.errors import UnknownSymbol
from puffling.puffin.orders import Kind, Side
from tests.fakes.alpaca_shown import asset_row
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import Answer, as_json
from tests.puffin.broker.alpaca.conftest import MakeBroker, patience

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
READS: dict[str, Callable[[AlpacaBroker], object]] = {
    "positions": lambda broker: broker.get_positions(),
    "one position": lambda broker: broker.get_position("AAPL"),
    "account": lambda broker: broker.get_account(),
    "orders": lambda broker: broker.get_all_orders(),
    "fills": lambda broker: broker.get_executions(LONG_AGO),
    "asset": lambda broker: broker.get_asset("AAPL"),
    "clock": lambda broker: broker.get_clock(),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    "fault", ["read_500", "read_hang", "read_html", "read_garbled", "read_reset", "read_busy"]
)
def test_a_question_that_failed_never_reads_as_nothing(
    alpaca: AlpacaTrading, make_broker: MakeBroker, name: str, fault: str
) -> None:
    broker = make_broker(read_seconds=patience(fault))
    alpaca.fault(fault)
    with pytest.raises(BrokerError) as caught:
        READS[name](broker)
    assert caught.type is (BrokerBusyError if fault == "read_busy" else UnclearError)
    assert len(alpaca.server.requests) == 1


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("body", [b"{}", b'"text"', b'[["?"]]', b'[{"symbol": "AAPL"}]', b"7"])
def test_an_answer_without_sense_never_reads_as_nothing(
    alpaca: AlpacaTrading, broker: AlpacaBroker, name: str, body: bytes
) -> None:
    alpaca.server.trouble(Answer(200, body, {"Content-Type": "application/json"}))
    with pytest.raises(UnclearError):
        READS[name](broker)


@pytest.mark.parametrize("fault", ["lookup_500", "lookup_hang", "lookup_html"])
def test_a_look_up_that_failed_does_not_say_that_there_is_no_order(
    alpaca: AlpacaTrading, make_broker: MakeBroker, fault: str
) -> None:
    broker = make_broker(read_seconds=patience(fault))
    alpaca.fault(fault, times=2)
    with pytest.raises(UnclearError):
        broker.find_order("pf1-p-one")
    with pytest.raises(UnclearError):
        broker.get_order_status("one")


def test_an_order_that_appears_late_is_found_later(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    order_id = broker.submit_order(Order("AAPL", Side.BUY, 1, client_order_id="pf1-p-one"))
    alpaca.fault("lookup_404")
    assert broker.find_order("pf1-p-one") is None
    found = broker.find_order("pf1-p-one")
    assert found is not None
    assert found.order_id == order_id
    with pytest.raises(UnknownOrderError):
        broker.get_order_status("nobody")


def test_what_is_held_is_told_with_its_sign(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.move("MSFT", 50)
    broker.submit_order(Order("AAPL", Side.BUY, 3))
    broker.submit_order(Order("MSFT", Side.SELL, 4))
    alpaca.move("AAPL", 110)
    held = broker.get_positions()
    assert {symbol: position.qty for symbol, position in held.items()} == {"AAPL": 3, "MSFT": -4}
    apple = held["AAPL"]
    assert (apple.avg_price, apple.market_value, apple.cost_basis, apple.unrealized_pnl) == (
        100,
        330,
        300,
        30,
    )
    assert held["MSFT"].side() == "short"
    alone = broker.get_position("aapl")
    assert alone is not None
    assert alone.qty == 3
    assert broker.get_position("TSLA") is None


def test_crypto_is_named_as_its_orders_are(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    def row(symbol: str) -> dict[str, str]:
        return {
            "symbol": symbol,
            "asset_class": "crypto",
            "qty": "0.5",
            "avg_entry_price": "60000",
            "side": "long",
        }

    alpaca.server.trouble(as_json([row("BTCUSD"), row("ETHUSDT"), row("SOL/USD"), row("USD"), row("ODD")]))
    held = broker.get_positions()
    assert list(held) == ["BTC/USD", "ETH/USDT", "SOL/USD", "USD", "ODD"]
    assert held["BTC/USD"].market_value == held["BTC/USD"].cost_basis == 30_000
    alpaca.server.trouble(as_json(row("BTCUSD")))
    assert broker.get_position("BTC/USD") is not None
    assert alpaca.server.requests[-1].path == "/v2/positions/BTCUSD"


def test_the_account_says_what_it_is_worth(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    broker.submit_order(Order("AAPL", Side.BUY, 100))
    alpaca.move("AAPL", 101)
    account = broker.get_account()
    assert (account.equity, account.cash, account.last_equity) == (100_100, 90_000, 100_000)
    assert (account.buying_power, account.settled_cash) == (190_100, 90_000)
    assert (account.margin_used, account.maintenance_margin) == (5050, 3030)
    assert (account.currency, account.number, account.blocked) == ("USD", "PA3CANARY001", "")
    assert account.may_short


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"trading_blocked": True}, "trading is blocked"),
        ({"account_blocked": True}, "the account is blocked"),
        ({"trade_suspended_by_user": True}, "suspended"),
        ({"status": "ONBOARDING"}, "ONBOARDING"),
    ],
)
def test_an_account_that_may_not_trade_says_why(
    alpaca: AlpacaTrading, broker: AlpacaBroker, changed: dict[str, object], said: str
) -> None:
    row = {"equity": "1", "cash": 1, "buying_power": 1.5, "status": "ACTIVE"} | changed
    alpaca.server.trouble(as_json(row))
    account = broker.get_account()
    assert said in account.blocked
    assert not account.may_short
    assert (account.portfolio_value, account.settled_cash) == (1, None)


def test_orders_are_listed_newest_first_and_as_many_as_wanted(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    for place in range(1_040):
        alpaca.place(
            symbol="TSLA",
            side="buy",
            type="limit",
            limit_price="1",
            qty=1,
            client_order_id=f"by hand {place}",
        )
    everything = broker.get_all_orders("open", limit=2_000)
    assert [order.client_order_id for order in everything] == [f"by hand {place}" for place in range(1_040)][
        ::-1
    ]
    assert len(broker.get_all_orders(limit=3)) == 3
    assert len(broker.get_all_orders(limit=505)) == 505
    assert broker.get_all_orders("closed") == []


def test_orders_of_one_moment_are_not_lost_between_pages(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    moment = datetime(2026, 3, 4, 15, tzinfo=UTC)
    alpaca._now = alpaca.book._now = lambda: moment
    for place in range(600):
        moment += timedelta(microseconds=place % 3 == 0)
        alpaca.place(
            symbol="TSLA", side="buy", type="limit", limit_price="1", qty=1, client_order_id=str(place)
        )
    assert len(broker.get_all_orders(limit=1_000)) == 600


def test_a_list_that_gives_the_same_page_again_ends(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    row = {"id": "one", "symbol": "AAPL", "side": "buy", "type": "limit", "qty": "1", "status": "new"}
    page = [row | {"id": str(place), "submitted_at": "2026-03-04T15:00:00Z"} for place in range(500)]
    alpaca.server.trouble(as_json(page), as_json(page))
    assert len(broker.get_all_orders(limit=1_000)) == 500
    timeless = [{**each, "submitted_at": None} for each in page]
    alpaca.server.trouble(as_json(timeless))
    assert len(broker.get_all_orders(limit=1_000)) == 500


def test_one_order_nobody_understands_does_not_hide_the_others(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    row = {"id": "one", "symbol": "AAPL", "side": "buy", "type": "limit", "qty": "1", "status": "new"}
    strange = [
        row | {"id": "two", "status": "quarantined"},
        row | {"id": "three", "side": "borrow"},
        row | {"id": "four", "type": "iceberg"},
        row | {"id": "five", "qty": None},
        row | {"id": "six", "status": None},
        row | {"id": "seven", "qty": "many"},
    ]
    alpaca.server.trouble(as_json([row, *strange]))
    first, *others = broker.get_all_orders()
    assert first.status is OrderStatus.ACCEPTED
    assert {order.status for order in others} == {OrderStatus.UNKNOWN}
    assert others[0].raw_status == "quarantined"
    assert "borrow" in others[1].raw_status


def test_every_fill_is_told_over_many_pages_oldest_first(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.page_rows = 7
    alpaca.set(depth=1)
    broker.submit_order(Order("AAPL", Side.BUY, 20, Kind.LIMIT, limit_price=200, client_order_id="pf1-p-one"))
    for place in range(19):
        alpaca.move("AAPL", 101 + place)
    fills = broker.get_executions(LONG_AGO)
    assert [fill.price for fill in fills] == [100 + place for place in range(20)]
    assert [fill.cumulative for fill in fills] == [1 + place for place in range(20)]
    assert sum(fill.qty for fill in fills) == 20
    later = broker.get_executions(fills[15].filled_at)
    assert later == fills[15:]


def test_fills_of_one_moment_are_put_in_order(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    row = {
        "symbol": "AAPL", "side": "sell_short", "qty": "1", "price": "9.5", "order_id": "o",
        "type": "partial_fill",
        "transaction_time": "2026-03-04T15:00:00.123Z",
    }  # fmt: skip
    rows = [
        row | {"id": f"20260304150000123::{letter}", "cum_qty": each}
        for letter, each in (("b", "2"), ("a", "1"))
    ]
    alpaca.server.trouble(as_json(rows), as_json([]))
    assert [fill.execution_id for fill in broker.get_executions(LONG_AGO)] == ["a", "b"]


def test_a_page_of_fills_that_comes_again_and_again_is_given_up(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    row = {
        "id": "1::a", "symbol": "AAPL", "side": "buy", "qty": "1", "price": "9.5", "order_id": "o",
        "transaction_time": "2026-03-04T15:00:00.123Z",
    }  # fmt: skip
    alpaca.server.trouble(as_json([row]), as_json([row]))
    with pytest.raises(UnclearError, match="repeats"):
        broker.get_executions(LONG_AGO)


@pytest.mark.parametrize("lost", ["id", "order_id", "symbol", "side", "qty", "price", "transaction_time"])
def test_a_fill_with_something_missing_is_not_passed_over(
    alpaca: AlpacaTrading, broker: AlpacaBroker, lost: str
) -> None:
    row = {
        "id": "1::a", "symbol": "AAPL", "side": "buy", "qty": "1", "price": "9.5", "order_id": "o",
        "transaction_time": "2026-03-04T15:00:00.123Z",
    }  # fmt: skip
    alpaca.server.trouble(as_json([row | {lost: None}]))
    with pytest.raises(UnclearError):
        broker.get_executions(LONG_AGO)


def test_fills_taken_back_and_put_right_are_told_with_what_they_change(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    broker.submit_order(Order("AAPL", Side.BUY, 2))
    broker.submit_order(Order("AAPL", Side.BUY, 3))
    first, second = broker.get_executions(LONG_AGO)
    alpaca.bust(first.execution_id)
    alpaca.correct(second.execution_id, 3, "99.5")
    busted, corrected = broker.get_executions(LONG_AGO)[2:]

    def shown(fill: Execution) -> tuple[object, ...]:
        return fill.kind, fill.corrects, fill.qty, fill.price

    assert shown(busted) == (ExecutionKind.BUST, first.execution_id, 2, 100)
    assert shown(corrected) == (ExecutionKind.CORRECTION, second.execution_id, 3, Decimal("99.5"))
    assert broker.get_positions()["AAPL"].qty == 3


def test_instruments_say_what_can_be_done_with_them(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.assets |= {
        "BRK": asset_row("BRK", fractionable=False, shortable=False),
        "OLD": asset_row("OLD", status="inactive"),
    }
    apple, coin = broker.get_asset("aapl"), broker.get_asset("btc/usd")
    assert (apple.asset_type, apple.tradable, apple.shortable, apple.marginable) == (
        "equity",
        True,
        True,
        True,
    )
    assert (apple.quantity_step, apple.price_step) == (Decimal("0.000000001"), None)
    assert (coin.asset_type, coin.quantity_step, coin.price_step) == (
        "crypto",
        Decimal("0.0001"),
        Decimal("0.01"),
    )
    assert broker.get_asset("BRK").quantity_step == 1
    assert not broker.get_asset("OLD").tradable
    with pytest.raises(UnknownSymbol):
        broker.get_asset("NOPE")


def test_the_brokers_own_time_is_told(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    moment = datetime(2026, 3, 4, 15, tzinfo=UTC)
    alpaca._now = lambda: moment
    alpaca.set(offset_seconds=300, is_open=False)
    clock = broker.get_clock()
    assert clock.now == moment + timedelta(minutes=5)
    assert not clock.is_open
    assert clock.next_close == datetime(2026, 3, 4, 21, tzinfo=UTC)
    assert clock.next_open == datetime(2026, 3, 5, 14, 30, tzinfo=UTC)


def test_a_short_position_is_one_however_its_quantity_is_written(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    row = {"symbol": "AAPL", "qty": "4", "avg_entry_price": "10", "side": "short"}
    alpaca.server.trouble(as_json([row]), as_json([row | {"qty": "-4"}]))
    for _ in range(2):
        [position] = broker.get_positions().values()
        assert (position.qty, position.market_value, position.unrealized_pnl) == (-4, -40, 0)


def test_an_order_that_took_over_fills_is_partly_filled(alpaca: AlpacaTrading, broker: AlpacaBroker) -> None:
    alpaca.set(depth=1, carries_fills=True)
    old = broker.submit_order(Order("AAPL", Side.BUY, 3))
    alpaca.set(fills_at_once=False)
    new = broker.replace_order(old, Change(qty=Decimal(5)))
    assert (new.status, new.raw_status) == (OrderStatus.PARTIALLY_FILLED, "new")
    assert (new.qty, new.filled_qty) == (5, 1)
