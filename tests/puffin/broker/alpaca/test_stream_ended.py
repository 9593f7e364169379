"""A life of the trade stream that was ended: whatever of it still comes is heard by nobody."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, cast

from puffling.puffin.broker.alpaca_updates import TradeUpdates, _Dial
from puffling.puffin.broker.base import BrokerUpdate
from puffling.puffin.data.alpaca_rest import AlpacaKeys
from puffling.runtime.tasks import TaskScope
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading

if TYPE_CHECKING:
    from puffling.puffin.broker.alpaca_trade_line import TradeLine


def test_nothing_of_a_life_that_was_ended_is_heard() -> None:
    updates, stopped = TradeUpdates(AlpacaKeys(KEY, SECRET), "ws://127.0.0.1:1/stream"), threading.Event()
    heard: list[BrokerUpdate] = []
    updates._listeners = [heard.append]
    dial = _Dial(updates, stopped)
    dial.connected()
    assert len(heard) == 1
    stopped.set()
    order = {"id": "one", "symbol": "AAPL", "side": "buy", "type": "market", "qty": "1", "status": "new"}
    dial.message({"data": {"event": "new", "order": order}})
    dial.reconnecting("again")
    dial.connected()
    dial.mute()
    assert dial.overdue() is None
    assert len(heard) == 1


class Line:
    """A line that stays up until it is told to stop."""

    async def keep_up(self) -> None:
        """Stay up."""
        await asyncio.get_running_loop().create_future()

    async def stop_ws(self) -> None:
        """Stop."""

    async def close(self) -> None:
        """Be over."""


def test_a_life_that_was_ended_before_it_began_dials_nobody(alpaca: AlpacaTrading) -> None:
    address = "ws" + alpaca.server.address.removeprefix("http") + "/stream"
    updates, stopped = TradeUpdates(AlpacaKeys(KEY, SECRET), address), threading.Event()
    stopped.set()
    updates._run(stopped)
    assert alpaca.updates.calls == 0


async def test_the_end_of_one_life_leaves_the_next_within_reach() -> None:
    updates, scope = TradeUpdates(AlpacaKeys(KEY, SECRET), "ws://127.0.0.1:1/stream"), TaskScope("lives")
    lives, wakes = [], [updates._wake]
    for number in range(2):
        life = updates._live(cast("TradeLine", Line()), threading.Event())
        lives.append(scope.spawn(life, name=f"life {number}"))
        while updates._wake is wakes[-1]:  # noqa: ASYNC110  what ends it is what is tested
            await asyncio.sleep(0)
        wakes.append(updates._wake)
    wakes[1]()
    await lives[0]
    assert updates._wake is wakes[2]
    updates._wake()
    await lives[1]
    assert updates._wake is wakes[0]
    await scope.close()
