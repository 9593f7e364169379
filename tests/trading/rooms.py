"""A whole order desk over a real store and a broker that keeps the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from puffling.market.events import PricesMoved
from puffling.market.values import AssetClass, Instrument, Price, Quality, SessionState
from puffling.puffin.broker.base import Broker
from puffling.puffin.orders import Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock, FixedClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.store.database import Store, Unit
from puffling.store.orders import Account, Intent, OrderTerms
from puffling.trading.approvals import ApprovalBook
from puffling.trading.desk import OrderDesk
from puffling.trading.events import DeskAlarmed, OrderChanged
from puffling.trading.gate import SafetyGate
from puffling.trading.halt import HaltSwitch
from puffling.trading.judging import PriceSeen
from puffling.trading.limits import LimitReader
from puffling.trading.parts import DeskParts
from puffling.trading.proposals import Proposal
from tests.fakes.own_broker import OwnBroker, truth_of
from tests.faults.checker import Allowed, Steps, broken, ours_of
from tests.trading.cases import NOW

R = TypeVar("R")

MINE = Account("mine", "own", "PAPER", "My own broker", NOW - timedelta(days=1))
# So that a test of the desk meets the gate only where it wants to.
LOOSE = {
    "trading.orders_per_day": 1000,
    "trading.position_percent": 100.0,
    "trading.approval_above": 1_000_000.0,
    "trading.duplicate_seconds": 0,
    "trading.exits_per_hour": 1000,
}
_TURNS = 20_000


@dataclass
class FixedPrices:
    """A market in which everything costs the same until it is told otherwise."""

    clock: Clock
    price: Decimal = Decimal(100)
    each: dict[str, Decimal] = field(default_factory=dict)
    watched: list[frozenset[str]] = field(default_factory=list)
    failing: bool = False

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Note what is watched now."""
        wanted = frozenset(symbols)
        self.watched.append(wanted)
        return lambda: self.watched.remove(wanted)

    async def look(self, symbol: str) -> PriceSeen:
        """The newest price, of this very moment."""
        if self.failing:
            raise Unavailable("No feed answers")
        return PriceSeen(self.each.get(symbol, self.price), self.clock.now())

    async def instrument(self, symbol: str) -> Instrument:
        """A share that trades in New York."""
        return Instrument(symbol, symbol, AssetClass.EQUITY, "XNYS")


@dataclass
class Room:
    """The desk with everything around it."""

    store: Store
    desk: OrderDesk
    parts: DeskParts
    bus: Bus
    clock: Any
    scope: TaskScope
    prices: FixedPrices
    switch: HaltSwitch
    alarms: list[DeskAlarmed]
    failures: list[BaseException]
    steps: Steps

    def wish(
        self,
        slot: str = "one",
        *,
        symbol: str = "SPY",
        quantity: int | str = 5,
        side: Side = Side.BUY,
        valid_seconds: float = 60,
        account: str = MINE.id,
        source: str = "person",
        **terms: Any,
    ) -> Proposal:
        """Something to order, good for a minute."""
        wanted = OrderTerms(account, symbol, side, Decimal(quantity), **terms)
        return Proposal(wanted, source, slot, self.clock.now() + timedelta(seconds=valid_seconds))

    async def read(self, work: Callable[[Unit], R]) -> R:
        """Read from the store."""
        return await self.store.read(DEFAULT_USER, work)

    def told(
        self, price: float, symbol: str = "SPY", session: SessionState = SessionState.OPEN
    ) -> PricesMoved:
        """The news of a price."""
        day = (100.0, 100.0, price, price, 1.0)
        return PricesMoved({symbol: Price(symbol, price, 0, session, *day, "test", "Test", Quality.REALTIME)})

    def pass_through(self, *way: float, symbol: str = "SPY") -> None:
        """Let a symbol trade at some prices so fast that only the last is told, and how far it went."""
        self.prices.each[symbol] = Decimal(repr(float(way[-1])))
        event = self.told(float(way[-1]), symbol)
        self.bus.publish(PricesMoved(event.prices, {symbol: tuple(map(float, way[:-1]))}))

    def move(self, price: float, *, symbol: str = "SPY", session: SessionState = SessionState.OPEN) -> None:
        """Let a symbol trade at another price."""
        self.prices.each[symbol] = Decimal(repr(float(price)))
        self.bus.publish(self.told(float(price), symbol, session))

    async def settle(self, account: str = MINE.id) -> None:
        """Let the desk look after an account until it agrees with its broker and nothing is in doubt."""
        for _ in range(3):
            await self.desk.look_after(account)

    async def broken(self, broker: OwnBroker, **allowed: Any) -> list[str]:
        """Every invariant that does not hold."""
        ours = await self.read(lambda unit: ours_of(unit, MINE.id))
        return broken(truth_of(broker), ours, steps=self.steps, allowed=Allowed(**allowed))

    async def intent(self, id: str) -> Intent:
        """An intent as it stands now."""
        return await self.read(lambda unit: unit.intents.get(id))

    async def held(self, symbol: str = "SPY", account: str = MINE.id) -> Decimal:
        """What the ledger says is held."""
        holding = await self.read(lambda unit: unit.holdings.find(account, symbol))
        return Decimal(0) if holding is None else holding.quantity

    async def until(self, condition: Callable[[], Awaitable[object]]) -> None:
        """Wait for a condition; it fails when it never comes."""
        for _ in range(_TURNS):
            if await condition():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it never came")

    async def until_state(self, id: str, *states: str) -> Intent:
        """Wait until an intent stands in one of these states."""

        async def there() -> bool:
            return (await self.intent(id)).state in states

        await self.until(there)
        return await self.intent(id)


@asynccontextmanager
async def open_room(
    folder: Path,
    broker: Broker | None = None,
    *,
    clock: Clock | None = None,
    limits: dict[str, Any] = LOOSE,
    url: str = "",
    account: Account = MINE,
    compared: bool = True,
    patience_seconds: float = 20.0,
    store_type: type[Store] = Store,
    switch_type: Callable[[Path], HaltSwitch] = HaltSwitch,
) -> AsyncIterator[Room]:
    """Open a store with a desk over it, and take both down again."""
    clock = clock or FixedClock(NOW)
    paths, bus, port = Paths.under(folder), Bus(), Port(clock)
    failures: list[BaseException] = []
    scope = TaskScope("desk", on_failure=lambda _, failure: failures.append(failure))
    alarms: list[DeskAlarmed] = []
    bus.on(DeskAlarmed, alarms.append)
    steps = Steps()
    bus.on(OrderChanged, steps.hear)
    paths.prepare()
    store = await store_type.open(paths, port=port, bus=bus, clock=clock, url=url)
    try:

        def keep(unit: Unit) -> None:
            for key, value in limits.items():
                unit.settings.put(key, value)

        await store.run(DEFAULT_USER, keep)
        switch, prices = switch_type(paths.data), FixedPrices(clock)
        gate = SafetyGate(switch, LimitReader({}))
        parts = DeskParts(store, DEFAULT_USER, clock, bus, scope, switch, gate, ApprovalBook(), prices)
        desk = OrderDesk(lambda: parts, port)
        room = Room(store, desk, parts, bus, clock, scope, prices, switch, alarms, failures, steps)
        try:
            if broker is not None:
                await desk.connect(account, broker, patience_seconds=patience_seconds)
                if compared:
                    await desk.compared(account.id)
            yield room
        finally:
            await desk.close()
    finally:
        await scope.close()
        await store.close()
        await port.close()
