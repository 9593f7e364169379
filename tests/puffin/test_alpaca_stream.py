"""The live stream from Alpaca: through the real client, from a server that misbehaves, healing by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest

from puffling.puffin.data.alpaca_provider import AlpacaProvider
from puffling.puffin.data.alpaca_rest import AlpacaKeys
from puffling.puffin.data.alpaca_stream import AlpacaStream, LiveQuote, LiveTrade
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.realtime import Bar, OrderBookUpdate, Quote, Trade
from puffling.puffin.data.realtime_engine import RealtimeEngine
from puffling.puffin.errors import AccessRefused, NotOffered
from tests.fakes.alpaca_data import KEY, SECRET, AlpacaData, bar
from tests.fakes.local_server import Answer, LocalServer, serving

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
APPLE, TESLA = frozenset({"AAPL"}), frozenset({"TSLA"})


class Listener:
    """Writes down what the stream tells."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self.trades_heard: list[LiveTrade] = []
        self.quotes_heard: list[LiveQuote] = []
        self.ups = 0
        self.downs: list[tuple[int, float, str]] = []
        self.refusals: list[str] = []
        self.remarks: list[str] = []

    def trades(self, batch: Sequence[LiveTrade]) -> None:
        self.trades_heard += batch
        self._server.tell()

    def quotes(self, batch: Sequence[LiveQuote]) -> None:
        self.quotes_heard += batch
        self._server.tell()

    def message(self, channel: str, message: Mapping[str, Any]) -> None: ...

    def connected(self) -> None:
        self.ups += 1
        self._server.tell()

    def reconnecting(self, attempt: int, seconds: float, note: str) -> None:
        self.downs.append((attempt, seconds, note))
        self._server.tell()

    def refused(self, note: str) -> None:
        self.refusals.append(note)
        self._server.tell()

    def remark(self, note: str) -> None:
        self.remarks.append(note)
        self._server.tell()


class Live:
    """A server, a stream in a thread, and who listens to it."""

    def __init__(self, server: LocalServer) -> None:
        self.alpaca = AlpacaData(server)
        self.server = server
        self.until = server.until
        self.heard = Listener(server)
        self.is_open = False
        self._ends: list[Callable[[], None]] = []

    def start(
        self, *, keys: tuple[str, str] = (KEY, SECRET), crypto: bool = False, **how: float
    ) -> AlpacaStream:
        base = "ws" + self.server.address.removeprefix("http")
        stream = AlpacaStream(
            AlpacaKeys(*keys),
            base + ("/v1beta3/crypto/us" if crypto else "/v2/iex"),
            self.heard,
            crypto=crypto,
            expects=lambda: self.is_open,
            shortest_wait_seconds=how.pop("shortest_wait_seconds", 0.05),
            **how,
        )
        thread = threading.Thread(target=stream.run, name="alpaca-stream")
        thread.start()

        def end() -> None:
            stream.stop()
            thread.join(10)
            assert not thread.is_alive(), "the stream did not end"

        self._ends.append(end)
        return stream

    def provider(self) -> AlpacaProvider:
        provider = AlpacaProvider(KEY, SECRET, self.server.address)
        self._ends.append(provider.close)
        return provider

    def end(self) -> None:
        for end in self._ends:
            end()


@pytest.fixture
def live() -> Iterator[Live]:
    with serving() as server:
        live = Live(server)
        try:
            yield live
        finally:
            live.end()


def test_trades_arrive_with_their_time_to_the_microsecond(live: Live) -> None:
    live.start().want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    at = NOW.replace(microsecond=123_456)
    live.alpaca.print_trade("AAPL", "190.5", at, size=7)
    live.until(lambda: live.heard.trades_heard)
    assert live.heard.trades_heard == [LiveTrade("AAPL", 190.5, 7.0, to_us(at))]


def test_nothing_is_dialled_before_something_is_wanted(live: Live) -> None:
    stream = live.start()
    assert live.alpaca.calls == 0
    stream.want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    assert live.alpaca.calls == 1


