"""The whole desk with the real client of Alpaca before the hostile one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
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
