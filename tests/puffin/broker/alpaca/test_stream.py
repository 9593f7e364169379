"""The trade stream of Alpaca: it tells what it can, heals by itself, and says when it cannot be relied on."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.alpaca_updates import TradeUpdates
from puffling.puffin.broker.alpaca_wire import update_of
from puffling.puffin.broker.base import (
    BrokerUpdate,
    Change,
    ExecutionKind,
    Order,
    OrderStatus,
    UpdateKind,
)
from puffling.puffin.data.alpaca_rest import AlpacaKeys
from puffling.puffin.orders import Kind, Side
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import Answer
from tests.puffin.broker.alpaca.conftest import Heard, MakeBroker

LIMIT = Order("AAPL", Side.BUY, 2, Kind.LIMIT, limit_price=90, client_order_id="pf1-p-one")
CONNECTED, LOST, MUTE = UpdateKind.CONNECTED, UpdateKind.LOST, UpdateKind.MUTE


def test_a_fill_is_told_with_what_it_is_alone_and_what_the_order_has_in_all(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.set(depth="0.5")
    order_id = broker.submit_order(Order("AAPL", Side.BUY, 2))
    alpaca.move("AAPL", 101, size="1.5")
    heard.until_events("new", "partial_fill", "fill")
    new, part, whole = heard.updates[1:]
    assert new.execution is None
    assert part.execution is not None
    assert whole.execution is not None
    assert whole.order is not None
    assert [part.execution.qty, whole.execution.qty] == [Decimal("0.5"), Decimal("1.5")]
    assert whole.order.filled_qty == 2
    assert (whole.execution.price, whole.execution.order_id) == (Decimal(101), order_id)
    assert (whole.order.status, whole.at) == (OrderStatus.FILLED, whole.execution.filled_at)


def test_the_stream_and_the_list_know_a_fill_by_the_same_name_and_sum(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.set(depth=1)
    broker.submit_order(Order("AAPL", Side.SELL, 3))
    alpaca.move("AAPL", 99)
    alpaca.move("AAPL", 98)
    heard.until_events("new", "partial_fill", "partial_fill", "fill")
    told = [update.execution for update in heard.updates if update.execution is not None]
    assert told == broker.get_executions(datetime(2020, 1, 1, tzinfo=UTC))


def test_what_happens_to_an_order_is_told_in_its_words(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    old = broker.submit_order(LIMIT)
    new = broker.replace_order(old, Change(limit_price=Decimal(91), client_order_id="pf1-p-two"))
    alpaca.reject("pf1-p-two")
    alpaca.place(symbol="AAPL", side="buy", qty=1, type="limit", limit_price=80, client_order_id="by hand")
    alpaca.expire_day()
    heard.until_events("new", "replaced", "new", "rejected", "new", "expired")
    states = [update.order.status for update in heard.updates if update.order is not None]
    assert states[1] is OrderStatus.REPLACED
    assert states[3] is OrderStatus.REJECTED
    assert states[5] is OrderStatus.EXPIRED
    assert heard.updates[2].order is not None
    assert heard.updates[2].order.replaced_by == new.order_id


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        ("stream_twice", ["new", "new", "new", "fill"]),
        ("stream_skip", ["fill"]),
        ("stream_swap", ["fill", "new"]),
        ("stream_fill_first", ["fill", "new"]),
        ("stream_garbage", ["", "new", "fill"]),
    ],
)
def test_what_comes_wrong_is_passed_on_as_it_came_and_the_next_is_heard(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard, fault: str, events: list[str]
) -> None:
    alpaca.fault(fault)
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    heard.until_events(*events)
    assert heard.of_line() == [CONNECTED]


def test_a_word_nobody_knows_makes_the_order_unknown(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.fault("stream_word")
    broker.submit_order(LIMIT)
    heard.until_events("quarantined")
    order = heard.updates[-1].order
    assert order is not None
    assert (order.status, order.raw_status) == (OrderStatus.UNKNOWN, "quarantined")


def test_fills_after_a_cancel_taken_back_and_put_right_are_told(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.fault("fill_after_cancel")
    assert broker.cancel_order(broker.submit_order(LIMIT))
    heard.until_events("new", "canceled", "fill")
    fill = heard.updates[-1].execution
    assert fill is not None
    alpaca.correct(fill.execution_id, 1, 89)
    alpaca.bust(alpaca.truth()["fills"][-1]["execution_id"])
    heard.until_events("new", "canceled", "fill", "trade_correct", "trade_bust")
    corrected, busted = (update.execution for update in heard.updates[-2:])
    assert corrected is not None
    assert busted is not None
    assert (corrected.kind, corrected.corrects) == (ExecutionKind.CORRECTION, fill.execution_id)
    assert (corrected.qty, corrected.price) == (Decimal(1), Decimal(89))
    assert (busted.kind, busted.corrects) == (ExecutionKind.BUST, corrected.execution_id)


def test_a_lost_stream_says_so_and_comes_back(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.fault("stream_cut")
    broker.submit_order(LIMIT)
    heard.until_line(CONNECTED, LOST, CONNECTED)
    alpaca.move("AAPL", 90)
    heard.until(lambda: "fill" in heard.events())


def test_trouble_in_dialling_is_waited_out_and_said_once(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.server.trouble(Answer(503), Answer(403), Answer(cut_after=-1), path="/stream")
    alpaca.cut()
    heard.until_line(CONNECTED, LOST, CONNECTED)
    assert len(alpaca.server.asked("/stream")) == 5


def test_keys_that_are_refused_are_tried_again_at_leisure(
    alpaca: AlpacaTrading, broker: AlpacaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    accepted, alpaca.accepted = alpaca.accepted, set()
    heard = Heard(alpaca)
    broker.listen(heard)
    alpaca.server.until(lambda: alpaca.updates.calls >= 2)
    assert heard.updates == []
    alpaca.accepted = accepted
    heard.until_line(CONNECTED)
    assert "does not accept the key" in caplog.text


@pytest.mark.parametrize("greeting", [b"{not json", b"[]", b'{"data": null}', b'{"data": {"status": "?"}}'])
def test_a_greeting_that_is_none_is_waited_out(
    alpaca: AlpacaTrading, broker: AlpacaBroker, greeting: bytes
) -> None:
    alpaca.updates.greeting = greeting
    heard = Heard(alpaca)
    broker.listen(heard)
    alpaca.server.until(lambda: alpaca.updates.calls >= 2)
    alpaca.updates.greeting = None
    heard.until_line(CONNECTED)


def test_a_stream_that_does_not_say_what_it_had_to_is_mute_and_dialled_anew(
    alpaca: AlpacaTrading, make_broker: MakeBroker
) -> None:
    broker = make_broker(mute_seconds=0.1)
    heard = Heard(alpaca)
    broker.listen(heard)
    heard.until_line(CONNECTED)
    alpaca.set(mute=True)
    order_id = broker.submit_order(LIMIT)
    heard.until_line(CONNECTED, MUTE, LOST, CONNECTED)
    assert broker.cancel_order(order_id)
    heard.until_line(CONNECTED, MUTE, LOST, CONNECTED, MUTE, LOST, CONNECTED)


def test_silence_without_anything_to_tell_is_no_fault(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    assert broker._updates.overdue() is None
    alpaca.updates.mute = True
    order_id = broker.submit_order(LIMIT)
    assert broker._updates.overdue() is not None
    alpaca.updates.mute = False
    broker.cancel_order(order_id)
    for _ in range(10):
        broker.submit_order(Order("AAPL", Side.BUY, 1))
    heard.until(lambda: len(heard.events()) == 21)
    assert broker._updates.overdue() is None
    assert heard.of_line() == [CONNECTED]


def test_an_order_that_waits_for_the_market_to_open_need_not_be_told_of(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    assert heard.of_line() == [CONNECTED]
    early, late = (datetime(2026, 3, 4, hour, tzinfo=UTC) for hour in (11, 15))
    times = [early]
    alpaca._now = broker._now = lambda: times[-1]
    alpaca.updates.mute = True
    alpaca.set(is_open=False)
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    assert broker._updates.overdue() is not None, "nobody had told that the market is closed"
    broker._updates.connected()
    broker.get_clock()
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    assert broker._updates.overdue() is None
    times.append(late)
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    assert broker._updates.overdue() is not None
    broker._updates.connected()
    alpaca.set(is_open=True)
    broker.get_clock()
    alpaca.set(is_open=False)
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    assert broker._updates.overdue() is not None
    broker._updates.connected()
    times.append(late.replace(hour=22))
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    assert broker._updates.overdue() is None


def test_a_pulled_cable_is_noticed(alpaca: AlpacaTrading, make_broker: MakeBroker) -> None:
    broker = make_broker(ping_seconds=0.2)
    heard = Heard(alpaca)
    broker.listen(heard)
    heard.until(lambda: heard.of_line()[-1:] == [CONNECTED])
    before = len(heard.of_line())
    for listener in list(alpaca.updates.listeners):
        listener.socket.deaf = True
    heard.until(lambda: LOST in heard.of_line()[before:] and heard.of_line()[-1] is CONNECTED)


def test_a_listener_that_fails_ends_nothing(
    alpaca: AlpacaTrading, broker: AlpacaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard(alpaca)

    def fail(update: BrokerUpdate) -> None:
        raise RuntimeError(f"no taste for {update.event}")

    broker.listen(fail)
    broker.listen(heard)
    heard.until_line(CONNECTED)
    broker.submit_order(Order("AAPL", Side.BUY, 1))
    heard.until_events("new", "fill")
    assert "no taste for fill" in caplog.text


def test_whoever_listens_later_is_told_that_the_stream_is_up(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    later = Heard(alpaca)
    broker.listen(later)
    later.until_line(CONNECTED)
    assert alpaca.updates.calls == 1


def test_who_ends_listening_hears_no_more_and_the_last_one_hangs_up(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    other = Heard(alpaca)
    end = broker.listen(other)
    broker.submit_order(LIMIT)
    other.until_events("new")
    end()
    alpaca.move("AAPL", 90)
    heard.until_events("new", "fill")
    assert other.events() == ["new"]
    broker.close()
    alpaca.server.until(lambda: not alpaca.updates.listeners)
    end()


def test_a_listener_may_hang_up_from_within_and_come_back(
    alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    ended = threading.Event()

    def once(update: BrokerUpdate) -> None:
        end()
        ended.set()

    end = broker.listen(once)
    assert ended.wait(10)
    heard = Heard(alpaca)
    broker.listen(heard)
    heard.until_line(CONNECTED)
    broker.submit_order(LIMIT)
    heard.until_events("new")


def test_the_stream_can_be_brought_up_with_the_broker(alpaca: AlpacaTrading, make_broker: MakeBroker) -> None:
    broker = make_broker(stream_updates=True)
    alpaca.updates.until_heard()
    heard = Heard(alpaca)
    broker.listen(heard)
    heard.until_line(CONNECTED)


def test_a_start_that_hangs_is_begun_anew(alpaca: AlpacaTrading) -> None:
    updates = TradeUpdates(
        AlpacaKeys(KEY, SECRET),
        "ws" + alpaca.server.address.removeprefix("http") + "/stream",
        start_seconds=0.1,
        shortest_wait_seconds=0.02,
    )
    alpaca.updates.greeting = b""
    alpaca.updates.speaks = False
    heard = Heard(alpaca)
    updates.listen(heard)
    alpaca.server.until(lambda: alpaca.updates.calls >= 2)
    alpaca.updates.speaks, alpaca.updates.greeting, alpaca.updates.confirms = True, None, False
    heard.until(lambda: UpdateKind.MUTE in heard.of_line())
    assert UpdateKind.CONNECTED not in heard.of_line()
    alpaca.updates.confirms = True
    heard.until(lambda: UpdateKind.CONNECTED in heard.of_line())
    updates.close()


def test_what_was_told_is_remembered_for_as_long_as_it_matters() -> None:
    updates = TradeUpdates(AlpacaKeys(KEY, SECRET), "ws://127.0.0.1:1/stream", mute_seconds=60)
    updates.connected()
    order = {"id": "one", "symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "status": "new"}
    for place in range(10_010):
        updates.message({"data": {"event": "new", "order": order | {"id": str(place)}}})
    updates.expect("10009", 0.0)
    assert updates.overdue() is None
    updates.expect("0", 0.0)
    assert updates.overdue() is not None


def test_other_messages_of_the_stream_are_nobodys_news(
    alpaca: AlpacaTrading, broker: AlpacaBroker, heard: Heard
) -> None:
    alpaca.updates.say(json.dumps({"stream": "account_updates", "data": {"id": "x"}}).encode())
    alpaca.updates.say(json.dumps({"stream": "listening", "data": {"streams": ["trade_updates"]}}).encode())
    broker.submit_order(LIMIT)
    heard.until_events("new")
    assert heard.of_line() == [CONNECTED]


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (None, ""),
        ([], ""),
        ({"event": "fill"}, "fill"),
        ({"event": "fill", "order": {"id": "one"}}, "fill"),
        ({"event": 7, "order": "?"}, "7"),
    ],
)
def test_news_that_cannot_be_read_is_news_all_the_same(data: Any, event: str) -> None:
    update = update_of({"stream": "trade_updates", "data": data})
    assert update == BrokerUpdate(UpdateKind.ORDER, event=event)


@pytest.mark.parametrize("lost", ["execution_id", "price", "qty", "timestamp"])
def test_a_fill_with_something_missing_is_left_to_the_list_of_fills(lost: str) -> None:
    order = {"id": "one", "symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "status": "filled"}
    data: dict[str, Any] = {
        "event": "fill", "execution_id": "a", "price": "9.5", "qty": "1", "order": order,
        "timestamp": "2026-03-04T15:00:00Z",
    }  # fmt: skip
    assert update_of({"data": data}).execution is not None
    update = update_of({"data": data | {lost: None}})
    assert update.execution is None
    assert update.order is not None
    assert update_of({"data": data | {"event": "calculated"}}).execution is None