def test_what_is_wanted_may_change_while_the_stream_runs(live: Live) -> None:
    stream = live.start()
    stream.want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    stream.want(trades=APPLE | TESLA)
    live.alpaca.until_wanted("AAPL", "TSLA")
    stream.want(trades=TESLA)
    live.alpaca.until_wanted("TSLA")
    stream.want(quotes=APPLE)
    live.until(lambda: live.alpaca.wanted("quotes") == {"AAPL", "SPY"})
    assert live.alpaca.calls == 1


def test_when_nothing_is_wanted_any_more_the_line_is_given_back(live: Live) -> None:
    stream = live.start()
    stream.want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    stream.want(trades=frozenset())
    live.until(lambda: not live.alpaca.callers)
    stream.want(trades=TESLA)
    live.alpaca.until_wanted("TSLA")
    assert live.heard.downs == []


def test_after_a_disconnect_the_stream_heals_and_no_subscription_is_lost(live: Live) -> None:
    stream = live.start()
    stream.want(trades=APPLE | TESLA, quotes=APPLE)
    live.alpaca.until_wanted("AAPL", "TSLA")
    for healed in range(2, 5):
        live.alpaca.hang_up()
        live.until(lambda healed=healed: live.heard.ups == healed)  # type: ignore[misc]
        live.alpaca.until_wanted("AAPL", "TSLA")
        live.until(lambda: live.alpaca.wanted("quotes") == {"AAPL", "SPY"})
        live.alpaca.print_trade("TSLA", 1.0 * healed, NOW)
        live.until(lambda healed=healed: live.heard.trades_heard[-1:] == [("TSLA", healed, 100, to_us(NOW))])  # type: ignore[misc]
    assert {note for _, _, note in live.heard.downs} == {"The connection to Alpaca was lost"}


def test_a_wish_during_the_outage_is_kept(live: Live) -> None:
    stream = live.start()
    stream.want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    live.server.trouble(*[Answer(503)] * 3, path="/v2/iex")
    live.alpaca.hang_up()
    live.until(lambda: len(live.heard.downs) >= 2)
    stream.want(trades=TESLA)
    live.alpaca.until_wanted("TSLA")


def test_tries_come_ever_later_and_not_on_the_beat(live: Live) -> None:
    live.server.trouble(*[Answer(503)] * 6, path="/v2/iex")
    live.start(shortest_wait_seconds=0.02).want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    tries = [attempt for attempt, _, _ in live.heard.downs]
    waits = [seconds for _, seconds, _ in live.heard.downs]
    assert tries == [1, 2, 3, 4, 5, 6]
    for place, seconds in enumerate(waits):
        assert 0.01 * 2**place <= seconds <= 0.02 * 2**place
    assert all("does not take the call" in note for _, _, note in live.heard.downs)


def test_a_connected_but_mute_line_is_given_up_while_the_exchange_is_open(live: Live) -> None:
    live.is_open = True
    live.start(mute_seconds=0.6).want(trades=APPLE)
    live.until(lambda: live.heard.ups >= 2)
    assert live.heard.downs[0][2] == "Alpaca is connected and says nothing"
    live.alpaca.until_wanted("AAPL")


def test_the_pulse_of_the_market_keeps_a_quiet_line_alive_and_is_nobodys_quote(live: Live) -> None:
    live.is_open = True
    live.start(mute_seconds=0.8).want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    waiting = threading.Event()
    for beat in range(12):
        live.alpaca.print_quote("SPY", 500.0 + beat, 500.1 + beat, NOW)
        waiting.wait(0.1)
    assert (live.heard.ups, live.heard.downs, live.heard.quotes_heard) == (1, [], [])


def test_silence_while_the_exchange_is_closed_is_no_fault_and_the_opening_bell_no_alarm(live: Live) -> None:
    live.start(mute_seconds=0.6).want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    threading.Event().wait(1.0)
    assert live.heard.downs == []
    live.is_open = True
    threading.Event().wait(0.4)
    # No news, but it makes the client look at its watch.
    live.alpaca.send_raw(msgpack.packb([{"T": "subscription"}]))
    live.alpaca.print_trade("AAPL", 1.0, NOW)
    live.until(lambda: live.heard.trades_heard)
    assert live.heard.downs == []


def test_a_pulled_cable_is_noticed_although_nobody_hung_up(live: Live) -> None:
    live.start(ping_seconds=0.2).want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    live.alpaca.most_callers = 2
    live.alpaca.pull_the_cable()
    live.until(lambda: live.heard.ups == 2)
    assert live.heard.downs[0][2] == "The connection to Alpaca was lost"


