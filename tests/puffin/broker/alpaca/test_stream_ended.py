"""A life of the trade stream that was ended: whatever of it still comes is heard by nobody."""

from __future__ import annotations

import threading

from puffling.puffin.broker.alpaca_updates import TradeUpdates, _Dial
from puffling.puffin.broker.base import BrokerUpdate
from puffling.puffin.data.alpaca_rest import AlpacaKeys
from tests.fakes.alpaca_data import KEY, SECRET


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
