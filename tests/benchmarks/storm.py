"""A storm of ticks through the door a feed uses, and a probe that sees how late the loop runs meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, TypeVar

from puffling.market.values import Tick

if TYPE_CHECKING:
    from puffling.core.core import Core

TICKS_PER_SECOND = 20_000
PULSE_SECONDS = 0.005
PROBE_SECONDS = 0.002

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Delays:
    """What a probe saw: seconds the loop came back late, and seconds of processor time it used meanwhile."""

    late: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


async def send(core: Core, symbols: Sequence[str], seconds: float) -> int:
    """Sends ticks of these symbols in turn; gives how many."""
    board = core.market._board
    dice = random.Random(7)
    order = cycle(symbols)
    prices = {symbol: core.market.price(symbol).price for symbol in symbols}
    started = time.perf_counter()
    sent = 0
    while (elapsed := time.perf_counter() - started) < seconds:
        due = int(elapsed * TICKS_PER_SECOND) - sent
        now_us = time.time_ns() // 1000
        batch = []
        for symbol in islice(order, due):
            prices[symbol] *= 1 + dice.gauss(0, 0.00002)
            batch.append(Tick(symbol, prices[symbol], 1.0, now_us))
        board.ticks("demo", batch)
        sent += due
        await asyncio.sleep(PULSE_SECONDS)
    return sent


async def probed(delays: Delays, work: Coroutine[Any, Any, R]) -> R:
    """Gives what the work gives, and notes meanwhile how late the loop runs."""
    probe = asyncio.get_running_loop().create_task(_probe(delays))
    try:
        return await work
    finally:
        probe.cancel()


async def _probe(delays: Delays) -> None:
    """Looks every few milliseconds how late the loop comes back and how long it worked meanwhile."""
    while True:
        asked, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(PROBE_SECONDS)
        delays.late.append(max(0.0, time.perf_counter() - asked - PROBE_SECONDS))
        delays.busy.append(time.thread_time() - used)