def test_garbage_is_passed_over(live: Live) -> None:
    live.start().want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    for garbage in (
        b"\xc1\xff garbage",
        msgpack.packb(7),
        msgpack.packb(["words"]),
        msgpack.packb([{"T": []}]),
    ):
        live.alpaca.send_raw(garbage)
    live.alpaca.send_raw(msgpack.packb([{"T": "t", "S": 5, "p": 1}, {"T": "t", "S": "AAPL"}]))
    live.alpaca.send_raw(msgpack.packb([{"T": "new-kind", "S": "AAPL", "zz": 1}]))
    live.alpaca.print_trade("AAPL", 2.0, NOW)
    live.until(lambda: live.heard.trades_heard)
    assert [trade.price for trade in live.heard.trades_heard] == [2.0]
    assert live.alpaca.calls == 1


def test_numbers_that_are_none_are_handed_on_for_the_board_to_judge(live: Live) -> None:
    live.start().want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    live.alpaca.print_trade("AAPL", None, NOW)
    live.alpaca.print_trade("AAPL", -3, NOW)
    live.until(lambda: len(live.heard.trades_heard) == 2)
    assert live.heard.trades_heard[0].price != live.heard.trades_heard[0].price
    assert live.heard.trades_heard[1].price == -3.0


def test_trades_beside_the_market_move_no_price(live: Live) -> None:
    live.start().want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    live.alpaca.print_trade("AAPL", 50.0, NOW, c=["@", "W"])
    live.alpaca.print_trade("AAPL", 51.0, NOW, c=["@", "I"])
    live.until(lambda: live.heard.trades_heard)
    assert [trade.price for trade in live.heard.trades_heard] == [51.0]


def test_a_second_connection_backs_off_instead_of_storming(live: Live) -> None:
    live.alpaca.most_callers = 0
    live.start(shortest_wait_seconds=0.1).want(trades=APPLE)
    live.until(lambda: len(live.heard.downs) == 4)
    assert live.alpaca.calls <= 5
    assert {note for _, _, note in live.heard.downs} == {
        "Another program streams with this Alpaca key; the plan allows one"
    }
    assert live.heard.downs[-1][1] > live.heard.downs[0][1]
    live.alpaca.most_callers = 1
    live.alpaca.until_wanted("AAPL")


def test_a_wrong_key_stops_and_says_so(live: Live) -> None:
    live.start(keys=("PKWRONG", "wrong-secret")).want(trades=APPLE)
    live.until(lambda: live.heard.refusals)
    assert "ALPACA_API_KEY and ALPACA_SECRET_KEY" in live.heard.refusals[0]
    threading.Event().wait(0.3)
    assert (live.alpaca.calls, live.heard.downs) == (1, [])


@pytest.mark.parametrize("status", [401, 403])
def test_a_door_that_is_closed_to_the_key_stops_too(live: Live, status: int) -> None:
    live.server.trouble(Answer(status), path="/v2/iex")
    live.start().want(trades=APPLE)
    live.until(lambda: live.heard.refusals)
    assert live.alpaca.calls == 0


def test_a_plan_without_the_stream_stops_and_says_so(live: Live) -> None:
    live.start().want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    live.alpaca.complain(409, "insufficient subscription")
    live.until(lambda: live.heard.refusals)
    assert "plan" in live.heard.refusals[0]


def test_too_many_symbols_for_the_plan_are_remarked(live: Live) -> None:
    live.alpaca.most_symbols = 1
    live.start().want(trades=APPLE | TESLA)
    live.until(lambda: live.heard.remarks)
    assert "fewer symbols" in live.heard.remarks[0]
    assert live.heard.refusals == []


def test_a_server_that_takes_the_call_and_says_nothing_does_not_hold_the_end_up(live: Live) -> None:
    live.alpaca.greet = False
    live.start().want(trades=APPLE)
    live.until(lambda: live.alpaca.calls == 1)


def test_crypto_has_a_line_of_its_own(live: Live) -> None:
    live.start(crypto=True).want(trades=frozenset({"BTC/USD"}))
    live.alpaca.until_wanted("BTC/USD")
    live.alpaca.print_trade("BTC/USD", 60_000.0, NOW, size=0.001)
    live.until(lambda: live.heard.trades_heard)
    assert live.server.asked("/v1beta3/crypto/us")


