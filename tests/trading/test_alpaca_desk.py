"""The whole desk with the real client of Alpaca before the hostile one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.store.orders import OrderState
from puffling.trading.values import LineState
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, open_room


class Trickle:
    """Somebody else's order, of which one more share fills whenever it was just told what is held."""

    def __init__(self, alpaca: AlpacaTrading, shares: int) -> None:
        order = {"symbol": "SPY", "side": "buy", "qty": shares, "type": "limit", "limit_price": "90"}
        self._order_id = alpaca.place(**order, time_in_force="gtc")
        self._alpaca = alpaca
        self.left = shares

    def step(self, path: str) -> None:
        if self.left and path == "/v2/clock":
            self.left -= 1
            self._alpaca.fill(self._order_id, 1, 90)


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """A hostile Alpaca at eleven in the morning, with a price for SPY."""
    with serving() as server:
        alpaca = AlpacaTrading(server, lambda: NOW)
        alpaca.move("SPY", 100)
        yield alpaca


@pytest.fixture
def broker(alpaca: AlpacaTrading) -> AlpacaBroker:
    """The real broker before it; the desk closes it."""
    return AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)


async def test_an_account_that_changes_while_it_is_asked_about_is_asked_again_and_halts_nothing(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    trickle = Trickle(alpaca, 9)
    alpaca.at_each_visit = trickle.step
    async with open_room(home, broker, compared=False) as room:
        line = room.parts.line(MINE.id)

        async def moved_on() -> bool:
            room.clock.advance(1.0)
            return not trickle.left

        await room.until(moved_on)
        assert not room.alarms

        async def ready() -> bool:
            room.clock.advance(1.0)
            return line.state is LineState.READY

        await room.until(ready)
        assert await room.held() == Decimal(9)
        assert room.switch.read() is None
        assert not room.alarms
        assert not room.failures


@pytest.mark.parametrize(
    "faults",
    [
        ["reset_before"],
        ["reset_after"],
        ["reset_after", "lookup_404"],
        ["late_before", "lookup_500"],
        ["late_after", "lookup_html"],
        ["hang_after"],
        ["html_before", "reset_after"],
        ["html_after", "lookup_404", "lookup_busy"],
        ["garbled_after"],
        ["cut_after", "stream_skip"],
        ["duplicate_id"],
        ["duplicate_id", "lookup_404"],
        ["busy"],
        ["busy", "late_after"],
        ["strange_status"],
        ["stream_twice"],
        ["stream_fill_first"],
        ["stream_word"],
        ["stream_cut"],
        ["stream_garbage"],
    ],
    ids="+".join,
)
async def test_whatever_the_broker_does_there_is_one_order_and_its_fill_counts_once(
    home: Path, alpaca: AlpacaTrading, faults: list[str]
) -> None:
    broker = AlpacaBroker(
        KEY, SECRET, base_url=alpaca.server.address, read_seconds=0.3, shortest_wait_seconds=0.02
    )
    async with open_room(home, broker) as room:
        for fault in faults:
            alpaca.fault(fault)
        placed = await room.desk.place(room.wish(valid_seconds=3600))
        assert placed.intent is not None
        id = placed.intent.id

        async def filled() -> bool:
            room.clock.advance(1.0)
            return (await room.intent(id)).state is OrderState.FILLED

        await room.until(filled)
        done = await room.intent(id)
        assert await room.held() == 5
        assert done.reserved == 0
        assert [entry["client"] for entry in alpaca.noted("accepted")] == [done.client_id]
        assert not room.alarms
        assert not room.failures


@pytest.mark.parametrize("fault", ["buying_power", "wash_trade", "invalid", "unreadable", "keys", "keys_401"])
async def test_what_the_broker_refuses_is_over_and_reserves_nothing(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker, fault: str
) -> None:
    async with open_room(home, broker) as room:
        alpaca.fault(fault)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        assert (placed.intent.state, placed.intent.reserved) == (OrderState.REJECTED, Decimal(0))
        assert placed.intent.reason
        assert alpaca.noted("accepted") == []
