"""What is loaded and lived through once in the process from which lives are forked, so that they need not."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import threading
import time
from pathlib import Path

from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.faults.lives import HASTE, START, Life, lived, secret_of
from tests.faults.plans import SYMBOLS, Plan, Step

_BUY = {"symbol": "SPY", "side": "buy", "quantity": 2, "valid_seconds": 1200, "lasting": "gtc"}
_STEPS = (
    Step("place", {**_BUY, "slot": "one", "kind": "market"}),
    Step("place", {**_BUY, "slot": "two", "kind": "limit", "limit": "90"}),
    Step("replace", {"of": 1, "quantity": 3}),
    Step("cancel", {"of": 1}),
    Step("cancel_all"),
    Step("close", {"symbol": "SPY"}),
)


def _rehearse(folder: Path) -> None:
    """Live a life in which nothing goes wrong; it leaves no thread behind."""
    plan = Plan(0, _STEPS, (), (), 0.0, 0.0, True, 100, False, False, 0.0)
    began = time.monotonic()
    with serving() as server:
        alpaca = AlpacaTrading(server)
        alpaca.reset(secret=secret_of(0))
        alpaca.run_time(began, START.isoformat(), HASTE)
        for symbol in SYMBOLS:
            alpaca.move(symbol, 100)
        told = asyncio.run(lived(Life(folder, server.address, began, plan, 0, last=True)))
    assert (told["said"], told["failures"], told["intents"]) == ([], [], 4), told
    assert threading.active_count() == 1, threading.enumerate()


with tempfile.TemporaryDirectory(prefix="puffling-rehearsal-") as _folder:
    _rehearse(Path(_folder))
# Nothing of the outside is for the lives, and each call to a broker would look through all of it.
os.environ.clear()
# What the collector does not walk is not copied by each fork.
gc.collect()
gc.freeze()