def test_thousands_of_symbols_fit_through(live: Live) -> None:
    symbols = frozenset(f"LONGSYMBOL{place}" for place in range(5_000))
    live.alpaca.most_symbols = 10_000
    live.start().want(trades=symbols)
    live.until(lambda: len(live.alpaca.wanted()) == 5_000)


def test_keys_are_in_no_log_of_the_stream(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    live.start().want(trades=APPLE)
    live.alpaca.until_wanted("AAPL")
    live.alpaca.hang_up()
    live.until(lambda: live.heard.ups == 2)
    assert SECRET not in caplog.text
    assert KEY not in caplog.text
    # The socket writes messages as bytes: not even those are to be read.
    assert "BINARY" not in caplog.text


def test_callbacks_of_all_kinds_share_one_connection_and_come_back_when_stopped(live: Live) -> None:
    provider = live.provider()
    heard: list[object] = []

    def hear(value: object) -> None:
        heard.append(value)
        live.server.tell()
        raise ValueError("a listener that fails")

    streams = (provider.stream_trades, provider.stream_quotes, provider.stream_realtime)
    threads = [threading.Thread(target=stream, args=(["AAPL"], hear)) for stream in streams]
    for thread in threads:
        thread.start()
    live.alpaca.until_wanted("AAPL", channel="bars")
    live.alpaca.until_wanted("AAPL")
    live.until(lambda: "AAPL" in live.alpaca.wanted("quotes"))
    live.alpaca.print_trade("AAPL", 10.0, NOW)
    live.alpaca.print_quote("AAPL", 9.0, 11.0, NOW)
    live.alpaca.print_bar("AAPL", bar(NOW, 10.0), NOW)
    live.until(lambda: len(heard) == 3)
    assert Trade("AAPL", 10.0, 100.0, NOW) in heard
    assert Quote("AAPL", 9.0, 11.0, 2.0, 3.0, NOW) in heard
    assert Bar("AAPL", 9.5, 11.0, 9.0, 10.0, 1000.0, NOW, "1m") in heard
    assert live.alpaca.calls == 1
    provider.close()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_order_books_are_told_of_crypto_only(live: Live) -> None:
    provider = live.provider()
    with pytest.raises(NotOffered):
        provider.stream_orderbook(["AAPL"], print)
    heard: list[OrderBookUpdate] = []
    thread = threading.Thread(target=provider.stream_orderbook, args=(["BTC/USD"], heard.append))
    thread.start()
    live.alpaca.until_wanted("BTC/USD", channel="orderbooks")
    live.alpaca.print_book("BTC/USD", [{"p": 9.0, "s": 1.0}], [{"p": 11.0, "s": 0}], NOW)
    live.until(lambda: len(heard) == 2)
    assert heard[0] == OrderBookUpdate("BTC/USD", "bid", 9.0, 1.0, NOW)
    provider.stop_streams()
    thread.join(5)
    assert not thread.is_alive()


def test_a_refused_stream_raises_where_it_was_asked_for(live: Live) -> None:
    provider = AlpacaProvider("PKWRONG", "wrong-secret", live.server.address)
    with pytest.raises(AccessRefused, match="ALPACA_API_KEY"):
        provider.stream_trades(["AAPL"], print)
    provider.close()


def test_the_engine_runs_on_alpaca_through_an_outage_and_leaves_nothing_behind(live: Live) -> None:
    heard: list[Trade] = []
    errors: list[Exception] = []
    engine = RealtimeEngine(live.provider())
    engine.on_trade(heard.append)
    engine.on_quote(lambda _: None)
    engine.on_error(errors.append)
    engine.start(["AAPL"])
    live.alpaca.until_wanted("AAPL")
    live.alpaca.print_trade("AAPL", 10.0, NOW)
    live.until(lambda: len(heard) == 1)
    live.alpaca.hang_up()
    live.until(lambda: not live.alpaca.callers)
    live.alpaca.until_wanted("AAPL")
    live.alpaca.print_trade("AAPL", 11.0, NOW)
    live.until(lambda: len(heard) == 2)
    engine.stop()
    assert errors == []
