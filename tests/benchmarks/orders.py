"""From the decision to order to the first byte on the wire, and from the kill switch to the last order."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import PufflingError
from tests.benchmarks.measure import CHECKOUT, Row, benchmark, fresh_home, in_milliseconds
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import RemoteAlpaca
from tests.fakes.alpaca_wander import hasty
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room

ORDERS = 200
_WARM_UP = 20
_ALLOWED_SECONDS = 0.1


@benchmark
def orders() -> Iterator[Row]:
    """Orders through the whole desk and the real client to a broker in a process of its own."""
    with _broker() as alpaca, fresh_home() as home:
        waits, at_once, late, last = asyncio.run(_measure(alpaca, home))
    p99 = quantiles(waits, n=100)[98]
    yield Row(
        f"Order decision to the first byte on the wire, durable intent included, p99 of {len(waits)} "
        f"(median {in_milliseconds(median(waits))})",
        in_milliseconds(p99), "", "", "10 ms",
    )  # fmt: skip
    yield Row(
        "The same for an order on the news of the fill before it, which first asks anew what the account is "
        f"worth, p99 of {len(at_once)} (median {in_milliseconds(median(at_once))})",
        in_milliseconds(quantiles(at_once, n=100)[98]), "", "", "",
    )  # fmt: skip
    yield Row(
        f"Orders begun more than 100 ms after the kill switch (the last after {in_milliseconds(last)})",
        str(late), "", "", "0",
    )  # fmt: skip


async def _measure(alpaca: RemoteAlpaca, home: Path) -> tuple[list[float], list[float], int, float]:
    began = time.monotonic()
    alpaca.act("run_time", began=began, start=NOW.isoformat(), haste=1.0)
    alpaca.act("reset", cash="100000000")
    alpaca.act("move", symbol="SPY", price=100)
    clock = SystemClock(wall=hasty(began, NOW, 1.0))
    broker = AlpacaBroker(KEY, SECRET, base_url=alpaca.address, now=clock.now)
    limits = {
        "trading.orders_per_day": 1000,
        "trading.position_percent": 100.0,
        "trading.approval_above": 1_000_000.0,
        "trading.duplicate_seconds": 0,
        "trading.exits_per_hour": 1000,
    }
    async with open_room(home, broker, clock=clock, limits=limits) as room:
        waits = await _decide(room, alpaca, "order", 0, _quiet)
        at_once = await _decide(room, alpaca, "next", ORDERS + _WARM_UP, _filled)
        late, last = await _kill(room, alpaca)
    return waits, at_once, late, last


async def _decide(
    room: Room, alpaca: RemoteAlpaca, slot: str, held: int, wait: Callable[[Room, int], Awaitable[None]]
) -> list[float]:
    """Order one after the other, each after what is waited for, and give how long each took to the wire."""
    decided = {}
    for place in range(ORDERS + _WARM_UP):
        if place == _WARM_UP:
            # As the window and the server do once they are up.
            gc.freeze()
        at = time.monotonic()
        name = await _order(room, f"{slot}-{place}")
        await wait(room, held + place + 1)
        if place >= _WARM_UP:
            decided[name] = at
    arrived = alpaca.act("arrivals")
    return [arrived[name] - at for name, at in decided.items()]


async def _order(room: Room, slot: str) -> str:
    placed = await room.desk.place(room.wish(slot, quantity=1, valid_seconds=600))
    assert placed.intent is not None
    return placed.intent.client_id


async def _quiet(room: Room, held: int) -> None:
    """Wait until everything that followed from an order is done: decisions come one at a time."""

    async def settled() -> bool:
        # In this order: the news of a fill lets go of the figures of the account.
        return await room.held() == held and room.parts.line(MINE.id).info_at is not None

    await room.until(settled)


async def _filled(room: Room, held: int) -> None:
    """Wait for no more than the fill."""

    async def there() -> bool:
        return await room.held() == held

    await room.until(there)


async def _kill(room: Room, alpaca: RemoteAlpaca) -> tuple[int, float]:
    """Order from four sides at once, press the switch meanwhile, and look which orders came after it."""

    async def on_and_on(side: int) -> None:
        for place in range(200):
            try:
                await _order(room, f"flood-{side}-{place}")
            except PufflingError:
                return

    known = set(alpaca.act("arrivals"))
    flood = asyncio.gather(*(on_and_on(side) for side in range(4)))
    await room.clock.sleep(0.5)
    pressed = time.monotonic()
    room.switch.press("benchmark", "benchmark", room.clock.now())
    await flood
    arrived = alpaca.act("arrivals")
    after = [at - pressed for name, at in arrived.items() if name not in known]
    return sum(wait > _ALLOWED_SECONDS for wait in after), max((0.0, *after))


@contextmanager
def _broker() -> Iterator[RemoteAlpaca]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.fakes.alpaca_trading"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield RemoteAlpaca(server.stdout.readline().strip())
        finally:
            server.stdin.close()
